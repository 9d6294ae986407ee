"""What every selection model has in common: the data it learns from, and the plans it makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from arcsolve import ArcsolveError
from arcsolve_ensemble.arrays import Floats, Ints
from arcsolve_ensemble.selection.plans import Plans

TREES = 100


@dataclass(frozen=True)
class Training:
    """What a model learns from; n instances, a algorithms, f features.

    Attributes:
        features: (n, f), NaN where missing.
        costs: (n, a) what is minimised, PAR10 seconds or quality.
        times: (n, a) seconds, infinity where unsolved; meaningless for quality.
        cutoff_s: the time limit; None for quality, where only single algorithms are chosen.
        start_s: (n,) seconds gone before the plan starts (presolver and features).
    """

    features: Floats
    costs: Floats
    times: Floats
    cutoff_s: float | None
    start_s: Floats

    def rows(self, at: Ints) -> Training:
        """Return the training data of the instances *at*."""
        return Training(self.features[at], self.costs[at], self.times[at], self.cutoff_s, self.start_s[at])


class Model(Protocol):
    """Learns from instances and makes one plan per new instance.

    A model may offer several ways of turning what it learnt into a plan (its *styles*); inner cross-validation
    chooses among models and styles alike, so a style must cost nearly nothing beyond the fit.
    """

    name: str

    def fit(self, data: Training) -> None:
        """Learn from *data*; deterministic."""

    def plans(self, features: Floats) -> dict[str, Plans]:
        """Return plans for the (m, f) *features*, by style; the plainest style comes first."""


class Preparation:
    """Imputes by the median, marks what is often missing, and drops columns that never vary."""

    def __init__(self, features: Floats) -> None:
        """Learn from the (n, f) training *features*."""
        missing = np.isnan(features)
        with np.errstate(all="ignore"):
            known = ~missing.all(axis=0)
            self._fill = np.zeros(features.shape[1])
            if known.any():
                self._fill[known] = np.nanmedian(features[:, known], axis=0)
        self._marked = np.flatnonzero((missing.mean(axis=0) > 0.01) & (missing.mean(axis=0) < 0.99))
        self._kept: Ints | None = None
        full = self._complete(features)
        self._kept = np.flatnonzero((full != full[:1]).any(axis=0)) if len(full) else np.arange(full.shape[1])

    def _complete(self, features: Floats) -> Floats:
        missing = np.isnan(features)
        filled = np.clip(np.where(missing, self._fill, features), -1e30, 1e30)
        return np.concatenate([filled, missing[:, self._marked].astype(np.float64)], axis=1)

    def __call__(self, features: Floats) -> Floats:
        """Return the (m, g) prepared features; one column of zeros if nothing varies."""
        full = self._complete(features)[:, self._kept]
        return full if full.shape[1] else np.zeros((len(features), 1))


def sklearn(name: str) -> Any:
    """Import a scikit-learn module, with a message that says how to install it.

    Raises:
        ArcsolveError: if scikit-learn is missing.
    """
    import importlib

    try:
        return importlib.import_module(f"sklearn.{name}")
    except ImportError:
        raise ArcsolveError(
            "The ensemble's models need scikit-learn, which is not installed. Run: pip install 'arcsolve[ensemble]'."
        ) from None

"""All models, fitted together, and the blend of those that score algorithms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from arcsolve import ArcsolveError
from arcsolve_ensemble.arrays import Floats
from arcsolve_ensemble.selection.model import TREES, Training
from arcsolve_ensemble.selection.neighbourhood import ForestNeighbours, NearestNeighbours
from arcsolve_ensemble.selection.pairwise import PairwiseForest
from arcsolve_ensemble.selection.plans import Plans
from arcsolve_ensemble.selection.ranking import ranked_plans
from arcsolve_ensemble.selection.regression import RegressionForest
from arcsolve_ensemble.selection.static import StaticBest, StaticSchedule

STATIC = ("static", "static-schedule")
BLENDED = ("pairwise", "regression", "forest")
MODELS = (*STATIC, "neighbours", *BLENDED, "blend")
"""All model names, simplest first. ``static`` models need no features."""


class Way(NamedTuple):
    """A model and the style in which it turns scores into a schedule."""

    model: str
    style: str


class ModelSet:
    """Fits several models on the same data; ``blend`` is the mean of the standardised scores of `BLENDED`."""

    def __init__(self, names: Sequence[str] = MODELS, trees: int = TREES, seed: int = 0) -> None:
        """Choose the models by *names*.

        Raises:
            ArcsolveError: for an unknown name.
        """
        unknown = [name for name in names if name not in MODELS]
        if unknown:
            raise ArcsolveError(f"Unknown selection model {unknown[0]!r}. Available: {', '.join(MODELS)}.")
        self._names = tuple(names)
        needed = dict.fromkeys(names)
        if "blend" in needed:
            needed |= dict.fromkeys(BLENDED)
        made: dict[str, Any] = {
            "static": StaticBest(),
            "static-schedule": StaticSchedule(),
            "neighbours": NearestNeighbours(),
            "pairwise": PairwiseForest(trees, seed),
            "regression": RegressionForest(trees, seed),
            "forest": ForestNeighbours(trees, seed),
        }
        self._models = {name: made[name] for name in made if name in needed}

    def fit(self, data: Training) -> ModelSet:
        """Fit every model on *data* and return self."""
        self._cutoff_s = data.cutoff_s
        for model in self._models.values():
            model.fit(data)
        return self

    def plans(self, features: Floats) -> dict[Way, Plans]:
        """Return plans for the (m, f) *features* by model and style, simplest model and plainest style first."""
        found: dict[Way, Plans] = {}
        for name in self._names:
            plans = self._blend(features) if name == "blend" else self._models[name].plans(features)
            found |= {Way(name, style): plan for style, plan in plans.items()}
        return found

    def _blend(self, features: Floats) -> dict[str, Plans]:
        total = np.zeros(0)
        for name in BLENDED:
            scores = self._models[name].scores(features)
            spread = scores.std(axis=1, keepdims=True)
            standard = (scores - scores.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1.0)
            total = standard if total.size == 0 else total + standard
        return ranked_plans(total, self._cutoff_s)

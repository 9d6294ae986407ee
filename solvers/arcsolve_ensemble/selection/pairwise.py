"""Pairwise cost-sensitive random forests (SATzilla'11; Xu, Hutter, Hoos, Leyton-Brown 2011, 2012)."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from arcsolve_ensemble.arrays import Floats
from arcsolve_ensemble.selection.model import TREES, Preparation, Training, sklearn
from arcsolve_ensemble.selection.plans import Plans
from arcsolve_ensemble.selection.ranking import ranked_plans


class PairwiseForest:
    """One forest per pair of algorithms votes for the better; an instance weighs as much as the choice matters."""

    name = "pairwise"

    def __init__(self, trees: int = TREES, seed: int = 0) -> None:
        """Set the number of *trees* per pair and the *seed*."""
        self._trees, self._seed = trees, seed

    def fit(self, data: Training) -> None:
        """Fit one forest per pair; a pair that never differs, or always the same way, needs none."""
        ensemble = sklearn("ensemble")
        self._cutoff_s = data.cutoff_s
        self._count = data.costs.shape[1]
        self._mean = data.costs.mean(axis=0)
        self._prepare = Preparation(data.features)
        table = self._prepare(data.features)
        self._forests: dict[tuple[int, int], Any] = {}
        for first, second in itertools.combinations(range(self._count), 2):
            lead = data.costs[:, second] - data.costs[:, first]
            rows = np.flatnonzero(lead != 0)
            labels = lead[rows] > 0
            if len(rows) == 0:
                self._forests[first, second] = 0.5
                continue
            if labels.all() or not labels.any():
                self._forests[first, second] = float(labels[0])
                continue
            weights = np.abs(lead[rows])
            forest = ensemble.RandomForestClassifier(
                self._trees, max_features="sqrt", random_state=self._seed, n_jobs=1
            )
            forest.fit(table[rows], labels, sample_weight=weights / weights.mean())
            self._forests[first, second] = forest

    def scores(self, features: Floats) -> Floats:
        """Return (m, a) negated votes; soft votes and then the training mean break ties."""
        table = self._prepare(features)
        votes = np.zeros((len(table), self._count))
        for (first, second), forest in self._forests.items():
            share = np.full(len(table), forest) if isinstance(forest, float) else forest.predict_proba(table)[:, 1]
            hard = np.where(share == 0.5, 0.5, (share > 0.5).astype(np.float64))
            votes[:, first] += hard + 1e-3 * share
            votes[:, second] += 1 - hard + 1e-3 * (1 - share)
        spread = np.ptp(self._mean) or 1.0
        return np.asarray(-votes + 1e-7 * (self._mean - self._mean.min()) / spread)

    def plans(self, features: Floats) -> dict[str, Plans]:
        """Plan by votes."""
        return ranked_plans(self.scores(features), self._cutoff_s)

"""Regression per solver: a random forest predicts each algorithm's log cost, the lowest prediction wins."""

from __future__ import annotations

import numpy as np

from arcsolve_ensemble.arrays import Floats
from arcsolve_ensemble.selection.model import TREES, Preparation, Training, sklearn
from arcsolve_ensemble.selection.plans import Plans
from arcsolve_ensemble.selection.ranking import ranked_plans


class RegressionForest:
    """One forest per algorithm on log10 PAR10 (or on the quality as it is)."""

    name = "regression"

    def __init__(self, trees: int = TREES, seed: int = 0) -> None:
        """Set the number of *trees* per algorithm and the *seed*."""
        self._trees, self._seed = trees, seed

    def fit(self, data: Training) -> None:
        """Fit the forests."""
        ensemble = sklearn("ensemble")
        self._cutoff_s = data.cutoff_s
        self._prepare = Preparation(data.features)
        table = self._prepare(data.features)
        targets = data.costs
        if data.cutoff_s is not None:
            targets = np.log10(np.maximum(data.costs, 1e-4 * data.cutoff_s))
        self._forests = []
        for algorithm in range(targets.shape[1]):
            forest = ensemble.RandomForestRegressor(
                self._trees, max_features=1 / 3, min_samples_leaf=2, random_state=self._seed, n_jobs=1
            )
            self._forests.append(forest.fit(table, targets[:, algorithm]))

    def scores(self, features: Floats) -> Floats:
        """Return (m, a) predicted costs (log10 for runtimes)."""
        table = self._prepare(features)
        return np.stack([forest.predict(table) for forest in self._forests], axis=1)

    def plans(self, features: Floats) -> dict[str, Plans]:
        """Plan by predicted cost."""
        return ranked_plans(self.scores(features), self._cutoff_s)

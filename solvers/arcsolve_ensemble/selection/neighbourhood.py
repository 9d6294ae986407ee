"""Schedules from neighbours: what would have been cheapest on the training instances most like this one?

Two notions of likeness: k nearest neighbours, as SUNNY has them (Amadini, Gabbrielli, Mauro 2014), and the leaves that
a forest puts two instances in together (Breiman's proximity; the weights of quantile regression forests, Meinshausen
2006). Either gives weights over the training instances, and with them the expected PAR10 of every candidate schedule.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from arcsolve_ensemble.arrays import Floats
from arcsolve_ensemble.selection.candidates import candidate_schedules
from arcsolve_ensemble.selection.model import TREES, Preparation, Training, sklearn
from arcsolve_ensemble.selection.plans import Plans, Schedule, schedule_costs
from arcsolve_ensemble.selection.ranking import ranked_plans


class _Expectation:
    """The candidate schedules and what each costs on every training instance."""

    def __init__(self, data: Training) -> None:
        self.singles = data.costs.shape[1]
        if data.cutoff_s is None:
            self.schedules: list[Schedule] = [((a, np.inf),) for a in range(self.singles)]
            self.table = data.costs
        else:
            self.schedules = candidate_schedules(data.times, data.cutoff_s)
            self.table = schedule_costs(data.times, self.schedules, data.cutoff_s, data.start_s)
        self.mean = self.table.mean(axis=0)

    def plans(self, weights: Floats, prior: float) -> dict[str, Plans]:
        """Choose by expected cost under (m, n) *weights*, which count as much as *prior* parts of the overall mean."""
        expected = (weights @ self.table + prior * self.mean) / (1 + prior)
        single = np.argmin(expected[:, : self.singles], axis=1)
        best = np.argmin(expected, axis=1)
        styles = {"single": Plans.of([self.schedules[i] for i in single])}
        if len(self.schedules) > self.singles:
            styles["schedule"] = Plans.of([self.schedules[i] for i in best])
        return styles


class NearestNeighbours:
    """Schedules from the k nearest neighbours in rank-transformed features."""

    name = "neighbours"

    def __init__(self, sizes: tuple[int, ...] = (10, 25, 60)) -> None:
        """Offer one style per neighbourhood size in *sizes*."""
        self._sizes = sizes

    def fit(self, data: Training) -> None:
        """Remember the instances."""
        self._prepare = Preparation(data.features)
        table = self._prepare(data.features)
        quantiles = min(100, len(table))
        self._ranks: Any = sklearn("preprocessing").QuantileTransformer(
            n_quantiles=quantiles, subsample=None, random_state=0
        )
        ranked = self._ranks.fit_transform(table)
        self._index: Any = sklearn("neighbors").NearestNeighbors(n_neighbors=min(max(self._sizes), len(table)))
        self._index.fit(ranked)
        self._count = len(table)
        self._expectation = _Expectation(data)

    def plans(self, features: Floats) -> dict[str, Plans]:
        """Plan by the neighbours' costs, one style per size and kind."""
        near = self._index.kneighbors(self._ranks.transform(self._prepare(features)), return_distance=False)
        styles: dict[str, Plans] = {}
        rows = np.arange(len(features))[:, None]
        for size in self._sizes:
            weights = np.zeros((len(features), self._count))
            chosen = near[:, :size]
            weights[rows, chosen] = 1.0 / chosen.shape[1]
            for style, plans in self._expectation.plans(weights, 1.0 / size).items():
                styles[f"{style}-{size}"] = plans
        return styles


class ForestNeighbours:
    """Schedules from the training instances that share leaves with the new one in a forest grown on costs."""

    name = "forest"

    def __init__(self, trees: int = TREES, seed: int = 0) -> None:
        """Set the number of *trees* and the *seed*."""
        self._trees, self._seed = trees, seed

    def fit(self, data: Training) -> None:
        """Grow one multi-output forest on each algorithm's log cost relative to the instance's mean.

        Centring takes out how hard the instance is for everybody, so that splits serve the choice alone.
        """
        ensemble = sklearn("ensemble")
        self._cutoff_s = data.cutoff_s
        self._prepare = Preparation(data.features)
        table = self._prepare(data.features)
        self._forest: Any = ensemble.RandomForestRegressor(
            self._trees, max_features=1 / 3, min_samples_leaf=3, random_state=self._seed, n_jobs=1
        )
        targets = data.costs
        if data.cutoff_s is not None:
            targets = np.log10(np.maximum(data.costs, 1e-4 * data.cutoff_s))
        targets = targets - targets.mean(axis=1, keepdims=True)
        self._forest.fit(table, targets if targets.shape[1] > 1 else targets[:, 0])
        self._leaves = self._forest.apply(table)
        self._expectation = _Expectation(data)

    def weights(self, features: Floats) -> Floats:
        """Return (m, n) weights over the training instances; each row sums to 1."""
        leaves = self._forest.apply(self._prepare(features))
        weights = np.zeros((len(leaves), len(self._leaves)))
        for tree in range(leaves.shape[1]):
            shared = leaves[:, tree, None] == self._leaves[None, :, tree]
            weights += shared / shared.sum(axis=1, keepdims=True)
        return np.asarray(weights / leaves.shape[1])

    def scores(self, features: Floats) -> Floats:
        """Return (m, a) expected costs."""
        return np.asarray(self.weights(features) @ self._expectation.table[:, : self._expectation.singles])

    def plans(self, features: Floats) -> dict[str, Plans]:
        """Plan by expected cost: by rank, and the cheapest of all candidate schedules."""
        weights = self.weights(features)
        costs = weights @ self._expectation.table
        styles = ranked_plans(costs[:, : self._expectation.singles], self._cutoff_s)
        if self._cutoff_s is not None:
            best = np.argmin(costs, axis=1)
            styles["schedule"] = Plans.of([self._expectation.schedules[i] for i in best])
        return styles

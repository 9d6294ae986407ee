"""Models that ignore the features: the single best solver, and the best static schedule."""

from __future__ import annotations

import numpy as np

from arcsolve_ensemble.arrays import Floats
from arcsolve_ensemble.metrics import single_best
from arcsolve_ensemble.selection.candidates import candidate_schedules
from arcsolve_ensemble.selection.model import Training
from arcsolve_ensemble.selection.plans import Plans, Schedule, schedule_costs


class StaticBest:
    """Always the single best solver of the training instances."""

    name = "static"

    def fit(self, data: Training) -> None:
        """Find the single best solver."""
        self._best = single_best(data.costs)

    def plans(self, features: Floats) -> dict[str, Plans]:
        """Plan it for every instance."""
        return {"single": Plans.single(np.full(len(features), self._best, dtype=np.int64))}


class StaticSchedule:
    """The static schedule with the lowest mean PAR10 on the training instances, out of the candidate schedules."""

    name = "static-schedule"

    def fit(self, data: Training) -> None:
        """Find the best schedule."""
        if data.cutoff_s is None:
            self._schedule: Schedule = ((single_best(data.costs), float("inf")),)
            return
        schedules = candidate_schedules(data.times, data.cutoff_s)
        table = schedule_costs(data.times, schedules, data.cutoff_s, data.start_s)
        self._schedule = schedules[int(np.argmin(table.mean(axis=0)))]

    def plans(self, features: Floats) -> dict[str, Plans]:
        """Plan it for every instance."""
        return {"schedule": Plans.of([self._schedule] * len(features))}

"""Schedules: which algorithm runs for how long, in what order, and what following them costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from arcsolve_ensemble.arrays import Bools, Floats, Ints
from arcsolve_ensemble.scenario import PAR_FACTOR

Schedule: TypeAlias = tuple[tuple[int, float], ...]
"""(algorithm, seconds) slots in order; infinite seconds mean "all that is left"."""


@dataclass(frozen=True)
class Plans:
    """One schedule per instance, as arrays.

    Attributes:
        algorithms: (n, slots) algorithm indices, -1 for an empty slot.
        seconds: (n, slots) time of each slot; infinity means "all that is left".
    """

    algorithms: Ints
    seconds: Floats

    @staticmethod
    def of(schedules: Sequence[Schedule]) -> Plans:
        """Build plans from one schedule per instance."""
        slots = max((len(schedule) for schedule in schedules), default=1)
        algorithms = np.full((len(schedules), max(1, slots)), -1, dtype=np.int64)
        seconds = np.zeros(algorithms.shape)
        for row, schedule in enumerate(schedules):
            for slot, (algorithm, allotted) in enumerate(schedule):
                algorithms[row, slot], seconds[row, slot] = algorithm, allotted
        return Plans(algorithms, seconds)

    @staticmethod
    def single(algorithms: Ints) -> Plans:
        """Give all the time to one algorithm per instance."""
        return Plans(np.asarray(algorithms, dtype=np.int64)[:, None], np.full((len(algorithms), 1), np.inf))

    def schedule(self, row: int) -> Schedule:
        """Return the schedule of instance *row* without its empty slots."""
        return tuple(
            (int(algorithm), float(allotted))
            for algorithm, allotted in zip(self.algorithms[row], self.seconds[row], strict=True)
            if algorithm >= 0
        )


@dataclass(frozen=True)
class Trace:
    """Where executing schedules stands.

    Attributes:
        seconds: (n,) time spent so far, at most the cutoff.
        solved: (n,) solved within it.
    """

    seconds: Floats
    solved: Bools

    def par10(self, cutoff_s: float) -> Floats:
        """Return (n,) PAR10 costs."""
        return np.where(self.solved, self.seconds, PAR_FACTOR * cutoff_s)


def begin(count: int) -> Trace:
    """Return the trace before anything ran."""
    return Trace(np.zeros(count), np.zeros(count, dtype=bool))


def spend(trace: Trace, seconds: Floats, solves: Bools, cutoff_s: float) -> Trace:
    """Charge *seconds* to the instances that are not solved yet; where *solves*, this solves them if time allows."""
    total = trace.seconds + np.where(trace.solved, 0.0, seconds)
    solved = trace.solved | (solves & (total <= cutoff_s))
    return Trace(np.minimum(total, cutoff_s), solved)


def follow(trace: Trace, times: Floats, plans: Plans, cutoff_s: float) -> Trace:
    """Run the schedules on from *trace*.

    Args:
        trace: what happened before (presolver, features).
        times: (n, a) seconds each algorithm needs, infinity if it never ends well. A slot starts its algorithm anew.
        plans: one schedule per instance.
        cutoff_s: the time limit for everything together.

    Returns:
        The trace at the end.
    """
    rows = np.arange(len(times))
    for slot in range(plans.algorithms.shape[1]):
        algorithm = plans.algorithms[:, slot]
        left = np.maximum(cutoff_s - trace.seconds, 0.0)
        allotted = np.where(algorithm >= 0, np.minimum(plans.seconds[:, slot], left), 0.0)
        needed = np.where(algorithm >= 0, times[rows, np.maximum(algorithm, 0)], np.inf)
        solves = (needed <= allotted) & ~trace.solved & (trace.seconds < cutoff_s)
        spent = np.where(solves, np.minimum(needed, allotted), allotted)
        trace = Trace(trace.seconds + np.where(trace.solved, 0.0, spent), trace.solved | solves)
    return trace


def schedule_costs(times: Floats, schedules: Sequence[Schedule], cutoff_s: float, start_s: Floats) -> Floats:
    """Return (n, len(schedules)) PAR10 of following each schedule on each instance, *start_s* seconds in."""
    table = np.empty((len(times), len(schedules)))
    begun = Trace(np.minimum(start_s, cutoff_s), np.zeros(len(times), dtype=bool))
    for column, schedule in enumerate(schedules):
        slots = [algorithm for algorithm, _ in schedule]
        plans = Plans(
            np.broadcast_to(np.array(slots, dtype=np.int64), (len(times), len(slots))),
            np.broadcast_to(np.array([allotted for _, allotted in schedule]), (len(times), len(slots))),
        )
        table[:, column] = follow(begun, times, plans, cutoff_s).par10(cutoff_s)
    return table

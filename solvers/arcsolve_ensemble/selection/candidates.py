"""Candidate schedules: every algorithm alone, and short lists worth trying first."""

from __future__ import annotations

import itertools

import numpy as np

from arcsolve_ensemble.arrays import Floats
from arcsolve_ensemble.selection.plans import Schedule

SHARES = (0.0005, 0.002, 0.01, 0.03, 0.1, 0.25, 0.5)
"""Shares of the cutoff that a first slot may get: most heavy-tailed runs end early or never."""


def candidate_schedules(times: Floats, cutoff_s: float, limit: int = 400) -> list[Schedule]:
    """Return schedules to choose from, single algorithms first.

    Args:
        times: (n, a) training runtimes, infinity where unsolved.
        cutoff_s: the time limit.
        limit: keep at most about this many, those with short mean PAR10 on the training instances first.

    Returns:
        All single algorithms, then pairs (first algorithm for a share of the cutoff, second for the rest).
    """
    count = times.shape[1]
    singles: list[Schedule] = [((a, np.inf),) for a in range(count)]
    pairs: list[Schedule] = [
        ((first, share * cutoff_s), (second, np.inf))
        for first, second in itertools.permutations(range(count), 2)
        for share in SHARES
    ]
    if len(pairs) > limit:
        from arcsolve_ensemble.selection.plans import schedule_costs

        cost = schedule_costs(times, pairs, cutoff_s, np.zeros(len(times))).mean(axis=0)
        order = np.argsort(cost, kind="stable")[:limit]
        pairs = [pairs[i] for i in sorted(order)]
    return singles + pairs

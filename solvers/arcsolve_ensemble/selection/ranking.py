"""From scores to plans: the first choice alone, or with runners-up before or after it."""

from __future__ import annotations

import numpy as np

from arcsolve_ensemble.arrays import Floats
from arcsolve_ensemble.selection.plans import Plans

STYLES: dict[str, tuple[tuple[int, float], ...]] = {
    "single": ((0, np.inf),),
    "after-0.8": ((0, 0.8), (1, np.inf)),
    "after-0.5": ((0, 0.5), (1, np.inf)),
    "after-0.25": ((0, 0.25), (1, np.inf)),
    "after-0.1": ((0, 0.1), (1, np.inf)),
    "ahead-0.003": ((1, 0.003), (0, np.inf)),
    "ahead-0.03": ((1, 0.03), (0, np.inf)),
    "around-0.01-0.6": ((1, 0.01), (0, 0.6), (1, np.inf)),
    "three-0.5-0.3": ((0, 0.5), (1, 0.3), (2, np.inf)),
    "three-0.33-0.33": ((0, 1 / 3), (1, 1 / 3), (2, np.inf)),
    "three-0.1-0.2": ((0, 0.1), (1, 0.2), (2, np.inf)),
    "three-ahead-0.01": ((1, 0.01), (2, 0.01), (0, np.inf)),
}
"""Slots of (rank, share of the cutoff); the plainest first."""


def ranked_plans(scores: Floats, cutoff_s: float | None) -> dict[str, Plans]:
    """Turn scores into plans.

    Args:
        scores: (m, a), lower is better.
        cutoff_s: the time limit; None allows single algorithms only.

    Returns:
        One plan per instance and style: those of `STYLES` that have enough algorithms, and a sweep.
    """
    order = np.argsort(scores, axis=1, kind="stable")
    count = scores.shape[1]
    plans: dict[str, Plans] = {}
    for style, slots in STYLES.items():
        if style != "single" and (cutoff_s is None or max(rank for rank, _ in slots) >= count):
            continue
        algorithms = np.stack([order[:, rank] for rank, _ in slots], axis=1)
        seconds = np.array([np.inf if np.isinf(share) else share * (cutoff_s or 0.0) for _, share in slots])
        plans[style] = Plans(algorithms, np.tile(seconds, (len(scores), 1)))
    if cutoff_s is not None and count > 1:
        ranks = [*range(count - 1, 0, -1), 0, 1]  # everybody briefly, the favourite at length, then the runner-up
        seconds = np.array([0.002 * cutoff_s] * (count - 1) + [0.6 * cutoff_s, np.inf])
        plans["sweep-0.002"] = Plans(order[:, ranks], np.tile(seconds, (len(scores), 1)))
    return plans

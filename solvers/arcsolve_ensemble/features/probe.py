"""Probing features: what a cheap solver's own answer tells about a task. They cost that solver's time.

Nothing here depends on the clock, so the same answer gives the same features.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from arcsolve_ensemble.merging.votes import Vote

PROBE_NAMES = (
    "probe_answers",
    "probe_candidates",
    "probe_best_demos",
    "probe_consistent",
    "probe_confidence",
    "probe_lead",
)


def probe_features(votes: Mapping[int, Sequence[Vote]], demos: int, tests: int) -> dict[str, float]:
    """Return features of a solver's votes.

    Args:
        votes: its ranked votes by test index.
        demos: number of demonstrations of the task.
        tests: number of test inputs.

    Returns:
        Share of test inputs with an answer, log number of candidates, best share of demonstrations reproduced, log
        number of candidates that reproduce all, top confidence and its lead over the second; means over test inputs.
    """
    rows = []
    for index in range(tests):
        own = votes.get(index, ())
        solved = [vote.demos_solved for vote in own if vote.demos_solved is not None]
        confidences = [vote.confidence for vote in own] + [0.0, 0.0]
        rows.append(
            (
                float(bool(own)),
                math.log1p(len(own)),
                max(solved, default=0) / demos,
                math.log1p(sum(count >= demos for count in solved)),
                confidences[0],
                confidences[0] - confidences[1],
            )
        )
    return {name: sum(column) / tests for name, column in zip(PROBE_NAMES, zip(*rows, strict=True), strict=True)}

"""Put the lanes together: run them in turn, rank what they find."""

from __future__ import annotations

from collections.abc import Iterator

from arcsolve_dsl import search
from arcsolve_dsl.lane import Clock, DslTask, Hypothesis, Lane
from arcsolve_dsl.lanes import cells, numbers, symmetry

LANES: tuple[Lane, ...] = (search.lane, cells.lane, numbers.lane, symmetry.lane)
"""Cheapest first."""


def hypotheses(task: DslTask, clock: Clock) -> Iterator[Hypothesis]:
    """Everything the lanes find, lane by lane."""
    for lane in LANES:
        if clock.is_over:
            return
        yield from lane(task, clock)


def rank(found: list[Hypothesis]) -> list[Hypothesis]:
    """Order by demonstrations explained, then description length; the earlier of equals first."""
    return sorted(found, key=lambda hypothesis: (-sum(hypothesis.explained), hypothesis.cost))


def solve_task(task: DslTask, clock: Clock) -> list[Hypothesis]:
    """All hypotheses about a task, best first."""
    return rank(list(hypotheses(task, clock)))

"""Choose answers: rank the distinct predictions of all hypotheses and say how likely each is right."""

from __future__ import annotations

import math
from dataclasses import dataclass

from arcsolve_dsl.lane import DslTask, Hypothesis
from arcsolve_dsl.picture import Cells

KEEP = 4
"""Answers kept per test input."""


@dataclass(frozen=True, eq=False)
class Choice:
    """One answer to one test input.

    Attributes:
        test_index: which test input.
        grid: the answer.
        confidence: how likely it is right, in [0, 1].
        hypothesis: the best hypothesis that gives it.
    """

    test_index: int
    grid: Cells
    confidence: float
    hypothesis: Hypothesis


def choose(task: DslTask, found: list[Hypothesis]) -> list[Choice]:
    """Rank the distinct answers to each test input, best first; the earlier found of equals first."""
    chosen = []
    for index in range(len(task.test_inputs)):
        answers: dict[bytes, list[Hypothesis]] = {}
        for hypothesis in found:
            grid = hypothesis.predictions[index]
            if grid is not None:
                answers.setdefault(bytes(grid.shape) + grid.tobytes(), []).append(hypothesis)
        ranked = []
        for backers in answers.values():
            best = min(backers, key=lambda hypothesis: (-sum(hypothesis.explained), hypothesis.cost))
            grid = best.predictions[index]
            if grid is not None:
                ranked.append(Choice(index, grid, confidence(backers), best))
        ranked.sort(key=lambda entry: -entry.confidence)
        chosen += ranked[:KEEP]
    return chosen


def confidence(backers: list[Hypothesis]) -> float:
    """How likely an answer is right, from the hypotheses that give it."""
    return 1 / (1 + math.exp(-max(map(score, backers))))


def score(hypothesis: Hypothesis) -> float:
    """Log odds of one hypothesis."""
    missed = len(hypothesis.explained) - sum(hypothesis.explained)
    return 1.5 - 2.0 * missed - 0.01 * hypothesis.cost

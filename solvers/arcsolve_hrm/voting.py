"""Inverse-augmentation voting: each view's answer, brought back to the test input's own orientation, is one vote.

Answers are ranked by votes, ties by the mean of the views' log-probabilities (published: of sigmoid(q_halt)).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from arcsolve_hrm.transforms import Grid


class Prediction(NamedTuple):
    """What one view gave."""

    grid: Grid | None
    """In the test input's own orientation and colours; None where the view's output was no rectangle."""
    log_probability: float
    """Mean natural log-probability over the output's tokens; of the halting decision where the model ranks by q."""
    segments: int = 1
    """ACT segments thought."""


class Answer(NamedTuple):
    """One distinct grid and who voted for it."""

    grid: Grid
    votes: int
    log_probability: float
    """Mean over its voters."""
    segments: float
    """Mean over its voters."""
    views: tuple[int, ...]
    """Which of the views voted for it, counted in the order in which they were added."""


class Ballot:
    """Collects the views of one test input.

    Args:
        source: The test input; an answer equal to it is dropped unless `may_copy`.
        planned: Views that will vote if the time suffices; the denominator of confidences.
        may_copy: Whether some demonstration's output equals its input.
    """

    def __init__(self, source: Grid, planned: int, *, may_copy: bool = False) -> None:
        self.source, self.planned, self.may_copy = source, planned, may_copy
        self.asked = 0
        self.dropped = 0
        """Views without a usable answer: no rectangle, or a mere copy."""
        self._votes: dict[tuple[tuple[int, ...], bytes], list[tuple[int, Prediction]]] = {}

    def add(self, prediction: Prediction) -> None:
        """Count one view."""
        self.asked += 1
        grid = prediction.grid
        if grid is None or (not self.may_copy and np.array_equal(grid, self.source)):
            self.dropped += 1
            return
        self._votes.setdefault((grid.shape, grid.tobytes()), []).append((self.asked - 1, prediction))

    def ranked(self) -> list[Answer]:
        """Give the distinct answers, best first."""
        answers = []
        for (shape, cells), voters in self._votes.items():
            votes = [prediction for _, prediction in voters]
            answers.append(
                Answer(
                    np.frombuffer(cells, dtype=np.int8).reshape(shape),
                    len(votes),
                    float(np.mean([vote.log_probability for vote in votes])),
                    float(np.mean([vote.segments for vote in votes])),
                    tuple(view for view, _ in voters),
                )
            )
        return sorted(answers, key=lambda answer: (-answer.votes, -answer.log_probability, answer.grid.tobytes()))

    def confidence(self, answer: Answer, *, is_final: bool = False) -> float:
        """Share of the planned views that voted for an answer, ties split by its probability; in (0, 1].

        In the order of `ranked`. The final word on an answer is a little more confident than what was said of the same
        votes while others were still awaited.
        """
        tie = 0.5 * math.exp(min(0.0, answer.log_probability)) + 0.5 * is_final
        return (answer.votes + tie) / (self.planned + 1)

"""Inverse-augmentation voting: each view's answer, brought back to the test input's own orientation, is one vote.

Answers are ranked by votes, ties by the mean of the views' log-probabilities (published: of sigmoid(q_halt)). Where the
network can also say how likely it finds each answer in the same views, whoever voted for it, that counts as much as the
votes: an answer that few views found may still be the one that all of them find most likely (Franzen et al., "The LLM
ARChitect", 2024, for language models).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from arcsolve_hrm.transforms import Grid

BELIEF_WEIGHT = 1.0
"""Weight of an answer's likelihood among the leading answers beside its share of the votes. On the held-out training
tasks anything from 0.25 to 4 serves equally well."""


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
        self._beliefs: dict[tuple[tuple[int, ...], bytes], float] = {}

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
        return sorted(answers, key=lambda answer: (-self._worth(answer), answer.grid.tobytes()))

    def weigh(self, answers: Sequence[Answer], log_likelihoods: Sequence[float]) -> None:
        """Take into account how likely the network finds answers; those not among them lose.

        Args:
            answers: Some of `ranked`.
            log_likelihoods: Of each as a whole output, mean over the same views.
        """
        highest = max(log_likelihoods)
        odds = [math.exp(value - highest) for value in log_likelihoods]
        for answer, odd in zip(answers, odds, strict=True):
            self._beliefs[answer.grid.shape, answer.grid.tobytes()] = odd / sum(odds)

    def confidence(self, answer: Answer, *, is_final: bool = False) -> float:
        """Mean of an answer's share of the planned votes and its likelihood among the answers; in (0, 1].

        In the order of `ranked`. What is said while views or likelihoods are still awaited stays below the final word,
        which may lower an answer's likelihood; without likelihoods that word is the share of the votes alone. Ties
        between votes are split by the views' probability.
        """
        if not is_final:
            return self._share(answer) / (1 + BELIEF_WEIGHT)
        return self._worth(answer, bonus=0.5)

    def _share(self, answer: Answer, bonus: float = 0.0) -> float:
        tie = 0.5 * math.exp(min(0.0, answer.log_probability)) + bonus
        return (answer.votes + tie) / (self.planned + 1)

    def _worth(self, answer: Answer, bonus: float = 0.0) -> float:
        share = self._share(answer, bonus)
        belief = self._beliefs.get((answer.grid.shape, answer.grid.tobytes()), 0.0) if self._beliefs else share
        return (share + BELIEF_WEIGHT * belief) / (1 + BELIEF_WEIGHT)

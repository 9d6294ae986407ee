"""The protocols that HRM scores are measured under, kept apart.

A published "40 %" means: the evaluation tasks' demonstrations were training data, their test outputs were not. That is
another question than solving a task nobody has trained on, so the two are never added up here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from arcsolve.outcome import Outcome
from arcsolve.score.interval import wilson

KNOWN = "demonstrations seen in training"
KNOWN_WITH_TESTS = "demonstrations seen in training, and maybe its test pairs: a training task"
UNSEEN = "unseen in training; test-time training on its demonstrations"
NO_ANSWER = "no answer (declined, out of time, or failed)"
ORDER = (KNOWN, UNSEEN, KNOWN_WITH_TESTS, NO_ANSWER)


class ProtocolScore(NamedTuple):
    """How the tasks answered under one protocol came out."""

    protocol: str
    tasks: int
    solved_at_1: int
    """Tasks with all test inputs right at the first attempt."""
    solved_at_2: int
    """Within two attempts."""

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the share solved within two attempts."""
        return wilson(self.solved_at_2, self.tasks)


def protocol_of(outcome: Outcome) -> str:
    """Say under which protocol a task was answered, from its candidates' explanations."""
    for candidate in (*outcome.attempts, *outcome.candidates):
        try:
            protocol = json.loads(candidate.explanation)["protocol"]
        except (json.JSONDecodeError, TypeError, KeyError):
            continue
        return str(protocol)
    return NO_ANSWER


def by_protocol(outcomes: Iterable[Outcome]) -> list[ProtocolScore]:
    """Count tasks and exact solutions per protocol.

    Args:
        outcomes: One solver's outcomes in one run.

    Returns:
        One score per protocol that occurs, in the order of `ORDER`.
    """
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(protocol_of(outcome), []).append(outcome)
    names = sorted(groups, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))
    return [
        ProtocolScore(
            name,
            len(groups[name]),
            sum(outcome.is_solved_at_1 for outcome in groups[name]),
            sum(outcome.is_solved_at_2 for outcome in groups[name]),
        )
        for name in names
    ]

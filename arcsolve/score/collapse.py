"""Does a solver's answer depend on its input at all? A collapsed solver is called that, by name.

Four ways of answering without looking: zeros, one colour, the input itself, the same grid everywhere. How often a
solver answers so is set against how often the data set's own solutions are so: what the data allows.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from arcsolve.grid import Grid
from arcsolve.outcome import Outcome
from arcsolve.task import Task, grids_equal

MIN_ANSWERS = 5
"""Fewer answers tell nothing."""
MIN_SHARE = 0.5
"""From this share of its answers on, a habit is a collapse…"""
MIN_EXCESS = 0.25
"""…where the solutions themselves show it less often by this much."""


class Answer(NamedTuple):
    """A grid given for a test input."""

    test_input: Grid
    grid: Grid


_HABITS: dict[str, Callable[[Answer], bool]] = {
    "all zeros, as Agent Zero": lambda answer: not answer.grid.any(),
    "the input, copied": lambda answer: grids_equal(answer.grid, answer.test_input),
    "of a single colour": lambda answer: bool((answer.grid == answer.grid[0, 0]).all()),
}


def find_collapse(outcomes: Iterable[Outcome], tasks: Iterable[Task]) -> str | None:
    """Say in one phrase how a solver's first attempts ignore their input.

    Args:
        outcomes: one solver's.
        tasks: the run's tasks; their solutions (or demonstrations, where there are none) say what the data allows.

    Returns:
        E.g. ``97 % of its answers are all zeros, as Agent Zero``; None where nothing is wrong, or too little is known.
    """
    by_id = {task.id: task for task in tasks}
    answers = []
    for outcome in outcomes:
        firsts = {attempt.test_index: attempt.grid for attempt in reversed(outcome.attempts)}
        inputs = by_id[outcome.task_id].challenge.test_inputs
        answers += [Answer(inputs[index], grid) for index, grid in sorted(firsts.items())]
    if len(answers) < MIN_ANSWERS:
        return None
    truths = _truths(by_id.values())
    for habit, has_it in _HABITS.items():
        share = float(np.mean([has_it(answer) for answer in answers]))
        if _is_beyond(share, float(np.mean([has_it(truth) for truth in truths]))):
            return f"{share:.0%} of its answers are {habit}".replace("%", " %")
    share = _commonest(answers)
    if _is_beyond(share, _commonest(truths)):
        return f"{share:.0%} of its answers are one and the same grid".replace("%", " %")
    return None


def _is_beyond(share: float, allowed: float) -> bool:
    return share >= MIN_SHARE and share >= allowed + MIN_EXCESS


def _commonest(answers: Sequence[Answer]) -> float:
    counts = Counter((answer.grid.shape, answer.grid.tobytes()) for answer in answers)
    return max(counts.values()) / len(answers)


def _truths(tasks: Iterable[Task]) -> list[Answer]:
    truths = []
    for task in tasks:
        if task.solution is not None:
            truths += [Answer(*pair) for pair in zip(task.challenge.test_inputs, task.solution, strict=True)]
        else:
            truths += [Answer(pair.input, pair.output) for pair in task.challenge.train]
    return truths

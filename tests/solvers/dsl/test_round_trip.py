"""Programs of training tasks parse back from their text and do, run by the evaluator, exactly what was claimed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from arcsolve.data import load
from arcsolve.task import Task
from arcsolve_dsl.assembly import solve_task
from arcsolve_dsl.lane import Clock, hypothesis_for
from arcsolve_dsl.program import parse
from arcsolve_dsl.solver import as_dsl_task

STEPS = 2_000_000
"""Budget of a task in steps: the same programs are found on a busy machine."""


def solved_after_round_trip(entries: Sequence[Task]) -> int:
    """Check both attempts at every test input of every task; returns how many tasks they solve.

    A task counts as solved by the grids that the parsed programs give, not by those that were claimed.
    """
    solved = 0
    for entry in entries:
        assert entry.solution is not None
        asked = as_dsl_task(entry.challenge)
        right = []
        for index, choices in enumerate(solve_task(asked, Clock(steps_left=STEPS))):
            given = []
            for choice in choices[:2]:
                claim = choice.hypothesis
                program = parse(claim.program.text)
                assert program.text == claim.program.text
                again = hypothesis_for(program, asked, "again")
                assert again.explained == claim.explained, (entry.id, program.text)
                for before, after in zip(claim.predictions, again.predictions, strict=True):
                    assert before is None or np.array_equal(before, after), (entry.id, program.text)
                assert np.array_equal(again.predictions[index], choice.grid), (entry.id, program.text)
                given.append(again.predictions[index])
            right.append(any(np.array_equal(grid, entry.solution[index]) for grid in given))
        solved += all(right)
    return solved


def test_programs_of_a_sample_say_what_was_claimed() -> None:
    assert solved_after_round_trip(list(load("arc1:training"))[7::50]) >= 4


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_programs_of_all_training_tasks_say_what_was_claimed(part: int) -> None:
    """All 400 training tasks in eight parts, a few minutes of CPU time together; more than half are solved."""
    entries = list(load("arc1:training"))[part::8]
    assert solved_after_round_trip(entries) > len(entries) / 2

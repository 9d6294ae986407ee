"""The lane of turned grids: a rule that demonstrations show in several directions, learned with all one way up."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from arcsolve_dsl.lane import Clock, DslTask, Hypothesis
from arcsolve_dsl.lanes import cells, objects, sweeps
from arcsolve_dsl.orientation import CUES
from arcsolve_dsl.program import Program, call

MOST_CUES = 1
"""Cues that are followed, in the order of `CUES`."""
MOST_CELLS = 2000
"""Tasks whose inputs have more cells together are not turned: learning anew costs too much there."""


def lane(task: DslTask, clock: Clock) -> Iterator[Hypothesis]:
    """Learn rules on turned grids, where a cue turns the demonstrations differently.

    Hypotheses go by the name of the lane that learned the rule.
    """
    if sum(grid.size for grid in task.inputs) > MOST_CELLS:
        return
    seen: set[tuple[int | None, ...]] = set()
    n = len(task.demos)
    for name, cue in CUES.items():
        turns = tuple(cue(grid) for grid in task.inputs)
        known = [turn for turn in turns if turn is not None]
        if len(known) < len(turns) or len(set(known[:n])) < 2 or turns in seen:
            continue
        if clock.is_over or len(seen) == MOST_CUES:
            return
        seen.add(turns)
        made = [np.ascontiguousarray(np.rot90(grid, turn)) for grid, turn in zip(task.inputs, known, strict=True)]
        outputs = [np.ascontiguousarray(np.rot90(grid, turn)) for grid, turn in zip(task.outputs, known, strict=False)]
        turned = DslTask(tuple(zip(made[:n], outputs, strict=True)), tuple(made[n:]))
        for inner in (sweeps.lane, cells.lane, objects.lane):
            for found in inner(turned, clock):
                tests = tuple(
                    None if grid is None else np.ascontiguousarray(np.rot90(grid, -turn))
                    for grid, turn in zip(found.predictions, known[n:], strict=True)
                )
                program = Program(call("turned", found.program.root, name))
                yield Hypothesis(program, tests, found.explained, found.cost + 3.0, found.lane, found.facts)

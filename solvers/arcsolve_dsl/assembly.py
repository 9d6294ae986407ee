"""Put the lanes together: run them in turn, and after each rank everything found so far."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from arcsolve_dsl import choice, search
from arcsolve_dsl.choice import Choice
from arcsolve_dsl.errors import EvaluationError, ProgramError
from arcsolve_dsl.evaluate import evaluate
from arcsolve_dsl.lane import Clock, DslTask, Hypothesis, Lane
from arcsolve_dsl.lanes import cells, crops, numbers, objects, repairs, stamps, sweeps, symmetry, turned
from arcsolve_dsl.program import parse

LANES: tuple[Lane, ...] = (
    numbers.lane, cells.lane, sweeps.lane, crops.lane, repairs.lane, symmetry.lane, objects.lane, stamps.lane,
    search.lane,
)  # fmt: skip
"""Run on every task, cheapest first."""
LATE_LANES: tuple[Lane, ...] = (turned.lane,)
"""Run where nothing explains all demonstrations yet."""
DEEP_LANES: tuple[Lane, ...] = (search.deep_lane,)
"""Run from effort 2 where nothing explains all demonstrations yet."""
CHECKED = 2
"""Answers per test input whose programs are run once more by the evaluator before they are handed in."""
KEEP = 400
"""Most hypotheses kept of one lane."""


def hypotheses(task: DslTask, clock: Clock, effort: int) -> Iterator[list[Hypothesis]]:
    """What each lane finds, lane by lane.

    Raises:
        Exception: what the first lane that failed raised, after the others had their turn.
    """
    is_explained = False
    failure: Exception | None = None
    for number, lane in enumerate(LANES + LATE_LANES + (DEEP_LANES if effort > 1 else ())):
        if clock.is_over or (number >= len(LANES) and is_explained):
            break
        found: list[Hypothesis] = []
        try:
            for hypothesis in lane(task, clock):
                found.append(hypothesis)
                is_explained = is_explained or hypothesis.explains_all
                if len(found) == KEEP or clock.is_over:
                    break
        except Exception as error:
            failure = failure or error
        yield found
    if failure is not None:
        raise failure


def rounds(task: DslTask, clock: Clock, effort: int = 1) -> Iterator[list[Choice]]:
    """After each lane the best answers to each test input, with calibrated confidences.

    Args:
        task: the task.
        clock: the budget; what was found before it is over is still ranked.
        effort: 2 searches deeper where the usual search explains too little.
    """
    found: list[Hypothesis] = []
    for more in hypotheses(task, clock, effort):
        found += more
        yield choice.choose(task, found)


def verified(task: DslTask, ranked: list[Choice]) -> list[Choice]:
    """Leave out answers among the first `CHECKED` of a test input whose program, run as text, does not give them."""
    kept: list[Choice] = []
    for entry in ranked:
        before = sum(other.test_index == entry.test_index for other in kept)
        if before < CHECKED:
            try:
                given = evaluate(
                    parse(entry.hypothesis.program.text), task.test_inputs[entry.test_index], task.context()
                )
            except (EvaluationError, ProgramError):
                continue
            if not np.array_equal(given, entry.grid):
                continue
        kept.append(entry)
    return kept


def solve_task(task: DslTask, clock: Clock, effort: int = 1) -> list[list[Choice]]:
    """The final ranking: for each test input its answers, best first."""
    best: list[Choice] = []
    for ranked in rounds(task, clock, effort):
        best = ranked
    best = verified(task, best)
    return [[entry for entry in best if entry.test_index == index] for index in range(len(task.test_inputs))]

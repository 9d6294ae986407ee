"""The solver plugin: candidates with a program each, found by all lanes within the budget."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

import arcsolve
from arcsolve_dsl.lane import Clock, DslTask, Hypothesis

if TYPE_CHECKING:
    from arcsolve_dsl.choice import Choice

PROVISIONAL = 0.01
"""Factor on the confidence of answers while lanes are still to come: what ranks last counts, if it is reached."""
MARGIN_S, MARGIN_SHARE = 0.3, 0.15
"""Wall seconds kept back to rank and hand in, but no more than a share of the time."""
DEEP_FROM_S = 20.0
"""A task that may take this long is searched deeper where the usual search explains too little."""
UNEXPLAINED = 0.02
"""Probability given to a grid that no program found gives."""


def as_dsl_task(challenge: arcsolve.Challenge) -> DslTask:
    """A challenge as the lanes want it: contiguous int8 grids."""
    demos = tuple((_cells(pair.input), _cells(pair.output)) for pair in challenge.train)
    return DslTask(demos, tuple(_cells(grid) for grid in challenge.test_inputs), challenge.id)


def _cells(grid: Any) -> Any:
    return np.array(grid, dtype=np.int8, order="C")


class DslSolver(arcsolve.Solver):
    """Synthesise a program that explains the demonstrations, and run it on the test inputs.

    Pieces made by short operation sequences are composed to the answer (after icecuber, 2020), and rules are learned
    per object, per cell and from numbers and symmetries. Every candidate's explanation is its program.
    """

    name: ClassVar[str] = "dsl"
    version: ClassVar[str] = "1"
    resources: ClassVar[arcsolve.Resources] = arcsolve.Resources(threads=1, memory_mb=1024)

    class Options(arcsolve.Options):
        """What the search may spend."""

        effort: int = arcsolve.Option(
            0,
            ge=0,
            le=2,
            description="2 searches one operation deeper where no program explains all, 1 never; 0: from 20 s a task",
        )
        steps: int = arcsolve.Option(
            0, ge=0, description="engine operations a task may cost, a fixed number; 0 = no limit"
        )

    def __init__(self, options: Any = None) -> None:
        """Create the solver; it remembers what it found for the last challenge, to judge grids by."""
        super().__init__(options)
        self._found: tuple[str, DslTask | None, list[Hypothesis]] = "", None, []

    @classmethod
    def warm_up(cls, options: Any) -> None:
        """Compile the engine once per machine; later calls load it from the cache."""
        from arcsolve_dsl.warmup import warm_up

        warm_up()

    def prepare(self, challenges: Sequence[arcsolve.Challenge], budget: arcsolve.Budget) -> None:
        """Load the words that other plugins add to the language."""
        from arcsolve_dsl.registry import REGISTRY

        REGISTRY.load_plugins()

    def solve(self, challenge: arcsolve.Challenge, budget: arcsolve.Budget) -> Iterator[arcsolve.Candidate]:
        """Yield the best candidates after each lane, and in the end once more with calibrated confidences."""
        from arcsolve_dsl.assembly import hypotheses, verified
        from arcsolve_dsl.choice import choose

        task = as_dsl_task(challenge)
        clock = Clock(
            deadline=budget.deadline - min(MARGIN_S, MARGIN_SHARE * budget.timeout_s),
            steps_left=self.options.steps or None,
            seed=budget.seed,
        )
        found: list[Hypothesis] = []
        self._found = challenge.sha256, task, found
        ranked: list[Choice] = []
        effort = self.options.effort or (2 if budget.timeout_s >= DEEP_FROM_S else 1)
        failure: Exception | None = None
        try:
            for more in hypotheses(task, clock, effort):
                found += more
                ranked = choose(task, found)
                for choice in ranked:
                    yield _candidate(choice, PROVISIONAL * choice.confidence)
        except Exception as error:
            failure = error
        for choice in verified(task, ranked):
            yield _candidate(choice, choice.confidence)
        if failure is not None:
            raise failure

    def score(self, challenge: arcsolve.Challenge, index: int, grids: Sequence[arcsolve.Grid]) -> list[float] | None:
        """Log-probability of each grid: does a program that was found for this challenge, even a partial one, give it?

        Only the challenge solved last can be judged; None for another one, or where nothing was found.
        """
        from arcsolve_dsl.choice import ranking

        solved, task, found = self._found
        if solved != challenge.sha256 or task is None or not found:
            return None
        known = {_key(choice.grid): choice.confidence for choice in ranking(task, found, index)}
        return [math.log(max(known.get(_key(grid), UNEXPLAINED), UNEXPLAINED)) for grid in grids]


def _key(grid: arcsolve.Grid) -> bytes:
    return repr(grid.shape).encode() + bytes(_cells(grid).tobytes())


def _candidate(choice: Choice, confidence: float) -> arcsolve.Candidate:
    hypothesis = choice.hypothesis
    return arcsolve.Candidate(
        choice.test_index, choice.grid, confidence, hypothesis.program.text, sum(hypothesis.explained)
    )

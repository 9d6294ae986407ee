"""What a lane of the solver is: a way to find programs for a task, cheapest first."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np

from arcsolve_dsl.errors import EvaluationError
from arcsolve_dsl.evaluate import Context, evaluate
from arcsolve_dsl.picture import Cells
from arcsolve_dsl.program import Program


@dataclass(frozen=True, eq=False)
class DslTask:
    """What the solver may see of a task: demonstrations and test inputs, as int8 grids.

    Attributes:
        demos: (input, output) of each demonstration.
        test_inputs: the grids to answer.
        name: the task's id, for messages only: no lane may look at it.
    """

    demos: tuple[tuple[Cells, Cells], ...]
    test_inputs: tuple[Cells, ...]
    name: str = ""

    @cached_property
    def inputs(self) -> tuple[Cells, ...]:
        """Inputs of the demonstrations, then the test inputs."""
        return (*(before for before, _ in self.demos), *self.test_inputs)

    @cached_property
    def outputs(self) -> tuple[Cells, ...]:
        """Outputs of the demonstrations."""
        return tuple(after for _, after in self.demos)

    @cached_property
    def is_same_size(self) -> bool:
        """True if every demonstration's output has its input's size."""
        return all(before.shape == after.shape for before, after in self.demos)

    @cached_property
    def input_palettes(self) -> tuple[frozenset[int], ...]:
        """Colours of each grid of `inputs`."""
        return tuple(frozenset(np.unique(grid).tolist()) for grid in self.inputs)

    @cached_property
    def output_palettes(self) -> tuple[frozenset[int], ...]:
        """Colours of each demonstration's output."""
        return tuple(frozenset(np.unique(grid).tolist()) for grid in self.outputs)

    @cached_property
    def shown(self) -> frozenset[int]:
        """Colours of all demonstrations' outputs."""
        return frozenset().union(*self.output_palettes)

    @cached_property
    def changed_shares(self) -> tuple[float, float]:
        """The least and the largest share of cells that a demonstration changes; only where sizes stay."""
        shares = [float((before != after).mean()) for before, after in self.demos]
        return min(shares), max(shares)

    @cached_property
    def steady(self) -> frozenset[int]:
        """Colours of the demonstrations' inputs none of whose cells is ever changed; only where sizes stay."""
        changed = [np.unique(before[before != after]).tolist() for before, after in self.demos]
        return frozenset().union(*self.input_palettes[: len(self.demos)]).difference(*changed)

    def context(self, index: int | None = None) -> Context:
        """The evaluation context for demonstration `index`, or for a test input."""
        return Context(self.demos, index)


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """A program, what it predicts, and how well it explains the demonstrations.

    Attributes:
        program: parses back from its text and gives `predictions` when evaluated.
        predictions: one grid per test input; None where the program fails.
        explained: for each demonstration, whether the program reproduces its output exactly.
        cost: description length, in calls and literals or the lane's own measure; less is better.
        lane: name of the lane that found it.
        facts: what else is known that may speak for it or against it, by name, each about 0 to 3.
    """

    program: Program
    predictions: tuple[Cells | None, ...]
    explained: tuple[bool, ...]
    cost: float
    lane: str
    facts: Mapping[str, float] = field(default_factory=dict)

    @property
    def explains_all(self) -> bool:
        """True if every demonstration is reproduced."""
        return all(self.explained)


@dataclass
class Clock:
    """The budget of one task: a deterministic number of steps, and a wall-clock deadline that only cuts.

    Attributes:
        deadline: `time.monotonic()` value after which lanes stop.
        steps_left: work units left; a lane takes some with `spend`. None means no limit.
        seed: for lanes that draw at random.
    """

    deadline: float = float("inf")
    steps_left: int | None = None
    seed: int = 0
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds_left(self) -> float:
        """Wall seconds until the deadline (may be negative)."""
        return self.deadline - time.monotonic()

    def spend(self, steps: int = 1) -> bool:
        """Take steps from the budget; False means stop now."""
        if self.steps_left is not None:
            self.steps_left -= steps
            if self.steps_left < 0:
                return False
        return time.monotonic() < self.deadline

    @property
    def is_over(self) -> bool:
        """True if the lane should stop."""
        return (self.steps_left is not None and self.steps_left < 0) or time.monotonic() >= self.deadline


class Lane(Protocol):
    """A way to find programs. Yields hypotheses as it finds them, the likelier first; stops when the clock says."""

    def __call__(self, task: DslTask, clock: Clock) -> Iterator[Hypothesis]:
        """Search one task."""
        ...


def hypothesis_for(program: Program, task: DslTask, lane: str, cost: float | None = None) -> Hypothesis:
    """Run a program on everything with the evaluator: the honest way to make a hypothesis.

    Args:
        program: any program of the language.
        task: what it is run on.
        lane: name of the lane.
        cost: description length; by default `program.size`.
    """
    explained = []
    for index, (before, after) in enumerate(task.demos):
        found = _try(program, before, task.context(index))
        explained.append(found is not None and np.array_equal(found, after))
    predictions = tuple(_try(program, grid, task.context()) for grid in task.test_inputs)
    return Hypothesis(program, predictions, tuple(explained), program.size if cost is None else cost, lane)


def _try(program: Program, grid: Cells, context: Context) -> Cells | None:
    try:
        return evaluate(program, grid, context)
    except EvaluationError:
        return None

"""Run programs with the numpy primitives: the meaning of the language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from arcsolve_dsl.errors import EvaluationError, ProgramError
from arcsolve_dsl.picture import Cells, Picture
from arcsolve_dsl.program import Call, Constant, Mapping, Name, Node, Program, Sequence, format_node
from arcsolve_dsl.registry import REGISTRY

MAX_CELLS = 16_384
"""A picture with more cells than this is an error: no ARC grid needs it."""


@dataclass(frozen=True)
class Context:
    """What a program may use besides the grid it is run on. Never holds a test output.

    Attributes:
        demos: (input, output) grids of the challenge.
        index: which demonstration the program is being run on; None for a test input. A primitive that reads
            the outputs of demonstrations must leave this one out.
    """

    demos: tuple[tuple[Cells, Cells], ...] = ()
    index: int | None = None


@dataclass(frozen=True)
class Step:
    """One intermediate value: the sub-expression and what it gave."""

    text: str
    value: Any


def evaluate(program: Program | Node, grid: Cells, context: Context | None = None) -> Cells:
    """Run a program on a grid.

    Args:
        program: the program.
        grid: HxW int array of colours.
        context: demonstrations and the index of the one being run.

    Returns:
        The predicted grid, int8, 1x1 to 30x30.

    Raises:
        EvaluationError: if a primitive does not apply, or the result is no ARC grid.
        ProgramError: if the program uses an unknown word or wrong arguments.
    """
    value = evaluate_value(program, grid, context)
    if not isinstance(value, Picture):
        raise EvaluationError(f"The program gives {type(value).__name__}, not a grid.")
    if not (1 <= value.height <= 30 and 1 <= value.width <= 30):
        raise EvaluationError(f"The program gives a {value.height}x{value.width} grid; ARC grids are 1x1 to 30x30.")
    if value.cells.min() < 0 or value.cells.max() > 9:
        raise EvaluationError("The program gives colours outside 0-9.")
    return value.cells


def evaluate_value(program: Program | Node, grid: Cells, context: Context | None = None) -> Any:
    """Like `evaluate`, for a program of any type: the value as it is (picture, pictures, number ...)."""
    root = program.root if isinstance(program, Program) else program
    return _Evaluation(grid, context or Context()).value(root)


def steps(program: Program, grid: Cells, context: Context | None = None) -> list[Step]:
    """List the distinct intermediate values in the order they are computed, the result last."""
    log: list[Step] = []
    _Evaluation(grid, context or Context(), log).value(program.root)
    return log


def reproduces(program: Program, demos: tuple[tuple[Cells, Cells], ...]) -> tuple[bool, ...]:
    """Tell for each demonstration whether the program gives exactly its output."""
    right = []
    for index, (before, after) in enumerate(demos):
        try:
            right.append(np.array_equal(evaluate(program, before, Context(demos, index)), after))
        except EvaluationError:
            right.append(False)
    return tuple(right)


class _Evaluation:
    """Evaluates each distinct sub-expression once on one grid."""

    def __init__(self, grid: Cells, context: Context, log: list[Step] | None = None) -> None:
        self.log = log
        self.picture = Picture(np.ascontiguousarray(grid, dtype=np.int8))
        self.context = context
        self.memo: dict[Node, Any] = {}

    def value(self, node: Node) -> Any:
        if isinstance(node, Constant):
            return node.value
        if isinstance(node, Name):
            if node.id != "input":
                raise ProgramError(f"Unknown name '{node.id}': only 'input' can stand without a call.")
            return self.picture
        if isinstance(node, Sequence):
            items = [self.value(item) for item in node.items]
            return tuple(items) if node.kind == "tuple" else items
        if isinstance(node, Mapping):
            return {self.value(key): self.value(value) for key, value in zip(node.keys, node.values, strict=True)}
        if node not in self.memo:
            self.memo[node] = self._apply(node)
            if self.log is not None:
                self.log.append(Step(format_node(node), self.memo[node]))
        return self.memo[node]

    def _apply(self, node: Call) -> Any:
        word = REGISTRY.get(node.name)
        arguments: list[Any] = []
        if word.lazy and node.args:
            arguments.append(partial(_delayed, node.args[0], self.log))
        arguments += [self.value(arg) for arg in node.args[len(arguments) :]]
        keywords = {key: self.value(arg) for key, arg in node.keywords}
        if word.wants_context:
            keywords["context"] = self.context
        if word.wants_grid:
            keywords["grid"] = self.picture
        try:
            value = word.function(*arguments, **keywords)
        except EvaluationError:
            raise
        except (TypeError, ValueError, IndexError, KeyError, ArithmeticError, AttributeError) as error:
            raise EvaluationError(f"{node.name} does not apply: {error}") from error
        if isinstance(value, np.ndarray):
            value = Picture(np.ascontiguousarray(value, dtype=np.int8))
        if isinstance(value, Picture) and (value.cells.ndim != 2 or value.cells.size > MAX_CELLS):
            raise EvaluationError(f"{node.name} gives a picture of shape {value.cells.shape}.")
        return value


def _delayed(node: Node, log: list[Step] | None, grid: Cells, context: Context) -> Any:
    return _Evaluation(grid, context, log).value(node)


Delayed = Callable[[Cells, Context], Any]
"""What a lazy primitive gets as its first argument: run the inner program on this grid in this context."""


def without_demo(context: Context, index: int) -> Context:
    """The context in which demonstration `index` is not there (for leave-one-out fitting)."""
    demos = context.demos[:index] + context.demos[index + 1 :]
    return replace(context, demos=demos, index=None)

"""The lane of numbers: outputs drawn from counts, ranks and named colours of the whole input."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice, product
from typing import Any

import numpy as np

from arcsolve_dsl.errors import EvaluationError
from arcsolve_dsl.lane import Clock, DslTask, Hypothesis, hypothesis_for
from arcsolve_dsl.lanes.census import COLOURS, KEYS, NUMBERS, Census
from arcsolve_dsl.primitives.numbers import ORDERS, fill_order
from arcsolve_dsl.program import INPUT, Call, Node, Program, call, literal

NAME = "numbers"
FACTORS = ((1, 0), (2, 0), (3, 0), (1, 1), (1, -1), (2, 1), (2, -1), (4, 0), (5, 0), (1, 2))
"""(factor, constant) tried for a count, the plainer first."""


def lane(task: DslTask, clock: Clock) -> Iterator[Hypothesis]:
    """Fit counts, ranks and named colours to the demonstrations' outputs.

    Args:
        task: demonstrations and test inputs.
        clock: one step per program tried.

    Yields:
        Hypotheses that explain every demonstration.
    """
    commonest = [int(np.bincount(grid.ravel()).argmax()) for grid in task.inputs]
    has_black = all(0 in palette for palette in task.input_palettes)
    for ground in ({}, {"background": 0}) if has_black and any(commonest) else ({},):
        for root in _Fit(task, ground).programs():
            if not clock.spend():
                return
            found = hypothesis_for(Program(root), task, NAME)
            if found.explains_all:
                yield found


class _Fit:
    """What is known of one task while programs are fitted to it."""

    def __init__(self, task: DslTask, ground: dict[str, int]) -> None:
        self.task = task
        self.ground = ground
        self.censuses = [Census(before, ground.get("background")) for before, _ in task.demos]
        self.tests = [Census(grid, ground.get("background")) for grid in task.test_inputs]
        self.numbers = {name: values for name in NUMBERS if (values := self._values(name)) is not None}

    def _values(self, name: str) -> list[int] | None:
        """The number in every demonstration; None where it is not defined in all grids."""
        try:
            for census in self.tests:
                census.number(name)
            return [census.number(name) for census in self.censuses]
        except EvaluationError:
            return None

    def programs(self) -> Iterator[Call]:
        yield from self._bars()
        yield from self._canvases()
        yield from self._fillings()
        yield from self._copies()
        yield from self._tables()

    def _number(self, wanted: Sequence[int], limit: int = 2) -> Iterator[Node]:
        """Expressions that give the wanted number in every demonstration, the constant first."""
        if len(set(wanted)) == 1:
            yield literal(int(wanted[0]))
            return
        yield from islice(self._counts(wanted), limit)

    def _counts(self, wanted: Sequence[int]) -> Iterator[Node]:
        for times, plus in FACTORS:
            for name, values in self.numbers.items():
                if all(v * times + plus == w for v, w in zip(values, wanted, strict=True)):
                    chosen = {} if times == 1 else {"times": times}
                    yield call("number", INPUT, name, **chosen, **({"plus": plus} if plus else {}), **self.ground)

    def _colour(self, wanted: Sequence[int], limit: int = 3) -> Iterator[Node]:
        """Expressions that give the wanted colour in every demonstration, the constant first."""
        if len(set(wanted)) == 1:
            yield literal(int(wanted[0]))
            if len(wanted) > 2:
                return
        found = 0
        for name in COLOURS:
            try:
                fits = all(c.colour(name) == w for c, w in zip(self.censuses, wanted, strict=True))
                fits = fits and all(0 <= census.colour(name) <= 9 for census in self.tests)
            except EvaluationError:
                continue
            if fits:
                yield call("colour", INPUT, name, **self.ground)
                found += 1
                if found == limit:
                    return

    def _sizes(self, limit: int = 2) -> Iterator[tuple[Node, Node]]:
        heights = [after.shape[0] for after in self.task.outputs]
        widths = [after.shape[1] for after in self.task.outputs]
        yield from product(self._number(heights, limit), self._number(widths, limit))

    def _bars(self) -> Iterator[Call]:
        for by, order, along, length in product(
            ("cells", "objects", "area", "left", "top", "right", "bottom"),
            ("falling", "rising"),
            ("columns", "rows"),
            ("one", "cells", "objects"),
        ):
            root = call("colour_bars", INPUT, by, order, along, length, **self.ground)
            if self._explains_first(root):
                yield root

    def _canvases(self) -> Iterator[Call]:
        if any(len(palette) > 1 for palette in self.task.output_palettes):
            return
        colours = [int(after[0, 0]) for after in self.task.outputs]
        for (height, width), shade in product(self._sizes(), self._colour(colours)):
            yield call("canvas", height, width, shade)

    def _fillings(self) -> Iterator[Call]:
        """Grids of a background and one colour, filled up to a count in some order."""
        for order in ORDERS:
            counts, shades, grounds = [], [], []
            for after in self.task.outputs:
                found = _filling(after, order)
                if found is None:
                    break
                counts.append(found[0])
                shades.append(found[1])
                grounds.append(found[2])
            if len(counts) < len(self.task.demos) or len(set(counts)) == 1:
                continue
            known = next((g for g in grounds if g is not None), 0)
            filler = [known if g is None else g for g in grounds]
            for size, count, shade, rest in product(
                self._sizes(1), islice(self._counts(counts), 3), self._colour(shades), self._colour(filler, 1)
            ):
                yield call("filled_cells", *size, count, order, shade, rest)

    def _copies(self) -> Iterator[Call]:
        """Enlarged or tiled copies of the input by a counted factor."""
        ratios = []
        for before, after in self.task.demos:
            down, rest_down = divmod(after.shape[0], before.shape[0])
            across, rest_across = divmod(after.shape[1], before.shape[1])
            if rest_down or rest_across:
                return
            ratios.append((down, across))
        downs, acrosses = [d for d, _ in ratios], [a for _, a in ratios]
        if downs == acrosses:
            for factor in self._number(downs):
                yield call("enlarged", INPUT, factor)
        for down, across in product(self._number(downs), self._number(acrosses)):
            yield call("tiled", INPUT, down, across)

    def _tables(self) -> Iterator[Call]:
        """Tables from a number, flag or colour to whole outputs, where each output is seen at least once."""
        outputs = [tuple(map(tuple, after.tolist())) for after in self.task.outputs]
        if not len(set(outputs)) > 1 or max(after.size for after in self.task.outputs) > 36:
            return
        getters: list[tuple[str, str, Callable[[Census], int]]] = [
            *(("number", name, _getter("number", name)) for name in (*KEYS, *self.numbers)),
            *(("colour", name, _getter("colour", name)) for name in COLOURS),
        ]
        for word, name, get in getters:
            table: dict[int, Any] = {}
            try:
                keys = [get(census) for census in self.censuses]
                tests = [get(census) for census in self.tests]
            except EvaluationError:
                continue
            if any(table.setdefault(key, out) != out for key, out in zip(keys, outputs, strict=True)):
                continue
            # A key of its own for every demonstration explains nothing.
            if len(table) < len(keys) and all(key in table for key in tests):
                yield call("looked_up", call(word, INPUT, name, **self.ground), table)

    def _explains_first(self, root: Call) -> bool:
        first = DslTask(self.task.demos[:1], ())
        return hypothesis_for(Program(root), first, NAME).explains_all


def _getter(kind: str, name: str) -> Callable[[Census], int]:
    return (lambda census: census.number(name)) if kind == "number" else (lambda census: census.colour(name))


def _filling(after: np.ndarray, order: str) -> tuple[int, int, int | None] | None:
    """(count, colour, background or None) if the grid is a filling in this order; None if it is not."""
    height, width = after.shape
    rows, cols = fill_order(height, width, order)
    line = after[rows, cols]
    rest = np.ones(after.shape, np.bool_)
    rest[rows, cols] = False
    values = np.unique(after).tolist()
    if len(values) == 1:
        return (len(line), values[0], None) if values[0] else (0, 1, 0)
    if len(values) != 2:
        return None
    shade = int(line[0])
    count = int((line == shade).sum())
    ground = values[0] if values[1] == shade else values[1]
    if (line[:count] != shade).any() or (after[rest] != ground).any():
        return None
    return count, shade, ground

"""Small challenges to try solvers on: ordinary ones, and those that break programs written for the ordinary."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arcsolve.grid import Grid
from arcsolve.task import Challenge, Pair

Rule = Callable[[NDArray[Any]], NDArray[Any]]


def make_challenge(task_id: str, inputs: Sequence[Any], rule: Rule, *, tests: int = 1) -> Challenge:
    """Make a challenge of input grids and the rule that turns them into outputs.

    Args:
        task_id: its id.
        inputs: grids; the last `tests` of them become test inputs, the others demonstrations.
        rule: from an input array to its output array.
        tests: how many test inputs.
    """
    grids = [np.array(grid) for grid in inputs]
    train = tuple(Pair(grid, rule(grid)) for grid in grids[:-tests])
    return Challenge(task_id, train, tuple(grids[-tests:]))


def _random(seed: int, *shapes: tuple[int, int], colours: int = 10) -> list[Grid]:
    generator = np.random.default_rng(seed)
    return [generator.integers(0, colours, shape).astype(np.int8) for shape in shapes]


def _recolour(grid: NDArray[Any]) -> NDArray[Any]:
    return np.where(grid == 1, 2, grid)


ORDINARY: tuple[Challenge, ...] = (
    make_challenge("mirror", _random(1, (3, 4), (5, 3), (4, 4), (6, 5), colours=4), np.fliplr),
    make_challenge("recolour", _random(2, (3, 3), (5, 5), (4, 6), (7, 7), colours=3), _recolour),
    make_challenge("double", _random(3, (2, 2), (3, 3), (2, 3)), lambda grid: np.kron(grid, np.ones((2, 2), np.int8))),
    make_challenge("two-tests", _random(4, (3, 3), (4, 2), (2, 5), (3, 6)), np.transpose, tests=2),
)
"""Challenges with a simple rule."""

AWKWARD: tuple[Challenge, ...] = (
    make_challenge("one-cell", [[[1]], [[2]], [[3]]], lambda grid: grid),
    make_challenge("to-one-cell", _random(5, (3, 3), (4, 4), (5, 5)), lambda grid: grid[:1, :1]),
    make_challenge("from-one-cell", [[[1]], [[2]], [[3]]], lambda grid: np.tile(grid, (5, 5))),
    make_challenge("largest", _random(6, (30, 30), (30, 30), (30, 30)), np.flipud),
    make_challenge("one-demo", _random(7, (4, 4), (5, 5), colours=3), np.fliplr),
    make_challenge("ten-colours", [np.arange(10).reshape(2, 5), np.arange(10).reshape(5, 2)[::-1]] * 2, np.transpose),
    make_challenge("wide", _random(8, (1, 50), (1, 64), (1, 40), colours=3), np.fliplr),
    make_challenge("tall", _random(9, (45, 2), (33, 1), (60, 1), colours=3), np.flipud),
    make_challenge(
        "one-colour", [np.zeros((3, 3), int), np.zeros((5, 4), int), np.zeros((9, 9), int)], lambda grid: grid
    ),
    make_challenge("many-tests", _random(10, *[(3, 3)] * 7), np.rot90, tests=5),
    Challenge(
        "contradiction",
        (Pair(np.array([[1, 2]]), np.array([[3]])), Pair(np.array([[1, 2]]), np.array([[4, 4], [4, 4]]))),
        (np.array([[1, 2]]),),
    ),
)
"""Challenges that are allowed and unusual: tiny, large, wide, few demonstrations, all colours, no rule at all."""

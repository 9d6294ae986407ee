"""Words that work on one picture also work on a list, picture by picture."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, cast

import numpy as np

from arcsolve_dsl.errors import EvaluationError
from arcsolve_dsl.picture import Cells, Picture, Pictures

P = ParamSpec("P")
MAX_AREA = 1800
"""Most cells of an intermediate picture: twice the biggest grid."""
MAX_SIDE = 100


def each(
    function: Callable[Concatenate[Picture, P], Picture],
) -> Callable[Concatenate[Picture | Pictures, P], Picture | Pictures]:
    """Let a function of one picture take a list, too."""

    @functools.wraps(function)
    def mapped(picture: Picture | Pictures, *args: P.args, **keywords: P.kwargs) -> Picture | Pictures:
        if isinstance(picture, tuple):
            return tuple(function(one, *args, **keywords) for one in picture)
        return function(picture, *args, **keywords)

    return cast("Callable[Concatenate[Picture | Pictures, P], Picture | Pictures]", mapped)


def majority(cells: Cells, with_zero: bool = False) -> int:
    """The commonest colour, the lower of equals; 0 counts only if asked for, or where nothing else is."""
    counts = np.bincount(cells.ravel(), minlength=10)
    if not with_zero:
        counts[0] = 0
    return int(counts.argmax())


def checked(height: int, width: int) -> None:
    """Refuse a picture that is too big to be of use.

    Raises:
        EvaluationError: if it is.
    """
    if max(height, width) > MAX_SIDE or height * width > MAX_AREA:
        raise EvaluationError(f"A picture of {height}x{width} cells is too big.")


def solid(height: int, width: int, colour: int, row: int = 0, col: int = 0) -> Picture:
    """A picture of one colour."""
    return Picture(np.full((height, width), colour, np.int8), row, col)


def one(value: object) -> Picture:
    """Check that a value is a single picture.

    Raises:
        EvaluationError: if it is a list or something else.
    """
    if not isinstance(value, Picture):
        raise EvaluationError(f"A picture is needed here, not {type(value).__name__}.")
    return value


def many(value: object) -> Pictures:
    """Check that a value is a list of pictures.

    Raises:
        EvaluationError: if it is not.
    """
    if not isinstance(value, tuple):
        raise EvaluationError(f"A list of pictures is needed here, not {type(value).__name__}.")
    return value


def regions(open_cells: np.ndarray, diagonal: bool) -> tuple[np.ndarray, int]:
    """Number the connected regions of a boolean mask, in reading order of their first cells, from 1."""
    labels = np.zeros(open_cells.shape, np.int32)
    near = [(0, 1), (0, -1), (1, 0), (-1, 0)]
    if diagonal:
        near += [(1, 1), (1, -1), (-1, 1), (-1, -1)]
    height, width = open_cells.shape
    count = 0
    todo = open_cells.tolist()
    for r in range(height):
        for c in range(width):
            if not todo[r][c]:
                continue
            count += 1
            todo[r][c] = False
            queue = [(r, c)]
            while queue:
                a, b = queue.pop()
                labels[a, b] = count
                for dr, dc in near:
                    y, x = a + dr, b + dc
                    if 0 <= y < height and 0 <= x < width and todo[y][x]:
                        todo[y][x] = False
                        queue.append((y, x))
    return labels, count

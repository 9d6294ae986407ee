"""A grid: a rectangle of colours 0-9."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arcsolve.errors import ArcsolveError

Grid = NDArray[np.int8]
"""(height, width) int8 array of colours 0-9; grids inside a Task are read-only."""


def as_grid(value: Any, where: str = "grid") -> Grid:
    """Check that `value` is a grid and return it as a read-only array.

    Args:
        value: a list of rows of integers, or a two-dimensional integer array.
        where: names the value in the error message, e.g. ``task 'abc': train[0].input``.

    Returns:
        (height, width) int8 array, C-contiguous, not writeable.

    Raises:
        ArcsolveError: not a list of rows, no rows or columns, ragged rows, or a cell that is not an integer 0-9
            (booleans and floats are not colours).
    """
    grid = _from_array(value, where) if isinstance(value, np.ndarray) else _from_rows(value, where)
    grid.setflags(write=False)
    return grid


def _from_array(value: NDArray[Any], where: str) -> Grid:
    if value.ndim != 2:
        raise ArcsolveError(f"{where}: a grid has two dimensions (rows, columns), this array has {value.ndim}.")
    if value.size == 0:
        raise ArcsolveError(f"{where}: the grid is empty (shape {value.shape}); it needs at least one cell.")
    if value.dtype.kind not in "iu":
        raise ArcsolveError(f"{where}: colours are integers 0-9, this array has dtype {value.dtype}.")
    low, high = int(value.min()), int(value.max())
    if low < 0 or high > 9:
        raise ArcsolveError(f"{where}: colours are 0-9, found {low if low < 0 else high}.")
    return np.array(value, dtype=np.int8, order="C")


def _from_rows(value: Any, where: str) -> Grid:
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise ArcsolveError(f"{where}: expected a list of rows, found {type(value).__name__}.")
    if len(value) == 0:
        raise ArcsolveError(f"{where}: the grid is empty (no rows); it needs at least one cell.")
    width = -1
    for r, row in enumerate(value):
        if not isinstance(row, Sequence) or isinstance(row, str | bytes):
            raise ArcsolveError(f"{where}: row {r} should be a list of colours, found {type(row).__name__}.")
        if len(row) == 0:
            raise ArcsolveError(f"{where}: row {r} is empty; a grid needs at least one column.")
        if width not in (-1, len(row)):
            raise ArcsolveError(f"{where}: ragged rows: row {r} has {len(row)} cells, the rows above have {width}.")
        width = len(row)
        for c, cell in enumerate(row):
            if type(cell) is not int or not 0 <= cell <= 9:
                raise ArcsolveError(f"{where}: row {r}, column {c}: colours are integers 0-9, found {cell!r}.")
    return np.array(value, dtype=np.int8)

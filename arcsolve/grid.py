"""A grid: a rectangle of colours 0-9."""

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
    if isinstance(value, np.ndarray):
        return value if _is_grid(value) else _from_array(value, where)
    return _from_rows(value, where)


def _is_grid(value: NDArray[Any]) -> bool:
    """Whether `as_grid` would give back an equal array, so that there is nothing to copy."""
    flags = value.flags
    return (
        value.dtype == np.int8
        and value.ndim == 2
        and value.size > 0
        and flags.c_contiguous
        and not flags.writeable
        and (value.base is None or isinstance(value.base, bytes))  # nobody else can write to it either
        and max(value.tobytes()) <= 9
    )


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
    grid = np.array(value, dtype=np.int8, order="C")
    grid.setflags(write=False)
    return grid


def _from_rows(value: Any, where: str) -> Grid:
    if not isinstance(value, list | tuple):
        raise ArcsolveError(f"{where}: expected a list of rows, found {type(value).__name__}.")
    if not value:
        raise ArcsolveError(f"{where}: the grid is empty (no rows); it needs at least one cell.")
    for r, row in enumerate(value):
        if not isinstance(row, list | tuple):
            raise ArcsolveError(f"{where}: row {r} should be a list of colours, found {type(row).__name__}.")
        if not row:
            raise ArcsolveError(f"{where}: row {r} is empty; a grid needs at least one column.")
    width = len(value[0])
    for r, row in enumerate(value):
        if len(row) != width:
            raise ArcsolveError(f"{where}: ragged rows: row {r} has {len(row)} cells, the rows above have {width}.")
    cells = [cell for row in value for cell in row]
    if not {int}.issuperset(map(type, cells)) or min(cells) < 0 or max(cells) > 9:
        at = next(i for i, cell in enumerate(cells) if type(cell) is not int or not 0 <= cell <= 9)
        found = repr(cells[at])
        raise ArcsolveError(
            f"{where}: row {at // width}, column {at % width}: colours are integers 0-9, "
            f"found {found if len(found) <= 40 else found[:40] + '…'}."
        )
    return np.ndarray((len(value), width), dtype=np.int8, buffer=bytes(cells))

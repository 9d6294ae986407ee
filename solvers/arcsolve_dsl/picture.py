"""The values programs work on: position-carrying grids and lists of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Cells: TypeAlias = NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Picture:
    """A grid that remembers where it came from (the idea is icecuber's ``Image``).

    Attributes:
        cells: HxW int8 array of colours 0-9; 0 is background (transparent when stacked).
        row: row of the upper left cell in the frame of the input grid (may be negative).
        col: column of the upper left cell, likewise.
    """

    cells: Cells
    row: int = 0
    col: int = 0

    def __eq__(self, other: object) -> bool:
        """Equal place, shape and cells."""
        if not isinstance(other, Picture):
            return NotImplemented
        return (self.row, self.col) == (other.row, other.col) and np.array_equal(self.cells, other.cells)

    def __hash__(self) -> int:
        return hash((self.row, self.col, self.cells.shape, self.cells.tobytes()))

    @property
    def height(self) -> int:
        """Number of rows."""
        return int(self.cells.shape[0])

    @property
    def width(self) -> int:
        """Number of columns."""
        return int(self.cells.shape[1])


Pictures: TypeAlias = tuple[Picture, ...]
EMPTY = Picture(np.zeros((0, 0), np.int8))
"""The picture without cells: what there is of a colour that does not occur."""


def from_text(text: str) -> Picture:
    r"""Read a small drawing: one line per row, ``.`` for 0, digits for colours, blanks ignored.

    Args:
        text: e.g. ``".1.\\n111"``.

    Returns:
        The picture at (0, 0).

    Raises:
        ValueError: if the lines differ in length or hold something else.
    """
    rows = [line.strip().replace(" ", "") for line in text.strip().splitlines()]
    cells = np.array([[0 if mark == "." else int(mark) for mark in row] for row in rows], dtype=np.int8)
    return Picture(cells)


def to_text(value: Picture | Cells) -> str:
    """Draw a picture as `from_text` reads it."""
    cells = value.cells if isinstance(value, Picture) else value
    return "\n".join("".join("." if cell == 0 else str(cell) for cell in row) for row in cells.tolist())

"""Rigid motions: rotations and reflections of a picture in its own box."""

from __future__ import annotations

import numpy as np

from arcsolve_dsl.picture import Picture
from arcsolve_dsl.primitives.mapping import each
from arcsolve_dsl.registry import Example, primitive


@primitive("rigid", Example("rotate(input, 1)", "12\n34\n..", "24.\n13."))
@each
def rotate(picture: Picture, quarter_turns: int) -> Picture:
    """Turn counter-clockwise by quarter turns; the upper left corner stays."""
    return Picture(np.ascontiguousarray(np.rot90(picture.cells, quarter_turns)), picture.row, picture.col)


@primitive("rigid", Example("flip(input, 'left-right')", "12\n34", "21\n43"))
@each
def flip(picture: Picture, axis: str) -> Picture:
    """Reflect: 'left-right', 'up-down', 'diagonal' (transpose) or 'antidiagonal'."""
    cells = picture.cells
    if axis == "left-right":
        flipped = cells[:, ::-1]
    elif axis == "up-down":
        flipped = cells[::-1]
    elif axis == "diagonal":
        flipped = cells.T
    elif axis == "antidiagonal":
        flipped = cells[::-1, ::-1].T
    else:
        raise ValueError(f"no axis '{axis}'; use left-right, up-down, diagonal or antidiagonal")
    return Picture(np.ascontiguousarray(flipped), picture.row, picture.col)


@primitive("rigid", Example("flip_by_mass(input)", "11.\n1..\n1..", ".11\n..1\n..1"))
@each
def flip_by_mass(picture: Picture) -> Picture:
    """Reflect left-right or up-down: along the axis on which the cells lie further off the middle."""
    rows, cols = np.nonzero(picture.cells)
    off_row = abs(int((2 * rows - (picture.height - 1)).sum()))
    off_col = abs(int((2 * cols - (picture.width - 1)).sum()))
    flipped = picture.cells[::-1] if off_col < off_row else picture.cells[:, ::-1]
    return Picture(np.ascontiguousarray(flipped), picture.row, picture.col)

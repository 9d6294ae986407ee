"""Rigid motions: rotations and reflections of a picture in its own box."""

from __future__ import annotations

import numpy as np

from arcsolve_dsl.picture import Picture
from arcsolve_dsl.registry import Example, primitive


@primitive("rigid", Example("rotate(input, 1)", "12\n34\n..", "2 4 .\n1 3 ."))
def rotate(picture: Picture, quarter_turns: int) -> Picture:
    """Turn counter-clockwise by quarter turns; the upper left corner stays."""
    return Picture(np.ascontiguousarray(np.rot90(picture.cells, quarter_turns)), picture.row, picture.col)


@primitive("rigid", Example("flip(input, 'left-right')", "12\n34", "21\n43"))
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

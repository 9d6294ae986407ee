"""Where a picture is and how big it is: cropping, framing, and pictures made of that."""

from __future__ import annotations

import numpy as np

from arcsolve_dsl.picture import EMPTY, Picture
from arcsolve_dsl.primitives.mapping import checked, each, majority, one, solid
from arcsolve_dsl.registry import Example, primitive


@primitive("frame", Example("crop(input)", "...\n.12\n.1.", "12\n1."))
@each
def crop(picture: Picture) -> Picture:
    """Cut out the bounding box of the non-zero cells; it keeps its place."""
    rows, cols = np.nonzero(picture.cells)
    if not len(rows):
        return EMPTY
    top, left = int(rows.min()), int(cols.min())
    cells = picture.cells[top : rows.max() + 1, left : cols.max() + 1]
    return Picture(np.ascontiguousarray(cells), picture.row + top, picture.col + left)


@primitive("frame", Example("corner_cell(input)", "12\n.2", "2"))
@each
def corner_cell(picture: Picture) -> Picture:
    """One cell at the upper left corner, in the commonest colour."""
    return solid(1, 1, majority(picture.cells), picture.row, picture.col)


@primitive("frame", Example("blank_at_origin(crop(input))", "...\n.12", ".."))
@each
def blank_at_origin(picture: Picture) -> Picture:
    """Zeros of the picture's size, at the origin."""
    return Picture(np.zeros_like(picture.cells))


@primitive("frame", Example("solid_at_origin(crop(input))", "...\n.12", "11"))
@each
def solid_at_origin(picture: Picture) -> Picture:
    """A rectangle of the picture's size in its commonest colour, at the origin."""
    return solid(picture.height, picture.width, majority(picture.cells))


@primitive("frame", Example("blank(input)", "12\n.2", "..\n.."))
@each
def blank(picture: Picture) -> Picture:
    """Zeros in the picture's frame."""
    return Picture(np.zeros_like(picture.cells), picture.row, picture.col)


@primitive("frame", Example("solid(input)", "12\n.2", "22\n22"), name="solid")
@each
def filled(picture: Picture) -> Picture:
    """The picture's frame filled with its commonest colour."""
    return solid(picture.height, picture.width, majority(picture.cells), picture.row, picture.col)


@primitive("frame", Example("to_frame(to_origin(crop(input)), input)", "...\n.12\n.1.", "12.\n1..\n..."))
@each
def to_origin(picture: Picture) -> Picture:
    """Forget where the picture was: its upper left corner goes to the origin."""
    return Picture(picture.cells)


@primitive("frame", Example("to_frame(centre(input), input)", "222\n222\n222", "...\n.1.\n..."))
@each
def centre(picture: Picture) -> Picture:
    """The middle of the frame, one cell or two on each axis, in colour 1."""
    height, width = (picture.height + 1) % 2 + 1, (picture.width + 1) % 2 + 1
    row = picture.row + (picture.height - height) // 2
    return solid(height, width, 1, row, picture.col + (picture.width - width) // 2)


@primitive("frame", Example("frame(crop(input), 3)", ".2\n..", "333\n323\n333"))
@each
def frame(picture: Picture, colour: int | None = None) -> Picture:
    """Put a frame one cell wide around the picture, in a colour or its commonest one."""
    checked(picture.height + 2, picture.width + 2)
    around = majority(picture.cells) if colour is None else colour
    cells = np.pad(picture.cells, 1, constant_values=around).astype(np.int8)
    return Picture(cells, picture.row - 1, picture.col - 1)


@primitive("frame", Example("half(input, 'right')", "123\n456", "3\n6"))
@each
def half(picture: Picture, side: str) -> Picture:
    """The left, right, upper or lower half; the middle line of an odd size is in neither."""
    height, width = picture.cells.shape
    rows, cols = slice(0, height), slice(0, width)
    if side == "left":
        cols = slice(0, width // 2)
    elif side == "right":
        cols = slice(width - width // 2, width)
    elif side == "upper":
        rows = slice(0, height // 2)
    elif side == "lower":
        rows = slice(height - height // 2, height)
    else:
        raise ValueError(f"no side '{side}'; use left, right, upper or lower")
    cells = np.ascontiguousarray(picture.cells[rows, cols])
    if not cells.size:
        return EMPTY
    return Picture(cells, picture.row + rows.start, picture.col + cols.start)


@primitive("frame", Example("to_frame(crop(input), canvas(2, 3))", "...\n.12\n.1.", "...\n.12"))
def to_frame(picture: Picture, like: Picture) -> Picture:
    """Clip or pad a picture to another's frame (at the origin)."""
    picture, like = one(picture), one(like)
    cells = np.zeros((like.height, like.width), np.int8)
    top, left = max(picture.row, 0), max(picture.col, 0)
    bottom = min(picture.row + picture.height, like.height)
    right = min(picture.col + picture.width, like.width)
    if top < bottom and left < right:
        part = picture.cells[top - picture.row : bottom - picture.row, left - picture.col : right - picture.col]
        cells[top:bottom, left:right] = part
    return Picture(cells)

"""Pictures brought to a size: tiling, scaling, mirroring, wrapping; and sizes computed from sizes."""

from __future__ import annotations

import numpy as np

from arcsolve_dsl.picture import EMPTY, Cells, Picture
from arcsolve_dsl.primitives.mapping import checked, each, majority, one, regions, solid
from arcsolve_dsl.registry import Example, primitive


@primitive("size", Example("wrap(input, canvas(2, 3))", "12345", "123\n45."))
def wrap(picture: Picture, like: Picture) -> Picture:
    """Reflow a line into another picture's frame, like text."""
    picture, like = one(picture), one(like)
    height, width = like.cells.shape
    if not picture.cells.size or not like.cells.size:
        return EMPTY
    cells = np.zeros((height, width), np.int8)
    for (i, j), colour in np.ndenumerate(picture.cells):
        col = j + i // height * picture.width
        row = i % height + col // width * picture.height
        if row < height:
            cells[row, col % width] = colour
    return Picture(cells)


@primitive("size", Example("scale(input, canvas(2, 4))", "12", "1122\n1122"))
def scale(picture: Picture, like: Picture) -> Picture:
    """Stretch or shrink to another picture's size; each cell gets the colour that covers most of it."""
    picture, like = one(picture), one(like)
    if not picture.cells.size or not like.cells.size:
        return EMPTY
    rows = _overlap(picture.height, like.height)
    cols = _overlap(picture.width, like.width)
    counts = np.bincount(picture.cells.ravel(), minlength=10)
    layers = np.stack([rows @ (picture.cells == c).astype(np.int64) @ cols.T for c in range(10)])
    ranks = layers * (picture.cells.size + 1) + counts[:, None, None] * (layers > 0)
    return Picture(ranks.argmax(axis=0).astype(np.int8))


def _overlap(source: int, target: int) -> np.ndarray:
    """[target, source] lengths of the overlaps of the cells of two divisions of the same line."""
    a = np.arange(target)[:, None] * source
    b = np.arange(source)[None, :] * target
    lengths: np.ndarray = np.maximum(np.minimum(a + source, b + target) - np.maximum(a, b), 0)
    return lengths


@primitive("size", Example("tile(input, canvas(2, 5))", "12", "12121\n12121"))
def tile(picture: Picture, like: Picture, gap: int = 0) -> Picture:
    """Repeat from where the picture stands over another's frame, with gaps of zeros if wanted."""
    return _tiled(one(picture), one(like), gap, mirror=False)


@primitive("size", Example("mirror_tile(input, canvas(2, 5))", "12", "12211\n12211"))
def mirror_tile(picture: Picture, like: Picture, gap: int = 0) -> Picture:
    """Repeat over another picture's frame, every other copy reflected."""
    return _tiled(one(picture), one(like), gap, mirror=True)


def _tiled(picture: Picture, like: Picture, gap: int, mirror: bool) -> Picture:
    if not picture.cells.size or not like.cells.size:
        return EMPTY
    unit = np.pad(picture.cells, ((0, gap), (0, gap)))
    if mirror:
        back = np.pad(picture.cells[:, ::-1], ((0, gap), (0, gap)))
        unit = np.hstack([unit, back])
        upside = np.pad(picture.cells[::-1], ((0, gap), (0, gap)))
        around = np.pad(picture.cells[::-1, ::-1], ((0, gap), (0, gap)))
        unit = np.vstack([unit, np.hstack([upside, around])])
    rows = (np.arange(like.height) - picture.row) % unit.shape[0]
    cols = (np.arange(like.width) - picture.col) % unit.shape[1]
    return Picture(np.ascontiguousarray(unit[np.ix_(rows, cols)]))


@primitive("size", Example("outer(input, input, 'drawing')", "2.\n33", "2...\n33..\n2.2.\n3333"))
def outer(mask: Picture, drawing: Picture, colours: str) -> Picture:
    """The Kronecker product: one picture drawn once for each non-zero cell of another, in the colours of either.

    `colours` is 'drawing' (the cells of `mask` say only where) or 'mask' (each copy has the colour of its cell).
    """
    mask, drawing = one(mask), one(drawing)
    if not mask.cells.size or not drawing.cells.size:
        return EMPTY
    checked(mask.height * drawing.height, mask.width * drawing.width)
    return Picture(outer_cells(mask.cells, drawing.cells, colours))


def outer_cells(mask: Cells, drawing: Cells, colours: str) -> Cells:
    """The cells of `outer`."""
    if colours == "drawing":
        mask = (mask > 0).astype(np.int8)
    elif colours == "mask":
        drawing = (drawing > 0).astype(np.int8)
    else:
        raise ValueError(f"outer takes the colours of the 'drawing' or the 'mask', not '{colours}'")
    blocks = mask[:, None, :, None] * drawing[None, :, None, :]  # np.kron takes five times as long
    return blocks.reshape(len(mask) * len(drawing), mask.shape[1] * drawing.shape[1])


@primitive("size", Example("canvas(height(input), 1)", "123\n456", ".\n."))
def height(picture: Picture) -> int:
    """Number of rows."""
    return one(picture).height


@primitive("size", Example("canvas(1, width(input))", "123\n456", "..."))
def width(picture: Picture) -> int:
    """Number of columns."""
    return one(picture).width


@primitive("size", Example("canvas(1, linear(width(input), 2, -1))", "12", "..."))
def linear(number: int, times: int, plus: int) -> int:
    """Multiply, then add."""
    return number * times + plus


@primitive("size", Example("canvas(1, add(width(input), height(input)))", "12", "..."))
def add(a: int, b: int) -> int:
    """The sum of two numbers."""
    return a + b


@primitive("size", Example("count_block(input, 'cells', 'row')", "2.\n22", "222"))
@each
def count_block(picture: Picture, what: str, shape: str) -> Picture:
    """A solid block as big as the number of 'cells', 'colours' or 'parts': a 'square', 'row' or 'column'."""
    if what == "cells":
        number = int((picture.cells > 0).sum())
    elif what == "colours":
        number = len(set(np.unique(picture.cells).tolist()) - {0})
    elif what == "parts":
        number = regions(picture.cells > 0, diagonal=True)[1]
    else:
        raise ValueError(f"counts cells, colours or parts, not '{what}'")
    if number == 0:
        return EMPTY
    rows, cols = {"square": (number, number), "row": (1, number), "column": (number, 1)}[shape]
    checked(rows, cols)
    return solid(rows, cols, majority(picture.cells))

"""Inside and outside: holes, borders, outlines."""

from __future__ import annotations

import numpy as np

from arcsolve_dsl.picture import Picture
from arcsolve_dsl.primitives.mapping import each, majority, regions
from arcsolve_dsl.registry import Example, primitive


def outside(cells: np.ndarray) -> np.ndarray:
    """Mask of the zero cells that are 4-connected to the edge."""
    labels, _ = regions(cells == 0, diagonal=False)
    edge = set(labels[0]) | set(labels[-1]) | set(labels[:, 0]) | set(labels[:, -1]) if cells.size else set()
    found: np.ndarray = np.isin(labels, [int(label) for label in edge if label])
    return found


def touched(cells: np.ndarray) -> np.ndarray:
    """Mask of the cells on the edge, or 8-adjacent to zero cells that are 8-connected to it."""
    mask = np.zeros(cells.shape, bool)
    if not cells.size:
        return mask
    mask[0] = mask[-1] = True
    mask[:, 0] = mask[:, -1] = True
    labels, _ = regions(cells == 0, diagonal=True)
    edge = [int(label) for label in set(labels[mask].tolist()) if label]
    found: np.ndarray = mask | near(np.isin(labels, edge))
    return found


def near(mask: np.ndarray) -> np.ndarray:
    """A mask grown by one cell in all eight directions."""
    padded = np.pad(mask, 1)
    height, width = mask.shape
    grown = np.zeros_like(mask)
    for dr in range(3):
        for dc in range(3):
            grown |= padded[dr : dr + height, dc : dc + width]
    return grown


@primitive("topology", Example("fill(input)", ".222\n.2.2\n.222", ".222\n.222\n.222"))
@each
def fill(picture: Picture) -> Picture:
    """Paint everything not connected with the outside in the commonest colour."""
    cells = np.where(outside(picture.cells), np.int8(0), np.int8(majority(picture.cells)))
    return Picture(cells, picture.row, picture.col)


@primitive("topology", Example("holes(input)", ".222\n.2.2\n.222", "....\n..2.\n...."))
@each
def holes(picture: Picture) -> Picture:
    """Only the enclosed zero cells, in the commonest colour."""
    empty = (picture.cells > 0) | outside(picture.cells)
    return Picture(np.where(empty, np.int8(0), np.int8(majority(picture.cells))), picture.row, picture.col)


@primitive("topology", Example("inner_cells(input)", "2222\n2322\n2222", "....\n.32.\n...."))
@each
def inner_cells(picture: Picture) -> Picture:
    """The cells that do not touch the outside, not even by a corner."""
    return Picture(np.where(touched(picture.cells), np.int8(0), picture.cells), picture.row, picture.col)


@primitive("topology", Example("outer_border(input)", "2222\n2322\n2222", "2222\n2..2\n2222"))
@each
def outer_border(picture: Picture) -> Picture:
    """The cells that touch the outside, if only by a corner."""
    return Picture(np.where(touched(picture.cells), picture.cells, np.int8(0)), picture.row, picture.col)


@primitive("topology", Example("outline(input)", "....\n..2.\n....", ".111\n.1.1\n.111"))
@each
def outline(picture: Picture) -> Picture:
    """Colour 1 on the zero cells next to (also by a corner) a non-zero cell; the picture itself is left out."""
    cells = near(picture.cells > 0) & (picture.cells == 0)
    return Picture(cells.astype(np.int8), picture.row, picture.col)

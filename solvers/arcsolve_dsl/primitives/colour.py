"""Choosing and changing colours."""

from __future__ import annotations

import numpy as np

from arcsolve_dsl.picture import Picture
from arcsolve_dsl.primitives.mapping import each, majority, solid
from arcsolve_dsl.registry import Example, primitive


@primitive("colour", Example("keep_colour(input, 2)", "12.\n.21", ".2.\n.2."))
@each
def keep_colour(picture: Picture, colour: int) -> Picture:
    """Leave only the cells of one colour."""
    return Picture(np.where(picture.cells == colour, picture.cells, 0), picture.row, picture.col)


@primitive("colour", Example("drop_colour(input, 2)", "12.\n.21", "1..\n..1"))
@each
def drop_colour(picture: Picture, colour: int) -> Picture:
    """Erase the cells of one colour."""
    return Picture(np.where(picture.cells == colour, np.int8(0), picture.cells), picture.row, picture.col)


@primitive("colour", Example("paint(input, 3)", "12.\n.21", "33.\n.33"))
@each
def paint(picture: Picture, colour: int) -> Picture:
    """Give all non-zero cells one colour."""
    return Picture(np.where(picture.cells > 0, np.int8(colour), np.int8(0)), picture.row, picture.col)


@primitive("colour", Example("invert(input)", "2..\n.2.", ".22\n2.2"))
@each
def invert(picture: Picture) -> Picture:
    """Swap zero and non-zero cells; the new cells get the lowest colour there is (1 if there is none)."""
    colours = [c for c in range(1, 10) if (picture.cells == c).any()]
    colour = colours[0] if colours else 1
    return Picture(np.where(picture.cells > 0, np.int8(0), np.int8(colour)), picture.row, picture.col)


@primitive("colour", Example("majority_cell(input)", "12.\n.22", "2"))
@each
def majority_cell(picture: Picture) -> Picture:
    """One cell of the commonest non-zero colour."""
    return solid(1, 1, majority(picture.cells))

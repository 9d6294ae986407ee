"""Taking a picture apart, choosing among the parts, and putting them together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from arcsolve_dsl.errors import EvaluationError
from arcsolve_dsl.picture import EMPTY, Picture, Pictures
from arcsolve_dsl.primitives.drawing import WAYS
from arcsolve_dsl.primitives.mapping import checked, majority, many, one, regions
from arcsolve_dsl.primitives.topology import near, outside
from arcsolve_dsl.registry import Example, primitive


def _part(picture: Picture, mask: np.ndarray) -> Picture:
    """The cells of a mask, cut out where they stand."""
    rows, cols = np.nonzero(mask)
    box = np.s_[rows.min() : rows.max() + 1, cols.min() : cols.max() + 1]
    cells = np.where(mask[box], picture.cells[box], np.int8(0))
    return Picture(cells, picture.row + int(rows.min()), picture.col + int(cols.min()))


@primitive("parts", Example("append(components(input, 4), 'right')", "1.2\n1..\n..2", "221\n..1"))
def components(picture: Picture, connectivity: int = 4) -> Pictures:
    """The connected parts of one colour each (joined along sides, or by corners too: connectivity 4 or 8)."""
    picture = one(picture)
    found = []
    for colour in range(1, 10):
        labels, count = regions(picture.cells == colour, diagonal=connectivity == 8)
        found += [(int(np.argmax(labels == k)), labels == k) for k in range(1, count + 1)]
    return tuple(_part(picture, mask) for _, mask in sorted(found, key=lambda entry: entry[0]))


@primitive("parts", Example("pick(cut(input), 'most cells')", "11511\n1.511", "11\n11"))
def cut(picture: Picture) -> Pictures:
    """Cut along the colour that best separates the picture into parts (corner-connected cells of other colours)."""
    picture = one(picture)
    if not picture.cells.size:
        return ()
    labels, count = regions(picture.cells != separator(picture.cells), diagonal=True)
    return tuple(_part(picture, labels == k) for k in range(1, count + 1))


def separator(cells: np.ndarray) -> int:
    """The colour that joins two opposite edges and leaves at least two parts that all touch the joined cells.

    Of several the one whose smallest part is biggest; the commonest colour if there is none.
    """
    best, most = majority(cells, with_zero=True), -1
    for colour in range(10):
        mask = cells == colour
        is_through = (mask[0].any() and mask[-1].any()) or (mask[:, 0].any() and mask[:, -1].any())
        if not is_through:
            continue
        edge = np.zeros_like(mask)
        edge[0] = edge[-1] = True
        edge[:, 0] = edge[:, -1] = True
        lines, _ = regions(mask, diagonal=True)
        joined = np.isin(lines, [int(k) for k in set(lines[edge & mask].tolist())]) & mask
        labels, count = regions(~mask, diagonal=True)
        sizes = [int((labels == k).sum()) for k in range(1, count + 1)]
        reached = set(labels[near(joined)].tolist())
        if count >= 2 and all(k in reached for k in range(1, count + 1)) and min(sizes) > most:
            best, most = colour, min(sizes)
    return best


@primitive("parts", Example("pick(split_colours(input), 'most cells')", "12.\n.22", ".2.\n.22"))
def split_colours(picture: Picture) -> Pictures:
    """One picture in the same frame for each colour, lowest first."""
    picture = one(picture)
    colours = [c for c in range(1, 10) if (picture.cells == c).any()]
    return tuple(Picture(np.where(picture.cells == c, picture.cells, 0), picture.row, picture.col) for c in colours)


@primitive("parts", Example("pick(split_columns(input), 'most cells')", "12\n.2", "2\n2"))
def split_columns(picture: Picture) -> Pictures:
    """The columns, left to right."""
    picture = one(picture)
    return tuple(
        Picture(picture.cells[:, j : j + 1].copy(), picture.row, picture.col + j) for j in range(picture.width)
    )


@primitive("parts", Example("pick(split_rows(input), 'most cells')", "1.\n22", "22"))
def split_rows(picture: Picture) -> Pictures:
    """The rows, top to bottom."""
    picture = one(picture)
    return tuple(Picture(picture.cells[i : i + 1].copy(), picture.row + i, picture.col) for i in range(picture.height))


@primitive(
    "parts", Example("pick(inside_marked(input), 'biggest')", "22.22\n2.3.2\n.4.4.\n2...2\n22.22", ".3.\n4.4\n...")
)
def inside_marked(picture: Picture) -> Pictures:
    """What is inside rectangles whose four corners are marked by an L of one colour."""
    picture = one(picture)
    cells = picture.cells
    found = []
    height, width = cells.shape

    def is_corner(i: int, j: int, colour: int, inner: int) -> bool:
        block = cells[i : i + 2, j : j + 2].ravel()
        return all((block[d] == colour) != (d == inner) for d in range(4))

    for i in range(height - 1):
        for j in range(width - 1):
            colour = int(cells[i, j])
            if not colour or not is_corner(i, j, colour, 3):
                continue
            for h in range(1, height - 1 - i):
                if not is_corner(i + h, j, colour, 1):
                    continue
                for w in range(1, width - 1 - j):
                    if is_corner(i, j + w, colour, 2) and is_corner(i + h, j + w, colour, 0):
                        part = cells[i + 1 : i + 1 + h, j + 1 : j + 1 + w].copy()
                        found.append(Picture(part, picture.row + i + 1, picture.col + j + 1))
    return tuple(found)


@primitive("parts", Example("pile(drop(input, 'down'))", "12.\n1..\n..3", "1..\n123"))
def drop(picture: Picture, way: str) -> Pictures:
    """Let the components fall until they touch the edge or one another; those ahead fall first."""
    picture = one(picture)
    dr, dc = WAYS[way]
    parts = list(components(picture))
    fronts = [
        part.row * dr + part.col * dc + (part.height if dr > 0 else 0) + (part.width if dc > 0 else 0) for part in parts
    ]
    taken = np.pad(np.zeros(picture.cells.shape, bool), 1, constant_values=True)
    for k in sorted(range(len(parts)), key=lambda k: (-fronts[k], k)):
        part = parts[k]
        rows, cols = np.nonzero(part.cells)
        rows, cols = rows + part.row - picture.row + 1, cols + part.col - picture.col + 1
        fallen = 0
        while not taken[rows + dr * (fallen + 1), cols + dc * (fallen + 1)].any():
            fallen += 1
        taken[rows + dr * fallen, cols + dc * fallen] = True
        parts[k] = Picture(part.cells, part.row + dr * fallen, part.col + dc * fallen)
    return tuple(parts)


def _gaps(picture: Picture) -> int:
    rows, cols = np.nonzero(picture.cells)
    if not len(rows):
        return 0
    return int((np.ptp(rows) + 1) * (np.ptp(cols) + 1)) - len(rows)


def _enclosed(picture: Picture) -> int:
    if not picture.cells.any():
        return 0
    return int(((picture.cells == 0) & ~outside(picture.cells)).sum())


MEASURES: dict[str, Callable[[Picture], int]] = {
    "most cells": lambda p: int((p.cells > 0).sum()),
    "fewest cells": lambda p: -int((p.cells > 0).sum()),
    "biggest": lambda p: p.cells.size,
    "smallest": lambda p: -p.cells.size,
    "most colours": lambda p: len(set(np.unique(p.cells).tolist()) - {0}),
    "uppermost": lambda p: -p.row,
    "lowest": lambda p: p.row,
    "most parts": lambda p: regions(p.cells > 0, diagonal=True)[1],
    "most gaps": _gaps,
    "fewest gaps": lambda p: -_gaps(p),
    "most holes": _enclosed,
    "fewest holes": lambda p: -_enclosed(p),
    "leftmost": lambda p: -p.col,
    "rightmost": lambda p: p.col,
}
"""What pictures can be chosen by: cells are non-zero, the size is the frame's, gaps are zero cells in the box."""


def _scores(pictures: Pictures, by: str) -> list[int]:
    if by not in MEASURES:
        raise ValueError(f"no criterion '{by}'; use one of {', '.join(MEASURES)}")
    return [MEASURES[by](picture) for picture in many(pictures)]


@primitive("parts", Example("pick(components(input), 'most cells')", "1.2\n1..\n1.2", "1\n1\n1"))
def pick(pictures: Pictures, by: str) -> Picture:
    """The first picture with most of something."""
    scores = _scores(pictures, by)
    return pictures[scores.index(max(scores))] if scores else EMPTY


@primitive("parts", Example("append(keep(components(input), 'most cells'), 'right')", "1.2\n1.2\n3..", "12\n12"))
def keep(pictures: Pictures, by: str) -> Pictures:
    """All pictures with most of something."""
    scores = _scores(pictures, by)
    return tuple(picture for picture, score in zip(pictures, scores, strict=True) if score == max(scores))


@primitive("parts", Example("append(drop_those(components(input), 'most cells'), 'right')", "1.2\n1.2\n3..", "3"))
def drop_those(pictures: Pictures, by: str) -> Pictures:
    """All pictures but those with most of something."""
    scores = _scores(pictures, by)
    return tuple(picture for picture, score in zip(pictures, scores, strict=True) if score != max(scores))


@primitive("parts", Example("pick_unique(split_rows(input))", "11\n12\n11", "12"))
def pick_unique(pictures: Pictures) -> Picture:
    """The only picture with a colour that no other has."""
    palettes = [set(np.unique(picture.cells).tolist()) for picture in many(pictures)]
    alone = [[k for k, palette in enumerate(palettes) if c in palette] for c in range(10)]
    owners = [where[0] for where in alone if len(where) == 1]
    return pictures[owners[0]] if len(owners) == 1 else EMPTY


@primitive("parts", Example("pile(components(input))", "1.2\n1..\n..2", "1.2\n1..\n..2"))
def pile(pictures: Pictures) -> Picture:
    """Lay all pictures over one another where they stand, those with fewer cells on top."""
    shown = [picture for picture in many(pictures) if picture.cells.size]
    if not shown:
        return EMPTY
    row, col = min(p.row for p in shown), min(p.col for p in shown)
    height = max(p.row + p.height for p in shown) - row
    width = max(p.col + p.width for p in shown) - col
    checked(height, width)
    cells = np.zeros((height, width), np.int8)
    order = sorted(range(len(shown)), key=lambda k: (-int((shown[k].cells > 0).sum()), -k))
    for picture in (shown[k] for k in order):
        _paint(cells, picture.cells, picture.row - row, picture.col - col)
    return Picture(cells, row, col)


def _paint(cells: np.ndarray, over: np.ndarray, row: int, col: int) -> None:
    part = cells[row : row + over.shape[0], col : col + over.shape[1]]
    part[over > 0] = over[over > 0]


@primitive("parts", Example("append(split_rows(input), 'right')", "12\n34", "1234"))
def append(pictures: Pictures, way: str) -> Picture:
    """Put the pictures side by side, to the 'right' or 'down', the smaller frames first."""
    return _side_by_side(many(pictures), way == "down", lambda picture: picture.cells.size)


@primitive("parts", Example("line_up(components(input))", "1..\n..2\n3..", "1\n2\n3"))
def line_up(pictures: Pictures) -> Picture:
    """Put the pictures side by side in their order along the axis on which no two start together."""
    pictures = many(pictures)
    if len(pictures) == 1:
        return pictures[0]
    if not pictures:
        return EMPTY
    rows, cols = sorted(p.row for p in pictures), sorted(p.col for p in pictures)
    is_down = int(np.diff(cols).min()) < int(np.diff(rows).min())
    return _side_by_side(pictures, is_down, (lambda p: p.row) if is_down else (lambda p: p.col))


def _side_by_side(pictures: Pictures, is_down: bool, key: Callable[[Picture], int]) -> Picture:
    ordered = sorted(pictures, key=key)
    sizes = [picture.cells.shape for picture in ordered]
    if not sizes:
        return EMPTY
    height = sum(h for h, _ in sizes) if is_down else max(h for h, _ in sizes)
    width = max(w for _, w in sizes) if is_down else sum(w for _, w in sizes)
    if not height * width:
        return EMPTY
    checked(height, width)
    cells = np.zeros((height, width), np.int8)
    at = 0
    for picture in ordered:
        _paint(cells, picture.cells, at if is_down else 0, 0 if is_down else at)
        at += picture.height if is_down else picture.width
    return Picture(cells, ordered[0].row, ordered[0].col)


@primitive("compose", Example("stack([keep_colour(input, 2), solid(input)], ['colours', 'all'])", "12\n11", "12\n11"))
def stack(pictures: list[Picture], show: list[str]) -> Picture:
    """Lay pictures of one frame over one another, the first on top: of each its 'colours', 'zeros' or 'all' cells.

    Cells that none covers are an error.
    """
    cells, covered = _stacked(pictures, show)
    if not covered.all():
        raise EvaluationError(f"stack leaves {int((~covered).sum())} cells uncovered.")
    return Picture(cells)


def _stacked(pictures: list[Picture], show: list[str]) -> tuple[np.ndarray, np.ndarray]:
    cells = np.zeros_like(one(pictures[0]).cells)
    covered = np.zeros(cells.shape, bool)
    for picture, what in zip(pictures, show, strict=True):
        own = one(picture).cells
        if own.shape != cells.shape or (picture.row, picture.col) != (0, 0):
            raise EvaluationError(f"stack needs pictures of one frame; {own.shape} is not {cells.shape}.")
        mask = ~covered & {"colours": own > 0, "zeros": own == 0, "all": np.ones_like(covered)}[what]
        cells[mask] = own[mask]
        covered |= mask
    return cells, covered

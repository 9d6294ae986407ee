"""Rays, connections, growth, and lines left out."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from arcsolve_dsl.picture import EMPTY, Picture
from arcsolve_dsl.primitives.mapping import each, majority
from arcsolve_dsl.registry import Example, primitive

WAYS = {
    "right": (0, 1), "left": (0, -1), "down": (1, 0), "up": (-1, 0),
    "down-right": (1, 1), "up-left": (-1, -1), "up-right": (-1, 1), "down-left": (1, -1),
}  # fmt: skip


@primitive("drawing", Example("rays(input, 'right down')", ".2..\n....\n1...", ".222\n.2..\n1211"))
@each
def rays(picture: Picture, directions: str) -> Picture:
    """Extend every non-zero cell in some directions until another colour or the edge."""
    cells = picture.cells.copy()
    height, width = cells.shape
    wanted = directions.split()
    for name in (name for name in WAYS if name in wanted):
        dr, dc = WAYS[name]
        carried = picture.cells.copy()
        for r in range(height) if dr >= 0 else range(height - 1, -1, -1):
            for c in range(width) if dc >= 0 else range(width - 1, -1, -1):
                inside = 0 <= r - dr < height and 0 <= c - dc < width
                if not carried[r, c] and inside:
                    carried[r, c] = carried[r - dr, c - dc]
        cells = np.where(carried > 0, carried, cells)
    if set(wanted) - set(WAYS):
        raise ValueError(f"no direction in '{directions}'; use {', '.join(WAYS)}")
    return Picture(cells, picture.row, picture.col)


@primitive("drawing", Example("connect(input, 'rows')", "2..2\n1..2", ".22.\n...."))
@each
def connect(picture: Picture, along: str) -> Picture:
    """The cells between neighbouring equal colours in 'rows', 'columns' or 'both'."""
    cells = np.zeros_like(picture.cells)
    if along not in ("rows", "columns", "both"):
        raise ValueError(f"connects along rows, columns or both, not '{along}'")
    if along != "columns":
        _between(picture.cells, cells)
    if along != "rows":
        _between(picture.cells.T, cells.T)
    return Picture(cells, picture.row, picture.col)


def _between(cells: np.ndarray, result: np.ndarray) -> None:
    for line, drawn in zip(cells, result, strict=True):
        marks = np.flatnonzero(line)
        for start, end in pairwise(marks):
            if line[start] == line[end]:
                drawn[start + 1 : end] = line[start]


@primitive("drawing", Example("spread(input)", "2....\n....1\n.....", "22211\n22111\n22111"))
@each
def spread(picture: Picture, hold_majority: bool = False) -> Picture:
    """Grow the colours into the zero cells, nearest first; the commonest one stays put if so wanted."""
    cells = picture.cells.copy()
    height, width = cells.shape
    held = majority(cells) if hold_majority else -1
    queue = [(int(r), int(c)) for r, c in np.argwhere(cells > 0) if cells[r, c] != held]
    for r, c in queue:
        for a, b in ((r + 1, c), (r - 1, c), (r, c + 1), (r, c - 1)):
            if 0 <= a < height and 0 <= b < width and not cells[a, b]:
                cells[a, b] = cells[r, c]
                queue.append((a, b))
    return Picture(cells, picture.row, picture.col)


@primitive("drawing", Example("drop_empty_lines(input)", "1.2\n...\n3..", "12\n3."))
@each
def drop_empty_lines(picture: Picture) -> Picture:
    """Leave out the rows and columns of zeros; the result is at the origin."""
    rows, cols = (picture.cells > 0).any(axis=1), (picture.cells > 0).any(axis=0)
    cells = picture.cells[np.ix_(rows, cols)]
    return Picture(np.ascontiguousarray(cells)) if cells.size else EMPTY


@primitive("drawing", Example("drop_repeated_lines(input)", "112\n112\n333", "12\n33"))
@each
def drop_repeated_lines(picture: Picture) -> Picture:
    """Keep one of each run of equal rows and of equal columns; the result is at the origin."""
    if not picture.cells.size:
        return EMPTY
    rows = np.r_[True, (picture.cells[1:] != picture.cells[:-1]).any(axis=1)]
    cols = np.r_[True, (picture.cells[:, 1:] != picture.cells[:, :-1]).any(axis=0)]
    return Picture(np.ascontiguousarray(picture.cells[np.ix_(rows, cols)]))

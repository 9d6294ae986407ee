"""Pictures of the output's size made from the input: panels, tiles, shrunk and turned grids.

Each view is a program for a tuple of pictures, and those pictures; the cell rules look at them cell by cell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from arcsolve_dsl.lanes.facts import fact_pictures
from arcsolve_dsl.lanes.segments import ByteGrid

MOST_FACT_CELLS = 25
"""Outputs of one size with more cells than this are not told from facts alone."""


def separators(grid: ByteGrid) -> tuple[list[int], list[int], int] | None:
    """Rows and columns of one colour that cut the grid into panels, and that colour; None if there are none.

    The colour is that of the separating lines which give the most panels; lines at the edge of the grid, and of the
    colour that fills most of the grid where other lines exist, do not count as cuts.
    """
    height, width = grid.shape
    best: tuple[int, tuple[list[int], list[int], int]] | None = None
    counts = np.bincount(grid.ravel(), minlength=10)
    for color in np.flatnonzero(counts):
        rows = np.flatnonzero((grid == color).all(1)).tolist()
        cols = np.flatnonzero((grid == color).all(0)).tolist()
        if not rows and not cols:
            continue
        if len(rows) == height or (len(rows) and len(rows) >= height - 1) or len(cols) >= width - 1:
            continue
        n = (len(spans(rows, height))) * (len(spans(cols, width)))
        if n < 2:
            continue
        sizes_y = {b - a for a, b in spans(rows, height)}
        sizes_x = {b - a for a, b in spans(cols, width)}
        rank = 1000 * (len(sizes_y) == 1 and len(sizes_x) == 1) - int(counts[color])
        if best is None or rank > best[0]:
            best = (rank, (rows, cols, int(color)))
    return None if best is None else best[1]


def spans(cuts: Sequence[int], length: int) -> list[tuple[int, int]]:
    """Stretches between the cuts, as (start, stop)."""
    edges = [-1, *cuts, length]
    return [(a + 1, b) for a, b in pairwise(edges) if b - a > 1]


def cut_panels(grid: ByteGrid) -> tuple[list[ByteGrid], int, int] | None:
    """The panels between separating lines in reading order, with the number of rows and columns of panels."""
    found = separators(grid)
    if found is None:
        return None
    rows, cols, _ = found
    ys, xs = spans(rows, grid.shape[0]), spans(cols, grid.shape[1])
    return [grid[a:b, c:d] for a, b in ys for c, d in xs], len(ys), len(xs)


def split_evenly(grid: ByteGrid, rows: int, cols: int) -> list[ByteGrid] | None:
    """Equal parts without lines between them, in reading order; None if the size does not divide."""
    height, width = grid.shape
    if height % rows or width % cols:
        return None
    h, w = height // rows, width // cols
    return [grid[r * h : (r + 1) * h, c * w : (c + 1) * w] for r in range(rows) for c in range(cols)]


def enlarge(grid: ByteGrid, rows: int, cols: int) -> ByteGrid:
    """Every cell as a block of `rows` x `cols` cells."""
    return np.repeat(np.repeat(grid, rows, axis=0), cols, axis=1)


def tile(grid: ByteGrid, rows: int, cols: int) -> ByteGrid:
    """The grid repeated `rows` x `cols` times."""
    return np.tile(grid, (rows, cols))


def summarize(parts: Sequence[ByteGrid], rows: int, cols: int, background: int) -> list[ByteGrid]:
    """Small pictures with a cell for each part: its leading colour, how many cells are filled, how many colours.

    Numbers are written as colours, 9 for nine or more.
    """
    lead, filled, colors = [], [], []
    for part in parts:
        counts = np.bincount(part.ravel(), minlength=10)
        counts[background] = 0
        lead.append(int(counts.argmax()) if counts.any() else background)
        filled.append(min(9, int(counts.sum())))
        colors.append(min(9, int((counts > 0).sum())))
    return [np.array(v, np.uint8).reshape(rows, cols) for v in (lead, filled, colors)]


class View(NamedTuple):
    """A way to get pictures of the output's size.

    Attributes:
        text: program for the tuple of pictures, with `input` for the grid.
        make: from a grid and its background colour to the pictures; None where it does not apply.
    """

    text: str
    make: Callable[[ByteGrid, int], list[ByteGrid] | None]


def possible_views(demos: Sequence[tuple[ByteGrid, ByteGrid]]) -> Iterator[View]:
    """Views whose pictures may have the outputs' sizes, judged by the sizes of the demonstrations."""
    sizes = [(a.shape, b.shape) for a, b in demos]
    if all(a == b for a, b in sizes):
        yield View("(input,)", lambda grid, background: [grid])
        return
    if all(a == b[::-1] for a, b in sizes):
        yield View("(flip(input, 'diagonal'), rotate(input, 1))", lambda g, b: [np.ascontiguousarray(g.T), np.rot90(g)])
    ratios = {(b[0] / a[0], b[1] / a[1]) for a, b in sizes}
    if len(ratios) == 1:
        ry, rx = ratios.pop()
        if ry >= 1 and rx >= 1 and ry == int(ry) and rx == int(rx):
            r, c = int(ry), int(rx)
            yield View(
                f"(enlarge(input, {r}, {c}), repeat_grid(input, {r}, {c}))",
                lambda grid, background: [enlarge(grid, r, c), tile(grid, r, c)],
            )
    if all((b[0] == a[0] * a[0] and b[1] == a[1] * a[1]) for a, b in sizes) and len(ratios) != 1:
        yield View(
            "(enlarge_by_size(input), repeat_by_size(input))",
            lambda grid, background: [enlarge(grid, *grid.shape), tile(grid, *grid.shape)],
        )
    if len({b for _, b in sizes}) == 1 and sizes[0][1][0] * sizes[0][1][1] <= MOST_FACT_CELLS:
        fh, fw = sizes[0][1]
        yield View(
            f"facts(input, {{background}}, {fh}, {fw})",
            lambda grid, background: fact_pictures(grid, background, fh, fw),
        )
    if all(b[0] <= a[0] and b[1] <= a[1] for a, b in sizes):
        yield View("panels(input)", cut_equal_panels)
        (h, w), (oh, ow) = sizes[0]
        r, c = h // oh, w // ow
        if all(a[0] == b[0] * r and a[1] == b[1] * c for a, b in sizes) and 1 < r * c <= 16:
            yield View(f"split_evenly(input, {r}, {c})", lambda grid, background: split_evenly(grid, r, c))
        yield View("summaries(input, {background}, ())", _panel_summaries)
        ratios = {(a[0] / b[0], a[1] / b[1]) for a, b in sizes}
        if len(ratios) == 1 and r * c > 1:
            yield View(f"summaries(input, {{background}}, ('each', {r}, {c}))", _block_summaries(("each", r, c)))
        if len({b for _, b in sizes}) == 1 and oh * ow > 1:
            yield View(f"summaries(input, {{background}}, ('into', {oh}, {ow}))", _block_summaries(("into", oh, ow)))


def _block_summaries(how: tuple[str, int, int]) -> Callable[[ByteGrid, int], list[ByteGrid] | None]:
    return lambda grid, background: summaries_of(grid, background, how)


def summaries_of(grid: ByteGrid, background: int, how: tuple[str, int, int] | tuple[()]) -> list[ByteGrid] | None:
    """Summaries of the panels (`how` empty), of blocks of a size ("each"), or of a number of equal parts ("into")."""
    if not how:
        found = cut_panels(grid)
        return None if found is None else summarize(*found, background)
    rows, cols = how[1:]
    if how[0] == "each":
        if grid.shape[0] % rows or grid.shape[1] % cols:
            return None
        rows, cols = grid.shape[0] // rows, grid.shape[1] // cols
    parts = split_evenly(grid, rows, cols)
    return None if parts is None else summarize(parts, rows, cols, background)


def cut_equal_panels(grid: ByteGrid, background: int = 0) -> list[ByteGrid] | None:
    """Panels between separating lines, if they are all of one size and at most 16."""
    found = cut_panels(grid)
    if found is None or len({p.shape for p in found[0]}) > 1 or len(found[0]) > 16:
        return None
    return found[0]


def _panel_summaries(grid: ByteGrid, background: int) -> list[ByteGrid] | None:
    return summaries_of(grid, background, ())

"""Numbers read off the grid and what is drawn from them: canvases, filled cells, bars, scaled and tiled copies."""

from __future__ import annotations

import numpy as np

from arcsolve_dsl.errors import EvaluationError
from arcsolve_dsl.lanes.census import Census
from arcsolve_dsl.picture import Cells, Picture
from arcsolve_dsl.registry import Example, primitive

ORDERS = ("rows", "columns", "rows-up", "columns-back", "snake", "diagonal")
"""Orders in which `filled_cells` fills: reading order, column by column, their reverses, boustrophedon, diagonal."""


@primitive("numbers", Example("canvas(number(input, 'objects.shapes8'), 3, 5)", "1.1\n...", "555\n555"))
def number(picture: Picture, name: str, times: int = 1, plus: int = 0, background: int | None = None) -> int:
    """A number counted in the grid, times a factor, plus a constant; `name` as in `Census.number`."""
    return Census(picture.cells, background).number(name) * times + plus


@primitive("numbers", Example("canvas(1, 2, colour(input, 'commonest'))", "221\n...", "22"))
def colour(picture: Picture, name: str, background: int | None = None) -> int:
    """A colour named by what it is in the grid; `name` as in `Census.colour`."""
    return Census(picture.cells, background).colour(name)


@primitive("numbers", Example("canvas(2, 3, 7)", ".", "777\n777"))
def canvas(height: int, width: int, colour: int = 0) -> Cells:
    """A grid of one colour."""
    _check_size(height, width)
    return np.full((height, width), colour, np.int8)


@primitive("numbers", Example("filled_cells(2, 3, 4, 'rows', 8, 0)", ".", "888\n8.."))
def filled_cells(height: int, width: int, count: int, order: str, colour: int, background: int) -> Cells:
    """A grid whose first `count` cells, in the given order, have the colour."""
    _check_size(height, width)
    if not 0 <= count <= height * width:
        raise EvaluationError(f"{count} cells do not fit into {height}x{width}")
    grid = np.full((height, width), background, np.int8)
    rows, cols = fill_order(height, width, order)
    grid[rows[:count], cols[:count]] = colour
    return grid


@primitive(
    "numbers", Example("colour_bars(input, 'cells', 'falling', 'columns', 'cells')", "221.\n21..\n....", "21\n21\n2.")
)
def colour_bars(picture: Picture, by: str, order: str, along: str, length: str, background: int | None = None) -> Cells:
    """The colours that are not background in order, one line each.

    by: cells, objects, area (one line for each object), top, bottom, left or right; order: falling or rising;
    along: 'columns' stands each colour in a column of its own (growing downwards), 'rows' lays it in a row;
    length: 'one' for a single cell each, 'cells' or 'objects' for bars as long as the value.
    """
    census = Census(picture.cells, background)
    ranked = census.ranked(by, order)
    if not ranked:
        raise EvaluationError("there is no colour but the background")
    if length == "one":
        bars = [(colour, 1) for colour, _ in ranked]
    elif length in ("cells", "objects"):
        sizes = dict(census.ranked(length, order)) if length != by else dict(ranked)
        bars = [(colour, sizes[colour]) for colour, _ in ranked]
    else:
        raise EvaluationError(f"bars can't have the length '{length}'; use one, cells or objects")
    longest = max(size for _, size in bars)
    _check_size(len(bars), longest)
    grid = np.full((len(bars), longest), census.background, np.int8)
    for row, (shade, size) in enumerate(bars):
        grid[row, :size] = shade
    return grid if along == "rows" else np.ascontiguousarray(grid.T)


@primitive("numbers", Example("enlarged(input, 2)", "12", "1122\n1122"))
def enlarged(picture: Picture, factor: int) -> Cells:
    """Each cell as a block of factor x factor cells."""
    _check_size(picture.height * factor, picture.width * factor)
    return np.kron(picture.cells, np.ones((factor, factor), np.int8))


@primitive("numbers", Example("tiled(input, 1, 2)", "12", "1212"))
def tiled(picture: Picture, down: int, across: int) -> Cells:
    """Copies of the picture side by side."""
    _check_size(picture.height * down, picture.width * across)
    return np.tile(picture.cells, (down, across))


@primitive("numbers", Example("looked_up(number(input, 'cells'), {2: ((3, 3),)})", "1.1..", "33"))
def looked_up(key: int, table: dict[int, tuple[tuple[int, ...], ...]]) -> Cells:
    """The grid that a table has for a number."""
    if key not in table:
        raise EvaluationError(f"the table has no entry for {key}")
    return np.array(table[key], np.int8)


def fill_order(height: int, width: int, order: str) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of all cells in an order of `ORDERS`.

    Raises:
        EvaluationError: unknown order, or the diagonal of a grid that has none long enough.
    """
    index = np.indices((height, width))
    if order == "rows":
        return index[0].ravel(), index[1].ravel()
    if order == "columns":
        return index[0].T.ravel(), index[1].T.ravel()
    if order == "rows-up":
        return index[0][::-1].ravel(), index[1][::-1].ravel()
    if order == "columns-back":
        return index[0][:, ::-1].T.ravel(), index[1][:, ::-1].T.ravel()
    if order == "snake":
        turned = [row if r % 2 == 0 else row[::-1] for r, row in enumerate(index[1])]
        return index[0].ravel(), np.concatenate(turned)
    if order == "diagonal":
        line = np.arange(min(height, width))
        return line, line
    raise EvaluationError(f"no order is called '{order}'; use {', '.join(ORDERS)}")


def _check_size(height: int, width: int) -> None:
    if not (1 <= height <= 30 and 1 <= width <= 30):
        raise EvaluationError(f"{height}x{width} is no size of an ARC grid")

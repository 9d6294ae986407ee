"""Connected components of a grid, as lists of cells."""

from __future__ import annotations

from typing import TypeAlias

from arcsolve import Grid

Cells: TypeAlias = list[tuple[int, int]]

_FOUR = ((0, 1), (0, -1), (1, 0), (-1, 0))
_EIGHT = (*_FOUR, (1, 1), (1, -1), (-1, 1), (-1, -1))
MAX_COMPONENTS = 80


def components(grid: Grid, background: int, one_colour: bool = True) -> list[Cells]:
    """Return the components of the cells that are not *background*, in reading order of their first cells.

    Args:
        grid: the grid.
        background: the colour that belongs to no component.
        one_colour: True: 4-connected cells of one colour; False: 8-connected cells of any colours.

    Returns:
        At most `MAX_COMPONENTS` lists of (row, column).
    """
    height, width = grid.shape
    rows = grid.tolist()
    steps = _FOUR if one_colour else _EIGHT
    is_done = [[cell == background for cell in row] for row in rows]
    found: list[Cells] = []
    for r in range(height):
        for c in range(width):
            if is_done[r][c]:
                continue
            colour = rows[r][c]
            is_done[r][c] = True
            stack, cells = [(r, c)], []
            while stack:
                at = stack.pop()
                cells.append(at)
                for down, right in steps:
                    y, x = at[0] + down, at[1] + right
                    if 0 <= y < height and 0 <= x < width and not is_done[y][x]:
                        if one_colour and rows[y][x] != colour:
                            continue
                        is_done[y][x] = True
                        stack.append((y, x))
            found.append(cells)
            if len(found) == MAX_COMPONENTS:
                return found
    return found


def box(cells: Cells) -> tuple[int, int, int, int]:
    """Return (top, bottom, left, right) of *cells*, bottom and right exclusive."""
    rows, columns = [r for r, _ in cells], [c for _, c in cells]
    return min(rows), max(rows) + 1, min(columns), max(columns) + 1

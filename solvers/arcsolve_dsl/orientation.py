"""Cues that say which way up a grid is: where they differ, demonstrations may show one rule in several directions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from arcsolve_dsl.picture import Cells


def _of_vector(dy: float, dx: float) -> int | None:
    """Quarter turns (counterclockwise) after which a vector points up; None without a clear direction."""
    if abs(dy) == abs(dx):
        return None
    if abs(dy) > abs(dx):
        return 0 if dy < 0 else 2
    return 1 if dx > 0 else 3


def _background(grid: Cells) -> int:
    return int(np.bincount(grid.ravel()).argmax())


def heavy_side(grid: Cells) -> int | None:
    """Turns after which the half with more filled cells is above."""
    filled = grid != _background(grid)
    height, width = grid.shape
    rows, cols = filled.sum(1), filled.sum(0)
    dy = rows[(height + 1) // 2 :].sum() - rows[: height // 2].sum()
    dx = cols[(width + 1) // 2 :].sum() - cols[: width // 2].sum()
    return _of_vector(float(dy), float(dx))


def rare_side(grid: Cells) -> int | None:
    """Turns after which the rarest colour is above the middle of all filled cells."""
    counts = np.bincount(grid.ravel(), minlength=10)
    background = int(counts.argmax())
    counts[background] = 0
    present = np.flatnonzero(counts)
    if len(present) < 2:
        return None
    rare = present[counts[present] == counts[present].min()]
    if len(rare) > 1:
        return None
    middle = np.argwhere(grid != background).mean(0)
    dy, dx = np.argwhere(grid == rare[0]).mean(0) - middle
    return _of_vector(round(float(dy), 3), round(float(dx), 3))


def line_side(grid: Cells) -> int | None:
    """Turns after which the one edge that is a line of a colour is above."""
    background = _background(grid)
    edges = (grid[0], grid[:, -1], grid[-1], grid[:, 0])
    full = [k for k, edge in enumerate(edges) if edge[0] != background and (edge == edge[0]).all()]
    return full[0] if len(full) == 1 else None


def long_side(grid: Cells) -> int | None:
    """Turns after which the grid is taller than wide."""
    height, width = grid.shape
    return None if height == width else int(width > height)


CUES: dict[str, Callable[[Cells], int | None]] = {
    "line": line_side,
    "rare": rare_side,
    "heavy": heavy_side,
    "tall": long_side,
}
"""Cues by name, those that say more first."""

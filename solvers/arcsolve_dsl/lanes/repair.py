"""Repair of symmetry and period: fit an axis or a lattice to the known cells, and copy them onto the unknown ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.engine.compile import entry
from arcsolve_dsl.engine.memory import BytePlane, RowPlane, plane
from arcsolve_dsl.lanes.segments import ByteGrid

UNKNOWN = 10
"""Value of a cell that is to be found."""


@entry("lanes/repair")
def count_agreements(grid: BytePlane, height: int, width: int, agreeing: RowPlane, overlapping: RowPlane) -> None:
    """See `agreements`; the last two are zeros, filled with its planes."""
    grid, agreeing, overlapping = plane(grid), plane(agreeing), plane(overlapping)
    for dy in range(height):
        for shift in range(1, 2 * width):
            dx = shift - width
            if dy == 0 and dx <= 0:
                agreeing[dy, shift] = -1
                continue
            agree = 0
            ok = True
            for y in range(height - dy):
                for x in range(max(0, -dx), width - max(0, dx)):
                    a = grid[y, x]
                    if a == 10:
                        continue
                    b = grid[y + dy, x + dx]
                    if b == 10:
                        continue
                    if a != b:
                        ok = False
                        break
                    agree += 1
                if not ok:
                    break
            agreeing[dy, shift] = agree if ok else -1
            overlapping[dy, shift] = (height - dy) * (width - abs(dx))


def agreements(grid: ByteGrid) -> NDArray[np.int32]:
    """Count for every shift the pairs of known cells that agree; -1 if any pair disagrees.

    Args:
        grid: (H, W) colours, 10 for unknown.

    Returns:
        (2, H, 2W): plane 0 the count for the shift (dy, dx - W); plane 1 the pairs of cells that overlap at all.
    """
    height, width = grid.shape
    out = np.zeros((2, height, 2 * width), np.int32)
    count_agreements(grid, height, width, *out)
    return out


def fill_period(grid: ByteGrid, least_share: float = 0.3) -> ByteGrid:
    """Fill unknown cells by the shifts under which all known cells agree.

    Args:
        grid: (H, W) colours, `UNKNOWN` where a cell is to be found.
        least_share: a shift counts if it brings at least this share of the known cells onto known cells.

    Returns:
        The grid with what could be filled; unknown cells may be left.
    """
    known = int((grid != UNKNOWN).sum())
    if known in (0, grid.size):
        return grid
    counts = agreements(np.ascontiguousarray(grid))[0]
    width = grid.shape[1]
    order = np.argwhere(counts >= max(2.0, least_share * known))
    shifts = sorted(((int(y), int(x) - width) for y, x in order), key=lambda s: (abs(s[0]) + abs(s[1]), s))[:6]
    out = grid.copy()
    for _ in range(64):
        before = out
        for dy, dx in shifts:
            for sy, sx in ((dy, dx), (-dy, -dx)):
                moved = shifted(out, sy, sx)
                out = np.where(out == UNKNOWN, moved, out)
        if np.array_equal(before, out):
            break
    return out


def shifted(grid: ByteGrid, dy: int, dx: int, fill: int = UNKNOWN) -> ByteGrid:
    """The grid moved down by `dy` and right by `dx`; what comes in from outside is `fill`."""
    height, width = grid.shape
    out = np.full_like(grid, fill)
    if abs(dy) < height and abs(dx) < width:
        out[max(0, dy) : height + min(0, dy), max(0, dx) : width + min(0, dx)] = grid[
            max(0, -dy) : height - max(0, dy), max(0, -dx) : width - max(0, dx)
        ]
    return out


def _mirrored(grid: ByteGrid, total: int) -> ByteGrid:
    """Mirror columns so that column x comes to column `total` - x, `UNKNOWN` where there is none."""
    return shifted(grid[:, ::-1], 0, total - (grid.shape[1] - 1))


def best_axis(grid: ByteGrid) -> int | None:
    """The sum of mirrored column numbers under which all known cells agree and most pairs overlap; None if none."""
    width = grid.shape[1]
    known = grid != UNKNOWN
    best: tuple[int, int] | None = None
    for total in range(width // 2, 2 * width - 1 - width // 2):
        image = _mirrored(grid, total)
        both = known & (image != UNKNOWN)
        if (grid[both] != image[both]).any():
            continue
        score = int(both.sum())
        if best is None or score > best[0]:
            best = (score, total)
    return None if best is None or best[0] < 0.3 * known.sum() else best[1]


def fill_mirror(grid: ByteGrid) -> ByteGrid:
    """Fill unknown cells by the left-right, up-down and diagonal symmetries that all known cells agree with.

    The axes are fitted: the one with most overlap is taken. Unknown cells may be left.
    """
    out = grid
    for _ in range(4):
        before = out
        total = best_axis(out)
        if total is not None:
            out = np.where(out == UNKNOWN, _mirrored(out, total), out)
        total = best_axis(np.ascontiguousarray(out.T))
        if total is not None:
            out = np.where(out == UNKNOWN, _mirrored(np.ascontiguousarray(out.T), total).T, out)
        out = _fill_diagonal(out)
        out = _fill_diagonal(out[:, ::-1])[:, ::-1]
        if np.array_equal(before, out):
            break
    return np.ascontiguousarray(out)


def _fill_diagonal(grid: ByteGrid) -> ByteGrid:
    """Fill by the transpose, moved along a row as far as fits best."""
    height, width = grid.shape
    known = grid != UNKNOWN
    side = max(height, width)
    square = np.full((side, side), UNKNOWN, np.uint8)
    square[:height, :width] = grid
    best: tuple[int, ByteGrid] | None = None
    for offset in range(-4, 5):
        image = shifted(square, 0, offset).T
        image = shifted(np.ascontiguousarray(image), 0, -offset)[:height, :width]
        both = known & (image != UNKNOWN)
        if (grid[both] != image[both]).any():
            continue
        score = int(both.sum())
        if score >= 0.5 * known.sum() and (best is None or score > best[0]):
            best = (score, image)
    return grid if best is None else np.where(grid == UNKNOWN, best[1], grid).astype(np.uint8)


WAYS = ("period", "mirror", "mirror-period")
"""Ways to repair."""


def repair_cells(grid: ByteGrid, color: int, way: str) -> ByteGrid:
    """Repair a grid in which the cells of one colour are unknown; what stays unknown keeps that colour.

    Args:
        grid: (H, W) colours.
        color: colour of the unknown cells.
        way: one of `WAYS`.
    """
    out = np.where(grid == color, UNKNOWN, grid).astype(np.uint8)
    if way.startswith("mirror"):
        out = fill_mirror(out)
    if way.endswith("period"):
        out = fill_period(out)
    return np.where(out == UNKNOWN, color, out).astype(np.uint8)


def box_of(where: NDArray[np.bool_]) -> tuple[slice, slice] | None:
    """Bounding box of the true cells."""
    ys, xs = np.flatnonzero(where.any(1)), np.flatnonzero(where.any(0))
    if not len(ys):
        return None
    return slice(int(ys[0]), int(ys[-1]) + 1), slice(int(xs[0]), int(xs[-1]) + 1)

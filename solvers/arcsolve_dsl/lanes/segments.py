"""Objects of a grid: connected components under several conventions, and a table of their properties."""

from __future__ import annotations

from collections.abc import Hashable
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.engine.compile import entry, kernel
from arcsolve_dsl.engine.memory import BytePlane, IntPlane, RowPlane, Rows, Word, WordPlane, plane, pointer

ByteGrid = NDArray[np.uint8]
IntTable = NDArray[np.int64]
LayerPair = tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]
"""Conditions and paints of one family, by name."""


class Prop(IntEnum):
    """Columns of the table that `object_table` fills, one row per object."""

    AREA = 0
    TOP = 1
    LEFT = 2
    BOTTOM = 3
    RIGHT = 4
    COLOR = 5
    N_COLORS = 6
    TOUCHES_BORDER = 7
    HOLES = 8
    SHAPE = 9
    POSE = 10
    MIRROR_LR = 11
    MIRROR_UD = 12
    MIRROR_DIAGONAL = 13
    RARE_COLOR = 14
    SURROUND = 15
    PAINTED_POSE = 16
    HOLE_AREA = 17
    PERIMETER = 18
    MIRROR_ANTIDIAGONAL = 19
    MAIN_CELLS = 20
    COUNT0 = 21
    """Cells of colour 0; those of colour c are in column COUNT0 + c."""


N_PROPS = 31
SEVERAL = 10
"""Stands in a colour column for "several colours" or "no colour"."""


@entry("lanes/segments")
def fill_labels(
    grid: BytePlane, height: int, width: int, background: int, eight: bool, one_color: bool, labels: RowPlane,
    stack: Rows,
) -> int:  # fmt: skip
    """See `label_components`; `stack` is room for a number per cell."""
    grid, labels, stack = plane(grid), plane(labels), pointer(stack)
    count = 0
    for start in range(height * width):
        y, x = start // width, start % width
        if labels[y, x] != 0 or grid[y, x] == background:
            continue
        count += 1
        labels[y, x] = count
        stack[0] = start
        top = 1
        while top > 0:
            top -= 1
            cell = stack[top]
            cy, cx = cell // width, cell % width
            for dy in range(-1, 2):
                for dx in range(-1, 2):
                    if (dy == 0 and dx == 0) or (not eight and dy != 0 and dx != 0):
                        continue
                    ny, nx = cy + dy, cx + dx
                    if ny < 0 or nx < 0 or ny >= height or nx >= width or labels[ny, nx] != 0:
                        continue
                    if grid[ny, nx] == background or (one_color and grid[ny, nx] != grid[cy, cx]):
                        continue
                    labels[ny, nx] = count
                    stack[top] = ny * width + nx
                    top += 1
    return count


@kernel
def _mix(value: Word) -> Word:
    """Stir the bits of a word."""
    value = (value + np.uint64(0x9E3779B97F4A7C15)) * np.uint64(0xBF58476D1CE4E5B9)
    value ^= value >> np.uint64(29)
    value *= np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(32))


@entry("lanes/segments")
def fill_table(
    grid: BytePlane, height: int, width: int, labels: RowPlane, count: int, table: IntPlane, colors: IntPlane,
    hashes: WordPlane, seen: RowPlane, stack: Rows,
) -> None:  # fmt: skip
    """See `object_table`; the last five are zeros, filled: the table, and what it is made from."""
    grid, labels, table, colors = plane(grid), plane(labels), plane(table), plane(colors)
    hashes, seen, stack = plane(hashes), plane(seen), pointer(stack)
    for k in range(count):
        table[k, 1] = height
        table[k, 2] = width
        table[k, 3] = -1
        table[k, 4] = -1
        table[k, 15] = -1
    for y in range(height):
        for x in range(width):
            k = labels[y, x] - 1
            if k < 0:
                continue
            table[k, 0] += 1
            table[k, 1] = min(table[k, 1], y)
            table[k, 2] = min(table[k, 2], x)
            table[k, 3] = max(table[k, 3], y)
            table[k, 4] = max(table[k, 4], x)
            colors[k, grid[y, x]] += 1
            if y == 0 or x == 0 or y == height - 1 or x == width - 1:
                table[k, 7] = 1
            for d in range(4):
                ny = y + (1 if d == 0 else -1 if d == 1 else 0)
                nx = x + (1 if d == 2 else -1 if d == 3 else 0)
                if ny < 0 or nx < 0 or ny >= height or nx >= width:
                    table[k, 18] += 1
                elif labels[ny, nx] != k + 1:
                    table[k, 18] += 1
                    if table[k, 15] == -1:
                        table[k, 15] = grid[ny, nx]
                    elif table[k, 15] != grid[ny, nx]:
                        table[k, 15] = 10
    for y in range(height):
        for x in range(width):
            k = labels[y, x] - 1
            if k < 0:
                continue
            dy = y - table[k, 1]
            dx = x - table[k, 2]
            ey = table[k, 3] - y
            ex = table[k, 4] - x
            hashes[k, 0] += _mix(np.uint64(dy * 64 + dx))
            hashes[k, 1] += _mix(np.uint64(dy * 64 + ex))
            hashes[k, 2] += _mix(np.uint64(ey * 64 + dx))
            hashes[k, 3] += _mix(np.uint64(ey * 64 + ex))
            hashes[k, 4] += _mix(np.uint64(dx * 64 + dy))
            hashes[k, 5] += _mix(np.uint64(dx * 64 + ey))
            hashes[k, 6] += _mix(np.uint64(ex * 64 + dy))
            hashes[k, 7] += _mix(np.uint64(ex * 64 + ey))
            table[k, 16] += np.int64(_mix(np.uint64((dy * 64 + dx) * 16 + grid[y, x] + 1)) >> np.uint64(1))
    stamp = 0
    for k in range(count):
        best = np.int64(-1)
        rare = np.int64(-1)
        n_colors = 0
        for c in range(10):
            if colors[k, c] > 0:
                n_colors += 1
                if best < 0 or colors[k, c] > colors[k, best]:
                    best = np.int64(c)
                if rare < 0 or colors[k, c] <= colors[k, rare]:
                    rare = np.int64(c)
        for c in range(10):
            table[k, 21 + c] = colors[k, c]
        table[k, 20] = colors[k, best]
        table[k, 5] = best
        table[k, 6] = n_colors
        table[k, 14] = rare
        if table[k, 15] == -1:
            table[k, 15] = 10
        smallest = hashes[k, 0]
        for d in range(1, 8):
            if hashes[k, d] < smallest:
                smallest = hashes[k, d]
        table[k, 9] = np.int64(smallest >> np.uint64(1))
        table[k, 10] = np.int64(hashes[k, 0] >> np.uint64(1))
        table[k, 11] = 1 if hashes[k, 1] == hashes[k, 0] else 0
        table[k, 12] = 1 if hashes[k, 2] == hashes[k, 0] else 0
        table[k, 13] = 1 if hashes[k, 4] == hashes[k, 0] else 0
        table[k, 19] = 1 if hashes[k, 7] == hashes[k, 0] else 0
        top, left = table[k, 1], table[k, 2]
        rows, cols = table[k, 3] - top + 1, table[k, 4] - left + 1
        if rows < 3 or cols < 3 or table[k, 0] == rows * cols:
            continue
        # Flood the outside of the bounding box (one cell wider all round); what stays unseen is a hole.
        for pass_number in range(2):
            for y in range(rows + 2):
                for x in range(cols + 2):
                    inside = 1 <= y <= rows and 1 <= x <= cols
                    if pass_number == 0 and (y != 0 or x != 0):
                        continue
                    if pass_number == 1 and (
                        not inside or labels[top + y - 1, left + x - 1] == k + 1 or seen[y, x] > stamp
                    ):
                        continue
                    if pass_number == 1:
                        table[k, 8] += 1
                    seen[y, x] = stamp + 1
                    stack[0] = y * (width + 2) + x
                    size = 1
                    while size > 0:
                        size -= 1
                        cell = stack[size]
                        cy, cx = cell // (width + 2), cell % (width + 2)
                        if pass_number == 1:
                            table[k, 17] += 1
                        for d in range(4):
                            ny = cy + (1 if d == 0 else -1 if d == 1 else 0)
                            nx = cx + (1 if d == 2 else -1 if d == 3 else 0)
                            if ny < 0 or nx < 0 or ny > rows + 1 or nx > cols + 1 or seen[ny, nx] > stamp:
                                continue
                            if 1 <= ny <= rows and 1 <= nx <= cols and labels[top + ny - 1, left + nx - 1] == k + 1:
                                continue
                            seen[ny, nx] = stamp + 1
                            stack[size] = ny * (width + 2) + nx
                            size += 1
        stamp += 1


@entry("lanes/segments")
def fill_views(grid: BytePlane, height: int, width: int, background: int, colors: BytePlane, steps: BytePlane) -> None:
    """See `look_around`: its first eight planes, one below the other, and its last."""
    grid, colors, steps = plane(grid), plane(colors), plane(steps)
    for d in range(8):
        dy = -1 if d == 0 or d == 4 or d == 5 else 1 if d == 1 or d >= 6 else 0
        dx = -1 if d == 2 or d == 4 or d == 6 else 1 if d == 3 or d == 5 or d == 7 else 0
        for i in range(height):
            y = i if dy <= 0 else height - 1 - i
            for j in range(width):
                x = j if dx <= 0 else width - 1 - j
                ny, nx = y + dy, x + dx
                if ny < 0 or nx < 0 or ny >= height or nx >= width:
                    colors[d * height + y, x] = 10
                    steps[d * height + y, x] = 1
                elif grid[ny, nx] != background:
                    colors[d * height + y, x] = grid[ny, nx]
                    steps[d * height + y, x] = 1
                else:
                    colors[d * height + y, x] = colors[d * height + ny, nx]
                    steps[d * height + y, x] = steps[d * height + ny, nx] + 1


def label_components(grid: ByteGrid, background: int, eight: bool, one_color: bool, labels: NDArray[np.int32]) -> int:
    """Number the connected components of `grid` from 1 in reading order; 0 stays where nothing is.

    Args:
        grid: (H, W) colours.
        background: Colour that belongs to no object; -1 when every cell belongs to one.
        eight: Whether cells that touch at a corner are connected.
        one_color: Whether an object has one colour only.
        labels: (H, W) zeros, filled in place.

    Returns:
        The number of components.
    """
    return int(fill_labels(grid, *grid.shape, background, eight, one_color, labels, np.empty(grid.size, np.int32)))


def object_table(grid: ByteGrid, labels: NDArray[np.int32], count: int) -> IntTable:
    """Measure every object of a labelled grid.

    Args:
        grid: (H, W) colours.
        labels: (H, W) component numbers from 1, 0 for none.
        count: Number of components.

    Returns:
        (count, N_PROPS) table, columns as in `Prop`. SHAPE is equal for objects that are equal up to the eight
        symmetries, POSE for objects equal up to translation, PAINTED_POSE the same with colours.
    """
    height, width = grid.shape
    table = np.zeros((count, N_PROPS), np.int64)
    colors, hashes = np.zeros((count, 10), np.int64), np.zeros((count, 8), np.uint64)
    seen = np.zeros((height + 2, width + 2), np.int32)
    fill_table(grid, height, width, labels, count, table, colors, hashes, seen, np.empty(seen.size, np.int32))
    return table


def look_around(grid: ByteGrid, background: int) -> NDArray[np.uint8]:
    """For every cell the first colour seen in each of eight directions, and how far away it is.

    Directions: 0 up, 1 down, 2 left, 3 right, 4 up-left, 5 up-right, 6 down-left, 7 down-right.

    Args:
        grid: (H, W) colours.
        background: The colour one looks through.

    Returns:
        (16, H, W): planes 0-7 the colour (10 where the edge comes first), planes 8-15 the distance in steps to it
        (or to beyond the edge).
    """
    height, width = grid.shape
    out = np.empty((16, height, width), np.uint8)
    fill_views(grid, height, width, background, *out.reshape(2, 8 * height, width))
    return out


class Segmentation:
    """The objects of one grid under one convention.

    Attributes:
        labels: (H, W) object numbers from 1, 0 for no object.
        table: (n, N_PROPS) properties, see `Prop`.
    """

    def __init__(self, labels: NDArray[np.int32], table: IntTable) -> None:
        self.labels = labels
        self.table = table
        self.count = len(table)

    @classmethod
    def of(cls, grid: ByteGrid, background: int, eight: bool, one_color: bool) -> Segmentation:
        """Segment a grid; see `label_components` for the arguments."""
        labels = np.zeros(grid.shape, np.int32)
        count = int(label_components(grid, background, eight, one_color, labels))
        return cls(labels, object_table(grid, labels, count))

    def mask(self, index: int) -> NDArray[np.bool_]:
        """Cells of object `index` (from 0) as an (H, W) mask."""
        return np.asarray(self.labels == index + 1)

    def box(self, index: int) -> tuple[slice, slice]:
        """Bounding box of object `index` (from 0) as a pair of slices."""
        row = self.table[index]
        return (
            slice(int(row[Prop.TOP]), int(row[Prop.BOTTOM]) + 1),
            slice(int(row[Prop.LEFT]), int(row[Prop.RIGHT]) + 1),
        )


CONVENTIONS = {
    "parts": (False, False, True),
    "shapes4": (True, False, True),
    "shapes8": (True, True, True),
    "things4": (True, False, False),
    "things8": (True, True, False),
}
"""Name -> (leave the background out, corner contact connects, one colour only)."""


class Scene:
    """One grid with its background colour and everything measured of it so far.

    Attributes:
        grid: (H, W) colours.
        background: the colour taken as empty.
        layers: conditions and paints computed so far, by family.
        memo: anything else that is computed once for a scene.
    """

    def __init__(self, grid: ByteGrid, background: int) -> None:
        self.grid = np.ascontiguousarray(grid, dtype=np.uint8)
        self.background = background
        self.layers: dict[str, LayerPair] = {}
        self.memo: dict[Hashable, Any] = {}
        self._objects: dict[str, Segmentation] = {}

    def objects(self, convention: str) -> Segmentation:
        """The objects under the convention of that name (see `CONVENTIONS`), computed once."""
        found = self._objects.get(convention)
        if found is None:
            leave_out, eight, one_color = CONVENTIONS[convention]
            found = Segmentation.of(self.grid, self.background if leave_out else -1, eight, one_color)
            self._objects[convention] = found
        return found

"""What an object may do: the cells it paints when it moves, repeats, shoots rays, fills or outlines itself.

All actions are one kernel, `trace`, so that trying every action on every object costs microseconds.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.engine.compile import entry, kernel
from arcsolve_dsl.engine.memory import BytePlane, Bytes, IntPlane, RowPlane, Rows, plane, pointer
from arcsolve_dsl.lanes.segments import ByteGrid, IntTable

Actions = NDArray[np.int64]


class Act(IntEnum):
    """Kinds of action; `a` and `b` are the action's two numbers."""

    SHIFT = 0
    """Its cells moved down by `a` and right by `b`."""
    SLIDE = 1
    """Its cells moved in direction `a` until something is in the way (`b` = 0) or the edge of the grid (`b` = 1)."""
    STEP = 2
    """Its cells moved in direction `a` by its own size and `b` cells more."""
    REPEAT = 3
    """Copies in direction `a`, each its own size and `b` cells further, to the edge of the grid."""
    RAY = 4
    """All its cells drawn out in direction `a`; `b` = 0 up to an obstacle, 1 over background only, 2 over all."""
    CENTER_RAY = 5
    """Its middle row, column or diagonal drawn out likewise."""
    FILL_BOX = 6
    """Background cells of its bounding box."""
    FILL_HOLES = 7
    """Background cells of its box that cannot be reached from the rim of the box."""
    RING = 8
    """Cells around its bounding box, at distance `a`."""
    OUTLINE = 9
    """Background cells next to it: by a side (`a` = 0), or by a side or corner (`a` = 1)."""
    RECOLOR = 10
    """Its own cells."""
    RECOLOR_RIM = 11
    """Its own cells on the rim of its box."""
    RECOLOR_CORE = 12
    """Its own cells off the rim of its box."""
    CENTER = 13
    """The middle cell or cells of its box."""
    FLIP = 14
    """Its box turned in place by symmetry `a` (1 left-right, 2 up-down, 3 both, 4 transposed)."""
    MIRROR = 15
    """Its mirror image beyond the side in direction `a`, at `b` cells' distance."""
    CORNERS = 16
    """The four cells diagonally outside the corners of its box."""
    RECOLOR_RARE = 17
    """Those of its cells that do not have its main colour."""
    BAND = 18
    """Background in the rows (`a` = 0), the columns (1) or both (2) that its box spans."""


DIRECTIONS = ("up", "down", "left", "right", "up-left", "up-right", "down-left", "down-right")


@kernel
def _dy(d: int) -> int:
    """Row step of a direction."""
    return -1 if d == 0 or d == 4 or d == 5 else 1 if d == 1 or d == 6 or d == 7 else 0


@kernel
def _dx(d: int) -> int:
    """Column step of a direction."""
    return -1 if d == 2 or d == 4 or d == 6 else 1 if d == 3 or d == 5 or d == 7 else 0


@kernel
def paint(
    grid: BytePlane, height: int, width: int, labels: RowPlane, table: IntPlane, background: int, k: int, act: int,
    a: int, b: int, cells: Rows, colors: Bytes, room: int, seen: BytePlane, stack: Rows,
) -> int:  # fmt: skip
    """See `trace`; `cells` and `colors` have room for `room` cells, `seen` and `stack` for the grid and its rim."""
    top, left, bottom, right = table[k, 1], table[k, 2], table[k, 3], table[k, 4]
    rows, cols = bottom - top + 1, right - left + 1
    main = np.uint8(table[k, 5])
    n = 0
    if act <= 3 or act == 15:
        dy, dx = a, b
        copies = 1
        flip_y = flip_x = False
        if act != 0:
            if a < 0:
                return -1
            uy, ux = _dy(a), _dx(a)
            if act == 1:
                reach = 0
                while True:
                    free = True
                    for y in range(top, bottom + 1):
                        for x in range(left, right + 1):
                            if labels[y, x] != k + 1:
                                continue
                            ny, nx = y + uy * (reach + 1), x + ux * (reach + 1)
                            if (
                                ny < 0
                                or nx < 0
                                or ny >= height
                                or nx >= width
                                or (b == 0 and labels[ny, nx] != k + 1 and grid[ny, nx] != background)
                            ):
                                free = False
                            if not free:
                                break
                        if not free:
                            break
                    if not free:
                        break
                    reach += 1
                dy, dx = uy * reach, ux * reach
            else:
                dy, dx = uy * (rows + b), ux * (cols + b)
                if act == 3:
                    copies = 30
                if act == 15:
                    flip_y, flip_x = uy != 0, ux != 0
        for copy in range(1, copies + 1):
            inside = False
            for y in range(top, bottom + 1):
                for x in range(left, right + 1):
                    if labels[y, x] != k + 1:
                        continue
                    sy = top + bottom - y if flip_y else y
                    sx = left + right - x if flip_x else x
                    ny, nx = sy + dy * copy, sx + dx * copy
                    if ny < 0 or nx < 0 or ny >= height or nx >= width:
                        if copies == 1 and act != 15:
                            return -1
                        continue
                    inside = True
                    if n < room:
                        cells[n] = ny * width + nx
                        colors[n] = grid[y, x]
                        n += 1
            if not inside or (dy == 0 and dx == 0):
                break
        return n
    if act == 4 or act == 5:
        if a < 0:
            return -1
        uy, ux = _dy(a), _dx(a)
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                if labels[y, x] != k + 1:
                    continue
                if act == 5:
                    if uy == 0 and 2 * y != top + bottom:
                        continue
                    if ux == 0 and 2 * x != left + right:
                        continue
                    # On a diagonal: the corner cell of the box in that direction.
                    at_corner = y == (top if uy < 0 else bottom) and x == (left if ux < 0 else right)
                    if uy != 0 and ux != 0 and not at_corner:
                        continue
                ny, nx = y + uy, x + ux
                if 0 <= ny < height and 0 <= nx < width and labels[ny, nx] == k + 1:
                    continue
                while 0 <= ny < height and 0 <= nx < width:
                    if labels[ny, nx] != k + 1:
                        if grid[ny, nx] != background and b == 0:
                            break
                        if (grid[ny, nx] == background or b == 2) and n < room:
                            cells[n] = ny * width + nx
                            colors[n] = grid[y, x]
                            n += 1
                    ny += uy
                    nx += ux
        return n
    if act == 6 or act == 10 or act == 11 or act == 12 or act == 17:
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                mine = labels[y, x] == k + 1
                rim = y in (top, bottom) or x in (left, right)
                if act == 6:
                    take = grid[y, x] == background and not mine
                else:
                    take = mine
                    if act == 11:
                        take = mine and rim
                    if act == 12:
                        take = mine and not rim
                    if act == 17:
                        take = mine and grid[y, x] != main
                if take:
                    cells[n] = y * width + x
                    colors[n] = main
                    n += 1
        return n
    if act == 7:
        # Flood from outside the box; 0 unseen, 1 outside.
        for y in range(rows + 2):
            for x in range(cols + 2):
                seen[y, x] = 0
        stack[0] = 0
        seen[0, 0] = 1
        size = 1
        while size > 0:
            size -= 1
            cy, cx = stack[size] // (cols + 2), stack[size] % (cols + 2)
            for d in range(4):
                ny, nx = cy + _dy(d), cx + _dx(d)
                if ny < 0 or nx < 0 or ny > rows + 1 or nx > cols + 1 or seen[ny, nx]:
                    continue
                if 1 <= ny <= rows and 1 <= nx <= cols and labels[top + ny - 1, left + nx - 1] == k + 1:
                    continue
                seen[ny, nx] = 1
                stack[size] = ny * (cols + 2) + nx
                size += 1
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                if seen[y - top + 1, x - left + 1] == 0 and labels[y, x] != k + 1 and grid[y, x] == background:
                    cells[n] = y * width + x
                    colors[n] = main
                    n += 1
        return n
    if act == 8 or act == 16:
        r = a if act == 8 else 1
        for y in range(top - r, bottom + r + 1):
            for x in range(left - r, right + r + 1):
                if y < 0 or x < 0 or y >= height or x >= width:
                    continue
                at_y = y == top - r or y == bottom + r
                at_x = x == left - r or x == right + r
                take = (at_y or at_x) if act == 8 else (at_y and at_x)
                if take and grid[y, x] == background:
                    cells[n] = y * width + x
                    colors[n] = main
                    n += 1
        return n
    if act == 9:
        for y in range(max(0, top - 1), min(height, bottom + 2)):
            for x in range(max(0, left - 1), min(width, right + 2)):
                if grid[y, x] != background or labels[y, x] == k + 1:
                    continue
                touch = False
                for d in range(8 if a == 1 else 4):
                    ny, nx = y + _dy(d), x + _dx(d)
                    if 0 <= ny < height and 0 <= nx < width and labels[ny, nx] == k + 1:
                        touch = True
                if touch:
                    cells[n] = y * width + x
                    colors[n] = main
                    n += 1
        return n
    if act == 13:
        for y in range((top + bottom) // 2, (top + bottom + 1) // 2 + 1):
            for x in range((left + right) // 2, (left + right + 1) // 2 + 1):
                cells[n] = y * width + x
                colors[n] = main
                n += 1
        return n
    if act == 14:
        if a == 4 and rows != cols:
            return -1
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                sy = top + bottom - y if a == 2 or a == 3 else y
                sx = left + right - x if a == 1 or a == 3 else x
                if a == 4:
                    sy, sx = top + (x - left), left + (y - top)
                if labels[sy, sx] == k + 1:
                    cells[n] = y * width + x
                    colors[n] = grid[sy, sx]
                    n += 1
        return n
    if act == 18:
        for y in range(height):
            for x in range(width):
                in_rows = top <= y <= bottom
                in_cols = left <= x <= right
                take = (a != 1 and in_rows) or (a != 0 and in_cols)
                if take and grid[y, x] == background:
                    cells[n] = y * width + x
                    colors[n] = main
                    n += 1
        return n
    return -1


@entry("lanes/traces")
def fill_trace(
    grid: BytePlane, height: int, width: int, labels: RowPlane, table: IntPlane, background: int, k: int, act: int,
    a: int, b: int, cells: Rows, colors: Bytes, room: int, seen: BytePlane, stack: Rows,
) -> int:  # fmt: skip
    """See `trace` and `paint`."""
    return paint(
        plane(grid), height, width, plane(labels), plane(table), background, k, act, a, b, pointer(cells),
        pointer(colors), room, plane(seen), pointer(stack),
    )  # fmt: skip


@entry("lanes/traces")
def fill_verdict(
    grid: BytePlane, output: BytePlane, height: int, width: int, labels: RowPlane, table: IntPlane, n: int,
    background: int, actions: IntPlane, n_actions: int, directions: IntPlane, verdict: IntPlane, cells: Rows,
    colors: Bytes, room: int, seen: BytePlane, stack: Rows,
) -> None:  # fmt: skip
    """See `try_actions`, for the `n` objects in turn, and `paint`; a row of `verdict` is an object and an action."""
    grid, output, labels, table = plane(grid), plane(output), plane(labels), plane(table)
    actions, directions, verdict = plane(actions), plane(directions), plane(verdict)
    cells, colors, seen, stack = pointer(cells), pointer(colors), plane(seen), pointer(stack)
    for k in range(n):
        for i in range(n_actions):
            at = k * n_actions + i
            act, a, b = actions[i, 0], actions[i, 1], actions[i, 2]
            if ((act != 0 and act <= 5) or act == 15) and a >= 8:
                a = directions[a - 8, k]
            painted = paint(
                grid, height, width, labels, table, background, k, act, a, b, cells, colors, room, seen, stack
            )
            verdict[at, 0] = -1
            verdict[at, 1] = 10
            verdict[at, 2] = 0
            if painted <= 0:
                continue
            alike = True
            one = np.int64(-1)
            changes = 0
            for j in range(painted):
                y, x = cells[j] // width, cells[j] % width
                if output[y, x] != colors[j]:
                    alike = False
                if one == -1:
                    one = np.int64(output[y, x])
                elif one != output[y, x]:
                    one = np.int64(10)
                if output[y, x] != grid[y, x]:
                    changes += 1
                if not alike and one == 10:
                    break
            verdict[at, 0] = 1 if alike else 0
            verdict[at, 1] = one
            verdict[at, 2] = changes


def trace(
    grid: ByteGrid, labels: NDArray[np.int32], table: IntTable, background: int, k: int, act: int, a: int, b: int,
    cells: NDArray[np.int32], colors: NDArray[np.uint8],
) -> int:  # fmt: skip
    """List the cells that an action of object `k` paints.

    Args:
        grid: (H, W) colours.
        labels: (H, W) object numbers from 1.
        table: (n, N_PROPS) object properties.
        background: colour of empty cells.
        k: the object, from 0.
        act: an `Act`.
        a: its first number; a direction must be 0-7 here (-1: no direction, nothing is painted).
        b: its second number.
        cells: filled with the flat indices of the cells.
        colors: filled with the colour each would get if the object keeps its colours.

    Returns:
        The number of cells, -1 if the action cannot be done.
    """
    found = fill_trace(
        grid, *grid.shape, labels, table, background, k, act, a, b, cells, colors, len(cells), *_room(grid)
    )
    return int(found)


def try_actions(
    grid: ByteGrid, output: ByteGrid, labels: NDArray[np.int32], table: IntTable, background: int, actions: Actions,
    directions: NDArray[np.int64], verdict: NDArray[np.int64],
) -> None:  # fmt: skip
    """Try every action on every object against the wanted output.

    Args:
        grid: (H, W) colours.
        output: (H, W) wanted colours.
        labels: (H, W) object numbers from 1.
        table: (n, N_PROPS) object properties.
        background: colour of empty cells.
        actions: (m, 3) act and its two numbers; directions from 8 on are looked up in `directions`.
        directions: (modes, n) a direction for each object under each mode, -1 for none.
        verdict: (n, m, 3) filled with: 1 if the output shows the object's own colours in all painted cells, 0 if not,
            -1 if nothing is painted; the one colour that the output shows in all painted cells (10 for several); how
            many of the painted cells the output changes.
    """
    size = 8 * grid.size
    fill_verdict(
        grid, output, *grid.shape, labels, table, len(table), background, actions, len(actions), directions,
        verdict.reshape(-1, 3), np.empty(size, np.int32), np.empty(size, np.uint8), size, *_room(grid),
    )  # fmt: skip


def _room(grid: ByteGrid) -> tuple[ByteGrid, NDArray[np.int32]]:
    """For `paint` to tell inside from outside: a plane, and a number per cell of it."""
    height, width = grid.shape
    return np.empty((height + 2, width + 2), np.uint8), np.empty((height + 2) * (width + 2), np.int32)

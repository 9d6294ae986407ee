"""Layers of a cell itself, its neighbours, what it sees, its row and column, its place and its mirror images."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.lanes.layer_base import NOTHING, Emit, color_roles, dense_rank
from arcsolve_dsl.lanes.segments import Prop, Scene, look_around


def color_layers(scene: Scene, condition: Emit, paint: Emit) -> None:
    """Layers of a cell's own colour: as a number, as a role in the grid, and what its colour is like elsewhere."""
    grid, background = scene.grid, scene.background
    down, up = color_roles(scene)
    role = np.zeros(10, np.int64)
    role_up = np.zeros(10, np.int64)
    for i, c in enumerate(down):
        role[c] = i + 1
    for i, c in enumerate(up):
        role_up[c] = i + 1
    condition("color", grid)
    condition("is_background", grid == background)
    condition("role", role[grid])
    condition("role_from_rarest", role_up[grid])
    condition("colors", np.full(grid.shape, len(down)))
    shapes = scene.objects("shapes8")
    pieces = np.zeros(10, np.int64)
    widest = np.zeros(10, np.int64)
    for row in shapes.table:
        pieces[row[Prop.COLOR]] += 1
        widest[row[Prop.COLOR]] = max(widest[row[Prop.COLOR]], row[Prop.AREA])
    condition("color_pieces", np.minimum(pieces, 20)[grid])
    condition("color_is_one_piece", (pieces == 1)[grid])
    condition("color_is_dots", ((widest == 1) + 2 * (pieces > 0))[grid])
    if len(down):
        condition("color_has_largest", (widest == widest.max())[grid])
    else:
        condition("color_has_largest", np.zeros(grid.shape, np.int64))
    paint("own", grid)
    paint("background", np.full(grid.shape, background))
    for i in range(3):
        paint(f"role{i + 1}", np.full(grid.shape, down[i] if i < len(down) else NOTHING))
    for i in range(2):
        paint(f"rarest{i + 1}", np.full(grid.shape, up[i] if i < len(up) else NOTHING))
    swap = np.full(10, NOTHING)
    if len(down) == 2:
        swap[down[0]], swap[down[1]] = down[1], down[0]
    paint("other_color", swap[grid])


OFFSETS = (
    ("up", -1, 0), ("down", 1, 0), ("left", 0, -1), ("right", 0, 1),
    ("up_left", -1, -1), ("up_right", -1, 1), ("down_left", 1, -1), ("down_right", 1, 1),
)  # fmt: skip


def neighbor_layers(scene: Scene, condition: Emit, paint: Emit) -> None:
    """Layers of the eight cells around: their colours, which are filled, how many are like the cell itself."""
    grid, background = scene.grid, scene.background
    height, width = grid.shape
    padded = np.pad(grid, 2, constant_values=NOTHING)
    around = [padded[2 + dy : 2 + dy + height, 2 + dx : 2 + dx + width] for _, dy, dx in OFFSETS]
    filled = [((a != background) & (a != NOTHING)).astype(np.int64) for a in around]
    same = [(a == grid).astype(np.int64) for a in around]
    for (name, _, _), a, f in zip(OFFSETS, around, filled, strict=True):
        condition(f"color_{name}", a)
        condition(f"filled_{name}", f)
        paint(f"next_{name}", a)
    condition("filled_sides", sum(filled[:4]))
    condition("filled_corners", sum(filled[4:]))
    condition("filled_around", sum(filled))
    condition("any_filled_side", sum(filled[:4]) > 0)
    condition("any_filled_around", sum(filled) > 0)
    condition("same_sides", sum(same[:4]))
    condition("same_corners", sum(same[4:]))
    condition("same_around", sum(same))
    condition("filled_row", filled[2] + filled[3])
    condition("filled_column", filled[0] + filled[1])
    condition("filled_pattern", filled[0] + 2 * filled[1] + 4 * filled[2] + 8 * filled[3])
    condition("filled_corner_pattern", filled[4] + 2 * filled[5] + 4 * filled[6] + 8 * filled[7])
    bends = sum(filled[a] * filled[b] * filled[c] for a, b, c in ((0, 2, 4), (0, 3, 5), (1, 2, 6), (1, 3, 7)))
    condition("filled_quadrants", bends)
    around2 = [padded[2 + 2 * dy : 2 + 2 * dy + height, 2 + 2 * dx : 2 + 2 * dx + width] for _, dy, dx in OFFSETS]
    filled2 = [((a != background) & (a != NOTHING)).astype(np.int64) for a in around2]
    condition("filled_sides_at_2", sum(filled2[:4]))
    condition("filled_corners_at_2", sum(filled2[4:]))
    stack = np.stack(around)
    stack = np.where((stack == background) | (stack == NOTHING), NOTHING, stack)
    counts = np.zeros((11, height, width), np.int64)
    for plane in stack:
        np.put_along_axis(
            counts, plane[None].astype(np.int64), np.take_along_axis(counts, plane[None].astype(np.int64), 0) + 1, 0
        )
    counts[10] = 0
    best = counts.argmax(0)
    paint("common_around", np.where(counts.max(0) > 0, best, NOTHING))
    condition("most_alike_around", counts.max(0))
    condition("color_around", np.where(counts.max(0) > 0, best, NOTHING))
    side = stack[:4]
    any_side = np.where(side != NOTHING, side, 0).max(0)
    agree = ((side == NOTHING) | (side == any_side)).all(0) & (any_side > 0)
    paint("side_color", np.where(agree, any_side, NOTHING))
    corner = stack[4:]
    any_corner = np.where(corner != NOTHING, corner, 0).max(0)
    agree = ((corner == NOTHING) | (corner == any_corner)).all(0) & (any_corner > 0)
    paint("corner_color", np.where(agree, any_corner, NOTHING))


def ray_layers(scene: Scene, condition: Emit, paint: Emit) -> None:
    """Layers of what a cell sees when it looks along rows, columns and diagonals through the background."""
    seen = look_around(scene.grid, scene.background)
    colors, steps = seen[:8], seen[8:].astype(np.int64)
    sees = (colors != NOTHING).astype(np.int64)
    for i, (name, _, _) in enumerate(OFFSETS):
        condition(f"sees_{name}", colors[i])
        condition(f"sees_any_{name}", sees[i])
        condition(f"steps_{name}", np.where(sees[i], steps[i], 0))
        condition(f"steps_parity_{name}", np.where(sees[i], steps[i] % 2, 2))
        paint(f"seen_{name}", colors[i])
    condition("sees_sides", sees[:4].sum(0))
    condition("sees_corners", sees[4:].sum(0))
    condition("sees_around", sees.sum(0))
    condition("sees_pattern", sees[0] + 2 * sees[1] + 4 * sees[2] + 8 * sees[3])
    between = []
    for name, a, b in (("row", 2, 3), ("column", 0, 1), ("diagonal", 4, 7), ("antidiagonal", 5, 6)):
        alike = (colors[a] == colors[b]) & (colors[a] != NOTHING)
        both = sees[a] & sees[b]
        condition(f"between_{name}", np.where(alike, 2, both))
        condition(f"between_color_{name}", np.where(alike, colors[a], NOTHING))
        condition(f"nearer_{name}", np.where(both, np.sign(steps[a] - steps[b]) + 2, 0))
        between.append((alike, colors[a]))
    for name, pair in (("line", between[:2]), ("diagonal_line", between[2:]), ("any_line", between)):
        chosen = np.full(scene.grid.shape, NOTHING)
        for alike, plane in reversed(pair):
            chosen = np.where(alike, plane, chosen)
        condition(f"on_{name}", chosen != NOTHING)
        paint(f"{name}_color", chosen)
    condition("on_cross", between[0][0] & between[1][0])
    distance = np.where(sees > 0, steps, 99)
    nearest = distance[:4].argmin(0)
    paint("nearest_side", np.take_along_axis(colors, nearest[None], 0)[0])
    condition("nearest_side_steps", np.minimum(distance[:4].min(0), 40))
    nearest8 = distance.argmin(0)
    paint("nearest_around", np.take_along_axis(colors, nearest8[None], 0)[0])
    for name, group in (("seen_side", colors[:4]), ("seen_corner", colors[4:])):
        largest = np.where(group == NOTHING, 0, group).max(0)
        smallest = group.min(0)
        paint(
            name, np.where((largest == smallest) | ((sees[:4].sum(0) == 1) & (name == "seen_side")), smallest, NOTHING)
        )


def _lay(values: NDArray[Any], across: bool, shape: tuple[int, int]) -> NDArray[Any]:
    """Spread one value for each row (`across`) or column over the grid."""
    return np.broadcast_to(values[:, None] if across else values[None, :], shape)


def line_layers(scene: Scene, condition: Emit, paint: Emit) -> None:
    """Layers of a cell's row and column: how full, of one colour, which colour leads, what stands at their ends."""
    grid, background = scene.grid, scene.background
    height, width = grid.shape
    for name, g in (("row", grid), ("column", grid.T)):
        lay = partial(_lay, across=name == "row", shape=(height, width))
        filled = (g != background).sum(1)
        counts = np.stack([(g == c).sum(1) for c in range(10)], 1)
        full = counts.max(1) == g.shape[1]
        counts_front = counts.copy()
        counts_front[:, background] = 0
        lead = np.where(counts_front.max(1) > 0, counts_front.argmax(1), NOTHING)
        kinds = (counts_front > 0).sum(1)
        condition(f"{name}_filled", lay(np.minimum(filled, 40)))
        condition(f"{name}_is_empty", lay(filled == 0))
        condition(f"{name}_is_full", lay(filled == g.shape[1]))
        condition(f"{name}_is_one_color", lay(full))
        condition(f"{name}_most_filled", lay(filled == filled.max()))
        condition(f"{name}_colors", lay(kinds))
        condition(f"{name}_lead", lay(lead))
        condition(f"{name}_start", lay(g[:, 0]))
        condition(f"{name}_end", lay(g[:, -1]))
        condition(f"{name}_start_filled", lay(g[:, 0] != background))
        condition(f"{name}_end_filled", lay(g[:, -1] != background))
        rank = dense_rank(filled.astype(np.int64))
        condition(f"{name}_fill_rank", lay(rank.max() - rank))
        counter = np.cumsum(filled > 0)
        condition(f"{name}_filled_before", lay(np.minimum(counter, 40)))
        paint(f"{name}_lead", lay(lead))
        paint(f"{name}_start", lay(np.where(g[:, 0] == background, NOTHING, g[:, 0])))
        paint(f"{name}_end", lay(np.where(g[:, -1] == background, NOTHING, g[:, -1])))
        only = np.where(kinds == 1, lead, NOTHING)
        paint(f"{name}_only_color", lay(only))


def span_layers(scene: Scene, condition: Emit, paint: Emit) -> None:
    """Layers of the stretch of a row or column between the first and the last cell of a colour, whatever is between."""
    grid, background = scene.grid, scene.background
    for name, g in (("row", grid), ("column", grid.T)):
        span = np.full(g.shape, NOTHING)
        for color in range(10):
            where = g == color
            if color == background:
                where = np.zeros(g.shape, bool)
            inside = np.maximum.accumulate(where, 1) & np.maximum.accumulate(where[:, ::-1], 1)[:, ::-1]
            span = np.where(inside & (where.sum(1) > 1)[:, None] & (span == NOTHING), color, span)
            turned = inside if name == "row" else inside.T
            condition(f"{name}_span_{color}", turned)
            has = np.broadcast_to(where.any(1)[:, None], g.shape)
            condition(f"{name}_has_{color}", has if name == "row" else has.T)
        span = span if name == "row" else span.T
        condition(f"{name}_span", span != NOTHING)
        paint(f"{name}_span", span)


def place_layers(scene: Scene, condition: Emit, paint: Emit) -> None:
    """Layers of where a cell is: in the grid, and in the boxes around the filled cells and around each colour."""
    grid, background = scene.grid, scene.background
    height, width = grid.shape
    y, x = np.indices((height, width))
    last_y, last_x = height - 1 - y, width - 1 - x
    for name, plane in (("y", y), ("x", x), ("y_from_end", last_y), ("x_from_end", last_x)):
        condition(name, plane)
    for k in (2, 3, 4):
        condition(f"y_mod_{k}", y % k)
        condition(f"x_mod_{k}", x % k)
    condition("y_from_end_mod_2", last_y % 2)
    condition("x_from_end_mod_2", last_x % 2)
    condition("checker", (y + x) % 2)
    condition("sum_mod_3", (y + x) % 3)
    condition("difference_mod_3", (y - x) % 3)
    edge = np.minimum(np.minimum(y, last_y), np.minimum(x, last_x))
    condition("edge_distance", edge)
    condition("edge_distance_parity", edge % 2)
    condition("on_edge", edge == 0)
    condition("on_corner", (np.minimum(y, last_y) == 0) & (np.minimum(x, last_x) == 0))
    condition("on_diagonal", y == x)
    condition("on_antidiagonal", y == last_x)
    condition("on_middle_row", y == last_y)
    condition("on_middle_column", x == last_x)
    condition("half_row", np.sign(y - last_y) + 1)
    condition("half_column", np.sign(x - last_x) + 1)
    condition("grid_wider", np.full(grid.shape, np.sign(width - height) + 1))
    boxes = {"filled": grid != background}
    down, up = color_roles(scene)
    for i in range(2):
        boxes[f"role{i + 1}"] = (grid == down[i]) if i < len(down) else np.zeros(grid.shape, bool)
    boxes["rarest"] = (grid == up[0]) if up else boxes["filled"]
    for name, where in boxes.items():
        rows, cols = np.flatnonzero(where.any(1)), np.flatnonzero(where.any(0))
        if len(rows):
            in_rows = (y >= rows[0]) & (y <= rows[-1])
            in_cols = (x >= cols[0]) & (x <= cols[-1])
            has_row, has_col = where.any(1)[:, None] & True, where.any(0)[None, :] & True
            inner = np.minimum(np.minimum(y - rows[0], rows[-1] - y), np.minimum(x - cols[0], cols[-1] - x))
        else:
            in_rows = in_cols = np.zeros(grid.shape, bool)
            has_row = has_col = np.zeros(grid.shape, bool)
            inner = np.full(grid.shape, -99)
        condition(f"in_box_{name}", in_rows & in_cols)
        condition(f"box_depth_{name}", np.clip(inner, -1, 60) + 1)
        condition(f"box_outside_{name}", np.clip(-inner, 0, 60))
        condition(f"box_sector_{name}", in_rows * 1 + in_cols * 2)
        condition(f"row_has_{name}", np.broadcast_to(has_row, grid.shape))
        condition(f"column_has_{name}", np.broadcast_to(has_col, grid.shape))
        condition(f"cross_{name}", has_row.astype(np.int64) + has_col)


def mirror_layers(scene: Scene, condition: Emit, paint: Emit) -> None:
    """Layers of the cell's images under the symmetries of the grid, as colours and as filled or not."""
    grid, background = scene.grid, scene.background
    images = {"mirror_lr": grid[:, ::-1], "mirror_ud": grid[::-1], "rotated_180": grid[::-1, ::-1]}
    if grid.shape[0] == grid.shape[1]:
        images |= {
            "transposed": grid.T,
            "antitransposed": grid[::-1, ::-1].T,
            "rotated_90": np.rot90(grid),
            "rotated_270": np.rot90(grid, 3),
        }
    for name in ("mirror_lr", "mirror_ud", "rotated_180", "transposed", "antitransposed", "rotated_90", "rotated_270"):
        image = images.get(name)
        if image is None:
            condition(name, np.zeros(grid.shape, np.int64))
            paint(name, np.full(grid.shape, NOTHING))
        else:
            condition(name, image == background)
            paint(name, image)

"""Layers of a grid: what one can know about each cell, as conditions (small numbers) and paints (colours).

A *condition* is an (H, W) uint8 array whose value a rule may look at. A *paint* is an (H, W) uint8 array of colours
that a rule may write; 10 stands where the paint says nothing. The idea to predict each cell from computed features
is that of I. Larchenko's `abstract_reasoning` (Abstraction and Reasoning Challenge, 2020); the layers here are ours.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.lanes.segments import Prop, Scene, Segmentation, look_around

Layer = NDArray[np.uint8]
Emit = Callable[[str, "Layer | NDArray[np.int64] | NDArray[np.bool_]"], None]
NOTHING = 10
"""Value of a paint, or of a seen colour, where there is none."""


def _dense_rank(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rank of each value among the distinct ones, 0 for the smallest."""
    return np.searchsorted(np.unique(values), values)


def _count_equal(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """How often each value occurs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray(counts[inverse], dtype=np.int64)


def color_roles(scene: Scene) -> tuple[list[int], list[int]]:
    """The colours other than the background, most frequent first and rarest first (ties by number)."""
    counts = np.bincount(scene.grid.ravel(), minlength=10)
    counts[scene.background] = 0
    present = [c for c in range(10) if counts[c]]
    return sorted(present, key=lambda c: (-counts[c], c)), sorted(present, key=lambda c: (counts[c], c))


def object_features(scene: Scene, objects: Segmentation) -> dict[str, NDArray[np.int64]]:
    """Properties of each object that a rule can look at: name -> (n,) small numbers."""
    t = objects.table
    area = t[:, Prop.AREA]
    rows = t[:, Prop.BOTTOM] - t[:, Prop.TOP] + 1
    cols = t[:, Prop.RIGHT] - t[:, Prop.LEFT] + 1
    top, left, bottom, right = (t[:, p] for p in (Prop.TOP, Prop.LEFT, Prop.BOTTOM, Prop.RIGHT))
    color = t[:, Prop.COLOR]
    rank = _dense_rank(area)
    size_twins = _count_equal(area)
    shape_twins = _count_equal(t[:, Prop.SHAPE])
    pose_twins = _count_equal(t[:, Prop.POSE])
    color_twins = _count_equal(color)
    hole_rank = _dense_rank(t[:, Prop.HOLES])
    symmetric = np.maximum(t[:, Prop.MIRROR_LR], t[:, Prop.MIRROR_UD])
    diagonal = np.maximum(t[:, Prop.MIRROR_DIAGONAL], t[:, Prop.MIRROR_ANTIDIAGONAL])
    return {
        "size": area,
        "is_largest": area == area.max(),
        "is_smallest": area == area.min(),
        "size_rank": rank.max() - rank,
        "size_rank_up": rank,
        "is_single": area == 1,
        "touches_border": t[:, Prop.TOUCHES_BORDER],
        "holes": t[:, Prop.HOLES],
        "has_hole": t[:, Prop.HOLES] > 0,
        "hole_area": t[:, Prop.HOLE_AREA],
        "most_holes": hole_rank == hole_rank.max(),
        "height": rows,
        "width": cols,
        "long_side": np.maximum(rows, cols),
        "short_side": np.minimum(rows, cols),
        "orientation": np.where(rows > cols, 1, np.where(cols > rows, 2, 0)),
        "is_square": rows == cols,
        "is_full": area == rows * cols,
        "is_line": np.minimum(rows, cols) == 1,
        "is_filled_square": (rows == cols) & (area == rows * cols),
        "symmetric": symmetric,
        "symmetric_lr": t[:, Prop.MIRROR_LR],
        "symmetric_ud": t[:, Prop.MIRROR_UD],
        "symmetric_any": np.maximum(symmetric, diagonal),
        "shape": t[:, Prop.SHAPE] % 251,
        "pose": t[:, Prop.POSE] % 251,
        "same_shape": shape_twins,
        "is_unique_shape": shape_twins == 1,
        "is_common_shape": shape_twins == shape_twins.max(),
        "same_pose": pose_twins,
        "is_unique_pose": pose_twins == 1,
        "same_size": size_twins,
        "is_unique_size": size_twins == 1,
        "same_color": color_twins,
        "is_unique_color": color_twins == 1,
        "colors": t[:, Prop.N_COLORS],
        "is_multicolor": t[:, Prop.N_COLORS] > 1,
        "odd_size": area % 2,
        "is_topmost": top == top.min(),
        "is_bottommost": bottom == bottom.max(),
        "is_leftmost": left == left.min(),
        "is_rightmost": right == right.max(),
        "order_from_top": _dense_rank(top),
        "order_from_left": _dense_rank(left),
        "order_from_bottom": _dense_rank(-bottom),
        "order_from_right": _dense_rank(-right),
        "surround": t[:, Prop.SURROUND],
        "is_tallest": rows == rows.max(),
        "is_widest": cols == cols.max(),
        "touches_top": top == 0,
        "touches_bottom": bottom == scene.grid.shape[0] - 1,
        "touches_left": left == 0,
        "touches_right": right == scene.grid.shape[1] - 1,
    }


PART_FEATURES = (
    "size is_largest is_smallest size_rank size_rank_up is_single touches_border height width long_side short_side "
    "orientation is_square is_full is_line is_filled_square symmetric shape same_shape surround odd_size has_hole"
).split()
"""Object features that are looked at for regions that may be background."""


def neighbors_of(objects: Segmentation) -> NDArray[np.int64]:
    """Pairs of objects (numbers from 0) that share an edge or touch at a corner, each pair in both orders: (m, 2)."""
    labels = objects.labels
    pairs = []
    height, width = labels.shape
    for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
        a = labels[: height - dy, max(0, -dx) : width - max(0, dx)]
        b = labels[dy:, max(0, dx) : width - max(0, -dx)]
        touching = (a != b) & (a > 0) & (b > 0)
        pairs.append(np.stack([a[touching], b[touching]], axis=1))
    found = np.concatenate(pairs).astype(np.int64) - 1
    if not len(found):
        return found
    return np.unique(np.concatenate([found, found[:, ::-1]]), axis=0)


def object_layers(scene: Scene, convention: str, condition: Emit, paint: Emit) -> None:
    """Layers that tell each cell about the object it belongs to, under one convention (see `CONVENTIONS`)."""
    objects = scene.objects(convention)
    height, width = scene.grid.shape
    labels = objects.labels
    names = PART_FEATURES if convention == "parts" else None
    t = objects.table
    if objects.count == 0:
        t = np.zeros((1, t.shape[1]), np.int64)
        objects_for_features = Segmentation.__new__(Segmentation)
        objects_for_features.labels, objects_for_features.table, objects_for_features.count = labels, t, 1
    else:
        objects_for_features = objects
    features = object_features(scene, objects_for_features)
    chosen = list(features) if names is None else names
    rows = np.zeros((len(chosen), len(t) + 1), np.uint8)
    for i, name in enumerate(chosen):
        rows[i, 1:] = np.minimum(features[name], 99) + 1
    planes = rows[:, labels]
    for name, plane in zip(chosen, planes, strict=True):
        condition(name, plane)
    box = np.zeros((4, len(t) + 1), np.int64)
    box[:, 1:] = t[:, [Prop.TOP, Prop.LEFT, Prop.BOTTOM, Prop.RIGHT]].T
    y, x = np.indices((height, width))
    inside = labels > 0
    up, left, down, right = (np.where(inside, d, 98) for d in (
        y - box[0][labels], x - box[1][labels], box[2][labels] - y, box[3][labels] - x))
    edge = np.minimum(np.minimum(up, down), np.minimum(left, right))
    condition("from_top", np.minimum(up, 98) + 1)
    condition("from_left", np.minimum(left, 98) + 1)
    condition("from_bottom", np.minimum(down, 98) + 1)
    condition("from_right", np.minimum(right, 98) + 1)
    condition("depth", edge)
    condition("depth_parity", np.where(inside, edge % 2, 2))
    condition("checker", np.where(inside, (up + left) % 2, 2))
    condition("row_parity", np.where(inside, up % 2, 2))
    condition("column_parity", np.where(inside, left % 2, 2))
    condition("is_corner", inside & (np.minimum(up, down) == 0) & (np.minimum(left, right) == 0))
    condition("on_middle_row", inside & (up == down))
    condition("on_middle_column", inside & (left == right))
    padded = np.pad(labels, 1, constant_values=-1)
    same4 = sum(
        (padded[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width] == labels).astype(np.int64)
        for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0))
    )
    condition("same_side_neighbors", np.where(inside, same4, 9))
    if convention != "parts":
        condition("count", np.full((height, width), min(objects.count, 99)))
    surround = np.append(NOTHING, t[:, Prop.SURROUND])
    paint("surround", surround[labels])
    if convention.startswith("things"):
        paint("main_color", np.append(NOTHING, t[:, Prop.COLOR])[labels])
        paint("rare_color", np.append(NOTHING, t[:, Prop.RARE_COLOR])[labels])
    if convention.startswith("shapes"):
        _relations(objects_for_features, condition, paint)


def _relations(objects: Segmentation, condition: Emit, paint: Emit) -> None:
    """Layers about how an object stands to the others: who touches it, who has its shape, whose colour stands out."""
    t, labels, count = objects.table, objects.labels, objects.count
    area, color = t[:, Prop.AREA], t[:, Prop.COLOR]
    touching = np.zeros(count, np.int64)
    neighbor_color = np.full(count, NOTHING)
    touches_larger = np.zeros(count, np.int64)
    pairs = neighbors_of(objects)
    if len(pairs):
        touching = np.bincount(pairs[:, 0], minlength=count)
        for a, b in pairs:
            if neighbor_color[a] == NOTHING or area[b] > touches_larger[a]:
                neighbor_color[a] = color[b]
                touches_larger[a] = area[b]
    touches_larger = np.where(touches_larger > area, 2, touches_larger > 0)
    condition("neighbors", np.append(0, np.minimum(touching, 98) + 1)[labels])
    condition("touches_larger", np.append(0, touches_larger + 1)[labels])
    condition("neighbor_color", np.append(NOTHING + 1, neighbor_color)[labels])
    paint("neighbor_color", np.append(NOTHING, neighbor_color)[labels])
    twin = np.full(count, NOTHING)
    for shape in np.unique(t[:, Prop.SHAPE]):
        alike = np.flatnonzero(t[:, Prop.SHAPE] == shape)
        colors, counts = np.unique(color[alike], return_counts=True)
        if len(colors) == 2:
            twin[alike] = np.where(color[alike] == colors[0], colors[1], colors[0])
    condition("has_twin", np.append(0, (twin != NOTHING) + 1)[labels])
    paint("twin_color", np.append(NOTHING, twin)[labels])
    chosen = {
        "largest_color": area == area.max(),
        "smallest_color": area == area.min(),
        "unique_shape_color": _count_equal(t[:, Prop.SHAPE]) == 1,
        "unique_color": _count_equal(color) == 1,
        "most_objects_color": _count_equal(color) == _count_equal(color).max(),
        "most_holes_color": t[:, Prop.HOLES] == t[:, Prop.HOLES].max(),
        "single_color": area == 1,
    }
    for name, which in chosen.items():
        colors = np.unique(color[which])
        paint(name, np.full(labels.shape, colors[0] if len(colors) == 1 else NOTHING))


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
    around2 = [padded[2 + 2 * dy : 2 + 2 * dy + height, 2 + 2 * dx : 2 + 2 * dx + width] for _, dy, dx in OFFSETS]
    filled2 = [((a != background) & (a != NOTHING)).astype(np.int64) for a in around2]
    condition("filled_sides_at_2", sum(filled2[:4]))
    condition("filled_corners_at_2", sum(filled2[4:]))
    stack = np.stack(around)
    stack = np.where((stack == background) | (stack == NOTHING), NOTHING, stack)
    counts = np.zeros((11, height, width), np.int64)
    for plane in stack:
        np.put_along_axis(counts, plane[None].astype(np.int64),
                          np.take_along_axis(counts, plane[None].astype(np.int64), 0) + 1, 0)
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
        paint(name, np.where((largest == smallest) | ((sees[:4].sum(0) == 1) & (name == "seen_side")), smallest, NOTHING))


def line_layers(scene: Scene, condition: Emit, paint: Emit) -> None:
    """Layers of a cell's row and column: how full, of one colour, which colour leads, what stands at their ends."""
    grid, background = scene.grid, scene.background
    height, width = grid.shape
    for name, g in (("row", grid), ("column", grid.T)):
        lay = (lambda v: np.broadcast_to(v[:, None], (height, width))) if name == "row" else (
            lambda v: np.broadcast_to(v[None, :], (height, width)))
        filled = (g != background).sum(1)
        counts = np.stack([(g == c).sum(1) for c in range(10)], 1)
        full = counts.max(1) == g.shape[1]
        counts_front = counts.copy()
        counts_front[:, background] = 0
        lead = np.where(counts_front.max(1) > 0, counts_front.argmax(1), NOTHING)
        kinds = (counts_front > 0).sum(1)
        condition(f"{name}_filled", lay(np.minimum(filled, 40)))
        condition(f"{name}_is_empty", lay(filled == 0))
        condition(f"{name}_is_full", lay((filled == g.shape[1])))
        condition(f"{name}_is_one_color", lay(full))
        condition(f"{name}_most_filled", lay(filled == filled.max()))
        condition(f"{name}_colors", lay(kinds))
        condition(f"{name}_lead", lay(lead))
        condition(f"{name}_start", lay(g[:, 0]))
        condition(f"{name}_end", lay(g[:, -1]))
        condition(f"{name}_start_filled", lay(g[:, 0] != background))
        condition(f"{name}_end_filled", lay(g[:, -1] != background))
        rank = _dense_rank(filled.astype(np.int64))
        condition(f"{name}_fill_rank", lay(rank.max() - rank))
        counter = np.cumsum(filled > 0)
        condition(f"{name}_filled_before", lay(np.minimum(counter, 40)))
        paint(f"{name}_lead", lay(lead))
        paint(f"{name}_start", lay(np.where(g[:, 0] == background, NOTHING, g[:, 0])))
        paint(f"{name}_end", lay(np.where(g[:, -1] == background, NOTHING, g[:, -1])))
        only = np.where(kinds == 1, lead, NOTHING)
        paint(f"{name}_only_color", lay(only))


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
            rim = np.minimum(np.minimum(abs(y - rows[0]), abs(y - rows[-1])), np.minimum(abs(x - cols[0]), abs(x - cols[-1])))
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
        images |= {"transposed": grid.T, "antitransposed": grid[::-1, ::-1].T,
                   "rotated_90": np.rot90(grid), "rotated_270": np.rot90(grid, 3)}
    for name in ("mirror_lr", "mirror_ud", "rotated_180", "transposed", "antitransposed", "rotated_90", "rotated_270"):
        image = images.get(name)
        if image is None:
            condition(name, np.zeros(grid.shape, np.int64))
            paint(name, np.full(grid.shape, NOTHING))
        else:
            condition(name, image == background)
            paint(name, image)


FAMILIES: dict[str, Callable[[Scene, Emit, Emit], None]] = {
    "cell": color_layers,
    "near": neighbor_layers,
    "ray": ray_layers,
    "line": line_layers,
    "place": place_layers,
    "mirror": mirror_layers,
    **{
        name: (lambda scene, condition, paint, _name=name: object_layers(scene, _name, condition, paint))  # type: ignore[misc]
        for name in ("parts", "shapes4", "shapes8", "things4", "things8")
    },
}
"""Family name -> function that emits its layers; a layer's full name is `family.layer`."""


class LayerSet:
    """The layers of one scene, computed family by family when asked for."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.conditions: dict[str, Layer] = {}
        self.paints: dict[str, Layer] = {f"color{c}": np.full(scene.grid.shape, c, np.uint8) for c in range(10)}
        self._done: set[str] = set()

    def add_family(self, family: str) -> None:
        """Compute the layers of one family, once."""
        if family in self._done:
            return
        self._done.add(family)

        def condition(name: str, plane: "Layer | NDArray[np.int64] | NDArray[np.bool_]") -> None:
            self.conditions[f"{family}.{name}"] = plane.astype(np.uint8)

        def paint(name: str, plane: "Layer | NDArray[np.int64] | NDArray[np.bool_]") -> None:
            self.paints[f"{family}.{name}"] = plane.astype(np.uint8)

        FAMILIES[family](self.scene, condition, paint)

    def condition(self, name: str) -> Layer:
        """The condition layer of that full name."""
        self.add_family(name.split(".")[0])
        return self.conditions[name]

    def paint(self, name: str) -> Layer:
        """The paint of that full name (`color3` or `family.layer`)."""
        if "." in name:
            self.add_family(name.split(".")[0])
        return self.paints[name]

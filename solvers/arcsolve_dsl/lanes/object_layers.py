"""Layers of the object a cell belongs to: its size, shape, colour, place, and how it stands to the others."""

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.lanes.layer_base import NOTHING, Emit, count_equal, dense_rank
from arcsolve_dsl.lanes.segments import Prop, Scene, Segmentation


def object_features(scene: Scene, objects: Segmentation) -> dict[str, NDArray[np.int64]]:
    """Properties of each object that a rule can look at: name -> (n,) small numbers; the names are always the same."""
    if not len(objects.table):
        nobody = np.zeros((1, objects.table.shape[1]), objects.table.dtype)
        return {name: values[:0] for name, values in _features_of(nobody, scene.grid.shape).items()}
    return _features_of(objects.table, scene.grid.shape)


def _features_of(t: NDArray[np.int64], shape: tuple[int, ...]) -> dict[str, NDArray[np.int64]]:
    """Properties of the objects in a table that is not empty, on a grid of this shape."""
    area = t[:, Prop.AREA]
    rows = t[:, Prop.BOTTOM] - t[:, Prop.TOP] + 1
    cols = t[:, Prop.RIGHT] - t[:, Prop.LEFT] + 1
    top, left, bottom, right = (t[:, p] for p in (Prop.TOP, Prop.LEFT, Prop.BOTTOM, Prop.RIGHT))
    color = t[:, Prop.COLOR]
    rank = dense_rank(area)
    size_twins = count_equal(area)
    shape_twins = count_equal(t[:, Prop.SHAPE])
    pose_twins = count_equal(t[:, Prop.POSE])
    color_twins = count_equal(color)
    hole_rank = dense_rank(t[:, Prop.HOLES])
    symmetric = np.maximum(t[:, Prop.MIRROR_LR], t[:, Prop.MIRROR_UD])
    diagonal = np.maximum(t[:, Prop.MIRROR_DIAGONAL], t[:, Prop.MIRROR_ANTIDIAGONAL])
    return relations_of(t) | {
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
        "order_from_top": dense_rank(top),
        "order_from_left": dense_rank(left),
        "order_from_bottom": dense_rank(-bottom),
        "order_from_right": dense_rank(-right),
        "surround": t[:, Prop.SURROUND],
        "is_tallest": rows == rows.max(),
        "is_widest": cols == cols.max(),
        "touches_top": top == 0,
        "touches_bottom": bottom == shape[0] - 1,
        "touches_left": left == 0,
        "touches_right": right == shape[1] - 1,
        "box_area": rows * cols,
        "is_largest_box": rows * cols == (rows * cols).max(),
        "other_cells": area - t[:, Prop.MAIN_CELLS],
        "most_other_cells": area - t[:, Prop.MAIN_CELLS] == (area - t[:, Prop.MAIN_CELLS]).max(),
        "density": 60 * area // (rows * cols),
    }


MAX_RELATED = 100
"""Relations are not looked at in grids with more objects than this."""

RELATIONS = [
    "has_color_of_largest",
    "in_line_with_largest",
    "shares_row_with_color",
    "shares_column_with_color",
    "in_line_with_color",
    "in_line_with_other_color",
    "in_line",
    "boxes_around",
    "is_around_some",
    "is_inside_some",
    "is_rarest_color",
    "is_main_color",
    "has_shape_of_other_color",
]
"""Names of what `relations_of` gives."""


def relations_of(t: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """Relations of each object to the others, from the table of properties: name -> (n,) small numbers."""
    n = len(t)
    color = t[:, Prop.COLOR]
    if n > MAX_RELATED:
        return dict.fromkeys(RELATIONS, np.zeros(n, np.int64))
    top, left, bottom, right = (t[:, p] for p in (Prop.TOP, Prop.LEFT, Prop.BOTTOM, Prop.RIGHT))
    others = ~np.eye(n, dtype=bool)
    in_rows = (top[:, None] <= bottom[None]) & (top[None] <= bottom[:, None]) & others
    in_cols = (left[:, None] <= right[None]) & (left[None] <= right[:, None]) & others
    same = (color[:, None] == color[None]) & others
    around = (top[:, None] <= top[None]) & (bottom[:, None] >= bottom[None]) & others
    around &= (left[:, None] <= left[None]) & (right[:, None] >= right[None])
    largest = int(t[:, Prop.AREA].argmax())
    cells = np.bincount(color, weights=t[:, Prop.AREA], minlength=11)[color].astype(np.int64)
    twins = (t[:, Prop.SHAPE][:, None] == t[:, Prop.SHAPE][None]) & others
    found = (
        color == color[largest],
        in_rows[:, largest] + 2 * in_cols[:, largest],
        (in_rows & same).any(1),
        (in_cols & same).any(1),
        ((in_rows | in_cols) & same).any(1),
        ((in_rows | in_cols) & ~same).any(1),
        in_rows.any(1) + 2 * in_cols.any(1),
        around.sum(1),
        around.any(1),
        around.any(0),
        cells == cells.min(),
        cells == cells.max(),
        (twins & ~same).any(1),
    )
    return {name: np.asarray(v, np.int64) for name, v in zip(RELATIONS, found, strict=True)}


PART_FEATURES = [
    "size",
    "is_largest",
    "is_smallest",
    "size_rank",
    "size_rank_up",
    "is_single",
    "touches_border",
    "height",
    "width",
    "long_side",
    "short_side",
    "orientation",
    "is_square",
    "is_full",
    "is_line",
    "is_filled_square",
    "symmetric",
    "shape",
    "same_shape",
    "surround",
    "odd_size",
    "has_hole",
]
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


def object_layers(scene: Scene, condition: Emit, paint: Emit, convention: str) -> None:
    """Layers that tell each cell about the object it belongs to, under one convention (see `CONVENTIONS`)."""
    objects = scene.objects(convention)
    height, width = scene.grid.shape
    labels = objects.labels
    names = PART_FEATURES if convention == "parts" else None
    t = objects.table
    if objects.count == 0:
        t = np.zeros((1, t.shape[1]), np.int64)
        objects = Segmentation(labels, t)
    features = object_features(scene, objects)
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
    up, left, down, right = (
        np.where(inside, d, 98)
        for d in (y - box[0][labels], x - box[1][labels], box[2][labels] - y, box[3][labels] - x)
    )
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
        condition("count", np.full((height, width), min(int(labels.max()), 99)))
    surround = np.append(NOTHING, t[:, Prop.SURROUND])
    paint("surround", surround[labels])
    if convention.startswith("things"):
        paint("main_color", np.append(NOTHING, t[:, Prop.COLOR])[labels])
        paint("rare_color", np.append(NOTHING, t[:, Prop.RARE_COLOR])[labels])
    if convention.startswith("shapes"):
        _relations(objects, condition, paint)


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
        colors = np.unique(color[alike])
        if len(colors) == 2:
            twin[alike] = np.where(color[alike] == colors[0], colors[1], colors[0])
    condition("has_twin", np.append(0, (twin != NOTHING) + 1)[labels])
    paint("twin_color", np.append(NOTHING, twin)[labels])
    chosen = {
        "largest_color": area == area.max(),
        "smallest_color": area == area.min(),
        "unique_shape_color": count_equal(t[:, Prop.SHAPE]) == 1,
        "unique_color": count_equal(color) == 1,
        "most_objects_color": count_equal(color) == count_equal(color).max(),
        "most_holes_color": t[:, Prop.HOLES] == t[:, Prop.HOLES].max(),
        "single_color": area == 1,
    }
    for name, which in chosen.items():
        colors = np.unique(color[which])
        paint(name, np.full(labels.shape, colors[0] if len(colors) == 1 else NOTHING))

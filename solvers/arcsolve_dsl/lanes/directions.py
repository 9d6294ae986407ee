"""Directions that depend on the object: to the largest, the nearest, the border, its rare cell ..."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.lanes.segments import Prop, Scene

MODES = (
    "to-largest", "to-nearest", "to-rare-cell", "from-border", "to-other-color", "from-nearest", "to-border",
    "from-rare-cell", "to-heavy-side", "to-same-color",
)  # fmt: skip
"""Directions that depend on the object; numbers 8 and up stand for them."""


def _step_toward(dy: int, dx: int) -> int:
    """The direction number of a step, -1 for none."""
    return {(-1, 0): 0, (1, 0): 1, (0, -1): 2, (0, 1): 3, (-1, -1): 4, (-1, 1): 5, (1, -1): 6, (1, 1): 7}.get(
        (dy, dx), -1
    )


_OPPOSITE = np.array([1, 0, 3, 2, 7, 6, 5, 4, -1])


_STEPS = np.array([[4, 0, 5], [2, -1, 3], [6, 1, 7]])
"""Direction number of a step (dy + 1, dx + 1)."""

NO_GAP = 999


def _toward_all(t: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Direction from each object to each other and the gap between their boxes: (n, n); -1 where not in line."""
    top, left, bottom, right = (t[:, p] for p in (Prop.TOP, Prop.LEFT, Prop.BOTTOM, Prop.RIGHT))
    gap_y = np.maximum(top[None] - bottom[:, None], top[:, None] - bottom[None])
    gap_x = np.maximum(left[None] - right[:, None], left[:, None] - right[None])
    dy = np.where(gap_y > 0, np.sign(top[None] - top[:, None]), 0)
    dx = np.where(gap_x > 0, np.sign(left[None] - left[:, None]), 0)
    slanted = (gap_y > 0) & (gap_x > 0) & (gap_y != gap_x)
    return np.where(slanted, -1, _STEPS[dy + 1, dx + 1]), np.maximum(gap_y, gap_x)


def _nearest(direction: NDArray[np.int64], gap: NDArray[np.int64], which: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Direction to the nearest of the chosen objects, the lower number among equals; -1 for none."""
    order = np.where(which & (direction >= 0), gap * 16 + direction, NO_GAP * 16)
    best = order.min(1)
    return np.where(best < NO_GAP * 16, best % 16, -1)


def object_directions(scene: Scene, convention: str) -> NDArray[np.int64]:
    """Direction of each object under each of `MODES`, -1 for none: (modes, n); computed once for a scene."""
    key = f"directions:{convention}"
    if key not in scene.memo:
        scene.memo[key] = _object_directions(scene, convention)
    found: NDArray[np.int64] = scene.memo[key]
    return found


def _object_directions(scene: Scene, convention: str) -> NDArray[np.int64]:
    objects = scene.objects(convention)
    t = objects.table
    n = len(t)
    out = np.full((len(MODES), n), -1, np.int64)
    if n == 0:
        return out
    height, width = scene.grid.shape
    largest = int(t[:, Prop.AREA].argmax())
    alone = (t[:, Prop.AREA] == t[largest, Prop.AREA]).sum() == 1
    direction, gap = _toward_all(t)
    if alone:
        out[0] = np.where(np.arange(n) == largest, -1, direction[:, largest])
    others = ~np.eye(n, dtype=bool)
    same = t[:, Prop.COLOR][:, None] == t[:, Prop.COLOR][None]
    larger = t[:, Prop.AREA][None] > t[:, Prop.AREA][:, None]
    out[1] = _nearest(direction, gap, others)
    out[4] = _nearest(direction, gap, ~same)
    out[9] = _nearest(direction, np.where(larger, gap, gap + 100), same & others)
    for k in range(n):
        row = t[k]
        box = objects.box(k)
        mask = objects.labels[box] == k + 1
        middle_y, middle_x = (mask.shape[0] - 1) / 2, (mask.shape[1] - 1) / 2
        if row[Prop.N_COLORS] == 2:
            ys, xs = np.nonzero(mask & (scene.grid[box] == row[Prop.RARE_COLOR]))
            dy, dx = float(ys.mean() - middle_y), float(xs.mean() - middle_x)
            out[2, k] = _step_toward(int(np.sign(round(dy, 3))), int(np.sign(round(dx, 3))))
        ys, xs = np.nonzero(mask)
        dy, dx = float(ys.mean() - middle_y), float(xs.mean() - middle_x)
        out[8, k] = _step_toward(int(np.sign(round(dy, 3))), int(np.sign(round(dx, 3))))
        gaps = np.array([row[Prop.TOP], height - 1 - row[Prop.BOTTOM], row[Prop.LEFT], width - 1 - row[Prop.RIGHT]])
        if (gaps == 0).sum() == 1:
            out[3, k] = _OPPOSITE[int(gaps.argmin())]
        if (gaps == gaps.min()).sum() == 1:
            out[6, k] = int(gaps.argmin())
    out[5] = _OPPOSITE[out[1]]
    out[7] = _OPPOSITE[out[2]]
    return out


def direction_name(number: int) -> str:
    """The name of a direction number."""
    from arcsolve_dsl.lanes.traces import DIRECTIONS

    return DIRECTIONS[number] if number < 8 else MODES[number - 8]

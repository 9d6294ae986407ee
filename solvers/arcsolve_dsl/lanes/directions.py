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


def _toward(a: NDArray[np.int64], b: NDArray[np.int64]) -> tuple[int, int]:
    """Direction from object row `a` to object row `b` and the gap between their boxes; (-1, 99) if not in line."""
    gap_y = max(int(b[Prop.TOP] - a[Prop.BOTTOM]), int(a[Prop.TOP] - b[Prop.BOTTOM]))
    gap_x = max(int(b[Prop.LEFT] - a[Prop.RIGHT]), int(a[Prop.LEFT] - b[Prop.RIGHT]))
    dy = int(np.sign(b[Prop.TOP] - a[Prop.TOP])) if gap_y > 0 else 0
    dx = int(np.sign(b[Prop.LEFT] - a[Prop.LEFT])) if gap_x > 0 else 0
    if gap_y > 0 and gap_x > 0 and gap_y != gap_x:
        return -1, 99
    return _step_toward(dy, dx), max(gap_y, gap_x)


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
    for k in range(n):
        row = t[k]
        if alone and k != largest:
            out[0, k] = _toward(row, t[largest])[0]
        near, near_other, near_same = (99, -1), (99, -1), (999, -1)
        for j in range(n):
            if j == k:
                continue
            direction, gap = _toward(row, t[j])
            if direction < 0:
                continue
            near = min(near, (gap, direction))
            if t[j, Prop.COLOR] != row[Prop.COLOR]:
                near_other = min(near_other, (gap, direction))
            else:
                larger = t[j, Prop.AREA] > row[Prop.AREA]
                near_same = min(near_same, (gap if larger else gap + 100, direction))
        out[1, k], out[4, k], out[9, k] = near[1], near_other[1], near_same[1]
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

"""What an object may do with its partner: join, approach, align, reflect itself in it, copy it, continue the series.

The partner comes from the graph of objects (`object_graph`); each action lists cells and their colours as `trace` does.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.lanes.segments import Prop, Scene


class Tie(IntEnum):
    """Kinds of action with a partner; `b` is the action's variant."""

    JOIN = 100
    """Background between the two boxes, as wide as they face each other (`b` = 0) or in the middle only (1)."""
    APPROACH = 101
    """Its cells moved in line towards the partner until their boxes touch."""
    ALIGN = 102
    """Its cells moved so that tops (`b` = 0), bottoms (1), lefts (2), rights (3), middle rows (4), middle columns (5)
    or centres (6) are on one line."""
    REFLECT = 103
    """Its cells mirrored in the partner's middle column (`b` = 0), middle row (1), centre (2), all three (3), or turned
    by all quarters about the centre (4)."""
    COPY = 104
    """The partner's drawing in its own box (`b` = 0, boxes of one size), on its centre (1), or enlarged to its box (2).
    """
    SPAN = 105
    """Background in the box around both."""
    CONTINUE = 106
    """Copies by the step from the partner to it: one more (`b` = 0) or to the edge of the grid (1)."""


VARIANTS = {Tie.JOIN: 2, Tie.APPROACH: 1, Tie.ALIGN: 7, Tie.REFLECT: 5, Tie.COPY: 3, Tie.SPAN: 1, Tie.CONTINUE: 2}


class Painted(NamedTuple):
    """Flat indices of the cells that an action paints, and the colours they get if colours are kept."""

    cells: NDArray[np.int64] | NDArray[np.int32]
    colors: NDArray[np.uint8]


def tie(scene: Scene, convention: str, k: int, partner: int, act: Tie, b: int) -> Painted | None:
    """List the cells that an action of object `k` with its partner paints; None where it cannot be done."""
    objects = scene.objects(convention)
    if partner < 0:
        return None
    own, other = objects.table[k], objects.table[partner]
    if act in (Tie.JOIN, Tie.SPAN):
        box = _between(own, other, b) if act == Tie.JOIN else _span(own, other)
        if box is None:
            return None
        free = np.zeros(scene.grid.shape, bool)
        free[box] = scene.grid[box] == scene.background
        cells = np.flatnonzero(free)
        return Painted(cells, np.full(len(cells), own[Prop.COLOR], np.uint8))
    if act == Tie.COPY:
        return _copy(scene, convention, k, partner, b)
    ys, xs = np.nonzero(objects.labels == k + 1)
    colors = scene.grid[ys, xs]
    if act == Tie.REFLECT:
        return _reflect(scene, ys, xs, colors, other, b)
    if act == Tie.CONTINUE:
        dy, dx = int(own[Prop.TOP] - other[Prop.TOP]), int(own[Prop.LEFT] - other[Prop.LEFT])
        steps = np.arange(1, 2 if b == 0 else 31)
        return _inside(
            scene, (ys + steps[:, None] * dy).ravel(), (xs + steps[:, None] * dx).ravel(), np.tile(colors, len(steps))
        )
    move = _approach(own, other) if act == Tie.APPROACH else _align(own, other, b)
    if move is None:
        return None
    found = _inside(scene, ys + move[0], xs + move[1], colors)
    return found if len(found.cells) == len(ys) else None


def _inside(scene: Scene, ys: NDArray[np.int64], xs: NDArray[np.int64], colors: NDArray[np.uint8]) -> Painted:
    height, width = scene.grid.shape
    keep = (ys >= 0) & (xs >= 0) & (ys < height) & (xs < width)
    return Painted((ys * width + xs)[keep], colors[keep])


def _span(a: NDArray[np.int64], b: NDArray[np.int64]) -> tuple[slice, slice]:
    return (
        slice(int(min(a[Prop.TOP], b[Prop.TOP])), int(max(a[Prop.BOTTOM], b[Prop.BOTTOM])) + 1),
        slice(int(min(a[Prop.LEFT], b[Prop.LEFT])), int(max(a[Prop.RIGHT], b[Prop.RIGHT])) + 1),
    )


def _between(a: NDArray[np.int64], b: NDArray[np.int64], thin: int) -> tuple[slice, slice] | None:
    """The rectangle between two boxes that face each other."""
    ends = []
    for first, last in ((Prop.TOP, Prop.BOTTOM), (Prop.LEFT, Prop.RIGHT)):
        low, high = int(max(a[first], b[first])), int(min(a[last], b[last]))
        ends.append((low, high))
    (y0, y1), (x0, x1) = ends
    if y0 <= y1 and x1 < x0 - 1:
        rows = slice((y0 + y1) // 2, (y0 + y1 + 1) // 2 + 1) if thin else slice(y0, y1 + 1)
        return rows, slice(x1 + 1, x0)
    if x0 <= x1 and y1 < y0 - 1:
        cols = slice((x0 + x1) // 2, (x0 + x1 + 1) // 2 + 1) if thin else slice(x0, x1 + 1)
        return slice(y1 + 1, y0), cols
    return None


def _approach(a: NDArray[np.int64], b: NDArray[np.int64]) -> tuple[int, int] | None:
    moves = []
    for first, last in ((Prop.TOP, Prop.BOTTOM), (Prop.LEFT, Prop.RIGHT)):
        ahead, behind = int(b[first] - a[last] - 1), int(a[first] - b[last] - 1)
        moves.append(ahead if ahead >= 0 else -behind if behind >= 0 else None)
    dy, dx = moves
    if (dy is None) == (dx is None):
        return None
    return (dy, 0) if dy is not None else (0, dx or 0)


def _align(a: NDArray[np.int64], b: NDArray[np.int64], variant: int) -> tuple[int, int] | None:
    if variant < 4:
        edge = (Prop.TOP, Prop.BOTTOM, Prop.LEFT, Prop.RIGHT)[variant]
        step = int(b[edge] - a[edge])
        return (step, 0) if variant < 2 else (0, step)
    dy, odd_y = divmod(int(b[Prop.TOP] + b[Prop.BOTTOM] - a[Prop.TOP] - a[Prop.BOTTOM]), 2)
    dx, odd_x = divmod(int(b[Prop.LEFT] + b[Prop.RIGHT] - a[Prop.LEFT] - a[Prop.RIGHT]), 2)
    if (odd_y and variant != 5) or (odd_x and variant != 4):
        return None
    return (0 if variant == 5 else dy), (0 if variant == 4 else dx)


def _reflect(
    scene: Scene,
    ys: NDArray[np.int64],
    xs: NDArray[np.int64],
    colors: NDArray[np.uint8],
    axis: NDArray[np.int64],
    variant: int,
) -> Painted:
    cy, cx = int(axis[Prop.TOP] + axis[Prop.BOTTOM]), int(axis[Prop.LEFT] + axis[Prop.RIGHT])
    images = [(ys, cx - xs), (cy - ys, xs), (cy - ys, cx - xs)]
    if variant < 3:
        images = images[variant : variant + 1]
    elif variant == 4:
        if (cy + cx) % 2:
            return Painted(np.zeros(0, np.int64), np.zeros(0, np.uint8))
        half, rest = (cy + cx) // 2, (cy - cx) // 2
        images = [(rest + xs, half - ys), (cy - ys, cx - xs), (half - xs, ys - rest)]
    return _inside(
        scene,
        np.concatenate([y for y, _ in images]),
        np.concatenate([x for _, x in images]),
        np.tile(colors, len(images)),
    )


def _copy(scene: Scene, convention: str, k: int, partner: int, variant: int) -> Painted | None:
    objects = scene.objects(convention)
    box, source = objects.box(k), objects.box(partner)
    mask, drawing = objects.labels[source] == partner + 1, scene.grid[source]
    height, width = box[0].stop - box[0].start, box[1].stop - box[1].start
    top, left = box[0].start, box[1].start
    if variant == 0 and mask.shape != (height, width):
        return None
    if variant == 1:
        dy, odd_y = divmod(height - mask.shape[0], 2)
        dx, odd_x = divmod(width - mask.shape[1], 2)
        if odd_y or odd_x:
            return None
        top, left = top + dy, left + dx
    if variant == 2:
        factor, rest = divmod(height, mask.shape[0])
        if rest or factor < 2 or mask.shape[1] * factor != width:
            return None
        mask, drawing = (np.repeat(np.repeat(part, factor, 0), factor, 1) for part in (mask, drawing))
    ys, xs = np.nonzero(mask)
    return _inside(scene, ys + top, xs + left, drawing[ys, xs])


def judge(
    scene: Scene, output: NDArray[np.uint8], convention: str, partners: NDArray[np.int64], act: Tie, b: int
) -> NDArray[np.int64]:
    """Judge an action of every object against the output, with the three codes of `traces.try_actions`: (n, 3)."""
    verdict = np.zeros((len(partners), 3), np.int64)
    verdict[:, 0], verdict[:, 1] = -1, 10
    wanted, before = output.ravel(), scene.grid.ravel()
    for k, partner in enumerate(partners.tolist()):
        found = tie(scene, convention, k, partner, act, b)
        if found is None or not len(found.cells):
            continue
        shown = wanted[found.cells]
        verdict[k, 0] = bool((shown == found.colors).all())
        verdict[k, 1] = shown[0] if (shown == shown[0]).all() else 10
        verdict[k, 2] = (shown != before[found.cells]).sum()
    return verdict

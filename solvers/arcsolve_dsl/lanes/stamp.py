"""Stamps: a template found in the grid is copied so that its anchor cells meet like cells, or onto markers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.lanes.parts import MAX_PARTS, parts_of, pick_index
from arcsolve_dsl.lanes.segments import ByteGrid, Prop, Scene


class Template(NamedTuple):
    """A multicoloured object: its cells (10 where it has none), and where it stands."""

    cells: ByteGrid
    top: int
    left: int


NO_CELL = 10


def find_templates(scene: Scene, kind: str, feature: str, which: str) -> list[Template]:
    """The object that a feature sets apart, or ("every") all objects with the most values of it, as templates."""
    parts = parts_of(scene, kind)
    if not 1 <= parts.objects.count <= MAX_PARTS:
        return []
    if which == "every":
        values = parts.features[feature]
        found = np.flatnonzero(values == values.max()).tolist()
    else:
        index = pick_index(parts.features, feature, which)
        found = [index] if index >= 0 else []
    templates = []
    for index in found:
        box = parts.objects.box(index)
        cells = np.where(parts.objects.labels[box] == index + 1, scene.grid[box], NO_CELL).astype(np.uint8)
        templates.append(Template(cells, box[0].start, box[1].start))
    return templates


def _turned(cells: NDArray[Any], turn: int) -> NDArray[Any]:
    """One of the eight symmetries of a template, 0 for none."""
    if turn >= 4:
        cells = cells.T
    return np.rot90(cells, turn % 4)


def stamp_anchors(scene: Scene, templates: list[Template], turns: int, scales: int, erase: bool) -> ByteGrid | None:
    """Copy templates wherever their anchors stand alone; anchors are their cells of colours seen outside of them.

    Args:
        scene: the grid.
        templates: what is copied.
        turns: how many of the eight symmetries are tried (1 or 8).
        scales: cells of the template may be blocks up to this size.
        erase: whether the template itself goes.

    Returns:
        The grid with the copies; None if there are no anchors, or nothing is copied.
    """
    grid, background = scene.grid, scene.background
    free = grid.copy()
    for template in templates:
        h, w = template.cells.shape
        own = free[template.top : template.top + h, template.left : template.left + w]
        own[template.cells != NO_CELL] = background
    outside = set(np.unique(free).tolist()) - {background}
    out = free.copy() if erase else grid.copy()
    left_over = free.copy()
    copies = 0
    for template in templates:
        anchor = np.isin(template.cells, list(outside))
        if not anchor.any() or anchor.sum() == (template.cells != NO_CELL).sum():
            return None
        for scale in range(scales, 0, -1):
            for turn in range(turns if anchor.sum() > 1 else 1):
                cells = np.repeat(np.repeat(_turned(template.cells, turn), scale, 0), scale, 1)
                marks = np.repeat(np.repeat(_turned(anchor, turn), scale, 0), scale, 1)
                copies += _copy(cells, marks, free, left_over, out, background)
    return out if copies else None


def _copy(
    cells: ByteGrid, marks: NDArray[np.bool_], free: ByteGrid, left_over: ByteGrid, out: ByteGrid, background: int
) -> int:
    """Copy one turned and scaled template into `out` wherever its marks fit into `left_over`; returns how often."""
    height, width = out.shape
    ys, xs = np.nonzero(marks)
    colors = cells[ys, xs]
    other_y, other_x = np.nonzero((cells != NO_CELL) & ~marks)
    copies = 0
    for y0, x0 in zip(*np.nonzero(left_over == colors[0]), strict=True):
        dy, dx = int(y0) - int(ys[0]), int(x0) - int(xs[0])
        py, px = ys + dy, xs + dx
        if py.min() < 0 or px.min() < 0 or py.max() >= height or px.max() >= width:
            continue
        if not np.array_equal(left_over[py, px], colors):
            continue
        qy, qx = other_y + dy, other_x + dx
        inside = (qy >= 0) & (qx >= 0) & (qy < height) & (qx < width)
        qy, qx = qy[inside], qx[inside]
        if (free[qy, qx] != background).any():
            continue
        out[py, px] = colors
        out[qy, qx] = cells[other_y[inside], other_x[inside]]
        left_over[py, px] = background
        copies += 1
    return copies


def stamp_markers(scene: Scene, template: Template, at: tuple[int, int], erase: bool) -> ByteGrid | None:
    """Copy a template onto every single cell that is no part of it.

    Args:
        scene: the grid.
        template: what is copied.
        at: which of its cells meets the marker: row 0 top, 1 middle, 2 bottom; column likewise.
        erase: whether the template itself goes.
    """
    grid, background = scene.grid, scene.background
    height, width = grid.shape
    h, w = template.cells.shape
    out = grid.copy()
    if erase:
        own = out[template.top : template.top + h, template.left : template.left + w]
        own[template.cells != NO_CELL] = background
    markers = [row for row in scene.objects("things8").table if row[Prop.AREA] == 1]
    if not markers or (template.cells != NO_CELL).sum() == 1:
        return None
    ay, ax = (h - 1) * at[0] // 2, (w - 1) * at[1] // 2
    ys, xs = np.nonzero(template.cells != NO_CELL)
    for row in markers:
        py, px = ys + row[Prop.TOP] - ay, xs + row[Prop.LEFT] - ax
        inside: NDArray[np.bool_] = (py >= 0) & (px >= 0) & (py < height) & (px < width)
        out[row[Prop.TOP], row[Prop.LEFT]] = background
        out[py[inside], px[inside]] = template.cells[ys[inside], xs[inside]]
    return out


PICKS = (("things8", "size", "most"), ("things8", "kinds", "most"), ("things4", "size", "most"),
         ("things8", "is_single", "least"), ("things8", "kinds", "every"))  # fmt: skip
"""Ways to tell which object is the template."""


def ways() -> Iterator[tuple[str, str, str, str, int, int, bool]]:
    """All stamps worth trying: kind, feature, which, way, two numbers, erase."""
    for kind, feature, which in PICKS:
        for erase in (False, True):
            for turns, scales in ((1, 1), (8, 1), (1, 3), (8, 3)):
                yield kind, feature, which, "anchors", turns, scales, erase
            for y in range(3):
                for x in range(3):
                    yield kind, feature, which, "markers", y, x, erase


def stamp_cells(
    scene: Scene, kind: str, feature: str, which: str, way: str, first: int, second: int, erase: bool
) -> ByteGrid | None:
    """Find the template and stamp it; see `ways` for the arguments."""
    templates = find_templates(scene, kind, feature, which)
    if not templates:
        return None
    if way == "anchors":
        return stamp_anchors(scene, templates, first, second, erase)
    return stamp_markers(scene, templates[0], (first, second), erase) if len(templates) == 1 else None

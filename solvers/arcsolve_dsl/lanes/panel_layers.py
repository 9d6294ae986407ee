"""Layers of the panel a cell lies in, where lines cut the grid into panels: its place, content, and its like."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.lanes.layer_base import NOTHING, Emit, count_equal
from arcsolve_dsl.lanes.segments import Scene
from arcsolve_dsl.lanes.views import separators, spans

MAX_PANELS = 150
NUMBERS = (
    "row", "column", "filled", "most_filled", "least_filled", "colors", "lead", "is_full", "same_pattern", "is_odd",
    "row_parity", "column_parity", "last_row", "last_column", "on_diagonal", "has_most_colors",
)  # fmt: skip
"""One number for each panel."""
PLACES = ("y", "x", "y_from_end", "x_from_end", "edge")
"""Where in its panel a cell lies."""
CHOSEN = ("most", "least", "odd")
"""Panels looked up at the same place, or as a map of the panels: the most filled, the least, the odd one."""


def panel_layers(scene: Scene, condition: Emit, paint: Emit) -> None:
    """Emit the layers; all 0, and paints that say nothing, where there are no panels."""
    grid = scene.grid
    found = separators(grid)
    ys = spans(found[0], grid.shape[0]) if found else []
    xs = spans(found[1], grid.shape[1]) if found else []
    label = np.zeros(grid.shape, np.int64)
    n = len(ys) * len(xs)
    if not 2 <= n <= MAX_PANELS:
        n, ys, xs = 0, [], []
    place = np.zeros((len(PLACES), *grid.shape), np.int64)
    cells: list[NDArray[np.uint8]] = []
    for a, b in ys:
        for c, d in xs:
            cells.append(grid[a:b, c:d])
            label[a:b, c:d] = len(cells)
            y, x = np.indices((b - a, d - c))
            place[0, a:b, c:d], place[1, a:b, c:d] = y + 1, x + 1
            place[2, a:b, c:d], place[3, a:b, c:d] = b - a - y, d - c - x
            place[4, a:b, c:d] = np.minimum.reduce([y, x, b - a - 1 - y, d - c - 1 - x]) + 1
    numbers = np.zeros((len(NUMBERS), n + 1), np.int64)
    if n:
        numbers[:, 1:] = _panel_numbers(cells, len(ys), len(xs), scene.background)
    for name, values in zip(NUMBERS, numbers, strict=True):
        condition(name, np.minimum(values, 200)[label])
    for name, plane in zip(PLACES, place, strict=True):
        condition(name, plane)
    condition("inside", label > 0)
    lead = np.where(numbers[NUMBERS.index("lead")] > 0, numbers[NUMBERS.index("lead")] - 1, NOTHING)
    paint("lead", lead[label])
    _looked_up(cells, label, place, numbers, (len(ys), len(xs)), scene.background, condition, paint)


def _panel_numbers(cells: list[NDArray[np.uint8]], rows: int, cols: int, background: int) -> NDArray[np.int64]:
    """The `NUMBERS` of each panel, all from 1 so that 0 means "no panel": (numbers, panels)."""
    counts = np.stack([np.bincount(c.ravel(), minlength=10) for c in cells])
    counts[:, background] = 0
    filled = counts.sum(1)
    kinds = (counts > 0).sum(1)
    row, col = np.divmod(np.arange(len(cells)), cols)
    patterns = {(c.shape, (c != background).tobytes()): i for i, c in enumerate(cells)}
    pattern = np.array([patterns[(c.shape, (c != background).tobytes())] for c in cells])
    twins = count_equal(pattern)
    return np.stack(
        [
            row + 1, col + 1, filled + 1, (filled == filled.max()) + 1, (filled == filled.min()) + 1, kinds + 1,
            np.where(filled > 0, counts.argmax(1) + 1, 0), np.array([(c == c.flat[0]).all() for c in cells]) + 1,
            twins + 1, (twins == 1) + 1, row % 2 + 1, col % 2 + 1, rows - row, cols - col, (row == col) + 1,
            (kinds == kinds.max()) + 1,
        ]
    ).astype(np.int64)  # fmt: skip


def _looked_up(
    cells: list[NDArray[np.uint8]],
    label: NDArray[np.int64],
    place: NDArray[np.int64],
    numbers: NDArray[np.int64],
    shape: tuple[int, int],
    background: int,
    condition: Emit,
    paint: Emit,
) -> None:
    """Layers that read other panels: the same place in a chosen panel, and a chosen panel as a map of all panels."""
    empty = np.full(label.shape, NOTHING)
    inside = label > 0
    sizes = {c.shape for c in cells}
    if len(sizes) == 1:
        y, x = np.where(inside, place[0] - 1, 0), np.where(inside, place[1] - 1, 0)
        stack = np.stack(cells)
        condition("filled_here", np.where(inside, (stack != background).sum(0)[y, x] + 1, 0))
    else:
        condition("filled_here", np.zeros(label.shape, np.int64))
    row, col = np.maximum(numbers[0][label] - 1, 0), np.maximum(numbers[1][label] - 1, 0)
    for name in CHOSEN:
        index = _chosen(numbers, name) if cells else -1
        here = there = empty
        if index >= 0:
            chosen = cells[index].astype(np.int64)
            if len(sizes) == 1:
                here = np.where(inside, chosen[y, x], NOTHING)
            if chosen.shape == shape:
                there = np.where(inside, chosen[row, col], NOTHING)
        paint(f"here_in_{name}", here)
        condition(f"empty_in_{name}", np.where(here == NOTHING, 2, here == background))
        paint(f"map_{name}", there)
        condition(f"color_map_{name}", there)


def _chosen(numbers: NDArray[np.int64], name: str) -> int:
    """Index of the one panel that is most or least filled or has a pattern of its own; -1 for none or several."""
    filled, odd = numbers[2, 1:], numbers[9, 1:] == 2
    which = filled == filled.max() if name == "most" else filled == filled.min() if name == "least" else odd
    hits = np.flatnonzero(which)
    return int(hits[0]) if len(hits) == 1 else -1

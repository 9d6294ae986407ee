"""Landmarks of relations: which objects, rows and patches of the output does the input hold; what decides its size?"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterable, Sequence

import numpy as np

from arcsolve import Grid
from arcsolve_ensemble.features.change import contains
from arcsolve_ensemble.features.components import Cells, box, components

MAX_PAIRS = 4
RELATION_NAMES = (
    *("objects_kept", "objects_recoloured", "objects_moved", "objects_copied", "objects_new"),
    *("shapes", "single_cells", "rectangles", "object_colours", "object_spread", "most_new"),
    *("size_of_panel", "size_of_part", "size_of_drawing", "size_of_colour", "size_rule"),
    *("in_symmetry", "out_symmetry", "test_symmetry", "in_period", "out_period"),
    *("turned_crop", "rows_known", "columns_known", "patches_known"),
    *("in_length", "out_length", "test_length", "in_density", "out_density", "joint_length", "change_length"),
    *("log_test_area", "log_out_area"),
)


def relation_landmarks(pairs: Sequence[tuple[Grid, Grid]], tests: Sequence[Grid]) -> dict[str, float]:
    """Return landmarks of *pairs* and *tests*.

    Returns:
        Shares of output objects that the input has, has in another colour, elsewhere, elsewhere in another colour, or
        has not; the input's objects; what has the output's size; symmetry and periods; output rows, columns and 2x2
        patches that the input has; compressed lengths (log bytes), per cell and together; log areas.
    """
    values = (
        *_object_relations(pairs),
        *_size_relations(pairs),
        *(_mean(_symmetry(grid) for grid in grids) for grids in ([a for a, _ in pairs], [b for _, b in pairs], tests)),
        _mean(_period(a) for a, _ in pairs),
        _mean(_period(b) for _, b in pairs),
        _mean(_is_turned_crop(a, b) for a, b in pairs),
        _mean(_rows_known(a, b) for a, b in pairs),
        _mean(_rows_known(a.T, b.T) for a, b in pairs),
        _mean(_patches_known(a, b) for a, b in pairs),
        *_lengths(pairs, tests),
        float(np.log(_mean(test.size for test in tests))),
        float(np.log(_mean(b.size for _, b in pairs))),
    )
    return dict(zip(RELATION_NAMES, values, strict=True))


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))


def _shape(cells: Cells) -> frozenset[tuple[int, int]]:
    top, _, left, _ = box(cells)
    return frozenset((r - top, c - left) for r, c in cells)


def _object_relations(pairs: Sequence[tuple[Grid, Grid]]) -> list[float]:
    keeps_size = all(a.shape == b.shape for a, b in pairs)
    rows = []
    for a, b in pairs[:MAX_PAIRS]:
        background = int(np.bincount(a.ravel()).argmax())
        behind = background if keeps_size else int(np.bincount(b.ravel()).argmax())
        before = [(int(a[cells[0]]), cells) for cells in components(a, background)]
        after = [(int(b[cells[0]]), cells) for cells in components(b, behind)]
        places = {frozenset(cells) for _, cells in before}
        same = {(colour, frozenset(cells)) for colour, cells in before}
        shapes = {_shape(cells) for _, cells in before}
        coloured = {(colour, _shape(cells)) for colour, cells in before}
        counts = np.zeros(5)
        for colour, cells in after:
            place = frozenset(cells)
            if (colour, place) in same:
                counts[0] += 1
            elif place in places:
                counts[1] += 1
            elif (colour, _shape(cells)) in coloured:
                counts[2] += 1
            elif _shape(cells) in shapes:
                counts[3] += 1
            else:
                counts[4] += 1
        shares = counts / max(1, len(after))
        sizes = [len(cells) for _, cells in before] or [0]
        boxes = [box(cells) for _, cells in before]
        is_full = [
            (bottom - top) * (right - left) == size
            for (top, bottom, left, right), size in zip(boxes, sizes, strict=False)
        ]
        own = (
            np.log1p(len(shapes)),
            float(np.mean([size == 1 for size in sizes])),
            float(np.mean(is_full)) if is_full else 0.0,
            len({colour for colour, _ in before}),
            np.log1p(np.std(sizes)),
        )
        rows.append([*shares.tolist(), *own])
    means = np.mean(np.array(rows, dtype=np.float64), axis=0).tolist()
    return [*means, max(float(row[4]) for row in rows)]


def _size_relations(pairs: Sequence[tuple[Grid, Grid]]) -> list[float]:
    of_panel, of_part, of_drawing, of_colour = [], [], [], []
    for a, b in pairs:
        background = int(np.bincount(a.ravel()).argmax())
        heights = _stretches((a == a[:, :1]).all(axis=1) & (a[:, 0] != background))
        widths = _stretches((a == a[:1]).all(axis=0) & (a[0] != background))
        is_cut = len(heights) * len(widths) > 1
        of_panel.append(is_cut and set(heights) == {b.shape[0]} and set(widths) == {b.shape[1]})
        down, right = a.shape[0] % b.shape[0] == 0, a.shape[1] % b.shape[1] == 0
        of_part.append((down and a.shape[1] == b.shape[1]) or (right and a.shape[0] == b.shape[0]))
        of_drawing.append(_extent(a != background) == b.shape)
        of_colour.append(any(_extent(a == colour) == b.shape for colour in np.unique(a)))
    shares = [_mean(flags) for flags in (of_panel, of_part, of_drawing, of_colour)]
    ratios = {(b.shape[0] / a.shape[0], b.shape[1] / a.shape[1]) for a, b in pairs}
    rules = (
        ratios == {(1.0, 1.0)},
        len(ratios) == 1,
        len({b.shape for _, b in pairs}) == 1,
        shares[2] == 1,
        shares[3] == 1,
        True,
    )
    return [*shares, float(rules.index(True))]


def _stretches(is_line: Grid) -> list[int]:
    edges = [-1, *np.flatnonzero(is_line).tolist(), len(is_line)]
    return [high - low - 1 for low, high in itertools.pairwise(edges) if high > low + 1]


def _extent(mask: Grid) -> tuple[int, int]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return (int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1) if len(rows) else (0, 0)


def _symmetry(grid: Grid) -> float:
    """Return the share of cells that agree with their mirror images, about the best axis."""
    shares = [(grid == other).mean() for other in (grid[::-1], grid[:, ::-1], grid[::-1, ::-1])]
    if grid.shape[0] == grid.shape[1]:
        shares.append((grid == grid.T).mean())
    return float(max(shares))


def _period(grid: Grid) -> float:
    """Return the periods of rows and columns relative to the sides, averaged; 1 without any."""
    height, width = grid.shape
    down = next((p for p in range(1, height) if (grid[p:] == grid[:-p]).all()), height)
    right = next((p for p in range(1, width) if (grid[:, p:] == grid[:, :-p]).all()), width)
    return float((down / height + right / width) / 2)


def _is_turned_crop(a: Grid, b: Grid) -> bool:
    if a.shape == b.shape or b.size > a.size:
        return False
    return any(contains(a, np.ascontiguousarray(t)) for t in (b, b[::-1], b[:, ::-1], np.rot90(b)))


def _rows_known(a: Grid, b: Grid) -> float:
    known = {row.tobytes() for row in a}
    return _mean(row.tobytes() in known for row in b)


def _patches_known(a: Grid, b: Grid) -> float:
    if min(*a.shape, *b.shape) < 2:
        return -1.0
    before, after = (
        ((g[:-1, :-1].astype(np.int64) * 10 + g[:-1, 1:]) * 10 + g[1:, :-1]) * 10 + g[1:, 1:] for g in (a, b)
    )
    return float(np.isin(after, before).mean())


def _compressed(grids: Iterable[Grid], level: int = 1) -> int:
    return len(zlib.compress(b"\xff".join(grid.astype(np.int8).tobytes() for grid in grids), level))


def _lengths(pairs: Sequence[tuple[Grid, Grid]], tests: Sequence[Grid]) -> list[float]:
    ins, outs = [a for a, _ in pairs], [b for _, b in pairs]
    before, after = _compressed(ins), _compressed(outs)
    together = _compressed((grid for pair in pairs for grid in pair), level=6)
    keeps_size = all(a.shape == b.shape for a, b in pairs)
    changes = _compressed(np.where(a == b, 10, b) for a, b in pairs) if keeps_size else after
    return [
        float(np.log(before / len(pairs))),
        float(np.log(after / len(pairs))),
        float(np.log(_compressed(tests) / len(tests))),
        before / sum(grid.size for grid in ins),
        after / sum(grid.size for grid in outs),
        together / (before + after),
        float(np.log(changes / len(pairs))),
    ]

"""Landmarks of neighbourhoods: does what surrounds a cell in other demonstrations tell its output colour?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from arcsolve import Grid
from arcsolve_ensemble.arrays import Ints
from arcsolve_ensemble.features.cell_rules import colours_in_sight, reached_from_border

_HASH = np.random.default_rng(20240601).integers(1, 2**60, 25)


def _patches(grid: Grid, radius: int) -> Ints:
    """Return one hash per cell of the square of cells around it; outside counts as a colour of its own."""
    padded = np.pad(grid.astype(np.int64) + 1, radius, constant_values=12)
    total = np.zeros(grid.shape, dtype=np.int64)
    side = 2 * radius + 1
    for at in range(side * side):
        top, left = divmod(at, side)
        total += padded[top : top + grid.shape[0], left : left + grid.shape[1]] * _HASH[at]
    return total


def _sight(grid: Grid) -> Ints:
    code = grid.astype(np.int64)
    for colours in colours_in_sight(grid):
        code = code * 13 + colours
    return code


_KEYS: Mapping[str, Callable[[Grid], Ints]] = {
    "cell": lambda grid: grid.astype(np.int64),
    "near": lambda grid: _patches(grid, 1),
    "wide": lambda grid: _patches(grid, 2),
    "sight": _sight,
}
_MEASURES = ("error", "changes", "conflict", "exact", "test")
_CHANGE_NAMES = ("enclosed", "aligned", "new_colours_used", "changes_compact", "log_changes", "same_colours_used")
NEIGHBOURHOOD_NAMES = (*(f"{key}_{measure}" for key in _KEYS for measure in _MEASURES), *_CHANGE_NAMES)


def neighbourhood_landmarks(pairs: Sequence[tuple[Grid, Grid]], tests: Sequence[Grid]) -> dict[str, float]:
    """Return landmarks of *pairs*; fixed values where a demonstration changes its size.

    Returns:
        Per kind of neighbourhood, each demonstration held out in turn: wrong cells, changed cells told right; then
        contradictory cells, demonstrations told right, cells of *tests* whose neighbourhood is known. Of the changed
        cells: share that the drawing encloses, share in a row or column that has their colour, their number of
        colours, share of their bounding box, log number, whether their colours are always the same.
    """
    if any(a.shape != b.shape for a, b in pairs):
        worst = {"error": 1.0, "changes": 0.0, "conflict": 1.0, "exact": 0.0, "test": 0.0}
        found = {f"{key}_{measure}": worst[measure] for key in _KEYS for measure in _MEASURES}
        return found | dict.fromkeys(_CHANGE_NAMES, -1.0)
    found = {}
    for name, key_of in _KEYS.items():
        for measure, value in _determined(key_of, pairs, tests).items():
            found[f"{name}_{measure}"] = value
    return found | _changes(pairs)


def _determined(
    key_of: Callable[[Grid], Ints], pairs: Sequence[tuple[Grid, Grid]], tests: Sequence[Grid]
) -> dict[str, float]:
    sizes = [a.size for a, _ in pairs]
    own = np.concatenate([a.ravel() for a, _ in pairs])
    out = np.concatenate([b.ravel() for _, b in pairs]).astype(np.int64)
    source = np.repeat(np.arange(len(pairs)), sizes)
    known, key = np.unique(np.concatenate([key_of(a).ravel() for a, _ in pairs]), return_inverse=True)
    table = np.zeros((len(known), len(pairs), 10), dtype=np.int32)
    np.add.at(table, (key, source, out), 1)
    total = table.sum(axis=1)
    others = total[key] - table[key, source]
    told = np.where(others.any(axis=1), others.argmax(axis=1), own)
    right, changed = told == out, own != out
    by_pair = np.bincount(source, weights=~right, minlength=len(pairs))
    return {
        "error": float(1 - right.mean()),
        "changes": float(right[changed].mean()) if changed.any() else 1.0,
        "conflict": float(1 - total.max(axis=1).sum() / len(out)),
        "exact": float((by_pair == 0).mean()),
        "test": float(np.mean([np.isin(key_of(test), known).mean() for test in tests])),
    }


def _changes(pairs: Sequence[tuple[Grid, Grid]]) -> dict[str, float]:
    rows, palettes, counts = [], set(), []
    for a, b in pairs:
        changed = a != b
        counts.append(int(changed.sum()))
        palettes.add(tuple(np.unique(b[changed]).tolist()))
        if not changed.any():
            continue
        is_free = a == int(np.bincount(a.ravel()).argmax())
        colours = np.arange(10)[:, None, None] == a
        at_rows, at_columns = np.nonzero(changed)
        new = b[changed].astype(np.int64)
        aligned = colours.any(axis=2)[new, at_rows] | colours.any(axis=1)[new, at_columns]
        extent = (np.ptp(at_rows) + 1) * (np.ptp(at_columns) + 1)
        enclosed = is_free & ~reached_from_border(is_free)
        rows.append((enclosed[changed].mean(), aligned.mean(), len(np.unique(new)), len(new) / extent))
    means = np.mean(rows, axis=0).tolist() if rows else [0.0, 0.0, 0.0, 1.0]
    values = (*means, float(np.log1p(np.mean(counts))), float(len(palettes) == 1))
    return dict(zip(_CHANGE_NAMES, (float(value) for value in values), strict=True))

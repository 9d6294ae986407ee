"""Landmarks of cell rules: can few properties of a cell and its surroundings tell the cell's output colour?

A landmark is a feature that a very cheap solver's success gives (Pfahringer, Bensusan, Giraud-Carrier 2000). This one
picks properties greedily, the one that leaves the fewest output cells contradictory first.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from arcsolve import Grid
from arcsolve_ensemble.arrays import Bools, Ints
from arcsolve_ensemble.features.components import box, components

DEPTH = 3
MAX_CELLS = 1500
CODES = 16
"""Values that a property may take."""
RULE_NAMES = (
    "rule_error_0",
    "rule_error_1",
    "rule_error_2",
    "rule_error_3",
    "rule_keys",
    "rule_depth",
    "rule_held_out_error",
    "rule_held_out_changes",
    "rule_held_out_exact",
    "rule_held_out_known",
)


def rule_landmarks(pairs: Sequence[tuple[Grid, Grid]]) -> dict[str, float]:
    """Return landmarks of *pairs*, the two grids of each of one size.

    Returns:
        Contradictory cells after 0 to 3 properties, relative to the cells that change; log number of value
        combinations; properties needed (5: more than three); and, each demonstration held out in turn, wrong cells,
        changed cells told right, demonstrations told right, cells whose combination was seen.
    """
    table = np.concatenate([cell_properties(a).reshape(-1, a.size) for a, _ in pairs], axis=1)
    own = np.concatenate([a.ravel() for a, _ in pairs]).astype(np.int64)
    out = np.concatenate([b.ravel() for _, b in pairs]).astype(np.int64)
    source = np.repeat(np.arange(len(pairs)), [a.size for a, _ in pairs])
    if len(own) > MAX_CELLS:
        kept = _sample(own != out)
        table, own, out, source = table[:, kept], own[kept], out[kept], source[kept]
    is_changed = own != out
    changes = max(1, int(is_changed.sum()))
    key, count = own, 10
    errors = [_contradictions(key, out, count)[0] / changes]
    combinations = len(np.unique(key))
    for _ in range(DEPTH):
        if errors[-1] == 0:
            errors.append(0.0)
            continue
        scores = [(*_contradictions(key * CODES + values, out, count * CODES), at) for at, values in enumerate(table)]
        wrong, combinations, chosen = min(scores)
        key = np.unique(key * CODES + table[chosen], return_inverse=True)[1]
        count = combinations
        errors.append(wrong / changes)
    return {
        "rule_error_0": float(np.log1p(errors[0])),
        "rule_error_1": errors[1],
        "rule_error_2": errors[2],
        "rule_error_3": errors[3],
        "rule_keys": float(np.log(combinations)),
        "rule_depth": float(next((depth for depth, error in enumerate(errors) if error == 0), 5)),
        **_held_out(key, own, out, source, is_changed),
    }


def _sample(is_changed: Bools) -> Ints:
    """Return `MAX_CELLS` places, at most half of them changed cells; the same ones every time."""
    rng = np.random.default_rng(0)
    changed, others = rng.permutation(np.flatnonzero(is_changed)), rng.permutation(np.flatnonzero(~is_changed))
    changed = changed[: max(MAX_CELLS // 2, MAX_CELLS - len(others))]
    return np.concatenate([changed, others[: MAX_CELLS - len(changed)]])


def _contradictions(key: Ints, out: Ints, count: int) -> tuple[int, int]:
    """Return the cells that the majority of their key's cells contradicts, and the number of keys."""
    table = np.bincount(key * 10 + out, minlength=count * 10).reshape(-1, 10)
    most = table.max(axis=1)
    return len(out) - int(most.sum()), int(np.count_nonzero(most))


def _held_out(key: Ints, own: Ints, out: Ints, source: Ints, is_changed: Bools) -> dict[str, float]:
    pairs = int(source.max()) + 1
    table = np.zeros((int(key.max()) + 1, pairs, 10), dtype=np.int32)
    np.add.at(table, (key, source, out), 1)
    others = table.sum(axis=1)[key] - table[key, source]
    is_known = others.sum(axis=1) > 0
    wrong = np.where(is_known, others.argmax(axis=1), own) != out
    by_pair = np.bincount(source, weights=wrong, minlength=pairs)
    return {
        "rule_held_out_error": float(wrong.sum() / max(1, is_changed.sum())),
        "rule_held_out_changes": float(1 - wrong[is_changed].mean()) if is_changed.any() else 1.0,
        "rule_held_out_exact": float((by_pair == 0).mean()),
        "rule_held_out_known": float(is_known.mean()),
    }


def cell_properties(grid: Grid) -> Ints:
    """Return (properties, height, width) codes below `CODES`: colours in sight, neighbours, object, place, mirrors."""
    a = grid.astype(np.int64)
    height, width = a.shape
    background = int(np.bincount(a.ravel()).argmax())
    (left, to_left), (right, to_right), (up, to_up), (down, to_down) = _sights(a, background)
    around = np.pad(a, 1, constant_values=11)
    four = [around[:-2, 1:-1], around[2:, 1:-1], around[1:-1, :-2], around[1:-1, 2:]]
    eight = [*four, around[:-2, :-2], around[:-2, 2:], around[2:, :-2], around[2:, 2:]]
    i, j = np.indices(a.shape)
    is_drawn = a != background
    rows = [
        *(left, right, up, down),
        (left == right) * (left + 1),
        (up == down) * (up + 1),
        (left == right) | (up == down),
        sum((x != background) & (x != 11) for x in four),
        sum((x != background) & (x != 11) for x in eight[4:]),
        sum(x == a for x in four),
        np.maximum.reduce([np.where(x != background, x, -1) for x in four]) + 1,
        np.maximum.reduce([np.where((x != background) & (x != a), x, -1) for x in eight]) + 1,
        ~is_drawn & ~reached_from_border(~is_drawn),
        *_object_properties(grid, background),
        *(i % 2, j % 2, (i + j) % 2, i % 3, j % 3),
        *(a[:, ::-1], a[::-1], a[::-1, ::-1], a.T if height == width else a),
        np.broadcast_to((is_drawn.any(axis=1) + 1 * is_drawn.all(axis=1))[:, None], a.shape),
        np.broadcast_to((is_drawn.any(axis=0) + 1 * is_drawn.all(axis=0))[None], a.shape),
        *(to_left, to_right, to_up, to_down, i, j, height - 1 - i, width - 1 - j),
    ]
    return np.asarray(np.minimum(np.stack(rows), CODES - 1), dtype=np.int64)


def colours_in_sight(grid: Grid) -> list[Ints]:
    """Return the first colour other than the background that each cell sees left, right, up and down (10: none)."""
    a = grid.astype(np.int64)
    return [colours for colours, _ in _sights(a, int(np.bincount(a.ravel()).argmax()))]


def _sights(a: Ints, background: int) -> list[tuple[Ints, Ints]]:
    """Return colours and distances seen left, right, up and down."""
    left, up = _in_sight(a, background), _in_sight(a.T, background)
    right, down = _in_sight(a[:, ::-1], background), _in_sight(a.T[:, ::-1], background)
    return [left, (right[0][:, ::-1], right[1][:, ::-1]), (up[0].T, up[1].T), (down[0][:, ::-1].T, down[1][:, ::-1].T)]


def _in_sight(a: Ints, background: int) -> tuple[Ints, Ints]:
    """Return the first colour to the left of every cell (10: none) and its distance (0: none)."""
    at = np.arange(a.shape[1])[None, :]
    last = np.maximum.accumulate(np.where(a != background, at, -1), axis=1)
    before = np.full_like(last, -1)
    before[:, 1:] = last[:, :-1]
    seen = before >= 0
    return np.where(seen, np.take_along_axis(a, np.maximum(before, 0), 1), 10), np.where(seen, at - before, 0)


def reached_from_border(is_free: Bools) -> Bools:
    """Return the free cells that are 4-connected to the border through free cells."""
    reached = np.zeros_like(is_free)
    for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        reached[edge] = is_free[edge]
    while True:
        wider = reached.copy()
        wider[1:] |= reached[:-1]
        wider[:-1] |= reached[1:]
        wider[:, 1:] |= reached[:, :-1]
        wider[:, :-1] |= reached[:, 1:]
        wider &= is_free
        if (wider == reached).all():
            return reached
        reached = wider


def _object_properties(a: Grid, background: int) -> Ints:
    """Return (4, height, width): size, largest or smallest, touching the border, solid; 0 off every object."""
    table = np.zeros((4, *a.shape), dtype=np.int64)
    objects = components(a, background)
    sizes = [len(cells) for cells in objects]
    for cells in objects:
        rows, columns = [r for r, _ in cells], [c for _, c in cells]
        top, bottom, left, right = box(cells)
        touches = top == 0 or left == 0 or bottom == a.shape[0] or right == a.shape[1]
        values = (
            min(len(cells), CODES - 1),
            1 + (len(cells) == max(sizes)) + 2 * (len(cells) == min(sizes)),
            1 + touches,
            1 + ((bottom - top) * (right - left) == len(cells)),
        )
        for plane, value in zip(table, values, strict=True):
            plane[rows, columns] = value
    return table

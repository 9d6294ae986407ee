"""Colour normalisation: renumber the colours of each grid by the part they play.

The idea and the features are icecuber's: colours with a fixed role keep the first numbers; the others are ordered by
the features that single one colour out in every demonstration. "The rarest colour" thus becomes a constant.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from arcsolve_dsl.picture import Cells

FEATURES = (
    "most cells", "fewest cells", "most parts", "fewest parts", "most holes", "fewest holes",
    *(f"colour {c}" for c in range(10)),
    "up", "up-left", "down-left", "left", "up-right", "down", "right", "down-right",
)  # fmt: skip
"""What a colour can be singled out by; the last eight are how far it reaches in a direction."""
_WAYS = ((-1, 0), (-1, -1), (1, -1), (0, -1), (-1, 1), (1, 0), (0, 1), (1, 1))


@dataclass(frozen=True)
class ColourOrder:
    """A learned way to renumber colours.

    Attributes:
        kept: colours with a fixed role, rising; 0 is always among them.
        features: the feature that picks the next colour, in turn; "any" picks the most conspicuous one.
        ground: swap the commonest colour with 0 first, so that it is the background.
    """

    kept: tuple[int, ...]
    features: tuple[str, ...]
    ground: bool = False

    def numbering(self, grid: Cells) -> tuple[int, ...]:
        """The new number of each colour 0-9 in a grid (a permutation)."""
        if not self.ground:
            return _numbering(self, grid.tobytes(), grid.shape)
        swap = swap_ground(grid)
        swapped = apply_numbering(grid, swap)
        order = _numbering(self, swapped.tobytes(), swapped.shape)
        return tuple(order[c] for c in swap)


def apply_numbering(cells: Cells, numbering: tuple[int, ...]) -> Cells:
    """Renumber the colours of a grid."""
    renumbered: Cells = np.array(numbering, np.int8)[cells]
    return renumbered


def inverse(numbering: tuple[int, ...]) -> tuple[int, ...]:
    """The numbering that undoes one."""
    return tuple(int(c) for c in np.argsort(numbering))


def ground_colour(grid: Cells) -> int:
    """The commonest colour of a grid, the lower of equals."""
    return int(np.bincount(grid.ravel(), minlength=10).argmax())


def swap_ground(grid: Cells) -> tuple[int, ...]:
    """The numbering that swaps the commonest colour with 0."""
    numbering = list(range(10))
    ground = ground_colour(grid)
    numbering[0], numbering[ground] = ground, 0
    return tuple(numbering)


def fit(demos: tuple[tuple[Cells, Cells], ...], ground: bool = False) -> ColourOrder:
    """Learn the order from demonstrations.

    Args:
        demos: (input, output) grids.
        ground: swap each input's commonest colour with 0 first.

    Returns:
        The order: at each turn the feature that best separates its first colour from the rest in all inputs.
    """
    if ground:
        swaps = [swap_ground(before) for before, _ in demos]
        demos = tuple(
            (apply_numbering(before, swap), apply_numbering(after, swap))
            for (before, after), swap in zip(demos, swaps, strict=True)
        )
    ins = [_palette(before) for before, _ in demos]
    outs = [_palette(after) for _, after in demos]
    any_in, all_in = set().union(*ins), set.intersection(*ins)
    any_out, all_out = set().union(*outs), set.intersection(*outs)
    kept = all_out if any_out == all_out else all_out - any_in
    kept = kept | (all_in - any_out) | {0}
    left = []
    for before, _ in demos:
        colours = [c for c in sorted(_palette(before) - {0}) if c not in kept and c not in any_out - any_in]
        left.append({c: _features(before, c) for c in colours})
    chosen: list[str] = []
    while any(left):
        worst = np.full(len(FEATURES), np.inf)
        picks: list[list[int] | None] = []
        for table in left:
            if not table:
                picks.append(None)
                continue
            colours, lead = _lead(table)
            picks.append([colours[i] for i in lead.argmax(axis=0)])
            worst = np.minimum(worst, lead.max(axis=0))
        best = max(range(len(FEATURES)), key=lambda k: (worst[k], k))
        chosen.append(FEATURES[best])
        for table, pick in zip(left, picks, strict=True):
            if pick is not None:
                del table[pick[best]]
    return ColourOrder(tuple(sorted(kept)), tuple(chosen), ground)


def _palette(grid: Cells) -> set[int]:
    return set(np.unique(grid).tolist())


def _lead(table: dict[int, np.ndarray]) -> tuple[list[int], np.ndarray]:
    """For each colour and feature, the least ratio to the other colours (1000 if alone)."""
    colours = sorted(table)
    values = np.array([table[c] for c in colours])
    ratio = values[:, None, :] / (values[None, :, :] + 1e-5)
    ratio[np.arange(len(colours)), np.arange(len(colours))] = 1e3
    return colours, np.minimum(ratio.min(axis=1), 1e3)


@lru_cache(maxsize=256)
def _numbering(order: ColourOrder, data: bytes, shape: tuple[int, int]) -> tuple[int, ...]:
    grid = np.frombuffer(data, np.int8).reshape(shape)
    ranked = list(order.kept)
    table = {c: _features(grid, c) for c in sorted(_palette(grid)) if c not in order.kept}
    for turn in range(len(table)):
        colours, lead = _lead(table)
        feature = order.features[turn] if turn < len(order.features) else "any"
        scores = lead.max(axis=1) if feature == "any" else lead[:, FEATURES.index(feature)]
        best = max(range(len(colours)), key=lambda i: (scores[i], i))
        ranked.append(colours[best])
        del table[colours[best]]
    ranked += [c for c in range(10) if c not in ranked]
    return inverse(tuple(ranked))


def _features(grid: Cells, colour: int) -> np.ndarray:
    mask = grid == colour
    cells = np.argwhere(mask)
    n = len(cells)
    parts = _parts({(int(r), int(c)) for r, c in cells})
    holes = _holes(mask)
    values = [n, 1 / (n + 1e-3), parts, 1 / (parts + 1e-3), holes, 1 / (holes + 1e-3)]
    values += [3 if c == colour else 2 for c in range(10)]
    offsets = cells * 2 - (np.array(mask.shape) - 1)
    for way in _WAYS:
        reach = (offsets @ np.array(way)).max() if n else -50
        values.append(1000 + reach * (2 if all(way) else 3))
    return np.array(values, float)


def _parts(cells: set[tuple[int, int]]) -> int:
    """Number of 8-connected parts of a set of cells."""
    count = 0
    while cells:
        count += 1
        queue = [cells.pop()]
        while queue:
            r, c = queue.pop()
            for near in [(r + dr, c + dc) for dr in (-1, 0, 1) for dc in (-1, 0, 1)]:
                if near in cells:
                    cells.discard(near)
                    queue.append(near)
    return count


def _holes(mask: np.ndarray) -> int:
    """Number of cells outside the mask that are not 4-connected to the edge."""
    if mask.sum() < 4:
        return 0
    open_cells = np.pad(~mask, 1, constant_values=True)
    reached = np.zeros_like(open_cells)
    reached[0, 0] = True
    total = 0
    while (now := int(reached.sum())) != total:
        total = now
        for axis in (0, 1):
            for way in (1, -1):
                _sweep(reached, open_cells, axis, way)
    return int((open_cells & ~reached).sum())


def _sweep(reached: np.ndarray, open_cells: np.ndarray, axis: int, way: int) -> None:
    """Carry `reached` along open cells in one direction."""
    a = reached if axis == 0 else reached.T
    b = open_cells if axis == 0 else open_cells.T
    lines = range(1, len(a)) if way == 1 else range(len(a) - 2, -1, -1)
    for i in lines:
        a[i] |= a[i - way] & b[i]

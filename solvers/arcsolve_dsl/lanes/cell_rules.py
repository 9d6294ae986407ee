"""Cell rules: each output cell painted by a small learned table over layers of the input.

`find_cell_rules` takes pictures that have the size of the output (the input itself, its panels, a crop of it ...)
and looks for tables of one to three conditions that make the right paint a function of their values, in every
demonstration. A rule is a program: `cell_rule(...)` with the table as a literal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.lanes.layer_base import NOTHING, is_named
from arcsolve_dsl.lanes.layers import LayerSet
from arcsolve_dsl.lanes.segments import ByteGrid, Scene
from arcsolve_dsl.lanes.tables import FAR, conflicting_pairs, find_condition_sets, fit_table

MAX_KEYS = 200
"""Rules whose table is longer are never worth their length."""

FAMILY_COST = {
    "cell": 0.0, "near": 1.0, "ray": 1.5, "line": 1.5, "span": 1.5, "place": 2.0, "mirror": 2.0, "panel": 1.5,
    "parts": 1.0, "shapes4": 1.5, "shapes8": 1.0, "things4": 1.5, "things8": 1.0, "all": 0.0,
}  # fmt: skip
"""Price of a condition of each family, in the unit of `CellRule.cost`."""

SUPPORT = np.array([0.0, 3.0, 2.0, 0.5])
"""What a held-out demonstration is worth, by the codes of `fit_table`."""


@dataclass
class CellRule:
    """A learned table and what speaks for it.

    Attributes:
        conditions: names of the layers that are looked at.
        table: values of those layers -> name of the paint.
        outputs: predicted grid of each test input.
        held_out: for each demonstration, how the table fitted to the others does on it: 1 right, 2 right with the
            nearest keys where it lacks one, 3 wrong only there, 0 wrong.
        paints: number of different paints in the table.
        lonely: number of keys that only one demonstration shows.
        unseen: number of test cells whose key no demonstration shows (the nearest key speaks for them).
        undefined: number of test cells where the chosen paint says nothing.
        cost: description length minus what the held-out demonstrations say for it; lower is better.
        votes: sum over all rules with the same outputs of 2 ** (-cost / 2).
        voters: number of rules with the same outputs.
    """

    conditions: tuple[str, ...]
    table: dict[tuple[int, ...], str]
    outputs: list[ByteGrid]
    held_out: tuple[int, ...]
    paints: int
    lonely: int
    unseen: int
    undefined: int
    cost: float
    votes: float = 0.0
    voters: int = 1
    share: float = field(default=0.0)

    @property
    def facts(self) -> dict[str, float]:
        """What the choice between answers looks at."""
        keys, demos = len(self.table), len(self.held_out)
        return {
            "conditions": len(self.conditions) - 1.0,
            "keys": min(float(np.log2(keys)), 6.0) / 2,
            "lonely keys": self.lonely / max(1, keys),
            "unseen keys": float(self.unseen > 0),
            "undefined cells": float(self.undefined > 0),
            "held out right": sum(code in (1, 2) for code in self.held_out) / demos,
            "held out wrong": sum(code == 0 for code in self.held_out) / demos,
            "voters": min(float(np.log2(self.voters)), 6.0) / 2,
            "share": self.share,
        }


def apply_table(layers: LayerSet, conditions: Sequence[str], table: dict[tuple[int, ...], str]) -> ByteGrid:
    """Paint every cell as the table says; a key that is not there is read as the nearest one (the first among equals).

    Nearest is by the sum of absolute differences of the values, those of names (see `is_named`) having to be equal. A
    cell for which no key is near, or whose paint says nothing, stays as it is.

    Raises:
        EvaluationError: if a layer does not exist.
    """
    out = layers.scenes[0].grid.copy()
    if not table:
        return out
    values = np.stack([layers.condition(name).astype(np.int64) for name in conditions], axis=-1)
    keys = np.array(list(table), np.int64)
    steps = np.abs(values[None] - keys[:, None, None])
    named = np.array([is_named(name) for name in conditions])
    distances = np.where(named & (steps > 0), FAR, steps).sum(-1)
    nearest = np.where(distances.min(0) < FAR, distances.argmin(0), -1)
    for number, paint_name in enumerate(table.values()):
        paint = layers.paint(paint_name)
        where = (nearest == number) & (paint != NOTHING)
        out[where] = paint[where]
    return out


def find_cell_rules(
    views: Sequence[Sequence[Scene]],
    outputs: Sequence[ByteGrid],
    *,
    most: int = 40,
    steps: int = 20_000_000,
    width3: int = 250,
    seed: int = 0,
) -> list[CellRule]:
    """Learn cell rules; the best first, one for each distinct set of test outputs.

    Args:
        views: for each demonstration, then each test input, the pictures looked at (all of the output's size).
        outputs: output of each demonstration.
        most: sets of conditions of each size that are fitted.
        steps: limit on the sets of conditions looked at.
        width3: how many conditions (the cheapest) may take part in sets of three.
        seed: for the first counter-examples.

    Returns:
        Rules that reproduce every demonstration.
    """
    n_demos = len(outputs)
    target = np.concatenate([o.ravel() for o in outputs])
    n_cells = len(target)
    sets = [LayerSet(view) for view in views]
    for layer_set in sets:
        layer_set.add_all()
    names = list(sets[0].paints)
    paints = _stack([s.paints for s in sets], names)
    right = paints[:, :n_cells] == target
    if not right.any(0).all():
        return []
    own = names.index("cell.own")
    chosen = _useful_paints(paints, right, own)
    names = [names[i] for i in chosen]
    paints, right = paints[chosen], right[chosen]
    masks = np.zeros(n_cells, np.uint64)
    for i in range(len(chosen)):
        masks |= right[i].astype(np.uint64) << np.uint64(i)
    if (masks == 0).any():
        return []
    conditions, values, prices = _useful_conditions(sets, n_cells)
    demo_values = np.ascontiguousarray(values[:, :n_cells])
    found = np.zeros((3 * most, 4), np.int64)
    n_found = find_condition_sets(
        demo_values, masks, conflicting_pairs(masks, 400, seed), np.zeros(1, np.int64), 3, most, steps, found,
        np.zeros(2, np.int64), width3,
    )  # fmt: skip
    owner = np.concatenate([np.full(v[0].grid.size, k, np.int64) for k, v in enumerate(views)])
    everything = np.zeros(values.shape[1], np.uint64)
    everything[:n_cells] = masks
    named = np.array([is_named(name) for name in conditions], np.uint8)
    fit = _Fit(values, named, everything, owner, n_demos, n_cells, paints)
    best: dict[bytes, tuple[float, NDArray[np.int64]]] = {}
    votes: dict[bytes, list[float]] = {}
    for row in found[:n_found]:
        width = int(row[0])
        picked = np.ascontiguousarray(row[1:4])
        keys = fit.run(picked, width)
        if keys > MAX_KEYS:
            continue
        cost = fit.cost(float(prices[picked[:width]].sum()) + 2 * width)
        key = fit.test_cells.tobytes()
        votes.setdefault(key, []).append(2.0 ** (-cost / 2))
        if key not in best or cost < best[key][0]:
            best[key] = (cost, row)
    total = sum(sum(v) for v in votes.values())
    rules = []
    for key, (cost, row) in sorted(best.items(), key=lambda item: -sum(votes[item[0]]))[:12]:
        width = int(row[0])
        picked = np.ascontiguousarray(row[1:4])
        keys = fit.run(picked, width)
        cells = values[picked[:width]][:, fit.key_first[:keys]].T.tolist()
        table = {tuple(cell): names[fit.key_bit[k]] for k, cell in enumerate(cells)}
        grids, at = [], 0
        for view in views[n_demos:]:
            size = view[0].grid.size
            grids.append(fit.test_cells[at : at + size].reshape(view[0].grid.shape).copy())
            at += size
        rules.append(
            CellRule(
                tuple(conditions[i] for i in picked[:width]), table, grids, tuple(fit.held_out.tolist()),
                int(fit.counts[1]), int(fit.counts[2]), int(fit.counts[3]), fit.undefined, cost,
                sum(votes[key]), len(votes[key]), sum(votes[key]) / total,
            )
        )  # fmt: skip
    return rules


def _stack(planes: Sequence[dict[str, NDArray[np.uint8]]], names: Sequence[str]) -> NDArray[np.uint8]:
    """Lay the named planes of all grids out as one (names, cells) array."""
    return np.concatenate([np.stack([p[n].ravel() for n in names]) for p in planes], axis=1)


def _useful_paints(paints: NDArray[np.uint8], right: NDArray[np.bool_], own: int) -> list[int]:
    """Indices of at most 64 distinct paints that are right somewhere it matters, "own" first."""
    changed = ~right[own]
    weights = np.random.default_rng(2).integers(1, 2**62, paints.shape[1])
    first = np.unique(paints.astype(np.int64) @ weights, return_index=True)[1]
    kept = [int(i) for i in np.sort(first) if right[i][changed].any() or i == own]
    if own not in kept:
        kept.append(own)
    if len(kept) > 64:
        kept = sorted(kept, key=lambda i: (i != own, -int(right[i][changed].sum())))[:64]
    return sorted(kept, key=lambda i: (i != own, i))


def _useful_conditions(
    sets: Sequence[LayerSet], n_cells: int
) -> tuple[list[str], NDArray[np.uint8], NDArray[np.float64]]:
    """Names, values and prices of the distinct conditions that vary in the demonstrations, cheapest first."""
    names = list(sets[0].conditions)
    values = _stack([s.conditions for s in sets], names)
    varies = (values[:, :n_cells] != values[:, :1]).any(1)
    prices = np.array([FAMILY_COST[name.split(".")[0]] + (0.3 if "@" in name else 0.0) for name in names])
    order = np.array([i for i in np.argsort(prices, kind="stable") if varies[i]], np.int64)
    if len(order) == 0:
        order = np.array([names.index("cell.color")])
    weights = np.random.default_rng(1).integers(1, 2**62, values.shape[1])
    prints = values[order].astype(np.int64) @ weights
    order = order[np.sort(np.unique(prints, return_index=True)[1])]
    return [names[i] for i in order], np.ascontiguousarray(values[order]), prices[order]


class _Fit:
    """Buffers for fitting one set of conditions after another."""

    def __init__(
        self,
        values: NDArray[np.uint8],
        named: NDArray[np.uint8],
        masks: NDArray[np.uint64],
        owner: NDArray[np.int64],
        n_demos: int,
        n_cells: int,
        paints: NDArray[np.uint8],
    ) -> None:
        n = values.shape[1]
        self.values, self.named, self.masks, self.owner, self.paints = values, named, masks, owner, paints
        self.n_demos, self.n_cells = n_demos, n_cells
        self.key_first, self.key_bit, self.written = (np.zeros(n, np.int64) for _ in range(3))
        self.held_out = np.zeros(n_demos, np.int64)
        self.counts = np.zeros(4, np.int64)
        self.test_cells: NDArray[np.uint8] = np.zeros(0, np.uint8)
        self.undefined = 0

    def run(self, picked: NDArray[np.int64], width: int) -> int:
        """Fit and apply one set of conditions; returns the number of keys."""
        keys = int(
            fit_table(
                self.values, self.named, self.masks, picked, width, self.owner, self.n_demos, self.n_cells,
                len(self.paints), MAX_KEYS, self.key_first, self.key_bit, self.written, self.held_out, self.counts,
            )
        )  # fmt: skip
        if keys > MAX_KEYS:
            return keys
        cells = np.arange(self.n_cells, len(self.written))
        painted = self.paints[np.maximum(self.written[self.n_cells :], 0), cells]
        own = self.paints[0, self.n_cells :]
        self.undefined = int((painted == NOTHING).sum())
        self.test_cells = np.where(painted == NOTHING, own, painted)
        return keys

    def cost(self, price: float) -> float:
        """Description length of the table fitted last, minus what the held-out demonstrations say for it."""
        keys, paints, lonely, unseen = self.counts.tolist()
        doubt = 6.0 * (unseen > 0) + 20.0 * (self.undefined > 0)
        support = float(SUPPORT[self.held_out].sum())
        return price + 0.3 * keys + paints + 0.5 * lonely + doubt - support

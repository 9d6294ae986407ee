"""Sweep rules: the grid is painted row by row, each cell from what is painted above it and what the input shows.

A cell rule sees the input alone; a sweep rule is a cellular automaton that runs down the grid once (or up, left or
right), so lines turn, bounce and branch, and patterns go on. The table is learned as for cell rules, with the
demonstrations' outputs as the rows above: what is right for every cell there is right for the run, row after row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from arcsolve_dsl.lanes.layer_base import NOTHING
from arcsolve_dsl.lanes.segments import ByteGrid
from arcsolve_dsl.lanes.tables import conflicting_pairs, find_condition_sets, fit_table

TURNS = {"down": 0, "left": 1, "up": 2, "right": 3}
"""Direction of the sweep -> quarter turns (counterclockwise) after which it goes down."""

REACH = 4
"""Rows above a cell that layers look at."""

MOST_KEYS = 60
OFF = NOTHING
"""Value of a layer outside the grid."""


class SweepRule(NamedTuple):
    """A learned sweep: its direction, layers and table, what it gives for each test input, and its length."""

    side: str
    layers: tuple[str, ...]
    table: dict[tuple[int, ...], str]
    outputs: list[ByteGrid]
    cost: float


def sweep_layers(before: ByteGrid, after: ByteGrid, background: int) -> dict[str, ByteGrid]:
    """Layers of every cell for a sweep down: the input around it, and the output above it.

    Args:
        before: (H, W) input.
        after: (H, W) output; for a cell of row y only the rows above y matter.
        background: the colour that rays go through.

    Returns:
        Colours, 10 for none; and as `has_NAME` whether there is one: 0 background, 1 another colour, 10 none.
    """
    height, width = before.shape
    given = np.pad(before, REACH, constant_values=OFF)
    made = np.pad(after, REACH, constant_values=OFF)

    def at(padded: ByteGrid, dy: int, dx: int) -> ByteGrid:
        return padded[REACH + dy : REACH + dy + height, REACH + dx : REACH + dx + width]

    found = {
        "own": before,
        "below": at(given, 1, 0),
        "left": at(given, 0, -1),
        "right": at(given, 0, 1),
        "below_left": at(given, 1, -1),
        "below_right": at(given, 1, 1),
        "input_up": at(given, -1, 0),
        "up": at(made, -1, 0),
        "up_left": at(made, -1, -1),
        "up_right": at(made, -1, 1),
    }
    for steps in range(2, REACH + 1):
        found[f"up{steps}"] = at(made, -steps, 0)
    for name, dx in (("ray_left", -1), ("ray_right", 1)):
        color, tail, wall = at(made, -1, dx), at(made, -2, 2 * dx), at(given, -2, 2 * dx)
        goes_on = (tail == color) | (wall == OFF) | ((wall != background) & (wall != color))
        found[name] = np.where((color != background) & (color != OFF) & goes_on, color, OFF).astype(np.uint8)
    for name in list(found):
        found[f"has_{name}"] = np.where(found[name] == OFF, OFF, found[name] != background).astype(np.uint8)
    return found


def sweep(
    before: ByteGrid, background: int, side: str, layers: Sequence[str], table: dict[tuple[int, ...], str]
) -> ByteGrid:
    """Run a sweep: each cell gets what the table says for its layers; without an entry it stays as it is."""
    turned = np.ascontiguousarray(np.rot90(before, TURNS[side]))
    out = turned.copy()
    paints = dict(table)
    for y in range(len(out)):
        top = max(0, y - REACH)
        seen = sweep_layers(turned[top : y + 2], out[top : y + 2], background)
        columns = [seen[name][y - top].tolist() for name in layers]
        for x, key in enumerate(zip(*columns, strict=True)):
            paint = paints.get(key)
            if paint is not None:
                color = int(paint[5:]) if paint.startswith("color") else int(seen[paint][y - top, x])
                if color != OFF:
                    out[y, x] = color
    return np.ascontiguousarray(np.rot90(out, -TURNS[side]))


def find_sweep_rules(
    grids: Sequence[ByteGrid], outputs: Sequence[ByteGrid], backgrounds: Sequence[int], seed: int = 0
) -> list[SweepRule]:
    """Learn sweeps in all directions that reproduce every demonstration, the shortest first.

    Args:
        grids: inputs of the demonstrations, then of the tests.
        outputs: outputs of the demonstrations, of their inputs' sizes.
        backgrounds: background colour of each of `grids`.
        seed: for the first counter-examples.
    """
    found: list[SweepRule] = []
    for side, turn in TURNS.items():
        turned = [np.ascontiguousarray(np.rot90(grid, turn)) for grid in grids[: len(outputs)]]
        wanted = [np.ascontiguousarray(np.rot90(output, turn)) for output in outputs]
        found += _of_side(side, turned, wanted, grids, backgrounds, seed)
    return sorted(found, key=lambda rule: rule.cost)


def _of_side(
    side: str,
    turned: list[ByteGrid],
    wanted: list[ByteGrid],
    grids: Sequence[ByteGrid],
    backgrounds: Sequence[int],
    seed: int,
) -> list[SweepRule]:
    n_demos = len(wanted)
    seen = [sweep_layers(*pair) for pair in zip(turned, wanted, backgrounds, strict=False)]
    names = list(seen[0])
    values = np.concatenate([np.stack([found[name].ravel() for name in names]) for found in seen], axis=1)
    target = np.concatenate([output.ravel() for output in wanted])
    palette = [int(c) for c in np.unique(target)]
    copied = [i for i, name in enumerate(names) if not name.startswith("has_")]
    paints = [*(names[i] for i in copied), *(f"color{c}" for c in palette)]
    right = np.concatenate([values[copied] == target, np.stack([target == c for c in palette])])
    changed = ~right[0]
    kept = [i for i in range(len(paints)) if i == 0 or (right[i] & changed).any()]
    masks = np.zeros(len(target), np.uint64)
    for bit, i in enumerate(kept):
        masks |= right[i].astype(np.uint64) << np.uint64(bit)
    if (masks == 0).any():
        return []
    values = np.ascontiguousarray(values)
    sets = np.zeros((60, 4), np.int64)
    n_found = find_condition_sets(
        values, masks, conflicting_pairs(masks, 300, seed), np.zeros(1, np.int64), 3, 20, 200_000, sets,
        np.zeros(2, np.int64), len(names),
    )  # fmt: skip
    owner = np.concatenate([np.full(output.size, k, np.int64) for k, output in enumerate(wanted)])
    named = np.ones(len(names), np.uint8)
    n = len(target)
    first, bit_of, written = (np.zeros(n, np.int64) for _ in range(3))
    held_out, counts = np.zeros(n_demos, np.int64), np.zeros(4, np.int64)
    tables: list[tuple[float, tuple[str, ...], dict[tuple[int, ...], str]]] = []
    for row in sets[:n_found]:
        width, picked = int(row[0]), np.ascontiguousarray(row[1:4])
        keys = fit_table(
            values, named, masks, picked, width, owner, n_demos, n, len(kept), MOST_KEYS, first, bit_of, written,
            held_out, counts,
        )  # fmt: skip
        if keys > MOST_KEYS:
            continue
        cells = values[picked[:width]][:, first[:keys]].T.tolist()
        table = {
            tuple(cell): paints[kept[bit]] for cell, bit in zip(cells, bit_of[:keys].tolist(), strict=True) if bit != 0
        }
        support = 3.0 * (held_out == 1).sum() + 2.0 * (held_out == 2).sum()
        cost = 6.0 + 3 * width + 0.3 * keys + int(counts[1]) + 0.5 * int(counts[2]) - float(support)
        tables.append((cost, tuple(names[i] for i in picked[:width]), table))
    rules = []
    for cost, layers, table in sorted(tables, key=lambda item: item[0])[:3]:
        tests = [sweep(g, b, side, layers, table) for g, b in zip(grids[n_demos:], backgrounds[n_demos:], strict=True)]
        rules.append(SweepRule(side, layers, table, tests, cost))
    return rules

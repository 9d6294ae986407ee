"""The table lane: outputs whose colours are looked up under the colours of two pieces, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.engine import greedy
from arcsolve_dsl.engine.tables import pairs
from arcsolve_dsl.program import Node, Sequence, call

MAX_PIECES = 600
"""Pieces that are paired, cheapest first."""
MAX_PAIRS = 100_000
MAX_FOUND = 400
MAX_BASE_PIECES = 200
"""Pieces that are paired on top of the input as a third layer."""


@dataclass(frozen=True, eq=False)
class Table:
    """One fit.

    Attributes:
        pieces: indices into the pieces, base first where there is one.
        entries: colours -> colour.
        row: the predicted cells of all grids.
        backed: how many demonstrations could be predicted from the others.
        cost: description length.
    """

    pieces: tuple[int, ...]
    entries: dict[tuple[int, ...], int]
    row: NDArray[np.uint8]
    backed: int
    cost: float


def fit_tables(
    cells: NDArray[np.uint8],
    depths: NDArray[np.int64],
    target: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    n_demos: int,
) -> list[Table]:
    """Fit tables to pairs of pieces, and to pairs on top of the first piece.

    Args:
        cells: [piece, cell] over all grids, cheapest first.
        depths: of each piece.
        target: [cell]; `UNKNOWN` for test grids.
        offsets: first cell of each grid, and the number of cells.
        n_demos: the first grids are demonstrations.

    Returns:
        The best tables with different predictions, best first.
    """
    n_cells = int(offsets[n_demos])
    if not len(cells) or n_cells == 0:
        return []
    _, first = np.unique(cells[: 4 * MAX_PIECES, :n_cells], axis=0, return_index=True)
    chosen = np.sort(first)[:MAX_PIECES]
    order = telling_order(target[:n_cells])
    blank = np.zeros(cells.shape[1], np.uint8)
    fits: list[tuple[float, int, int, tuple[int, ...]]] = []
    for base, limit in ((-1, MAX_PIECES), (0, MAX_BASE_PIECES)):
        layer = blank if base < 0 else cells[base]
        kept = np.ascontiguousarray(cells[chosen[:limit]])
        rows, _ = pairs(kept, layer, target, offsets, n_demos, order, MAX_FOUND, MAX_PAIRS)
        for i, j, keys, backed, _ in rows.tolist():
            pieces = tuple(dict.fromkeys(int(chosen[k]) for k in (i, j)))
            if base >= 0:
                pieces = (base, *(k for k in pieces if k != base))
            depth = float(sum(depths[k] for k in pieces))
            fits.append((depth + 4 * keys + 15 * (n_demos - backed), backed, len(fits), pieces))
    fits.sort()
    tables: dict[bytes, Table] = {}
    for cost, backed, _, pieces in fits:
        entries = learn(cells, pieces, target, n_cells)
        row = look_up(cells, pieces, entries)
        tables.setdefault(row[n_cells:].tobytes(), Table(pieces, entries, row, backed, cost))
    return list(tables.values())


def telling_order(target: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Cells in an order in which a wrong table shows early: the colours in turn, each in a scattered order."""
    rng = np.random.default_rng(0)
    scattered = rng.permutation(len(target))
    counts = np.zeros(256, np.int64)
    ranks = np.empty(len(target), np.int64)
    for k in scattered:
        ranks[k] = counts[target[k]]
        counts[target[k]] += 1
    return scattered[np.argsort(ranks[scattered], kind="stable")].astype(np.int64)


def learn(
    cells: NDArray[np.uint8], pieces: tuple[int, ...], target: NDArray[np.uint8], n_cells: int
) -> dict[tuple[int, ...], int]:
    """The table of a choice of pieces, in rising order of keys."""
    keys = cells[list(pieces), :n_cells].T.tolist()
    pairs_seen = {tuple(key): int(colour) for key, colour in zip(keys, target[:n_cells].tolist(), strict=True)}
    return dict(sorted(pairs_seen.items()))


def look_up(
    cells: NDArray[np.uint8], pieces: tuple[int, ...], entries: dict[tuple[int, ...], int]
) -> NDArray[np.uint8]:
    """The prediction for all cells; `UNKNOWN` where a key is not in the table."""
    code = np.zeros(cells.shape[1], np.int64)
    for piece in pieces:
        code = code * 10 + cells[piece]
    table = np.full(10 ** len(pieces), greedy.UNKNOWN, np.uint8)
    for key, colour in entries.items():
        table[int("".join(map(str, key)))] = colour
    return table[code]


def table_node(nodes: list[Node], entries: dict[tuple[int, ...], int]) -> Node:
    """The program of a table."""
    return call("by_table", Sequence("list", tuple(nodes)), entries)

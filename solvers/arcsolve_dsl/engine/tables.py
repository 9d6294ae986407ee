"""Find pairs of pieces whose colours, cell by cell, determine the output's colour.

A generalisation of stacking: the output's colour is looked up under the colours of two (or, with a base, three)
pieces. Half-against-half logic, masks, and colouring by a computed layer are all such tables.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from arcsolve_dsl.engine.compile import entry, kernel

UNSEEN = 255


@kernel
def fit(a: Any, b: Any, base: Any, target: Any, order: Any, table: Any, keys: Any) -> int:
    """Learn the table of (base, a, b) -> target over the demonstrations' cells; the number of keys, or -1."""
    n_keys = 0
    for k in order:
        key = (np.int64(base[k]) * 10 + a[k]) * 10 + b[k]
        known = table[key]
        if known == UNSEEN:
            table[key] = target[k]
            keys[n_keys] = key
            n_keys += 1
        elif known != target[k]:
            for i in range(n_keys):
                table[keys[i]] = UNSEEN
            return -1
    return n_keys


@entry("tables")
def pairs(
    cells: Any, base: Any, target: Any, offsets: Any, n_demos: int, order: Any, max_found: int, max_pairs: int
) -> Any:
    """All pairs of pieces that determine the outputs.

    Args:
        cells: [piece, cell] over all grids, cheapest pieces first.
        base: [cell] a third layer, or zeros.
        target: [cell] outputs of the demonstrations.
        offsets: first cell of each grid, and the number of cells.
        n_demos: the first grids are demonstrations.
        order: the demonstrations' cells, those that tell most first.
        max_found: stop at this many.
        max_pairs: stop after this many tries.

    Returns:
        Rows (piece, piece, keys, demonstrations whose keys all occur in another one, test cells with unseen keys),
        and the number of tries.
    """
    n = cells.shape[0]
    table = np.full(1000, UNSEEN, np.uint8)
    keys = np.empty(1000, np.int64)
    where = np.zeros(1000, np.int64)
    found = np.empty((max_found, 5), np.int64)
    n_found = 0
    tries = 0
    for total in range(2 * n - 1):
        for i in range(max(0, total - n + 1), total // 2 + 1):
            j = total - i
            if tries >= max_pairs or n_found >= max_found:
                return found[:n_found], tries
            tries += 1
            a = cells[i]
            b = cells[j]
            n_keys = fit(a, b, base, target, order, table, keys)
            if n_keys < 0:
                continue
            for d in range(n_demos):
                for k in range(offsets[d], offsets[d + 1]):
                    where[(np.int64(base[k]) * 10 + a[k]) * 10 + b[k]] |= 1 << d
            backed = 0
            for d in range(n_demos):
                is_backed = 1
                for k in range(n_keys):
                    if where[keys[k]] == 1 << d:
                        is_backed = 0
                backed += is_backed
            unseen = 0
            for k in range(offsets[n_demos], offsets[-1]):
                if table[(np.int64(base[k]) * 10 + a[k]) * 10 + b[k]] == UNSEEN:
                    unseen += 1
            for k in range(n_keys):
                table[keys[k]] = UNSEEN
                where[keys[k]] = 0
            if unseen == 0:
                found[n_found, 0] = i
                found[n_found, 1] = j
                found[n_found, 2] = n_keys
                found[n_found, 3] = backed
                found[n_found, 4] = unseen
                n_found += 1
    return found[:n_found], tries

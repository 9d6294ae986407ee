"""Learning a look-up table: which few conditions make the right paint a function of their values.

Every demonstration cell has a *mask*: bit p is set when paint p would write the right colour there. A set of
conditions explains the demonstrations when, among cells with the same values, some paint is right for all of them:
the AND of their masks is not zero. The search is by counter-examples: pairs of cells with nothing in common in
their masks must differ in at least one condition; each condition has a bit for every such pair that it tells apart.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.engine.compile import entry, kernel
from arcsolve_dsl.engine.memory import BytePlane, Bytes, IntPlane, Ints, WordPlane, Words, plane, pointer

Conditions = NDArray[np.uint8]
Masks = NDArray[np.uint64]
WORDS = 16
"""Words of counter-examples kept for each condition."""


@kernel
def _check(
    values: BytePlane, masks: Words, n: int, chosen: Ints, width: int, heads: Ints, size: int, joint: Words,
    links: Ints, first: Ints,
) -> int:  # fmt: skip
    """Group the cells by the chosen conditions; returns -1 - groups, or a * n + b for a pair of cells in conflict.

    `heads` is a hash table of groups; `joint[g]` becomes the AND of the masks, `first[g]` its first cell.
    """
    for i in range(size):
        heads[i] = -1
    groups = 0
    for i in range(n):
        code = np.uint64(0)
        for j in range(width):
            code = code * np.uint64(101) + np.uint64(values[chosen[j], i])
        slot = np.int64((code * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(20)) % size
        while True:
            g = heads[slot]
            if g < 0:
                heads[slot] = groups
                joint[groups] = masks[i]
                first[groups] = i
                links[i] = groups
                groups += 1
                break
            alike = True
            for j in range(width):
                if values[chosen[j], i] != values[chosen[j], first[g]]:
                    alike = False
                    break
            if alike:
                before = joint[g]
                joint[g] &= masks[i]
                links[i] = g
                if joint[g] == 0:
                    # Name a pair that conflicts by itself where there is one.
                    for k in range(i):
                        if links[k] == g and (masks[k] & masks[i]) == 0:
                            return k * n + i
                    joint[g] = before
                    return first[g] * n + i
                break
            slot = (slot + 1) % size
    return -1 - groups


@entry("lanes/tables")
def search_sets(
    values: BytePlane, n_layers: int, masks: Words, n: int, pairs: IntPlane, n_pairs: int, deepest: int, most: int,
    steps: int, found: IntPlane, n_rows: int, stats: Ints, width2: int, bits: WordPlane, full: Words, useless: Bytes,
    chosen: Ints, heads: Ints, size: int, joint: Words, links: Ints, first: Ints,
) -> int:  # fmt: skip
    """See `find_condition_sets`; the last are room: zeros for `bits` and `useless`, `size` slots in `heads`."""
    values, masks, pairs, found, stats = plane(values), pointer(masks), plane(pairs), plane(found), pointer(stats)
    bits, full, useless, chosen = plane(bits), pointer(full), pointer(useless), pointer(chosen)
    heads, joint, links, first = pointer(heads), pointer(joint), pointer(links), pointer(first)
    capacity = WORDS * 64
    known = 0
    for p in range(min(n_pairs, capacity // 2)):
        a, b = pairs[p, 0], pairs[p, 1]
        word, bit = known >> 6, np.uint64(1) << np.uint64(known & 63)
        for i in range(n_layers):
            if values[i, a] != values[i, b]:
                bits[i, word] |= bit
        known += 1
    n_found = 0
    looked = 0
    for depth in range(1, deepest + 1):
        of_depth = 0
        limit = n_layers if depth < 3 else min(width2, n_layers)
        for a in range(limit):
            if useless[a] and depth > 1:
                continue
            for b in range(a if depth == 1 else a + 1, a + 1 if depth == 1 else limit):
                if useless[b] and depth > 1:
                    continue
                for w in range((known + 63) >> 6):
                    left = known - 64 * w
                    everything = (
                        np.uint64(0xFFFFFFFFFFFFFFFF)
                        if left >= 64
                        else (np.uint64(1) << np.uint64(left)) - np.uint64(1)
                    )
                    full[w] = everything & ~(bits[a, w] | bits[b, w])
                first_word = -1
                for w in range((known + 63) >> 6):
                    if full[w] != 0:
                        first_word = w
                        break
                if depth < 3 and first_word >= 0:
                    looked += 1
                    continue
                if depth == 3 and first_word < 0:
                    continue
                for c in range(b if depth < 3 else b + 1, b + 1 if depth < 3 else limit):
                    looked += 1
                    if depth == 3:
                        ok = True
                        for w in range(first_word, (known + 63) >> 6):
                            if full[w] & ~bits[c, w]:
                                ok = False
                                break
                        if not ok:
                            continue
                    chosen[0] = a
                    chosen[1] = b
                    chosen[2] = c
                    result = _check(values, masks, n, chosen, depth, heads, size, joint, links, first)
                    if result >= 0:
                        x, y = result // n, result % n
                        # Cells that only three or more together leave without a paint need not differ pairwise.
                        if known < capacity and (masks[x] & masks[y]) == 0:
                            word, bit = known >> 6, np.uint64(1) << np.uint64(known & 63)
                            for i in range(n_layers):
                                if values[i, x] != values[i, y]:
                                    bits[i, word] |= bit
                            known += 1
                            if depth == 3 and values[a, x] == values[a, y] and values[b, x] == values[b, y]:
                                full[word] |= bit
                                if word < first_word:
                                    first_word = word
                        continue
                    if depth == 1:
                        useless[a] = 1
                    found[n_found, 0] = depth
                    found[n_found, 1] = a
                    found[n_found, 2] = b
                    found[n_found, 3] = c
                    n_found += 1
                    of_depth += 1
                    if of_depth >= most or n_found >= n_rows:
                        break
                if of_depth >= most or n_found >= n_rows or looked > steps:
                    break
            if of_depth >= most or n_found >= n_rows or looked > steps:
                break
    stats[0] = looked
    stats[1] = known
    return n_found


def find_condition_sets(
    values: Conditions, masks: Masks, pairs: NDArray[np.int64], costs: NDArray[np.int64], deepest: int, most: int,
    steps: int, found: NDArray[np.int64], stats: NDArray[np.int64], width2: int,
) -> int:  # fmt: skip
    """Find sets of one to `deepest` conditions under which the right paint is a function of their values.

    Args:
        values: (L, N) condition values, one column per demonstration cell; rows in order of preference.
        masks: (N,) right paints of each cell.
        pairs: (M, 2) cells known to be in conflict, to start from.
        costs: (L,) price of each condition; a set costs the sum.
        deepest: Largest number of conditions in a set (at most 3).
        most: Stop after this many sets of each size.
        steps: Limit on the number of sets looked at.
        found: (rows, 4) filled with size and conditions of each set.
        stats: Filled with the number of sets looked at and the number of counter-examples.
        width2: Only the first `width2` conditions take part in sets of three.

    Returns:
        The number of sets found.
    """
    n_layers, n = len(values), len(masks)
    size = slots(n)
    count = search_sets(
        values, n_layers, masks, n, pairs, len(pairs), deepest, most, steps, found, len(found), stats, width2,
        np.zeros((n_layers, WORDS), np.uint64), np.zeros(WORDS, np.uint64), np.zeros(n_layers, np.uint8),
        np.zeros(3, np.int64), np.empty(size, np.int64), size, np.empty(n, np.uint64), np.empty(n, np.int64),
        np.empty(n, np.int64),
    )  # fmt: skip
    return int(count)


def slots(n: int) -> int:
    """The length of a hash table for `n` cells."""
    return max(64, 1 << (2 * n - 1).bit_length())


def conflicting_pairs(masks: Masks, limit: int, seed: int) -> NDArray[np.int64]:
    """Random pairs of cells whose masks have nothing in common: (m, 2), m at most `limit`.

    Half of the draws pair a cell of the rarer outcomes with any other, so that rare outcomes are represented.
    """
    random = np.random.default_rng(seed)
    kinds, inverse = np.unique(masks, return_inverse=True)
    by_kind = [np.flatnonzero(inverse == k) for k in range(len(kinds))]
    weights = np.array([len(b) for b in by_kind], float) ** 0.3
    weights /= weights.sum()
    pick = random.choice(len(kinds), size=(6 * limit, 2), p=weights)
    draw = random.random((6 * limit, 2))
    sizes = np.array([len(b) for b in by_kind])
    starts = np.concatenate([[0], np.cumsum(sizes)])[:-1]
    order = np.concatenate(by_kind)
    cells = order[starts[pick] + (draw * sizes[pick]).astype(np.int64)]
    pairs = cells[(masks[cells[:, 0]] & masks[cells[:, 1]]) == 0]
    return np.ascontiguousarray(pairs[:limit])


FAR = 1000
"""Distance between two values of a condition that is a name and not an amount; at this distance no key speaks."""


@kernel
def _nearest(
    values: BytePlane, named: Bytes, chosen: Ints, width: int, cell: int, key_first: Ints, key_bit: Ints, groups: int
) -> int:
    """The paint of the key nearest to a cell's values, the first in order among equals; 0 where none is near."""
    best = 0
    best_distance = np.int64(FAR)
    for g in range(groups):
        if key_bit[g] < 0:
            continue
        distance = np.int64(0)
        for j in range(width):
            step = abs(np.int64(values[chosen[j], cell]) - np.int64(values[chosen[j], key_first[g]]))
            distance += FAR if step != 0 and named[chosen[j]] else step
        if distance < best_distance:
            best_distance = distance
            best = key_bit[g]
    return best


@entry("lanes/tables")
def fill_table(
    values: BytePlane, n: int, named: Bytes, masks: Words, chosen: Ints, width: int, owner: Ints, n_demos: int,
    n_cells: int, n_paints: int, most_keys: int, key_first: Ints, key_bit: Ints, written: Ints, held_out: Ints,
    counts: Ints, heads: Ints, size: int, group_of: Ints, joint: WordPlane, amount: IntPlane, weight: Ints,
    masked: Words,
) -> int:  # fmt: skip
    """See `fit_table`; the last are room: -1 in the `size` slots of `heads`, zeros for `amount`."""
    values, named, masks, chosen, owner = plane(values), pointer(named), pointer(masks), pointer(chosen), pointer(owner)
    key_first, key_bit, written = pointer(key_first), pointer(key_bit), pointer(written)
    held_out, counts, heads, group_of = pointer(held_out), pointer(counts), pointer(heads), pointer(group_of)
    joint, amount, weight, masked = plane(joint), plane(amount), pointer(weight), pointer(masked)
    groups = 0
    for i in range(n):
        code = np.uint64(0)
        for j in range(width):
            code = code * np.uint64(101) + np.uint64(values[chosen[j], i])
        slot = np.int64((code * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(20)) % size
        group_of[i] = -1
        while True:
            g = heads[slot]
            if g < 0:
                if i < n_cells:
                    heads[slot] = groups
                    key_first[groups] = i
                    for d in range(n_demos):
                        joint[groups, d] = np.uint64(0xFFFFFFFFFFFFFFFF)
                    group_of[i] = groups
                    groups += 1
                break
            alike = True
            for j in range(width):
                if values[chosen[j], i] != values[chosen[j], key_first[g]]:
                    alike = False
                    break
            if alike:
                group_of[i] = g
                break
            slot = (slot + 1) % size
        if groups > most_keys:
            return groups
        if i < n_cells:
            g = group_of[i]
            joint[g, owner[i]] &= masks[i]
            amount[g, owner[i]] += 1
    for left_out in range(-1, n_demos):
        for g in range(groups):
            m = np.uint64(0xFFFFFFFFFFFFFFFF)
            seen = 0
            for d in range(n_demos):
                if d != left_out:
                    m &= joint[g, d]
                    seen += amount[g, d]
            masked[g] = m if seen > 0 else np.uint64(0)
            key_bit[g] = -1
        open_keys = groups
        used = 0
        while open_keys > 0:
            for p in range(n_paints):
                weight[p] = 0
            open_keys = 0
            for g in range(groups):
                if key_bit[g] >= 0 or masked[g] == 0:
                    continue
                open_keys += 1
                cells = 0
                for d in range(n_demos):
                    cells += amount[g, d]
                m = masked[g]
                for p in range(n_paints):
                    if (m >> np.uint64(p)) & np.uint64(1):
                        weight[p] += 1000 + min(cells, 999)
            if open_keys == 0:
                break
            best = 0
            for p in range(1, n_paints):
                if weight[p] > weight[best]:
                    best = p
            used += 1
            for g in range(groups):
                if key_bit[g] < 0 and masked[g] != 0 and (masked[g] >> np.uint64(best)) & np.uint64(1):
                    key_bit[g] = best
        if left_out < 0:
            counts[0] = groups
            counts[1] = used
            lonely = 0
            for g in range(groups):
                demos = 0
                for d in range(n_demos):
                    if amount[g, d] > 0:
                        demos += 1
                if demos == 1:
                    lonely += 1
            counts[2] = lonely
            counts[3] = 0
            for i in range(n):
                if group_of[i] >= 0:
                    written[i] = key_bit[group_of[i]]
                else:
                    counts[3] += 1
                    written[i] = _nearest(values, named, chosen, width, i, key_first, key_bit, groups)
        else:
            held_out[left_out] = 1
            for g in range(groups):
                if amount[g, left_out] == 0:
                    continue
                bit = key_bit[g]
                guessed = bit < 0
                if guessed:
                    bit = _nearest(values, named, chosen, width, key_first[g], key_first, key_bit, groups)
                if ((joint[g, left_out] >> np.uint64(bit)) & np.uint64(1)) != 0:
                    if guessed and held_out[left_out] == 1:
                        held_out[left_out] = 2
                elif guessed:
                    held_out[left_out] = 3
                else:
                    held_out[left_out] = 0
                    break
    # The loop above ended with a table that lacks one demonstration: fit the whole one again.
    for g in range(groups):
        key_bit[g] = written[key_first[g]]
    return groups


def fit_table(
    values: Conditions, named: NDArray[np.uint8], masks: Masks, chosen: NDArray[np.int64], width: int,
    owner: NDArray[np.int64], n_demos: int, n_cells: int, n_paints: int, most_keys: int, key_first: NDArray[np.int64],
    key_bit: NDArray[np.int64], written: NDArray[np.int64], held_out: NDArray[np.int64], counts: NDArray[np.int64],
) -> int:  # fmt: skip
    """Fit the table of one set of conditions, apply it to all cells, and refit it with each demonstration left out.

    Args:
        values: (L, N) condition values of the demonstration cells, then those of the test cells.
        named: (L,) 1 for conditions whose values are names (colours, patterns) and not amounts.
        masks: (N,) right paints; 0 for test cells.
        chosen: Indices of the conditions.
        width: How many of them count.
        owner: (N,) number of the demonstration (or of the test input after those) that a cell is of.
        n_demos: Number of demonstrations.
        n_cells: Number of demonstration cells.
        n_paints: Number of paints.
        most_keys: Give up (fill nothing) when there are more keys than this.
        key_first: (N,) filled with the first cell of each key.
        key_bit: (N,) filled with the paint each key writes.
        written: (N,) filled with the paint written in each cell; a key never seen is read as the nearest
            one (see `_nearest`), paint 0 where none is near.
        held_out: (n_demos,) filled with 1 where the table fitted to the others is right on this one, 2 where it is
            right with the nearest key for cells whose key only this one has, 3 where just such cells are wrong, else 0.
        counts: Filled with [keys, paints used, keys seen in one demonstration only, test cells with unseen keys].

    Returns:
        The number of keys.
    """
    n = values.shape[1]
    size = slots(n)
    keys = fill_table(
        values, n, named, masks, chosen, width, owner, n_demos, n_cells, n_paints, most_keys, key_first, key_bit,
        written, held_out, counts, np.full(size, -1, np.int64), size, np.empty(n, np.int64),
        np.empty((n_cells + 1, n_demos), np.uint64), np.zeros((n_cells + 1, n_demos), np.int64), np.zeros(64, np.int64),
        np.empty(n_cells + 1, np.uint64),
    )  # fmt: skip
    return int(keys)

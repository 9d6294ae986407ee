"""Greedy composition: cover the outputs with pieces that never write a wrong cell on the demonstrations cared for.

Every piece is a row of cells over all grids and two bit masks: where it is wrong, and where it is zero. The scheme is
icecuber's ``greedyCompose2``; here all three ways to write a piece have their mask of wrong cells made beforehand.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from arcsolve_dsl.engine.compile import entry, kernel

UNKNOWN = 10
"""The colour of a cell that no piece has written."""
MAX_STACK = 10
"""Most pieces in one composition."""


class Compositions(NamedTuple):
    """What was composed, in the order found.

    Attributes:
        cells: [composition, cell] over all grids; `UNKNOWN` where nothing was written.
        explained: bit d is set if demonstration d is reproduced.
        pieces: [composition, MAX_STACK] piece numbers, -1 at the end.
        modes: how each was written: 0 its non-zero cells, 1 its zero cells, 2 all.
        depth: the largest depth of a piece.
        guide: the demonstration the cover was greedy for.
    """

    cells: NDArray[np.uint8]
    explained: NDArray[np.int64]
    pieces: NDArray[np.int32]
    modes: NDArray[np.int32]
    depth: NDArray[np.int32]
    guide: NDArray[np.int32]


def count_bits(typingctx: Any, word: Any) -> Any:
    """Number of set bits of a uint64, as the processor's instruction."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.uint64(types.uint64), codegen


popcount: Any = intrinsic(count_bits)


@entry("greedy")
def piece_masks(
    pixels: Any, pictures: Any, nodes: Any, joint: Any, pieces: Any, offsets: Any, target: Any, n_words: int
) -> Any:
    """Cells and masks of all pieces.

    Args:
        pixels: see `Dag`.
        pictures: see `Dag`.
        nodes: see `Dag`.
        joint: [joint state, grid] -> node.
        pieces: joint states.
        offsets: first cell of each grid, and the number of cells.
        target: the outputs' cells of the demonstrations, `UNKNOWN` for test grids.
        n_words: words per mask.

    Returns:
        cells [piece, cell]; wrong [piece, 3 modes, word], active [piece, 3 modes, word].
    """
    n = pieces.shape[0]
    n_cells = offsets[-1]
    cells = np.empty((n, n_cells), np.uint8)
    wrong = np.zeros((n, 3, n_words), np.uint64)
    active = np.zeros((n, 3, n_words), np.uint64)
    one = np.uint64(1)
    for i in range(n):
        for d in range(offsets.shape[0] - 1):
            o = pictures[nodes[joint[pieces[i], d], 0], 4]
            for k in range(offsets[d], offsets[d + 1]):
                c = pixels[o + k - offsets[d]]
                cells[i, k] = c
                bit = one << np.uint64(k & 63)
                word = k >> 6
                mode = 1 if c == 0 else 0
                active[i, mode, word] |= bit
                active[i, 2, word] |= bit
                if target[k] != UNKNOWN and c != target[k]:
                    wrong[i, mode, word] |= bit
                    wrong[i, 2, word] |= bit
    return cells, wrong, active


@kernel
def best_piece(
    wrong: Any, active: Any, depths: Any, max_depth: int, free: Any, free_test: Any, words: Any, n_words: int
) -> Any:
    """The piece and mode that writes no wrong cell and covers most; the cheaper of equals.

    Args:
        wrong: see `piece_masks`.
        active: see `piece_masks`.
        depths: depth of each piece, rising.
        max_depth: pieces deeper than this are left out.
        free: cells of the demonstrations cared for that are unknown.
        free_test: cells of the guide that are unknown.
        words: indices of the words where `free_test` has bits.
        n_words: words in use.

    Returns:
        (piece, mode), piece -1 if there is none that covers a cell.
    """
    best = -1
    best_mode = 0
    most = np.uint64(0)
    for i in range(wrong.shape[0]):
        if depths[i] > max_depth:
            break
        for mode in range(3):
            is_right = True
            for k in range(n_words):
                if wrong[i, mode, k] & free[k]:
                    is_right = False
                    break
            if not is_right:
                continue
            n = np.uint64(0)
            for k in words:
                n += popcount(active[i, mode, k] & free_test[k])
            if n > most:
                most = n
                best = i
                best_mode = mode
    return best, best_mode


@entry("greedy")
def compose(
    cells: Any,
    wrong: Any,
    active: Any,
    depths: Any,
    offsets: Any,
    n_demos: int,
    target: Any,
    max_masks: int,
    seen_cap: int,
) -> Any:
    """Try all subsets of demonstrations to care for, and all guides inside, at rising depth limits.

    Args:
        cells: see `piece_masks`.
        wrong: see `piece_masks`.
        active: see `piece_masks`.
        depths: depth of each piece, rising.
        offsets: first cell of each grid, and the number of cells.
        n_demos: the first grids are demonstrations.
        target: outputs' cells.
        max_masks: subsets of the first demonstrations with numbers below this are tried.
        seen_cap: stop after this many compositions.

    Returns:
        The fields of `Compositions`, and the number of cover steps.
    """
    n_cells = offsets[-1]
    n_words = wrong.shape[2]
    one = np.uint64(1)
    zero = np.uint64(0)
    care = np.zeros((n_demos, n_words), np.uint64)
    tests = np.zeros(n_words, np.uint64)
    for d in range(offsets.shape[0] - 1):
        for k in range(offsets[d], offsets[d + 1]):
            if d < n_demos:
                care[d, k >> 6] |= one << np.uint64(k & 63)
            else:
                tests[k >> 6] |= one << np.uint64(k & 63)
    out = np.empty((seen_cap, n_cells), np.uint8)
    explained = np.zeros(seen_cap, np.int64)
    stack = np.full((seen_cap, MAX_STACK), -1, np.int32)
    modes = np.zeros((seen_cap, MAX_STACK), np.int32)
    depth = np.zeros(seen_cap, np.int32)
    guides = np.zeros(seen_cap, np.int32)
    n_out = 0
    steps = 0
    free = np.empty(n_words, np.uint64)
    known = np.empty(n_words, np.uint64)
    free_guide = np.empty(n_words, np.uint64)
    words = np.empty(n_words, np.int64)
    if depths.shape[0] == 0:
        return out[:0], explained[:0], stack[:0], modes[:0], depth[:0], guides[:0], 0
    limit = depths[0]
    rounds_left = -1
    while True:
        for mask in range(1, max_masks):
            for guide in range(n_demos):
                if (mask >> guide) & 1 == 0 or n_out >= seen_cap:
                    continue
                for k in range(n_words):
                    free[k] = zero
                    known[k] = zero
                    for d in range(n_demos):
                        if (mask >> d) & 1:
                            free[k] |= care[d, k]
                row = out[n_out]
                for i in range(n_cells):
                    row[i] = UNKNOWN
                deepest = 0
                for it in range(MAX_STACK):
                    n_left = 0
                    for k in range(n_words):
                        free_guide[k] = care[guide, k] & ~known[k]
                        free[k] &= ~known[k]
                        if free_guide[k]:
                            words[n_left] = k
                            n_left += 1
                    if n_left == 0:
                        break
                    best, mode = best_piece(wrong, active, depths, limit, free, free_guide, words[:n_left], n_words)
                    steps += 1
                    if best < 0:
                        break
                    deepest = max(deepest, depths[best])
                    stack[n_out, it] = best
                    modes[n_out, it] = mode
                    for k in range(n_words):
                        a = active[best, mode, k] & ~known[k]
                        while a:
                            at = k * 64 + np.int64(popcount((a & (~a + one)) - one))
                            row[at] = cells[best, at]
                            a &= a - one
                        known[k] |= active[best, mode, k]
                if stack[n_out, 0] < 0:
                    continue
                depth[n_out] = deepest
                guides[n_out] = guide
                bits = 0
                for d in range(n_demos):
                    is_right = True
                    for i in range(offsets[d], offsets[d + 1]):
                        if row[i] != target[i]:
                            is_right = False
                            break
                    if is_right:
                        bits |= 1 << d
                explained[n_out] = bits
                is_new = True
                for k in range(n_out):
                    if is_new and explained[k] == bits:
                        is_new = False
                        for i in range(n_cells):
                            if out[k, i] != row[i]:
                                is_new = True
                                break
                        if not is_new:
                            break
                if is_new:
                    n_out += 1
                else:
                    for it in range(MAX_STACK):
                        stack[n_out, it] = -1
        top = depths[depths.shape[0] - 1]
        if rounds_left < 0:
            for k in range(n_out):
                if explained[k] == (1 << n_demos) - 1:
                    rounds_left = 2
        rounds_left -= 1
        if limit >= top or rounds_left == 0:
            break
        following = top
        for i in range(depths.shape[0]):
            if depths[i] > limit:
                following = depths[i]
                break
        limit = following
    return out[:n_out], explained[:n_out], stack[:n_out], modes[:n_out], depth[:n_out], guides[:n_out], steps

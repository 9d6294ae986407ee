"""Greedy composition: cover the outputs with pieces that never write a wrong cell on the demonstrations cared for.

Every piece is a row of cells over all grids and two bit masks: where it is wrong, and where it is zero. The scheme is
icecuber's ``greedyCompose2``; here all three ways to write a piece have their mask of wrong cells made beforehand.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.engine.compile import entry, kernel
from arcsolve_dsl.engine.dag import FIRST, Dag, flat
from arcsolve_dsl.engine.memory import Bytes, Ints, Rows, Words, count_bits, pointer
from arcsolve_dsl.engine.room import AT

UNKNOWN = 10
"""The colour of a cell that no piece has written."""
MAX_STACK = 10
"""Most pieces in one composition."""
ONE = np.uint64(1)
ZERO = np.uint64(0)


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


@entry("engine/greedy")
def fill_masks(
    pixels: Bytes, at: Ints, n: int, n_grids: int, offsets: Ints, target: Bytes, cells: Bytes, wrong: Words,
    active: Words, n_words: int,
) -> None:  # fmt: skip
    """Fill the cells and masks of all pieces.

    Args:
        pixels: see `Dag`.
        at: [piece, grid] -> offset of its picture in `pixels`.
        n: number of pieces.
        n_grids: number of grids.
        offsets: first cell of each grid, and the number of cells.
        target: the outputs' cells of the demonstrations, `UNKNOWN` for test grids.
        cells: [piece, cell], filled.
        wrong: [piece, 3 modes, word], filled.
        active: likewise.
        n_words: words per mask.
    """
    src = pointer(pixels)
    want = pointer(target)
    out = pointer(cells)
    bad = pointer(wrong)
    on = pointer(active)
    n_cells = offsets[n_grids]
    for i in range(n):
        here = 3 * n_words * i
        colours = zeros = wrong_colours = wrong_zeros = ZERO
        for d in range(n_grids):
            first = offsets[d]
            o = at[n_grids * i + d]
            for k in range(first, offsets[d + 1]):
                c = src[o + k - first]
                out[n_cells * i + k] = c
                bit = ONE << np.uint64(k & 63)
                is_wrong = want[k] != UNKNOWN and c != want[k]
                if c == 0:
                    zeros |= bit
                    if is_wrong:
                        wrong_zeros |= bit
                else:
                    colours |= bit
                    if is_wrong:
                        wrong_colours |= bit
                if k & 63 == 63 or k == n_cells - 1:
                    word = here + (k >> 6)
                    on[word], on[word + n_words], on[word + 2 * n_words] = colours, zeros, colours | zeros
                    bad[word], bad[word + n_words] = wrong_colours, wrong_zeros
                    bad[word + 2 * n_words] = wrong_colours | wrong_zeros
                    colours = zeros = wrong_colours = wrong_zeros = ZERO


@kernel
def best_piece(
    wrong: Words, active: Words, begin: int, end: int, choice: Rows, covers: Rows, step: int, free: Words,
    guide: Words, words: Ints, n_left: int, n_words: int,
) -> bool:  # fmt: skip
    """Find the piece and mode that writes no wrong cell and covers most; the cheaper of equals.

    Args:
        wrong: see `fill_masks`.
        active: see `fill_masks`.
        begin: first piece to look at; the best one before it is known.
        end: where to stop.
        choice: by step, 3 * piece + mode; -1 if there is none that covers a cell. A better one is filled in.
        covers: by step, how many cells that covers; likewise.
        step: which step.
        free: cells of the demonstrations cared for that are unknown.
        guide: cells of the guide that are unknown.
        words: indices of the words where `guide` has bits.
        n_left: their number.
        n_words: words in use.

    Returns:
        Whether a better one was found.
    """
    is_better = False
    for i in range(begin, end):
        for row in range(3 * i, 3 * i + 3):
            r = n_words * row
            is_right = True
            for k in range(n_words):
                if wrong[r + k] & free[k]:
                    is_right = False
                    break
            if not is_right:
                continue
            covered = 0
            for k in range(n_left):
                covered += count_bits(active[r + words[k]] & guide[words[k]])
            if covered > covers[step]:
                covers[step] = covered
                choice[step] = row
                is_better = True
    return is_better


@entry("engine/greedy")
def cover(
    cells: Bytes, wrong: Words, active: Words, depths: Ints, n: int, offsets: Ints, n_grids: int, n_demos: int,
    target: Bytes, max_masks: int, care: Words, free_cells: Words, known_cells: Words, guide_cells: Words,
    words: Ints, n_words: int, choice: Rows, covers: Rows, out: Bytes, explained: Ints, stack: Rows, modes: Rows,
    depth: Rows, guides: Rows, cap: int,
) -> int:  # fmt: skip
    """Try all subsets of demonstrations to care for, and all guides inside, at rising depth limits.

    A step that begins as it did under the limit before looks at the deeper pieces alone.

    Args:
        cells: see `fill_masks`.
        wrong: see `fill_masks`.
        active: see `fill_masks`.
        depths: depth of each piece, rising.
        n: number of pieces, at least 1.
        offsets: see `fill_masks`.
        n_grids: number of grids.
        n_demos: the first grids are demonstrations.
        target: outputs' cells.
        max_masks: subsets of the first demonstrations with numbers below this are tried.
        care: [demonstration, word] zeros, for the cells of each.
        free_cells: room for a mask, as the next two.
        known_cells: likewise.
        guide_cells: likewise.
        words: room for as many numbers as a mask has words.
        n_words: words per mask.
        choice: [subset, guide, step] room, for the pieces taken under the limit before.
        covers: likewise, for how many cells they cover.
        out: filled with the cells of each composition.
        explained: filled, as the next four, with what `Compositions` says.
        stack: [composition, MAX_STACK] of -1.
        modes: likewise.
        depth: of each composition.
        guides: of each composition.
        cap: stop after this many compositions.

    Returns:
        The number of compositions.
    """
    bad = pointer(wrong)
    on = pointer(active)
    dep = pointer(depths)
    cared = pointer(care)
    free = pointer(free_cells)
    known = pointer(known_cells)
    guided = pointer(guide_cells)
    left = pointer(words)
    taken = pointer(choice)
    covering = pointer(covers)
    row = pointer(out)
    src = pointer(cells)
    n_cells = offsets[n_grids]
    for d in range(n_demos):
        for k in range(offsets[d], offsets[d + 1]):
            cared[n_words * d + (k >> 6)] |= ONE << np.uint64(k & 63)
    n_out = 0
    limit = dep[0]
    known_pieces = 0
    rounds_left = -1
    while True:
        pieces = known_pieces
        while pieces < n and dep[pieces] <= limit:
            pieces += 1
        for mask in range(1, max_masks):
            for guide in range(n_demos):
                if (mask >> guide) & 1 == 0 or n_out >= cap:
                    continue
                for k in range(n_words):
                    free[k] = ZERO
                    known[k] = ZERO
                    for d in range(n_demos):
                        if (mask >> d) & 1:
                            free[k] |= cared[n_words * d + k]
                here = n_cells * n_out
                for i in range(n_cells):
                    row[here + i] = UNKNOWN
                deepest = 0
                is_as_before = known_pieces > 0
                for it in range(MAX_STACK):
                    step = MAX_STACK * (n_demos * mask + guide) + it
                    n_left = 0
                    for k in range(n_words):
                        guided[k] = cared[n_words * guide + k] & ~known[k]
                        free[k] &= ~known[k]
                        if guided[k]:
                            left[n_left] = k
                            n_left += 1
                    if n_left == 0:
                        break
                    begin = known_pieces
                    if not is_as_before:
                        begin = 0
                        taken[step] = -1
                        covering[step] = 0
                    if best_piece(bad, on, begin, pieces, taken, covering, step, free, guided, left, n_left, n_words):
                        is_as_before = False
                    best = taken[step]
                    if best < 0:
                        break
                    piece = best // 3
                    deepest = max(deepest, dep[piece])
                    stack[MAX_STACK * n_out + it] = piece
                    modes[MAX_STACK * n_out + it] = best - 3 * piece
                    for k in range(n_words):
                        a = on[n_words * best + k] & ~known[k]
                        known[k] |= a
                        while a:
                            at = k * 64 + count_bits((a & (~a + ONE)) - ONE)
                            row[here + at] = src[n_cells * piece + at]
                            a &= a - ONE
                if stack[MAX_STACK * n_out] < 0:
                    continue
                depth[n_out] = deepest
                guides[n_out] = guide
                bits = 0
                for d in range(n_demos):
                    is_right = True
                    for i in range(offsets[d], offsets[d + 1]):
                        if row[here + i] != target[i]:
                            is_right = False
                            break
                    if is_right:
                        bits |= 1 << d
                explained[n_out] = bits
                is_new = True
                for k in range(n_out):
                    if explained[k] == bits:
                        is_new = False
                        for i in range(n_cells):
                            if row[n_cells * k + i] != row[here + i]:
                                is_new = True
                                break
                        if not is_new:
                            break
                if is_new:
                    n_out += 1
                else:
                    for it in range(MAX_STACK):
                        stack[MAX_STACK * n_out + it] = -1
        known_pieces = pieces
        top = dep[n - 1]
        if rounds_left < 0:
            for k in range(n_out):
                if explained[k] == (1 << n_demos) - 1:
                    rounds_left = 2
        rounds_left -= 1
        if limit >= top or rounds_left == 0:
            break
        following = top
        for i in range(n):
            if dep[i] > limit:
                following = dep[i]
                break
        limit = following
    return n_out


class Masks(NamedTuple):
    """All pieces as rows of cells over all grids.

    Attributes:
        cells: [piece, cell].
        wrong: [piece, 3 modes, word]: the cells that writing it in that mode gets wrong.
        active: [piece, 3 modes, word]: the cells it writes in that mode.
    """

    cells: NDArray[np.uint8]
    wrong: NDArray[np.uint64]
    active: NDArray[np.uint64]


def piece_masks(dag: Dag, joint: NDArray[np.int32], offsets: NDArray[np.int64], target: NDArray[np.uint8]) -> Masks:
    """Cells and masks of pieces.

    Args:
        dag: the states of all grids.
        joint: [piece, grid] -> node.
        offsets: first cell of each grid, and the number of cells.
        target: the outputs' cells of the demonstrations, `UNKNOWN` for test grids.
    """
    n, n_grids = joint.shape
    n_cells = int(offsets[-1])
    n_words = (n_cells + 63) // 64
    cells = np.empty((n, n_cells), np.uint8)
    wrong = np.empty((n, 3, n_words), np.uint64)
    active = np.empty((n, 3, n_words), np.uint64)
    at = dag.pictures[dag.nodes[joint, FIRST], AT]
    fill_masks(
        dag.pixels, flat(at, np.int64), n, n_grids, offsets, target, cells.reshape(-1), wrong.reshape(-1),
        active.reshape(-1), n_words,
    )  # fmt: skip
    return Masks(cells, wrong, active)


def compose(
    masks: Masks, depths: NDArray[np.int64], offsets: NDArray[np.int64], n_demos: int, target: NDArray[np.uint8],
    max_masks: int, cap: int,
) -> Compositions:  # fmt: skip
    """Compose outputs from pieces.

    Args:
        masks: of all pieces.
        depths: of each piece, rising.
        offsets: first cell of each grid, and the number of cells.
        n_demos: the first grids are demonstrations.
        target: outputs' cells.
        max_masks: subsets of the first demonstrations with numbers below this are tried.
        cap: stop after this many compositions.
    """
    n, _, n_words = masks.wrong.shape
    n_cells = int(offsets[-1])
    out = np.empty((cap, n_cells), np.uint8)
    explained = np.zeros(cap, np.int64)
    stack = np.full((cap, MAX_STACK), -1, np.int32)
    modes = np.zeros((cap, MAX_STACK), np.int32)
    depth, guides = np.zeros(cap, np.int32), np.zeros(cap, np.int32)
    made = 0
    if n:
        made = cover(
            masks.cells.reshape(-1), masks.wrong.reshape(-1), masks.active.reshape(-1), depths, n, offsets,
            len(offsets) - 1, n_demos, target, max_masks, np.zeros(n_demos * n_words, np.uint64),
            *np.empty((3, n_words), np.uint64), np.empty(n_words, np.int64), n_words,
            *np.empty((2, max_masks * n_demos * MAX_STACK), np.int32), out.reshape(-1), explained, stack.reshape(-1),
            modes.reshape(-1), depth, guides, cap,
        )  # fmt: skip
    return Compositions(out[:made], explained[:made], stack[:made], modes[:made], depth[:made], guides[:made])

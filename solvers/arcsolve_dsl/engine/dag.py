"""Grow, for every grid of a task, the states that short sequences of operations make from it.

All grids share one arena; a state is known by the 64-bit hash of its grid's number and contents, so that each grid
keeps every distinct state once. The scheme (one graph per grid, then a joint walk) is icecuber's.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.engine.apply import KERNELS, apply
from arcsolve_dsl.engine.compile import entry, kernel
from arcsolve_dsl.engine.memory import Bytes, Ints, Rows, Word, Words, as_bytes, pointer
from arcsolve_dsl.engine.room import AT, MAX_BYTES, MAX_CELLS, MAX_PICTURES, ROW, H, W, X, Y

PRIME = np.uint64(0x9E3779B97F4A7C15)
SHIFT = np.uint64(29)
STEP = 10
"""Depth one operation costs."""
NODE = 7
"""Numbers of a node."""
FIRST, COUNT, IS_LIST, DEPTH, CHILDREN, IS_PIECE, RANK = range(NODE)
"""What they are."""
OP = 5
"""Numbers of an operation."""
SPLITS = 11
"""The kind of operations that take a picture apart."""


class Dag(NamedTuple):
    """The states of all grids.

    Attributes:
        pixels: bytes of all pictures.
        pictures: rows (y, x, h, w, offset).
        nodes: rows (first picture, number of pictures, is list, depth, row in `child` or -1, is piece, rank of the
            finishing operation that made it or -1).
        child: [row, operation] -> node or -1.
        finish: [node, finishing operation] -> node or -1.
        grid_start: first node of each grid, and the number of nodes.
        attempts: operations tried.
    """

    pixels: NDArray[np.uint8]
    pictures: NDArray[np.int32]
    nodes: NDArray[np.int32]
    child: NDArray[np.int32]
    finish: NDArray[np.int32]
    grid_start: NDArray[np.int64]
    attempts: int


@kernel
def hash_state(grid: int, is_list: int, n: int, out64: Words, oimg: Rows, out: Bytes) -> Word:
    """Hash a state; zeroes the bytes between pictures on the way."""
    h = np.uint64(grid * 2 + is_list + 1) * PRIME
    for r in range(0, ROW * n, ROW):
        a = (np.int64(oimg[r + Y]) & 0xFFFF) | ((np.int64(oimg[r + X]) & 0xFFFF) << 16)
        a |= (np.int64(oimg[r + H]) << 32) | (np.int64(oimg[r + W]) << 48)
        h = (h ^ np.uint64(a)) * PRIME
        h ^= h >> SHIFT
        size = oimg[r + H] * oimg[r + W]
        q = oimg[r + AT]
        words = (size + 7) >> 3
        for i in range(size, words * 8):
            out[q + i] = 0
        q >>= 3
        for i in range(words):
            h = (h ^ out64[q + i]) * PRIME
            h ^= h >> SHIFT
    return h


@kernel
def slot_of(h: Word, table: Rows, size: int, hashes: Words) -> int:
    """Where a hash stands in a table of numbers of hashes, counted from 1; or the empty slot where it belongs."""
    slot: Any = np.int64(h & np.uint64(size - 1))
    while table[slot] and hashes[table[slot] - 1] != h:
        slot = (slot + 1) & (size - 1)
    return int(slot)


@entry(*KERNELS, "engine/dag")
def grow(
    root_pixels: Bytes, root_pictures: Rows, root_depth: Ints, n_roots: int, frames: Ints, n_frames: int, ops: Rows,
    n_ops: int, finishers: Rows, n_finish: int, targets: Ints, n_grids: int, max_depth: int, limit: int,
    max_nodes: int, shares: Ints, pixels: Words, pictures: Rows, nodes: Rows, hashes: Words, child: Rows,
    finish: Rows, table: Rows, room: Words, rows: Rows, scratch: Ints, place: Ints, lengths: Ints, start: Ints,
    cursor: Ints,
) -> bool:  # fmt: skip
    """Grow the states of all grids until done, or until an array is short of room.

    Args:
        root_pixels: see `build`.
        root_pictures: see `build`.
        root_depth: see `build`.
        n_roots: see `build`.
        frames: see `build`.
        n_frames: frames per grid.
        ops: see `build`.
        n_ops: their number.
        finishers: see `build`.
        n_finish: their number.
        targets: see `build`.
        n_grids: number of grids.
        max_depth: see `build`.
        limit: see `build`.
        max_nodes: see `build`.
        shares: bytes that may be in use when a grid is done.
        pixels: bytes of all pictures.
        pictures: their rows.
        nodes: see `Dag`.
        hashes: of each node.
        child: see `Dag`.
        finish: see `Dag`; -1 where nothing is written yet.
        table: zeros, for a hash table of the nodes; its length is a power of 2, at least twice that of `hashes`.
        room: for the bytes of one state.
        rows: for the rows of its pictures.
        scratch: for the kernels.
        place: for the kernels: (y, x, h, w) of a result.
        lengths: for the kernels: bytes used, is a list, then measures of the pictures of a list.
        start: filled with the first node of each grid, and the number of nodes.
        cursor: where growing stands: grid, step (0 roots, 1 breadth first, 2 finishing of lists, 3 finishing of
            pictures), node and column it is at, where step 2 ends, bytes used, pictures, nodes, rows of `child`,
            attempts.

    Returns:
        True when done; False asks for more room and another call.
    """
    p = as_bytes(pixels)
    p64 = pointer(pixels)
    img = pointer(pictures)
    nod = pointer(nodes)
    hsh = pointer(hashes)
    chl = pointer(child)
    fin = pointer(finish)
    tab = pointer(table)
    out = as_bytes(room)
    out64 = pointer(room)
    oimg = pointer(rows)
    tmp = pointer(scratch)
    g = pointer(place)
    meta = pointer(lengths)
    grid = cursor[0]
    step = cursor[1]
    at = cursor[2]
    op = cursor[3]
    end = cursor[4]
    used = cursor[5]
    n_img = cursor[6]
    n_nodes = cursor[7]
    n_rows = cursor[8]
    attempts = cursor[9]
    size = len(table)
    for node in range(n_nodes):
        slot = slot_of(hsh[node], tab, size, hsh)
        if tab[slot] == 0:
            tab[slot] = node + 1
    most_bytes = 8 * len(pixels) - MAX_BYTES
    most_pictures = len(pictures) // ROW - MAX_PICTURES
    most_rows = len(child) // n_ops
    while grid < n_grids:
        if used > most_bytes or n_img > most_pictures or n_rows >= most_rows or 2 * n_nodes >= size:
            break
        parent = -1
        column = -1
        rank = -1
        depth = 0
        o = 0
        if step == 0:
            if op == n_roots:
                step = 1
                op = 0
                continue
            r = ROW * (grid * n_roots + op)
            n = root_pictures[r + H] * root_pictures[r + W]
            for i in range(n):
                out[i] = root_pixels[root_pictures[r + AT] + i]
            for i in range(AT):
                oimg[i] = root_pictures[r + i]
            oimg[AT] = 0
            meta[0] = (n + 7) >> 3 << 3
            meta[1] = 0
            n = 1
            depth = root_depth[op]
            op += 1
        elif step == 1:
            is_full = n_nodes - start[grid] > max_nodes or used > shares[grid] * 2 // 3
            if at >= n_nodes or (op == 0 and is_full):
                step = 2
                op = 0
                at = start[grid]
                end = n_nodes
                continue
            depth = nod[NODE * at + DEPTH] + STEP
            if depth > max_depth:
                at += 1
                continue
            if op == 0:
                nod[NODE * at + CHILDREN] = n_rows
                n_rows += 1
            parent = at
            column = op
            o = op
            op += 1
            if op == n_ops:
                at += 1
                op = 0
            chl[nod[NODE * parent + CHILDREN] * n_ops + column] = -1
            if ops[OP * o + 4] == 0 or (ops[OP * o] == SPLITS and depth + STEP // 2 > max_depth):
                continue
        else:
            if step == 2 and at >= end:
                step = 3
                op = 0
                at = start[grid]
                continue
            if step == 3 and at >= n_nodes:
                step = 0
                op = 0
                at = n_nodes
                grid += 1
                start[grid] = n_nodes
                continue
            parent = at
            column = op
            o = finishers[2 * op]
            rank = finishers[2 * op + 1]
            op += 1
            if op == n_finish:
                at += 1
                op = 0
            depth = nod[NODE * parent + DEPTH] + STEP
            if (rank < 0) != (step == 2) or (nod[NODE * parent + IS_LIST] == 1) != (step == 2):
                continue
            if step == 3 and rank <= nod[NODE * parent + RANK]:
                continue
        if parent >= 0:
            frame = ops[OP * o + 3]
            if frame >= n_frames:
                continue
            attempts += 1
            frame = 2 * (grid * n_frames + frame)
            r = NODE * parent
            n = apply(
                ops[OP * o], ops[OP * o + 1], ops[OP * o + 2], frames[frame], frames[frame + 1], nod[r + IS_LIST] == 1,
                p, img, nod[r + FIRST], nod[r + COUNT], out, oimg, tmp, g, meta, limit,
            )  # fmt: skip
            if n < 0 or used + meta[0] > shares[grid]:
                continue
        h = hash_state(grid, meta[1], n, out64, oimg, out)
        slot = slot_of(h, tab, size, hsh)
        found = tab[slot] - 1
        if found < 0 or parent < 0:
            if found < 0:
                tab[slot] = n_nodes + 1
            found = n_nodes
            hsh[found] = h
            r = NODE * found
            nod[r + FIRST] = n_img
            nod[r + COUNT] = n
            nod[r + IS_LIST] = meta[1]
            nod[r + DEPTH] = depth
            nod[r + CHILDREN] = -1
            th = targets[2 * grid]
            fits = th == 0 or (oimg[Y] == 0 and oimg[X] == 0 and oimg[H] == th and oimg[W] == targets[2 * grid + 1])
            nod[r + IS_PIECE] = 1 if fits and meta[1] == 0 else 0
            nod[r + RANK] = rank
            for k in range(0, ROW * n, ROW):
                r = ROW * n_img + k
                for i in range(AT):
                    img[r + i] = oimg[k + i]
                img[r + AT] = used + oimg[k + AT]
            for i in range(meta[0] >> 3):
                p64[(used >> 3) + i] = out64[i]
            used += meta[0]
            n_img += n
            n_nodes += 1
        if step == 1:
            chl[nod[NODE * parent + CHILDREN] * n_ops + column] = found
        elif step >= 2:
            fin[n_finish * parent + column] = found
    cursor[0] = grid
    cursor[1] = step
    cursor[2] = at
    cursor[3] = op
    cursor[4] = end
    cursor[5] = used
    cursor[6] = n_img
    cursor[7] = n_nodes
    cursor[8] = n_rows
    cursor[9] = attempts
    return grid == n_grids


def build(
    root_pixels: NDArray[np.uint8], root_pictures: NDArray[np.int32], root_depth: NDArray[np.int64], n_roots: int,
    frames: NDArray[np.int64], ops: NDArray[np.int32], finishers: NDArray[np.int32], targets: NDArray[np.int64],
    max_depth: int, limit: int, max_nodes: int, max_bytes: int,
) -> Dag:  # fmt: skip
    """Grow the states of all grids.

    Args:
        root_pixels: bytes of the root pictures, grid by grid, `n_roots` each.
        root_pictures: rows (y, x, h, w, offset); a picture of more than `MAX_CELLS` is taken as empty.
        root_depth: depth of each of the `n_roots` roots.
        n_roots: roots per grid.
        frames: [grid, frame, 2] heights and widths for operations that take a size.
        ops: rows (kind, code, arg, frame, is searched); operations whose frame is not there do not apply.
        finishers: rows (operation, rank): tried on every state at the end, ranks strictly rising along a chain.
        targets: [grid, 2] sizes of the answer; 0 if not known.
        max_depth: operations stop at this depth (10 each).
        limit: largest area of a picture; `MAX_CELLS` at most, if more is asked for.
        max_nodes: stop growing beyond this many states of one grid.
        max_bytes: stop growing where the pictures of all grids would take more.
    """
    n_grids, n_frames = frames.shape[:2]
    is_big = root_pictures[:, H] * root_pictures[:, W] > MAX_CELLS
    root_pictures = np.where(is_big[:, None], 0, root_pictures)
    n_ops, n_finish = len(ops), len(finishers)
    pixels = np.empty(1 << 15, np.uint64)
    pictures = np.empty((4096, ROW), np.int32)
    nodes = np.empty((4096, NODE), np.int32)
    hashes = np.empty(4096, np.uint64)
    finish = np.full((4096, n_finish), -1, np.int32)
    child = np.empty((256, n_ops), np.int32)
    start = np.zeros(n_grids + 1, np.int64)
    cursor = np.zeros(10, np.int64)
    shares = max_bytes * np.arange(1, n_grids + 1) // n_grids
    given = (
        root_pixels, flat(root_pictures, np.int32), flat(root_depth, np.int64), n_roots, flat(frames, np.int64),
        n_frames, flat(ops, np.int32), n_ops, flat(finishers, np.int32), n_finish, flat(targets, np.int64), n_grids,
        max_depth, min(limit, MAX_CELLS), max_nodes, shares,
    )  # fmt: skip
    scratch = (
        np.zeros((MAX_BYTES + MAX_CELLS) // 8, np.uint64), np.zeros(ROW * (MAX_PICTURES + 1), np.int32),
        np.zeros(2 * MAX_CELLS, np.int64), np.zeros(8, np.int64), np.zeros(MAX_PICTURES + 16, np.int64),
    )  # fmt: skip
    is_done = False
    while not is_done:
        is_done = grow(
            *given, pixels, pictures.reshape(-1), nodes.reshape(-1), hashes, child.reshape(-1), finish.reshape(-1),
            np.zeros(2 * len(hashes), np.int32), *scratch, start, cursor,
        )  # fmt: skip
        used, n_pictures, n_nodes, n_rows, attempts = cursor[5:].tolist()
        if 8 * len(pixels) - used < MAX_BYTES + MAX_CELLS:
            pixels = doubled(pixels)
        if len(pictures) - n_pictures < 2 * MAX_PICTURES:
            pictures = doubled(pictures)
        if len(child) - n_rows < 2:
            child = doubled(child)
        if len(nodes) - n_nodes < 2:
            nodes, hashes, finish = doubled(nodes), doubled(hashes), doubled(finish)
            finish[n_nodes:] = -1
    return Dag(
        pixels.view(np.uint8)[:used], pictures[:n_pictures], nodes[:n_nodes], child[:n_rows], finish[:n_nodes], start,
        attempts,
    )  # fmt: skip


def flat(values: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """All values in one row, as an `entry` takes them."""
    return np.ascontiguousarray(values, dtype).reshape(-1)


def doubled(rows: NDArray[Any]) -> NDArray[Any]:
    """A copy with room for twice the rows."""
    more = np.empty((2 * len(rows), *rows.shape[1:]), rows.dtype)
    more[: len(rows)] = rows
    return more

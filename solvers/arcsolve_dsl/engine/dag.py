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
from arcsolve_dsl.engine.room import MAX_BYTES, MAX_PICTURES

PRIME = np.uint64(0x9E3779B97F4A7C15)
SHIFT = np.uint64(29)
STEP = 10
"""Depth one operation costs."""


class Dag(NamedTuple):
    """The states of all grids.

    Attributes:
        pixels: bytes of all pictures.
        pictures: rows (y, x, h, w, offset).
        nodes: rows (first picture, number of pictures, is list, depth, row in `child` or -1, is piece).
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
def grow_rows(a: Any) -> Any:
    """A copy with twice the rows."""
    b = np.empty((a.shape[0] * 2, a.shape[1]), a.dtype)
    b[: a.shape[0]] = a
    return b


@kernel
def hash_state(grid: int, is_list: int, n: int, out64: Any, oimg: Any, out: Any) -> Any:
    """Hash a state; zeroes the bytes between pictures on the way."""
    h = np.uint64(grid * 2 + is_list + 1) * PRIME
    for k in range(n):
        a = (np.int64(oimg[k, 0]) & 0xFFFF) | ((np.int64(oimg[k, 1]) & 0xFFFF) << 16)
        a |= (np.int64(oimg[k, 2]) << 32) | (np.int64(oimg[k, 3]) << 48)
        h = (h ^ np.uint64(a)) * PRIME
        h ^= h >> SHIFT
        size = oimg[k, 2] * oimg[k, 3]
        q = oimg[k, 4]
        words = (size + 7) // 8
        for i in range(size, words * 8):
            out[q + i] = 0
        for i in range(words):
            h = (h ^ out64[q // 8 + i]) * PRIME
            h ^= h >> SHIFT
    return h


@kernel
def rehash(keys: Any, vals: Any) -> Any:
    """The hash table in twice the room."""
    size = keys.shape[0] * 2
    new_keys = np.zeros(size, np.uint64)
    new_vals = np.full(size, -1, np.int32)
    mask = np.uint64(size - 1)
    for i in range(keys.shape[0]):
        if vals[i] >= 0:
            at = np.int64(keys[i] & mask)
            while new_vals[at] >= 0:
                at = (at + 1) & (size - 1)
            new_keys[at] = keys[i]
            new_vals[at] = vals[i]
    return new_keys, new_vals


@entry(*KERNELS, "dag")
def build(
    root_pixels: Any, root_pictures: Any, root_depth: Any, n_roots: int, frames: Any, ops: Any, finishers: Any,
    targets: Any, max_depth: int, limit: int, max_nodes: int, max_bytes: int,
) -> Any:  # fmt: skip
    """Grow the states of all grids.

    Args:
        root_pixels: uint8 bytes of the root pictures, grid by grid, `n_roots` each.
        root_pictures: rows (y, x, h, w, offset).
        root_depth: depth of each of the `n_roots` roots.
        n_roots: roots per grid.
        frames: [grid, frame, 2] heights and widths for operations that take a size.
        ops: rows (kind, code, arg, frame, is searched); operations whose frame is not there do not apply.
        finishers: rows (operation, rank): tried on every state at the end, ranks strictly rising along a chain.
        targets: [grid, 2] sizes of the answer; 0 if not known.
        max_depth: operations stop at this depth (10 each).
        limit: largest area of a picture.
        max_nodes: stop growing beyond this many states of one grid.
        max_bytes: stop growing where the pictures of all grids would take more.

    Returns:
        The fields of `Dag`.
    """
    n_grids = frames.shape[0]
    n_frames = frames.shape[1]
    n_ops = ops.shape[0]
    n_finish = finishers.shape[0]
    p = np.zeros(1 << 18, np.uint8)
    img = np.empty((4096, 5), np.int32)
    nodes = np.empty((4096, 6), np.int32)
    rank = np.full((4096, 1), -1, np.int32)
    finish = np.full((4096, n_finish), -1, np.int32)
    child = np.empty((256, n_ops), np.int32)
    keys = np.zeros(1 << 14, np.uint64)
    vals = np.full(1 << 14, -1, np.int32)
    start = np.zeros(n_grids + 1, np.int64)
    out64 = np.zeros((MAX_BYTES + 4096) // 8, np.uint64)
    out = out64.view(np.uint8)
    oimg = np.zeros((MAX_PICTURES + 1, 5), np.int32)
    tmp = np.zeros(1 << 15, np.int64)
    g = np.zeros(8, np.int64)
    meta = np.zeros(MAX_PICTURES + 16, np.int64)
    used = 0
    n_img = 0
    n_nodes = 0
    n_rows = 0
    attempts = 0
    for grid in range(n_grids):
        start[grid] = n_nodes
        share = max_bytes * (grid + 1) // n_grids
        th = targets[grid, 0]
        tw = targets[grid, 1]
        at = n_nodes
        step = 0  # 0 roots, 1 breadth first, 2 finishing stack of lists, 3 finishing of pictures
        op = 0
        end = 0
        while True:
            parent = -1
            column = -1
            rank_now = -1
            depth = 0
            if step == 0:
                if op == n_roots:
                    step = 1
                    op = 0
                    continue
                r = grid * n_roots + op
                size = root_pictures[r, 2] * root_pictures[r, 3]
                for i in range(size):
                    out[i] = root_pixels[root_pictures[r, 4] + i]
                for i in range(4):
                    oimg[0, i] = root_pictures[r, i]
                oimg[0, 4] = 0
                n = 1
                meta[0] = (size + 7) // 8 * 8
                meta[1] = 0
                depth = root_depth[op]
                op += 1
            elif step == 1:
                is_full = n_nodes - start[grid] > max_nodes or used > share * 2 // 3
                if at >= n_nodes or (op == 0 and is_full):
                    step = 2
                    op = 0
                    at = start[grid]
                    end = n_nodes
                    continue
                depth = nodes[at, 3] + STEP
                if depth > max_depth:
                    at += 1
                    continue
                if op == 0:
                    if n_rows >= child.shape[0]:
                        child = grow_rows(child)
                    nodes[at, 4] = n_rows
                    n_rows += 1
                parent = at
                column = op
                op += 1
                if op == n_ops:
                    at += 1
                    op = 0
                child[nodes[parent, 4], column] = -1
                if ops[column, 4] == 0 or (ops[column, 0] == 11 and depth + STEP // 2 > max_depth):
                    continue
            else:
                if step == 2 and at >= end:
                    step = 3
                    op = 0
                    at = start[grid]
                    continue
                if step == 3 and at >= n_nodes:
                    break
                parent = at
                column = op
                op += 1
                if op == n_finish:
                    at += 1
                    op = 0
                rank_now = finishers[column, 1]
                depth = nodes[parent, 3] + STEP
                if (rank_now < 0) != (step == 2) or (nodes[parent, 2] == 1) != (step == 2):
                    continue
                if step == 3 and rank_now <= rank[parent, 0]:
                    continue
            if parent >= 0:
                o = column if step == 1 else finishers[column, 0]
                frame = ops[o, 3]
                if frame >= n_frames:
                    continue
                attempts += 1
                n = apply(
                    ops[o, 0], ops[o, 1], ops[o, 2], frames[grid, frame, 0], frames[grid, frame, 1],
                    nodes[parent, 2] == 1, p, img, nodes[parent, 0], nodes[parent, 1], out, oimg, tmp, g, meta, limit,
                )  # fmt: skip
                if n < 0:
                    continue
            if parent >= 0 and used + meta[0] > share:
                continue
            h = hash_state(grid, meta[1], n, out64, oimg, out)
            mask = np.uint64(keys.shape[0] - 1)
            slot = np.int64(h & mask)
            found = -1
            while vals[slot] >= 0:
                if keys[slot] == h:
                    found = vals[slot]
                    break
                slot = (slot + 1) & (keys.shape[0] - 1)
            if found < 0 or parent < 0:
                if found < 0:
                    keys[slot] = h
                    vals[slot] = n_nodes
                found = n_nodes
                while used + meta[0] + 64 > p.shape[0]:
                    bigger = np.zeros(p.shape[0] * 2, np.uint8)
                    bigger[: p.shape[0]] = p
                    p = bigger
                while n_img + n > img.shape[0]:
                    img = grow_rows(img)
                if n_nodes >= nodes.shape[0]:
                    nodes = grow_rows(nodes)
                    rank = grow_rows(rank)
                    old = finish.shape[0]
                    finish = grow_rows(finish)
                    finish[old:] = -1
                nodes[found, 0] = n_img
                nodes[found, 1] = n
                nodes[found, 2] = meta[1]
                nodes[found, 3] = depth
                nodes[found, 4] = -1
                is_piece = meta[1] == 0
                if th > 0 and is_piece:
                    is_piece = oimg[0, 0] == 0 and oimg[0, 1] == 0 and oimg[0, 2] == th and oimg[0, 3] == tw
                nodes[found, 5] = 1 if is_piece else 0
                rank[found, 0] = rank_now
                for k in range(n):
                    for i in range(4):
                        img[n_img + k, i] = oimg[k, i]
                    img[n_img + k, 4] = used + oimg[k, 4]
                for i in range(meta[0]):
                    p[used + i] = out[i]
                used += meta[0]
                n_img += n
                n_nodes += 1
                if n_nodes * 2 > keys.shape[0]:
                    keys, vals = rehash(keys, vals)
            if step == 1:
                child[nodes[parent, 4], column] = found
            elif step >= 2:
                finish[parent, column] = found
    start[n_grids] = n_nodes
    return p[:used], img[:n_img], nodes[:n_nodes], child[:n_rows], finish[:n_nodes], start, attempts

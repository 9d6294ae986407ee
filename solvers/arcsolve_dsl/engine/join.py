"""Walk the graphs of all grids together: the states that the same operations make in every grid."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.engine.compile import entry
from arcsolve_dsl.engine.dag import PRIME, SHIFT, STEP


class Joint(NamedTuple):
    """Joint states, cheapest first.

    Attributes:
        nodes: [joint state, grid] -> node.
        parent: the joint state it was made from, -1 for roots.
        op: the operation that made it, or the root's number.
        depth: 10 per operation.
        pieces: the joint states that are pictures of the target size in every grid.
    """

    nodes: NDArray[np.int32]
    parent: NDArray[np.int32]
    op: NDArray[np.int32]
    depth: NDArray[np.int32]
    pieces: NDArray[np.int32]


@entry("join")
def join(nodes: Any, child: Any, finish: Any, finish_ops: Any, start: Any, n_roots: int, max_joint: int) -> Any:
    """Walk all graphs breadth first with the same operation in each.

    Args:
        nodes: see `Dag`.
        child: see `Dag`.
        finish: see `Dag`.
        start: see `Dag.grid_start`.
        finish_ops: the operation of each column of `finish`.
        n_roots: roots per grid.
        max_joint: stop at this many joint states.

    Returns:
        The fields of `Joint`.
    """
    n_grids = start.shape[0] - 1
    n_ops = child.shape[1]
    n_finish = finish.shape[1]
    cap = 4096
    mem = np.empty((cap, n_grids), np.int32)
    parent = np.empty(cap, np.int32)
    op = np.empty(cap, np.int32)
    depth = np.empty(cap, np.int32)
    pieces = np.empty(cap, np.int32)
    size = 1 << 14
    keys = np.zeros(size, np.uint64)
    vals = np.full(size, -1, np.int32)
    found = np.empty(n_grids, np.int32)
    n = 0
    n_pieces = 0
    at = -1
    while True:
        if at >= 0:
            if at >= n:
                break
            deepest = 0
            is_piece = True
            is_open = True
            for d in range(n_grids):
                node = mem[at, d]
                deepest = max(deepest, nodes[node, 3])
                is_piece = is_piece and nodes[node, 5] == 1
                is_open = is_open and nodes[node, 4] >= 0
            if deepest < depth[at]:
                at += 1
                continue
            if is_piece:
                pieces[n_pieces] = at
                n_pieces += 1
        columns = n_roots if at < 0 else n_ops + n_finish
        for column in range(columns):
            if at < 0:
                for d in range(n_grids):
                    found[d] = start[d] + column
                new_depth = nodes[found[0], 3]
                o = column
            else:
                if column < n_ops and not is_open:
                    continue
                is_everywhere = True
                deepest = 0
                for d in range(n_grids):
                    node = mem[at, d]
                    nxt = child[nodes[node, 4], column] if column < n_ops else finish[node, column - n_ops]
                    if nxt < 0:
                        is_everywhere = False
                        break
                    found[d] = nxt
                    deepest = max(deepest, nodes[nxt, 3])
                new_depth = depth[at] + STEP
                if not is_everywhere or deepest < new_depth:
                    continue
                o = column if column < n_ops else finish_ops[column - n_ops]
            h = np.uint64(1)
            for d in range(n_grids):
                h = (h ^ np.uint64(found[d])) * PRIME
                h ^= h >> SHIFT
            slot = np.int64(h & np.uint64(size - 1))
            known = False
            while vals[slot] >= 0:
                if keys[slot] == h:
                    known = True
                    break
                slot = (slot + 1) & (size - 1)
            if known or n >= max_joint:
                continue
            if n >= cap:
                bigger = np.empty((cap * 2, n_grids), np.int32)
                bigger[:cap] = mem
                mem = bigger
                parent = np.concatenate((parent, np.empty(cap, np.int32)))
                op = np.concatenate((op, np.empty(cap, np.int32)))
                depth = np.concatenate((depth, np.empty(cap, np.int32)))
                pieces = np.concatenate((pieces, np.empty(cap, np.int32)))
                cap *= 2
            keys[slot] = h
            vals[slot] = n
            for d in range(n_grids):
                mem[n, d] = found[d]
            parent[n] = at
            op[n] = o
            depth[n] = new_depth
            n += 1
            if n * 2 > size:
                new_keys = np.zeros(size * 2, np.uint64)
                new_vals = np.full(size * 2, -1, np.int32)
                for i in range(size):
                    if vals[i] >= 0:
                        s = np.int64(keys[i] & np.uint64(size * 2 - 1))
                        while new_vals[s] >= 0:
                            s = (s + 1) & (size * 2 - 1)
                        new_keys[s] = keys[i]
                        new_vals[s] = vals[i]
                keys = new_keys
                vals = new_vals
                size *= 2
        at += 1
    return mem[:n], parent[:n], op[:n], depth[:n], pieces[:n_pieces]

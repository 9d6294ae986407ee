"""Walk the graphs of all grids together: the states that the same operations make in every grid."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.engine.compile import entry
from arcsolve_dsl.engine.dag import (
    CHILDREN,
    DEPTH,
    IS_PIECE,
    NODE,
    PRIME,
    SHIFT,
    STEP,
    Dag,
    doubled,
    flat,
    slot_of,
)
from arcsolve_dsl.engine.memory import Ints, Rows, Words, pointer


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


@entry("engine/dag", "engine/join")
def walk(
    nodes: Rows, child: Rows, n_ops: int, finish: Rows, n_finish: int, finish_ops: Ints, start: Ints, n_grids: int,
    n_roots: int, max_joint: int, members: Rows, parent: Rows, op: Rows, depth: Rows, pieces: Rows, hashes: Words,
    table: Rows, found: Rows, cursor: Ints,
) -> bool:  # fmt: skip
    """Walk all graphs breadth first with the same operation in each, until done or short of room.

    Args:
        nodes: see `Dag`.
        child: see `Dag`.
        n_ops: its columns.
        finish: see `Dag`.
        n_finish: its columns.
        finish_ops: the operation of each column of `finish`.
        start: see `Dag.grid_start`.
        n_grids: number of grids.
        n_roots: roots per grid.
        max_joint: stop at this many joint states.
        members: [joint state, grid] -> node.
        parent: see `Joint`.
        op: see `Joint`.
        depth: see `Joint`.
        pieces: see `Joint`.
        hashes: of each joint state.
        table: zeros, for a hash table of the joint states; its length is a power of 2, at least twice that of `hashes`.
        found: room for one joint state.
        cursor: where the walk stands: the joint state it is at (-1 at the roots), joint states, pieces.

    Returns:
        True when done; False asks for more room and another call.
    """
    nod = pointer(nodes)
    chl = pointer(child)
    fin = pointer(finish)
    mem = pointer(members)
    hsh = pointer(hashes)
    tab = pointer(table)
    new = pointer(found)
    at = cursor[0]
    n = cursor[1]
    n_pieces = cursor[2]
    size = len(table)
    for i in range(n):
        tab[slot_of(hsh[i], tab, size, hsh)] = i + 1
    while at < n:
        columns = n_roots if at < 0 else n_ops + n_finish
        if n + columns > len(hashes):
            break
        first = 0
        if at >= 0:
            deepest = 0
            is_piece = True
            for d in range(n_grids):
                r = NODE * mem[n_grids * at + d]
                deepest = max(deepest, nod[r + DEPTH])
                is_piece = is_piece and nod[r + IS_PIECE] == 1
                if nod[r + CHILDREN] < 0:
                    first = n_ops
            if deepest < depth[at]:
                at += 1
                continue
            if is_piece:
                pieces[n_pieces] = at
                n_pieces += 1
        for column in range(first, columns):
            is_everywhere = True
            deepest = 0
            for d in range(n_grids):
                if at < 0:
                    node = start[d] + column
                else:
                    node = mem[n_grids * at + d]
                    if column < n_ops:
                        node = chl[nod[NODE * node + CHILDREN] * n_ops + column]
                    else:
                        node = fin[node * n_finish + column - n_ops]
                    if node < 0:
                        is_everywhere = False
                        break
                new[d] = node
                deepest = max(deepest, nod[NODE * node + DEPTH])
            if not is_everywhere:
                continue
            o = column
            new_depth = nod[NODE * new[0] + DEPTH]
            if at >= 0:
                new_depth = depth[at] + STEP
                if column >= n_ops:
                    o = finish_ops[column - n_ops]
            if deepest < new_depth:
                continue
            h = np.uint64(1)
            for d in range(n_grids):
                h = (h ^ np.uint64(new[d])) * PRIME
                h ^= h >> SHIFT
            slot = slot_of(h, tab, size, hsh)
            if tab[slot] or n >= max_joint:
                continue
            tab[slot] = n + 1
            hsh[n] = h
            for d in range(n_grids):
                mem[n_grids * n + d] = new[d]
            parent[n] = at
            op[n] = o
            depth[n] = new_depth
            n += 1
        at += 1
    cursor[0] = at
    cursor[1] = n
    cursor[2] = n_pieces
    return at == n


def join(dag: Dag, finish_ops: NDArray[np.int64], n_roots: int, max_joint: int) -> Joint:
    """Walk the graphs of all grids.

    Args:
        dag: the graphs.
        finish_ops: the operation of each column of `dag.finish`.
        n_roots: roots per grid.
        max_joint: stop at this many joint states.
    """
    n_grids = len(dag.grid_start) - 1
    n_ops, n_finish = dag.child.shape[1], dag.finish.shape[1]
    given = (
        dag.nodes.reshape(-1), dag.child.reshape(-1), n_ops, dag.finish.reshape(-1), n_finish,
        flat(finish_ops, np.int64), dag.grid_start, n_grids, n_roots, max_joint,
    )  # fmt: skip
    members = np.empty((4096, n_grids), np.int32)
    parent, op, depth, pieces = (np.empty(4096, np.int32) for _ in range(4))
    hashes = np.empty(4096, np.uint64)
    found = np.empty(n_grids, np.int32)
    cursor = np.array([-1, 0, 0])
    is_done = False
    while not is_done:
        is_done = walk(
            *given, members.reshape(-1), parent, op, depth, pieces, hashes, np.zeros(2 * len(hashes), np.int32), found,
            cursor,
        )  # fmt: skip
        if not is_done:
            members, hashes = doubled(members), doubled(hashes)
            parent, op, depth, pieces = map(doubled, (parent, op, depth, pieces))
    _, n, n_pieces = cursor.tolist()
    return Joint(members[:n], parent[:n], op[:n], depth[:n], pieces[:n_pieces])

"""One operation on one state: the dispatcher over all kernel families."""

from __future__ import annotations

from arcsolve_dsl.engine.compile import inlined
from arcsolve_dsl.engine.lines import connect, lines, rays, spread
from arcsolve_dsl.engine.lists import reduce
from arcsolve_dsl.engine.memory import Bytes, Ints, Rows
from arcsolve_dsl.engine.room import AT, MAX_CELLS, ROW, H, W, X, Y, item
from arcsolve_dsl.engine.splits import split
from arcsolve_dsl.engine.topology import sized, topology
from arcsolve_dsl.engine.whole import colour, count, half, measure, rigid

KERNELS = tuple(
    f"engine/{name}" for name in ("pixels", "whole", "lines", "topology", "room", "splits", "lists", "apply")
)
"""The modules `apply` is compiled from."""

COLOUR, MEASURE, RIGID, COUNT, RAYS, TOPOLOGY, LINES, CONNECT, SPREAD, HALF, SIZED, SPLIT, REDUCE = range(13)


@inlined
def unary(
    kind: int, code: int, arg: int, p: Bytes, o: int, y: int, x: int, h: int, w: int,
    out: Bytes, q: int, g: Ints, tmp: Ints, limit: int,
) -> None:  # fmt: skip
    """A picture-to-picture kernel."""
    if kind == 0:
        colour(code, arg, p, o, y, x, h, w, out, q, g)
    elif kind == 1:
        measure(code, p, o, y, x, h, w, out, q, g)
    elif kind == 2:
        rigid(code, p, o, y, x, h, w, out, q, g)
    elif kind == 3:
        count(code, arg, p, o, h, w, out, q, g, tmp, limit)
    elif kind == 4:
        rays(code, p, o, y, x, h, w, out, q, g)
    elif kind == 5:
        topology(code, p, o, y, x, h, w, out, q, g, tmp, limit)
    elif kind == 6:
        lines(code, p, o, h, w, out, q, g, tmp)
    elif kind == 7:
        connect(code, p, o, y, x, h, w, out, q, g)
    elif kind == 8:
        spread(code == 1, p, o, y, x, h, w, out, q, g, tmp)
    else:
        half(code, p, o, y, x, h, w, out, q, g)


@inlined
def apply(
    kind: int, code: int, arg: int, th: int, tw: int, is_list: bool, p: Bytes, img: Rows, s: int, n: int,
    out: Bytes, oimg: Rows, tmp: Ints, g: Ints, meta: Ints, limit: int,
) -> int:  # fmt: skip
    """Apply an operation to the state of pictures img[s : s + n].

    Returns:
        The number of pictures written to `out` and `oimg`, or -1 if the operation does not apply. `meta[0]` is the
        number of bytes used and `meta[1]` tells whether the result is a list.
    """
    meta[0] = 0
    meta[1] = 1 if is_list else 0
    if kind < 10:
        area = 0
        for i in range(n):
            q = meta[0]
            r = ROW * (s + i)
            unary(
                kind, code, arg, p, img[r + AT], img[r + Y], img[r + X], img[r + H], img[r + W], out, q, g, tmp, limit
            )
            if g[2] < 0:
                return -1
            if g[2] * g[3] == 0:
                g[2] = 0
                g[3] = 0
            area += g[2] * g[3]
            if area > 5 * limit:
                return -1
            if item(g[0], g[1], g[2], g[3], i, oimg, meta) < 0:
                return -1
        return n
    if kind == 10:
        if is_list or th * tw == 0 or th * tw > MAX_CELLS:
            return -1
        r = ROW * s
        sized(code, th, tw, p, img[r + AT], img[r + Y], img[r + X], img[r + H], img[r + W], out, 0, g, tmp)
        item(g[0], g[1], g[2], g[3], 0, oimg, meta)
        return 1
    if kind == 11:
        if is_list:
            return -1
        meta[1] = 1
        r = ROW * s
        return split(code, p, img[r + AT], img[r + Y], img[r + X], img[r + H], img[r + W], out, oimg, tmp, g, meta)
    if not is_list:
        return -1
    meta[1] = 1 if code == 1 or code == 2 else 0
    return reduce(code, arg, p, img, s, n, out, oimg, tmp, g, meta, limit)

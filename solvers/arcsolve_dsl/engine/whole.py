"""Kernels, second part: operations on a whole picture: its colours, its frame, rigid motions, halves, counts."""

from __future__ import annotations

from arcsolve_dsl.engine.compile import kernel
from arcsolve_dsl.engine.memory import Bytes, Ints
from arcsolve_dsl.engine.pixels import (
    MAX_SIDE,
    box,
    colour_mask,
    count_cells,
    count_colours,
    count_components,
    empty,
    majority,
    place,
    refuse,
)


@kernel
def colour(code: int, arg: int, p: Bytes, o: int, y: int, x: int, h: int, w: int, out: Bytes, q: int, g: Ints) -> None:
    """0 keep a colour, 1 invert, 2 drop a colour, 3 paint all non-zero cells."""
    n = h * w
    place(g, y, x, h, w)
    if code == 0:
        for i in range(n):
            out[q + i] = arg if p[o + i] == arg else 0
    elif code == 1:
        mask = colour_mask(p, o, n)
        c = 1
        while c < 10 and (mask >> c) & 1 == 0:
            c += 1
        if c == 10:
            c = 1
        for i in range(n):
            out[q + i] = 0 if p[o + i] else c
    elif code == 2:
        for i in range(n):
            out[q + i] = 0 if p[o + i] == arg else p[o + i]
    else:
        for i in range(n):
            out[q + i] = arg if p[o + i] else 0


@kernel
def measure(code: int, p: Bytes, o: int, y: int, x: int, h: int, w: int, out: Bytes, q: int, g: Ints) -> None:
    """0 crop, 1 corner, 2 blank at origin, 3 solid at origin, 4 blank, 5 solid, 6 to origin, 7 centre, 8 majority."""
    n = h * w
    if code == 0:
        box(p, o, h, w, g)
        top = g[0]
        left = g[1]
        bh = g[2]
        bw = g[3]
        if bh:
            for i in range(bh):
                for j in range(bw):
                    out[q + i * bw + j] = p[o + (top + i) * w + left + j]
            place(g, y + top, x + left, bh, bw)
    elif code == 1:
        out[q] = majority(p, o, n, False)
        place(g, y, x, 1, 1)
    elif code == 2 or code == 4:
        for i in range(n):
            out[q + i] = 0
        if code == 2:
            place(g, 0, 0, h, w)
        else:
            place(g, y, x, h, w)
    elif code == 3 or code == 5:
        c = majority(p, o, n, False)
        for i in range(n):
            out[q + i] = c
        if code == 3:
            place(g, 0, 0, h, w)
        else:
            place(g, y, x, h, w)
    elif code == 6:
        for i in range(n):
            out[q + i] = p[o + i]
        place(g, 0, 0, h, w)
    elif code == 7:
        ch = (h + 1) % 2 + 1
        cw = (w + 1) % 2 + 1
        for i in range(ch * cw):
            out[q + i] = 1
        place(g, y + (h - ch) // 2, x + (w - cw) // 2, ch, cw)
    else:
        out[q] = majority(p, o, n, False)
        place(g, 0, 0, 1, 1)


@kernel
def rigid(code: int, p: Bytes, o: int, y: int, x: int, h: int, w: int, out: Bytes, q: int, g: Ints) -> None:
    """1-3 quarter turns counter-clockwise; flips: 4 left-right, 5 up-down, 6 diagonal, 7 antidiagonal, 8 by mass."""
    if code == 8:
        n = 0
        sx = 0
        sy = 0
        for i in range(h):
            for j in range(w):
                if p[o + i * w + j]:
                    n += 1
                    sx += j
                    sy += i
        code = 5 if abs(sx * 2 - (w - 1) * n) < abs(sy * 2 - (h - 1) * n) else 4
    turned = code == 1 or code == 3 or code >= 6
    nh = w if turned else h
    nw = h if turned else w
    for i in range(nh):
        for j in range(nw):
            if code == 1:
                a = j
                b = w - 1 - i
            elif code == 2:
                a = h - 1 - i
                b = w - 1 - j
            elif code == 3:
                a = h - 1 - j
                b = i
            elif code == 4:
                a = i
                b = w - 1 - j
            elif code == 5:
                a = h - 1 - i
                b = j
            elif code == 6:
                a = j
                b = i
            else:
                a = h - 1 - j
                b = w - 1 - i
            out[q + i * nw + j] = p[o + a * w + b]
    place(g, y, x, nh, nw)


@kernel
def count(
    what: int, shape: int, p: Bytes, o: int, h: int, w: int, out: Bytes, q: int, g: Ints, tmp: Ints, limit: int
) -> None:
    """The number of 0 cells, 1 colours, 2 components as a block: 0 square, 1 row, 2 column."""
    n = h * w
    if what == 0:
        k = count_cells(p, o, n)
    elif what == 1:
        k = count_colours(p, o, n)
    else:
        k = count_components(p, o, h, w, tmp)
    bh = 1 if shape == 1 else k
    bw = 1 if shape == 2 else k
    if k == 0:
        empty(g)
        return
    if k > MAX_SIDE or bh * bw > limit:
        refuse(g)
        return
    c = majority(p, o, n, False)
    for i in range(bh * bw):
        out[q + i] = c
    place(g, 0, 0, bh, bw)


@kernel
def half(code: int, p: Bytes, o: int, y: int, x: int, h: int, w: int, out: Bytes, q: int, g: Ints) -> None:
    """0 left, 1 right, 2 upper, 3 lower half (the middle line of odd sizes is in neither)."""
    bh = h // 2 if code >= 2 else h
    bw = w if code >= 2 else w // 2
    if bh * bw == 0:
        empty(g)
        return
    top = h - bh if code == 3 else 0
    left = w - bw if code == 1 else 0
    for i in range(bh):
        for j in range(bw):
            out[q + i * bw + j] = p[o + (top + i) * w + left + j]
    place(g, y + top, x + left, bh, bw)

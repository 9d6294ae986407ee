"""Kernels, first part: what is measured on one picture, and colour, crop, rigid and line operations.

A picture is (y, x, h, w) and `h * w` bytes in an array from an offset. A kernel reads it from `p[o:]`, writes the
result to `out[q:]` and its (y, x, h, w) to `g`. A result that does not exist is the empty picture (0, 0, 0, 0).
"""

from __future__ import annotations

from arcsolve_dsl.engine.compile import kernel
from arcsolve_dsl.engine.memory import Bytes, Ints

MAX_SIDE = 100
"""Longest side of an intermediate picture."""


@kernel
def empty(g: Ints) -> None:
    """Write the empty picture."""
    g[0] = 0
    g[1] = 0
    g[2] = 0
    g[3] = 0


@kernel
def refuse(g: Ints) -> None:
    """Say that the result would be too big."""
    g[2] = -1


@kernel
def place(g: Ints, y: int, x: int, h: int, w: int) -> None:
    """Write a frame."""
    g[0] = y
    g[1] = x
    g[2] = h
    g[3] = w


@kernel
def majority(p: Bytes, o: int, n: int, with_zero: bool) -> int:
    """The commonest colour (0 only if asked for or alone); the lower one of equals."""
    best = 0
    most = 0
    for c in range(0 if with_zero else 1, 10):
        k = 0
        for i in range(n):
            if p[o + i] == c:
                k += 1
        if k > most:
            most = k
            best = c
    return best


@kernel
def colour_mask(p: Bytes, o: int, n: int) -> int:
    """Bit c is set if colour c occurs."""
    mask = 0
    for i in range(n):
        mask |= 1 << p[o + i]
    return mask


@kernel
def count_cells(p: Bytes, o: int, n: int) -> int:
    """Number of non-zero cells."""
    k = 0
    for i in range(n):
        if p[o + i]:
            k += 1
    return k


@kernel
def count_colours(p: Bytes, o: int, n: int) -> int:
    """Number of non-zero colours."""
    mask = colour_mask(p, o, n) >> 1
    k = 0
    while mask:
        k += mask & 1
        mask >>= 1
    return k


@kernel
def count_components(p: Bytes, o: int, h: int, w: int, tmp: Ints) -> int:
    """Number of 8-connected components of non-zero cells (of any colours)."""
    n = h * w
    for i in range(n):
        tmp[i] = 1 if p[o + i] else 0
    k = 0
    for start in range(n):
        if tmp[start]:
            k += 1
            tmp[start] = 0
            tmp[n] = start
            top = 1
            while top:
                top -= 1
                at = tmp[n + top]
                r = at // w
                c = at - r * w
                for nr in range(max(r - 1, 0), min(r + 2, h)):
                    for nc in range(max(c - 1, 0), min(c + 2, w)):
                        if tmp[nr * w + nc]:
                            tmp[nr * w + nc] = 0
                            tmp[n + top] = nr * w + nc
                            top += 1
    return k


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
def box(p: Bytes, o: int, h: int, w: int, g: Ints) -> None:
    """Bounding box of the non-zero cells as (row, col, height, width); height 0 if there are none."""
    top = h
    bottom = -1
    left = w
    right = -1
    for i in range(h):
        for j in range(w):
            if p[o + i * w + j]:
                top = min(top, i)
                bottom = i
                left = min(left, j)
                right = max(right, j)
    if bottom < 0:
        empty(g)
    else:
        place(g, top, left, bottom - top + 1, right - left + 1)


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
def rays(directions: int, p: Bytes, o: int, y: int, x: int, h: int, w: int, out: Bytes, q: int, g: Ints) -> None:
    """Extend non-zero cells until another colour; bits of `directions`: R L D U, then the diagonals DR UL UR DL."""
    n = h * w
    for i in range(n):
        out[q + i] = p[o + i]
    for d in range(8):
        if (directions >> d) & 1 == 0:
            continue
        dy = 0
        dx = 0
        if d == 0 or d == 4 or d == 6:
            dx = 1
        if d == 1 or d == 5 or d == 7:
            dx = -1
        if d == 2 or d == 4 or d == 7:
            dy = 1
        if d == 3 or d == 5 or d == 6:
            dy = -1
        for i in range(h):
            for j in range(w):
                if 0 <= i - dy < h and 0 <= j - dx < w:
                    continue
                a = i
                b = j
                c = 0
                while 0 <= a < h and 0 <= b < w:
                    if p[o + a * w + b]:
                        c = p[o + a * w + b]
                    if c:
                        out[q + a * w + b] = c
                    a += dy
                    b += dx
    place(g, y, x, h, w)


@kernel
def lines(code: int, p: Bytes, o: int, h: int, w: int, out: Bytes, q: int, g: Ints, tmp: Ints) -> None:
    """Leave out 0 empty rows and columns, 1 those equal to the one before."""
    for i in range(h + w):
        tmp[i] = 0
    if code == 1 and h * w:
        tmp[0] = 1
        tmp[h] = 1
    for i in range(h):
        for j in range(w):
            c = p[o + i * w + j]
            if code == 0:
                if c:
                    tmp[i] = 1
                    tmp[h + j] = 1
            else:
                if i and c != p[o + (i - 1) * w + j]:
                    tmp[i] = 1
                if j and c != p[o + i * w + j - 1]:
                    tmp[h + j] = 1
    k = 0
    rows = 0
    for i in range(h):
        if tmp[i]:
            rows += 1
            for j in range(w):
                if tmp[h + j]:
                    out[q + k] = p[o + i * w + j]
                    k += 1
    if k == 0:
        empty(g)
    else:
        place(g, 0, 0, rows, k // rows)


@kernel
def connect(code: int, p: Bytes, o: int, y: int, x: int, h: int, w: int, out: Bytes, q: int, g: Ints) -> None:
    """The cells between neighbouring equal colours in 0 a row, 1 a column, 2 both."""
    for i in range(h * w):
        out[q + i] = 0
    if code != 1:
        for i in range(h):
            last = -1
            for j in range(w):
                c = p[o + i * w + j]
                if c:
                    if last >= 0 and c == p[o + i * w + last]:
                        for k in range(last + 1, j):
                            out[q + i * w + k] = c
                    last = j
    if code != 0:
        for j in range(w):
            last = -1
            for i in range(h):
                c = p[o + i * w + j]
                if c:
                    if last >= 0 and c == p[o + last * w + j]:
                        for k in range(last + 1, i):
                            out[q + k * w + j] = c
                    last = i
    place(g, y, x, h, w)


@kernel
def spread(
    skip: bool, p: Bytes, o: int, y: int, x: int, h: int, w: int, out: Bytes, q: int, g: Ints, tmp: Ints
) -> None:
    """Grow colours into zeros breadth first; with `skip`, the majority colour does not grow."""
    n = h * w
    held = majority(p, o, n, False) if skip else -1
    end = 0
    for i in range(n):
        out[q + i] = p[o + i]
        if p[o + i] and p[o + i] != held:
            tmp[end] = i
            end += 1
    at = 0
    while at < end:
        r = tmp[at] // w
        c = tmp[at] - r * w
        v = out[q + tmp[at]]
        at += 1
        for d in range(4):
            nr = r + (1 if d == 0 else -1 if d == 1 else 0)
            nc = c + (1 if d == 2 else -1 if d == 3 else 0)
            if 0 <= nr < h and 0 <= nc < w and out[q + nr * w + nc] == 0:
                out[q + nr * w + nc] = v
                tmp[end] = nr * w + nc
                end += 1
    place(g, y, x, h, w)


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

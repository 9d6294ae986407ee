"""Kernels, third part: operations along rows, columns and rays."""

from __future__ import annotations

from arcsolve_dsl.engine.compile import kernel
from arcsolve_dsl.engine.memory import Bytes, Ints
from arcsolve_dsl.engine.pixels import empty, majority, place


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

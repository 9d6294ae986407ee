"""Kernels, first part: what is measured on one picture.

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

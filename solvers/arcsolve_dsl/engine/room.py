"""Room for the pictures a kernel makes, and copying pictures into it.

Lists of pictures stand as rows (y, x, h, w, offset) of an int32 table, one after the other; picture k begins at
`ROW * k`. Results go to the bytes `out` and the rows of `oimg`; `meta[0]` is the number of bytes used.
"""

from __future__ import annotations

from arcsolve_dsl.engine.compile import kernel
from arcsolve_dsl.engine.memory import Bytes, Ints, Rows

ROW = 5
"""Numbers of a row."""
Y, X, H, W, AT = range(ROW)
"""What they are."""
MAX_PICTURES = 1024
"""Longest list."""
MAX_CELLS = 1 << 14
"""Most cells of one picture."""
MAX_BYTES = 1 << 16
"""Most bytes of the pictures of one list."""


@kernel
def item(y: int, x: int, h: int, w: int, k: int, oimg: Rows, meta: Ints) -> int:
    """Reserve room for picture k; its offset, or -1 if there is none."""
    q = meta[0]
    if k >= MAX_PICTURES or q + h * w + 8 > MAX_BYTES:
        return -1
    r = ROW * k
    oimg[r + Y] = y
    oimg[r + X] = x
    oimg[r + H] = h
    oimg[r + W] = w
    oimg[r + AT] = q
    meta[0] = (q + h * w + 7) // 8 * 8
    return q


@kernel
def nothing(oimg: Rows, meta: Ints) -> int:
    """One picture: the empty one."""
    item(0, 0, 0, 0, 0, oimg, meta)
    return 1


@kernel
def copy(p: Bytes, src: Rows, s: int, out: Bytes, k: int, oimg: Rows, meta: Ints) -> int:
    """Append picture s of the source as picture k; -1 if there is no room."""
    r = ROW * s
    h = src[r + H]
    w = src[r + W]
    q = item(src[r + Y], src[r + X], h, w, k, oimg, meta)
    if q < 0:
        return -1
    o = src[r + AT]
    for i in range(h * w):
        out[q + i] = p[o + i]
    return k + 1

"""Room for the pictures a kernel makes, and copying pictures into it.

Lists of pictures stand as rows (y, x, h, w, offset) of an int32 table. Results go to the bytes `out` and the rows of
`oimg`; `meta[0]` is the number of bytes used.
"""

from __future__ import annotations

from typing import Any

from arcsolve_dsl.engine.compile import kernel

MAX_PICTURES = 1024
"""Longest list."""
MAX_BYTES = 1 << 16
"""Most bytes of the pictures of one list."""


@kernel
def item(y: int, x: int, h: int, w: int, k: int, oimg: Any, meta: Any) -> int:
    """Reserve room for picture k; its offset, or -1 if there is none."""
    q = meta[0]
    if k >= MAX_PICTURES or q + h * w + 8 > MAX_BYTES:
        return -1
    oimg[k, 0] = y
    oimg[k, 1] = x
    oimg[k, 2] = h
    oimg[k, 3] = w
    oimg[k, 4] = q
    meta[0] = (q + h * w + 7) // 8 * 8
    return int(q)


@kernel
def nothing(oimg: Any, meta: Any) -> int:
    """One picture: the empty one."""
    item(0, 0, 0, 0, 0, oimg, meta)
    return 1


@kernel
def copy(p: Any, src: Any, s: int, out: Any, k: int, oimg: Any, meta: Any) -> int:
    """Append picture s of the source as picture k; -1 if there is no room."""
    h = src[s, 2]
    w = src[s, 3]
    q = item(src[s, 0], src[s, 1], h, w, k, oimg, meta)
    if q < 0:
        return -1
    o = src[s, 4]
    for i in range(h * w):
        out[q + i] = p[o + i]
    return k + 1

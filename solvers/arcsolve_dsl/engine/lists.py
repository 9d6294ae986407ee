"""Kernels, sixth part: lists of pictures put together, and choosing from them.

Functions return the number of pictures, or -1 where the result is too big; see `room` for where they go.
"""

from __future__ import annotations

from arcsolve_dsl.engine.compile import inlined, kernel
from arcsolve_dsl.engine.memory import Bytes, Ints, Rows
from arcsolve_dsl.engine.pixels import MAX_SIDE, box, colour_mask, count_cells, count_colours, count_components
from arcsolve_dsl.engine.room import AT, ROW, H, W, X, Y, copy, item, nothing
from arcsolve_dsl.engine.topology import count_holes


@kernel
def criterion(code: int, p: Bytes, o: int, y: int, x: int, h: int, w: int, tmp: Ints, g: Ints) -> int:
    """What is compared: 0/1 cells, 2/3 area, 4 colours, 5/6 row, 7 parts, 8/9 gaps, 10/11 holes, 12/13 column."""
    if code == 0:
        return count_cells(p, o, h * w)
    if code == 1:
        return -count_cells(p, o, h * w)
    if code == 2:
        return h * w
    if code == 3:
        return -h * w
    if code == 4:
        return count_colours(p, o, h * w)
    if code == 5:
        return -y
    if code == 6:
        return y
    if code == 7:
        return count_components(p, o, h, w, tmp)
    if code <= 9:
        box(p, o, h, w, g)
        gaps = g[2] * g[3] - count_cells(p, o, h * w)
        return gaps if code == 8 else -gaps
    if code <= 11:
        if count_cells(p, o, h * w) == 0:
            return 0
        holes = count_holes(p, o, h, w, tmp)
        return holes if code == 10 else -holes
    return -x if code == 12 else x


@inlined
def choose(
    code: int, crit: int, p: Bytes, src: Rows, s: int, n: int, out: Bytes, oimg: Rows, tmp: Ints, g: Ints, meta: Ints
) -> int:
    """0 the first of those with most, 1 all with most, 2 all without most."""
    k = 0
    most = 0
    for i in range(n):
        r = ROW * (s + i)
        v = criterion(crit, p, src[r + AT], src[r + Y], src[r + X], src[r + H], src[r + W], tmp, g)
        meta[8 + i] = v
        if i == 0 or v > most:
            most = v
    for i in range(n):
        if (meta[8 + i] == most) == (code != 2):
            k = copy(p, src, s + i, out, k, oimg, meta)
            if k < 0 or code == 0:
                return k
    return k


@kernel
def unique(p: Bytes, src: Rows, s: int, n: int, out: Bytes, oimg: Rows, meta: Ints) -> int:
    """The only picture with a colour that no other has; none unless there is exactly one such colour."""
    found = -1
    for c in range(10):
        have = 0
        last = -1
        for i in range(n):
            r = ROW * (s + i)
            if (colour_mask(p, src[r + AT], src[r + H] * src[r + W]) >> c) & 1:
                have += 1
                last = i
        if have == 1:
            if found >= 0:
                return nothing(oimg, meta)
            found = last
    if found < 0:
        return nothing(oimg, meta)
    return copy(p, src, s + found, out, 0, oimg, meta)


@kernel
def paint_over(p: Bytes, o: int, h: int, w: int, out: Bytes, q: int, width: int, top: int, left: int) -> None:
    """Paint non-zero cells onto a canvas."""
    for i in range(h):
        for j in range(w):
            c = p[o + i * w + j]
            if c:
                out[q + (top + i) * width + left + j] = c


@kernel
def canvas(y0: int, x0: int, y1: int, x1: int, out: Bytes, oimg: Rows, meta: Ints, limit: int) -> int:
    """A blank picture 0 that covers rows y0..y1 and columns x0..x1; its offset or -1."""
    h = y1 - y0
    w = x1 - x0
    if h <= 0 or w <= 0 or max(h, w) > MAX_SIDE or h * w > limit:
        return -1
    q = item(y0, x0, h, w, 0, oimg, meta)
    if q >= 0:
        for i in range(h * w):
            out[q + i] = 0
    return q


@kernel
def stack(p: Bytes, src: Rows, s: int, n: int, out: Bytes, oimg: Rows, tmp: Ints, meta: Ints, limit: int) -> int:
    """All pictures where they stand, those with fewer cells on top."""
    y0 = 1 << 20
    x0 = 1 << 20
    y1 = -(1 << 20)
    x1 = -(1 << 20)
    for i in range(n):
        r = ROW * (s + i)
        if src[r + H] * src[r + W]:
            y0 = min(y0, src[r + Y])
            x0 = min(x0, src[r + X])
            y1 = max(y1, src[r + Y] + src[r + H])
            x1 = max(x1, src[r + X] + src[r + W])
    if y1 < y0:
        return nothing(oimg, meta)
    q = canvas(y0, x0, y1, x1, out, oimg, meta, limit)
    if q < 0:
        return -1
    for i in range(n):
        r = ROW * (s + i)
        tmp[i] = count_cells(p, src[r + AT], src[r + H] * src[r + W])
    for _ in range(n):
        best = -1
        for i in range(n):
            if tmp[i] >= 0 and (best < 0 or tmp[i] >= tmp[best]):
                best = i
        tmp[best] = -1
        r = ROW * (s + best)
        paint_over(p, src[r + AT], src[r + H], src[r + W], out, q, x1 - x0, src[r + Y] - y0, src[r + X] - x0)
    return 1


@kernel
def append(
    key: int, way: int, p: Bytes, src: Rows, s: int, n: int, out: Bytes, oimg: Rows, tmp: Ints, meta: Ints, limit: int
) -> int:
    """Put pictures side by side (way 0 to the right, 1 downwards), ordered by 0 area, 1 row, 2 column."""
    high = 0
    wide = 0
    for i in range(n):
        r = ROW * (s + i)
        h = src[r + H]
        w = src[r + W]
        high = high + h if way else max(high, h)
        wide = max(wide, w) if way else wide + w
        tmp[i] = h * w if key == 0 else src[r + Y] if key == 1 else src[r + X]
        tmp[n + i] = 0
    if high * wide == 0:
        return nothing(oimg, meta)
    q = -1
    at = 0
    for step in range(n):
        best = -1
        for i in range(n):
            if tmp[n + i] == 0 and (best < 0 or tmp[i] < tmp[best]):
                best = i
        tmp[n + best] = 1
        r = ROW * (s + best)
        if step == 0:
            q = canvas(src[r + Y], src[r + X], src[r + Y] + high, src[r + X] + wide, out, oimg, meta, limit)
            if q < 0:
                return -1
        h = src[r + H]
        w = src[r + W]
        paint_over(p, src[r + AT], h, w, out, q, wide, at if way else 0, 0 if way else at)
        at += h if way else w
    return 1


@kernel
def stack_line(p: Bytes, src: Rows, s: int, n: int, out: Bytes, oimg: Rows, tmp: Ints, meta: Ints, limit: int) -> int:
    """Side by side in reading order along the axis on which the pictures are spread."""
    if n == 1:
        return copy(p, src, s, out, 0, oimg, meta)
    gap_y = 1 << 20
    gap_x = 1 << 20
    for i in range(n):
        for j in range(i):
            a = ROW * (s + i)
            b = ROW * (s + j)
            gap_y = min(gap_y, abs(src[a + Y] - src[b + Y]))
            gap_x = min(gap_x, abs(src[a + X] - src[b + X]))
    down = gap_x < gap_y
    return append(1 if down else 2, 1 if down else 0, p, src, s, n, out, oimg, tmp, meta, limit)


@inlined
def reduce(
    code: int,
    arg: int,
    p: Bytes,
    src: Rows,
    s: int,
    n: int,
    out: Bytes,
    oimg: Rows,
    tmp: Ints,
    g: Ints,
    meta: Ints,
    limit: int,
) -> int:
    """List to list or picture: 0-2 choose, 3 unique, 4 stack, 5 stack line, 6 append."""
    if n == 0:
        return 0 if code == 1 or code == 2 else nothing(oimg, meta)
    if code <= 2:
        return choose(code, arg, p, src, s, n, out, oimg, tmp, g, meta)
    if code == 3:
        return unique(p, src, s, n, out, oimg, meta)
    if code == 4:
        return stack(p, src, s, n, out, oimg, tmp, meta, limit)
    if code == 5:
        return stack_line(p, src, s, n, out, oimg, tmp, meta, limit)
    return append(0, arg, p, src, s, n, out, oimg, tmp, meta, limit)

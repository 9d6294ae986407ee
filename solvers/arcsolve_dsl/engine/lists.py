"""Kernels, third part: pictures into lists, lists into pictures, and choosing from lists.

Lists stand as rows (y, x, h, w, offset) of an int32 table. Results go to `out` and the rows of `oimg`; `meta[0]` is
the number of bytes used. Functions return the number of pictures, or -1 where the result is too big.
"""

from __future__ import annotations

from typing import Any

from arcsolve_dsl.engine.compile import inlined, kernel
from arcsolve_dsl.engine.pixels import (
    MAX_SIDE,
    box,
    colour_mask,
    count_cells,
    count_colours,
    count_components,
    majority,
)
from arcsolve_dsl.engine.topology import count_holes

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


@kernel
def flood(p: Any, o: int, h: int, w: int, start: int, mode: int, c: int, mark: int, tmp: Any, g: Any) -> int:
    """Mark in tmp[:n] the component of `start` among unmarked cells; its box goes to g.

    mode 0: 4-connected cells of colour c; mode 1: 8-connected cells of any colour but c.
    """
    n = h * w
    tmp[start] = mark
    tmp[n] = start
    top = 1
    size = 0
    y0 = h
    y1 = -1
    x0 = w
    x1 = -1
    while top:
        top -= 1
        at = tmp[n + top]
        r = at // w
        k = at - r * w
        size += 1
        y0 = min(y0, r)
        y1 = max(y1, r)
        x0 = min(x0, k)
        x1 = max(x1, k)
        for nr in range(max(r - 1, 0), min(r + 2, h)):
            for nk in range(max(k - 1, 0), min(k + 2, w)):
                if mode == 0 and nr != r and nk != k:
                    continue
                b = nr * w + nk
                if tmp[b] == 0 and (p[o + b] == c) == (mode == 0):
                    tmp[b] = mark
                    tmp[n + top] = b
                    top += 1
    g[0] = y0
    g[1] = x0
    g[2] = y1 - y0 + 1
    g[3] = x1 - x0 + 1
    return size


@kernel
def emit(
    p: Any, o: int, y: int, x: int, w: int, mark: int, tmp: Any, g: Any, out: Any, k: int, oimg: Any, meta: Any
) -> int:
    """Write the marked component as picture k."""
    q = item(y + g[0], x + g[1], g[2], g[3], k, oimg, meta)
    if q < 0:
        return -1
    for i in range(g[2]):
        for j in range(g[3]):
            b = (g[0] + i) * w + g[1] + j
            out[q + i * g[3] + j] = p[o + b] if tmp[b] == mark else 0
    return k + 1


@kernel
def components(p: Any, o: int, y: int, x: int, h: int, w: int, out: Any, oimg: Any, tmp: Any, g: Any, meta: Any) -> int:
    """4-connected one-colour parts, each cut out where it stands."""
    n = h * w
    for i in range(n):
        tmp[i] = 0
    k = 0
    for i in range(n):
        if p[o + i] and tmp[i] == 0:
            flood(p, o, h, w, i, 0, p[o + i], k + 1, tmp, g)
            k = emit(p, o, y, x, w, k + 1, tmp, g, out, k, oimg, meta)
            if k < 0:
                return -1
    return k


@kernel
def separator(p: Any, o: int, h: int, w: int, tmp: Any, g: Any) -> int:
    """The colour that best cuts the picture apart; the majority colour if none does.

    Its cells connected with the edge must join two opposite sides and leave at least two parts, none of them within
    other cells of the colour only; of several colours the one whose smallest part is biggest.
    """
    n = h * w
    best = majority(p, o, n, True)
    most = -1
    mask = colour_mask(p, o, n)
    for c in range(10):
        if (mask >> c) & 1 == 0:
            continue
        top = 0
        bottom = 0
        left = 0
        right = 0
        for j in range(w):
            if p[o + j] == c:
                top = 1
            if p[o + (h - 1) * w + j] == c:
                bottom = 1
        for i in range(h):
            if p[o + i * w] == c:
                left = 1
            if p[o + i * w + w - 1] == c:
                right = 1
        if not ((top and bottom) or (left and right)):
            continue
        # tmp: 1 = separator cell joined (8-connected) to the edge, 2 = cell of a part already seen
        for i in range(n):
            tmp[i] = 0
        end = 0
        for i in range(h):
            for j in range(w):
                b = i * w + j
                if (i == 0 or j == 0 or i == h - 1 or j == w - 1) and p[o + b] == c:
                    tmp[b] = 1
                    tmp[n + end] = b
                    end += 1
        while end:
            end -= 1
            r = tmp[n + end] // w
            s = tmp[n + end] - r * w
            for nr in range(max(r - 1, 0), min(r + 2, h)):
                for ns in range(max(s - 1, 0), min(s + 2, w)):
                    b = nr * w + ns
                    if tmp[b] == 0 and p[o + b] == c:
                        tmp[b] = 1
                        tmp[n + end] = b
                        end += 1
        parts = 0
        smallest = n + 1
        open_parts = True
        for start in range(n):
            if p[o + start] == c or tmp[start]:
                continue
            touches = False
            size = 0
            tmp[start] = 2
            tmp[n] = start
            end = 1
            while end:
                end -= 1
                size += 1
                r = tmp[n + end] // w
                s = tmp[n + end] - r * w
                for nr in range(max(r - 1, 0), min(r + 2, h)):
                    for ns in range(max(s - 1, 0), min(s + 2, w)):
                        b = nr * w + ns
                        if p[o + b] == c:
                            if tmp[b] == 1:
                                touches = True
                        elif tmp[b] == 0:
                            tmp[b] = 2
                            tmp[n + end] = b
                            end += 1
            parts += 1
            smallest = min(smallest, size)
            if not touches:
                open_parts = False
                break
        if parts >= 2 and open_parts and smallest > most:
            most = smallest
            best = c
    return best


@kernel
def cut(p: Any, o: int, y: int, x: int, h: int, w: int, out: Any, oimg: Any, tmp: Any, g: Any, meta: Any) -> int:
    """The 8-connected parts that the separator colour leaves."""
    n = h * w
    if n == 0:
        return 0
    c = separator(p, o, h, w, tmp, g)
    for i in range(n):
        tmp[i] = 0
    k = 0
    for i in range(n):
        if p[o + i] != c and tmp[i] == 0:
            flood(p, o, h, w, i, 1, c, k + 1, tmp, g)
            k = emit(p, o, y, x, w, k + 1, tmp, g, out, k, oimg, meta)
            if k < 0:
                return -1
    return k


@inlined
def split(
    code: int, p: Any, o: int, y: int, x: int, h: int, w: int, out: Any, oimg: Any, tmp: Any, g: Any, meta: Any
) -> int:
    """0 cut, 1 colours, 2 components, 3 columns, 4 rows, 5 inside marked corners, 6-9 drop right/left/down/up."""
    if code == 0:
        return cut(p, o, y, x, h, w, out, oimg, tmp, g, meta)
    if code == 2:
        return components(p, o, y, x, h, w, out, oimg, tmp, g, meta)
    if code == 5:
        return inside_marked(p, o, y, x, h, w, out, oimg, meta)
    if code >= 6:
        return drop(code - 6, p, o, y, x, h, w, out, oimg, tmp, g, meta)
    k = 0
    if code == 1:
        mask = colour_mask(p, o, h * w)
        for c in range(1, 10):
            if (mask >> c) & 1:
                q = item(y, x, h, w, k, oimg, meta)
                if q < 0:
                    return -1
                for i in range(h * w):
                    out[q + i] = c if p[o + i] == c else 0
                k += 1
    elif code == 3:
        for j in range(w if h else 0):
            q = item(y, x + j, h, 1, k, oimg, meta)
            if q < 0:
                return -1
            for i in range(h):
                out[q + i] = p[o + i * w + j]
            k += 1
    else:
        for i in range(h if w else 0):
            q = item(y + i, x, 1, w, k, oimg, meta)
            if q < 0:
                return -1
            for j in range(w):
                out[q + j] = p[o + i * w + j]
            k += 1
    return k


@kernel
def corner(p: Any, o: int, w: int, i: int, j: int, c: int, inner: int) -> bool:
    """Three cells of the 2x2 block at (i, j) have colour c, the one numbered `inner` has not."""
    for d in range(4):  # noqa: SIM110 (a generator is slow to compile)
        if (p[o + (i + d // 2) * w + j + d % 2] == c) == (d == inner):
            return False
    return True


@kernel
def inside_marked(p: Any, o: int, y: int, x: int, h: int, w: int, out: Any, oimg: Any, meta: Any) -> int:
    """The insides of all rectangles marked by an L of one colour around each corner."""
    k = 0
    for i in range(h - 1):
        for j in range(w - 1):
            c = p[o + i * w + j]
            if c == 0 or not corner(p, o, w, i, j, c, 3):
                continue
            for bh in range(1, h - 1 - i):
                if not corner(p, o, w, i + bh, j, c, 1):
                    continue
                for bw in range(1, w - 1 - j):
                    if corner(p, o, w, i, j + bw, c, 2) and corner(p, o, w, i + bh, j + bw, c, 0):
                        q = item(y + i + 1, x + j + 1, bh, bw, k, oimg, meta)
                        if q < 0:
                            return -1
                        for a in range(bh):
                            for b in range(bw):
                                out[q + a * bw + b] = p[o + (i + 1 + a) * w + j + 1 + b]
                        k += 1
    return k


@kernel
def drop(
    way: int, p: Any, o: int, y: int, x: int, h: int, w: int, out: Any, oimg: Any, tmp: Any, g: Any, meta: Any
) -> int:
    """Components fallen 0 right, 1 left, 2 down, 3 up until they touch; those ahead fall first."""
    n = h * w
    k = components(p, o, y, x, h, w, out, oimg, tmp, g, meta)
    if k < 0:
        return -1
    dy = 1 if way == 2 else -1 if way == 3 else 0
    dx = 1 if way == 0 else -1 if way == 1 else 0
    for i in range(n):
        tmp[i] = 0  # occupied cells
    for i in range(k):
        tmp[n + i] = 0  # fallen pictures
    for _ in range(k):
        best = -1
        lead = 0
        for i in range(k):
            if tmp[n + i]:
                continue
            front = oimg[i, 0] * dy + oimg[i, 1] * dx
            if dy > 0:
                front += oimg[i, 2]
            if dx > 0:
                front += oimg[i, 3]
            if best < 0 or front > lead:
                best = i
                lead = front
        tmp[n + best] = 1
        r = oimg[best, 0] - y
        c = oimg[best, 1] - x
        bh = oimg[best, 2]
        bw = oimg[best, 3]
        q = oimg[best, 4]
        is_free = True
        while is_free:
            for i in range(bh):
                for j in range(bw):
                    if out[q + i * bw + j]:
                        a = r + dy + i
                        b = c + dx + j
                        if a < 0 or a >= h or b < 0 or b >= w or tmp[a * w + b]:
                            is_free = False
            if is_free:
                r += dy
                c += dx
        for i in range(bh):
            for j in range(bw):
                if out[q + i * bw + j]:
                    tmp[(r + i) * w + c + j] = 1
        oimg[best, 0] = r + y
        oimg[best, 1] = c + x
    return k


@kernel
def criterion(code: int, p: Any, o: int, y: int, x: int, h: int, w: int, tmp: Any, g: Any) -> int:
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
        return int(gaps if code == 8 else -gaps)
    if code <= 11:
        if count_cells(p, o, h * w) == 0:
            return 0
        holes = count_holes(p, o, h, w, tmp)
        return holes if code == 10 else -holes
    return -x if code == 12 else x


@inlined
def choose(
    code: int, crit: int, p: Any, src: Any, s: int, n: int, out: Any, oimg: Any, tmp: Any, g: Any, meta: Any
) -> int:
    """0 the first of those with most, 1 all with most, 2 all without most."""
    k = 0
    most = 0
    for i in range(n):
        v = criterion(crit, p, src[s + i, 4], src[s + i, 0], src[s + i, 1], src[s + i, 2], src[s + i, 3], tmp, g)
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
def unique(p: Any, src: Any, s: int, n: int, out: Any, oimg: Any, meta: Any) -> int:
    """The only picture with a colour that no other has; none unless there is exactly one such colour."""
    found = -1
    for c in range(10):
        have = 0
        last = -1
        for i in range(n):
            if (colour_mask(p, src[s + i, 4], src[s + i, 2] * src[s + i, 3]) >> c) & 1:
                have += 1
                last = i
        if have == 1:
            if found >= 0:
                return int(nothing(oimg, meta))
            found = last
    if found < 0:
        return int(nothing(oimg, meta))
    return int(copy(p, src, s + found, out, 0, oimg, meta))


@kernel
def paint_over(p: Any, o: int, h: int, w: int, out: Any, q: int, width: int, top: int, left: int) -> None:
    """Paint non-zero cells onto a canvas."""
    for i in range(h):
        for j in range(w):
            c = p[o + i * w + j]
            if c:
                out[q + (top + i) * width + left + j] = c


@kernel
def canvas(y0: int, x0: int, y1: int, x1: int, out: Any, oimg: Any, meta: Any, limit: int) -> int:
    """A blank picture 0 that covers rows y0..y1 and columns x0..x1; its offset or -1."""
    h = y1 - y0
    w = x1 - x0
    if h <= 0 or w <= 0 or max(h, w) > MAX_SIDE or h * w > limit:
        return -1
    q = item(y0, x0, h, w, 0, oimg, meta)
    if q >= 0:
        for i in range(h * w):
            out[q + i] = 0
    return int(q)


@kernel
def stack(p: Any, src: Any, s: int, n: int, out: Any, oimg: Any, tmp: Any, meta: Any, limit: int) -> int:
    """All pictures where they stand, those with fewer cells on top."""
    y0 = 1 << 20
    x0 = 1 << 20
    y1 = -(1 << 20)
    x1 = -(1 << 20)
    for i in range(s, s + n):
        if src[i, 2] * src[i, 3]:
            y0 = min(y0, src[i, 0])
            x0 = min(x0, src[i, 1])
            y1 = max(y1, src[i, 0] + src[i, 2])
            x1 = max(x1, src[i, 1] + src[i, 3])
    if y1 < y0:
        return int(nothing(oimg, meta))
    q = canvas(y0, x0, y1, x1, out, oimg, meta, limit)
    if q < 0:
        return -1
    for i in range(n):
        tmp[i] = count_cells(p, src[s + i, 4], src[s + i, 2] * src[s + i, 3])
    for _ in range(n):
        best = -1
        for i in range(n):
            if tmp[i] >= 0 and (best < 0 or tmp[i] >= tmp[best]):
                best = i
        tmp[best] = -1
        b = s + best
        paint_over(p, src[b, 4], src[b, 2], src[b, 3], out, q, x1 - x0, src[b, 0] - y0, src[b, 1] - x0)
    return 1


@kernel
def append(
    key: int, way: int, p: Any, src: Any, s: int, n: int, out: Any, oimg: Any, tmp: Any, meta: Any, limit: int
) -> int:
    """Put pictures side by side (way 0 to the right, 1 downwards), ordered by 0 area, 1 row, 2 column."""
    high = 0
    wide = 0
    for i in range(s, s + n):
        h = src[i, 2]
        w = src[i, 3]
        high = high + h if way else max(high, h)
        wide = max(wide, w) if way else wide + w
        tmp[i - s] = h * w if key == 0 else src[i, 0] if key == 1 else src[i, 1]
        tmp[n + i - s] = 0
    if high * wide == 0:
        return int(nothing(oimg, meta))
    q = -1
    at = 0
    for step in range(n):
        best = -1
        for i in range(n):
            if tmp[n + i] == 0 and (best < 0 or tmp[i] < tmp[best]):
                best = i
        tmp[n + best] = 1
        b = s + best
        if step == 0:
            q = canvas(src[b, 0], src[b, 1], src[b, 0] + high, src[b, 1] + wide, out, oimg, meta, limit)
            if q < 0:
                return -1
        h = src[b, 2]
        w = src[b, 3]
        paint_over(p, src[b, 4], h, w, out, q, wide, at if way else 0, 0 if way else at)
        at += h if way else w
    return 1


@kernel
def stack_line(p: Any, src: Any, s: int, n: int, out: Any, oimg: Any, tmp: Any, meta: Any, limit: int) -> int:
    """Side by side in reading order along the axis on which the pictures are spread."""
    if n == 1:
        return int(copy(p, src, s, out, 0, oimg, meta))
    gap_y = 1 << 20
    gap_x = 1 << 20
    for i in range(n):
        for j in range(i):
            gap_y = min(gap_y, abs(src[s + i, 0] - src[s + j, 0]))
            gap_x = min(gap_x, abs(src[s + i, 1] - src[s + j, 1]))
    down = gap_x < gap_y
    return int(append(1 if down else 2, 1 if down else 0, p, src, s, n, out, oimg, tmp, meta, limit))


@inlined
def reduce(
    code: int, arg: int, p: Any, src: Any, s: int, n: int, out: Any, oimg: Any, tmp: Any, g: Any, meta: Any, limit: int
) -> int:
    """List to list or picture: 0-2 choose, 3 unique, 4 stack, 5 stack line, 6 append."""
    if n == 0:
        return 0 if code == 1 or code == 2 else int(nothing(oimg, meta))
    if code <= 2:
        return int(choose(code, arg, p, src, s, n, out, oimg, tmp, g, meta))
    if code == 3:
        return int(unique(p, src, s, n, out, oimg, meta))
    if code == 4:
        return int(stack(p, src, s, n, out, oimg, tmp, meta, limit))
    if code == 5:
        return int(stack_line(p, src, s, n, out, oimg, tmp, meta, limit))
    return int(append(0, arg, p, src, s, n, out, oimg, tmp, meta, limit))

"""Kernels, fifth part: a picture taken apart into a list.

Functions return the number of pictures, or -1 where they are too many or too big; see `room` for where they go.
"""

from __future__ import annotations

from arcsolve_dsl.engine.compile import inlined, kernel
from arcsolve_dsl.engine.memory import Bytes, Ints, Rows
from arcsolve_dsl.engine.pixels import colour_mask, majority
from arcsolve_dsl.engine.room import AT, ROW, H, W, X, Y, item


@kernel
def flood(p: Bytes, o: int, h: int, w: int, start: int, mode: int, c: int, mark: int, tmp: Ints, g: Ints) -> int:
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
    p: Bytes, o: int, y: int, x: int, w: int, mark: int, tmp: Ints, g: Ints, out: Bytes, k: int, oimg: Rows, meta: Ints
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
def components(
    p: Bytes, o: int, y: int, x: int, h: int, w: int, out: Bytes, oimg: Rows, tmp: Ints, g: Ints, meta: Ints
) -> int:
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
def separator(p: Bytes, o: int, h: int, w: int, tmp: Ints, g: Ints) -> int:
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
def cut(
    p: Bytes, o: int, y: int, x: int, h: int, w: int, out: Bytes, oimg: Rows, tmp: Ints, g: Ints, meta: Ints
) -> int:
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
    code: int, p: Bytes, o: int, y: int, x: int, h: int, w: int, out: Bytes, oimg: Rows, tmp: Ints, g: Ints, meta: Ints
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
def corner(p: Bytes, o: int, w: int, i: int, j: int, c: int, inner: int) -> bool:
    """Three cells of the 2x2 block at (i, j) have colour c, the one numbered `inner` has not."""
    for d in range(4):  # noqa: SIM110 (a generator is slow to compile)
        if (p[o + (i + d // 2) * w + j + d % 2] == c) == (d == inner):
            return False
    return True


@kernel
def inside_marked(p: Bytes, o: int, y: int, x: int, h: int, w: int, out: Bytes, oimg: Rows, meta: Ints) -> int:
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
    way: int, p: Bytes, o: int, y: int, x: int, h: int, w: int, out: Bytes, oimg: Rows, tmp: Ints, g: Ints, meta: Ints
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
            b = ROW * i
            front = oimg[b + Y] * dy + oimg[b + X] * dx
            if dy > 0:
                front += oimg[b + H]
            if dx > 0:
                front += oimg[b + W]
            if best < 0 or front > lead:
                best = i
                lead = front
        tmp[n + best] = 1
        b = ROW * best
        r = oimg[b + Y] - y
        c = oimg[b + X] - x
        bh = oimg[b + H]
        bw = oimg[b + W]
        q = oimg[b + AT]
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
        oimg[ROW * best + Y] = r + y
        oimg[ROW * best + X] = c + x
    return k

"""Kernels, fourth part: holes, borders, frames, and the operations that take a size."""

from __future__ import annotations

from arcsolve_dsl.engine.compile import kernel
from arcsolve_dsl.engine.memory import Bytes, Ints
from arcsolve_dsl.engine.pixels import MAX_SIDE, empty, majority, place, refuse


@kernel
def outside(p: Bytes, o: int, h: int, w: int, tmp: Ints) -> None:
    """Set tmp[i] = 1 for the zero cells that are 4-connected to the edge, else 0."""
    n = h * w
    top = 0
    for i in range(n):
        tmp[i] = 0
    for i in range(h):
        for j in range(w):
            if (i == 0 or j == 0 or i == h - 1 or j == w - 1) and p[o + i * w + j] == 0:
                tmp[i * w + j] = 1
                tmp[n + top] = i * w + j
                top += 1
    while top:
        top -= 1
        at = tmp[n + top]
        r = at // w
        c = at - r * w
        for d in range(4):
            nr = r + (1 if d == 0 else -1 if d == 1 else 0)
            nc = c + (1 if d == 2 else -1 if d == 3 else 0)
            if 0 <= nr < h and 0 <= nc < w:
                k = nr * w + nc
                if p[o + k] == 0 and tmp[k] == 0:
                    tmp[k] = 1
                    tmp[n + top] = k
                    top += 1


@kernel
def reach(p: Bytes, o: int, h: int, w: int, tmp: Ints) -> None:
    """Set tmp[i] = 1 for cells on the edge, and cells 8-adjacent to zero cells reached from it."""
    n = h * w
    top = 0
    for i in range(n):
        tmp[i] = 0
    for i in range(h):
        for j in range(w):
            if i == 0 or j == 0 or i == h - 1 or j == w - 1:
                tmp[i * w + j] = 1
                if p[o + i * w + j] == 0:
                    tmp[n + top] = i * w + j
                    top += 1
    while top:
        top -= 1
        at = tmp[n + top]
        r = at // w
        c = at - r * w
        for nr in range(max(r - 1, 0), min(r + 2, h)):
            for nc in range(max(c - 1, 0), min(c + 2, w)):
                k = nr * w + nc
                if tmp[k] == 0:
                    tmp[k] = 1
                    if p[o + k] == 0:
                        tmp[n + top] = k
                        top += 1


@kernel
def count_holes(p: Bytes, o: int, h: int, w: int, tmp: Ints) -> int:
    """Number of enclosed zero cells (0 for a picture without colour)."""
    n = h * w
    outside(p, o, h, w, tmp)
    k = 0
    for i in range(n):
        if p[o + i] == 0 and tmp[i] == 0:
            k += 1
    return k


@kernel
def topology(
    code: int, p: Bytes, o: int, y: int, x: int, h: int, w: int, out: Bytes, q: int, g: Ints, tmp: Ints, limit: int
) -> None:
    """0 fill, 1 holes, 2 inner cells, 3 outer border, 4 outline, 5 frame in colour 1, 6 frame in majority colour."""
    n = h * w
    place(g, y, x, h, w)
    if code <= 1:
        outside(p, o, h, w, tmp)
        c = majority(p, o, n, False)
        for i in range(n):
            out[q + i] = 0 if tmp[i] or (code == 1 and p[o + i]) else c
    elif code <= 3:
        reach(p, o, h, w, tmp)
        for i in range(n):
            out[q + i] = p[o + i] if (tmp[i] == 1) == (code == 3) else 0
    elif code == 4:
        for r in range(h):
            for c in range(w):
                hit = 0
                if p[o + r * w + c] == 0:
                    for nr in range(max(r - 1, 0), min(r + 2, h)):
                        for nc in range(max(c - 1, 0), min(c + 2, w)):
                            if p[o + nr * w + nc]:
                                hit = 1
                out[q + r * w + c] = hit
    else:
        if max(h, w) + 2 > MAX_SIDE or (h + 2) * (w + 2) > limit:
            refuse(g)
            return
        c = 1 if code == 5 else majority(p, o, n, False)
        for i in range((h + 2) * (w + 2)):
            out[q + i] = c
        for i in range(h):
            for j in range(w):
                out[q + (i + 1) * (w + 2) + j + 1] = p[o + i * w + j]
        place(g, y - 1, x - 1, h + 2, w + 2)


@kernel
def scale(p: Bytes, o: int, h: int, w: int, out: Bytes, q: int, th: int, tw: int, tmp: Ints) -> None:
    """Each target cell gets the colour that covers most of its area; of equals the commoner, then the lower colour."""
    for c in range(10):
        tmp[c] = 0
    for i in range(h * w):
        tmp[p[o + i]] += 1
    for i in range(th):
        r0 = i * h // th
        r1 = ((i + 1) * h - 1) // th
        for j in range(tw):
            c0 = j * w // tw
            c1 = ((j + 1) * w - 1) // tw
            for c in range(10):
                tmp[10 + c] = 0
            for r in range(r0, r1 + 1):
                high = min((i + 1) * h, (r + 1) * th) - max(i * h, r * th)
                for s in range(c0, c1 + 1):
                    wide = min((j + 1) * w, (s + 1) * tw) - max(j * w, s * tw)
                    tmp[10 + p[o + r * w + s]] += high * wide
            best = 0
            for c in range(1, 10):
                more = tmp[10 + c] - tmp[10 + best]
                if more > 0 or (more == 0 and tmp[c] > tmp[best]):
                    best = c
            out[q + i * tw + j] = best


@kernel
def sized(
    code: int,
    th: int,
    tw: int,
    p: Bytes,
    o: int,
    y: int,
    x: int,
    h: int,
    w: int,
    out: Bytes,
    q: int,
    g: Ints,
    tmp: Ints,
) -> None:
    """To a frame of th x tw at the origin: 0 clip or pad, 1 wrap, 2 scale, 3/4 tile (gap 0/1), 5/6 mirror (gap 0/1)."""
    n = th * tw
    place(g, 0, 0, th, tw)
    if code == 0:
        for i in range(th):
            for j in range(tw):
                a = i - y
                b = j - x
                out[q + i * tw + j] = p[o + a * w + b] if 0 <= a < h and 0 <= b < w else 0
        return
    if h * w == 0 or n == 0:
        empty(g)
        return
    for i in range(n):
        out[q + i] = 0
    if code == 1:
        for i in range(h):
            for j in range(w):
                b = j + i // th * w
                a = i % th + b // tw * h
                b = b % tw
                if a < th:
                    out[q + a * tw + b] = p[o + i * w + j]
    elif code == 2:
        scale(p, o, h, w, out, q, th, tw, tmp)
    else:
        gap = 1 if code == 4 or code == 6 else 0
        ph = h + gap
        pw = w + gap
        if code >= 5:
            ph *= 2
            pw *= 2
        for i in range(th):
            a = (i - y) % ph
            if code >= 5 and a >= h + gap:
                a = h + gap + h - 1 - a
            if a < 0 or a >= h:
                continue
            for j in range(tw):
                b = (j - x) % pw
                if code >= 5 and b >= w + gap:
                    b = w + gap + w - 1 - b
                if 0 <= b < w:
                    out[q + i * tw + j] = p[o + a * w + b]

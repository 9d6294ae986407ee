"""Guess the size of the answer: a small expression over sizes of pictures the search makes.

Size = k * size of a picture + c on either axis, or the sizes of two pictures added, or each axis on its own; the
expression that fits most demonstrations wins, then the simplest. The scheme is icecuber's ``solveSize``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.program import INPUT, Call, Node, call, literal

MAX_SIDE = 30
"""No grid of ARC has a longer side, so no answer has."""
TIMES = range(1, 6)
PLUS = range(-3, 4)
MAX_SEEDS = 300
"""Pictures whose sizes are tried one by one."""
MAX_PAIRED = 60
"""Pictures whose sizes are tried in pairs."""


@dataclass(frozen=True, eq=False)
class SizeGuess:
    """One hypothesis.

    Attributes:
        sizes: [grid, 2] heights and widths, demonstrations first.
        fits: how many demonstrations' outputs have that size.
        loss: complexity.
        node: the program of a blank picture of that size.
    """

    sizes: NDArray[np.int64]
    fits: int
    loss: float
    node: Node


def guess(seeds: NDArray[np.int64], nodes: list[Node], targets: NDArray[np.int64], keep: int = 2) -> list[SizeGuess]:
    """Fit expressions to the demonstrations' output sizes.

    Args:
        seeds: [seed, grid, 2] sizes of pictures, simplest first; the grids are demonstrations, then tests.
        nodes: the program of each seed.
        targets: [demonstration, 2] output sizes.
        keep: how many hypotheses with different sizes to return.

    Returns:
        The best hypotheses, best first; test sizes are within 1 to `MAX_SIDE`.
    """
    seeds, nodes = seeds[:MAX_SEEDS], nodes[:MAX_SEEDS]
    n_demos = len(targets)
    n = len(seeds)
    rank = np.arange(1, n + 1)
    terms = [(k, c) for k in TIMES for c in PLUS]
    weight = np.array([k * (abs(c) + 1) for k, c in terms], float)
    # values[seed, term, grid, axis]
    values = (
        seeds[:, None] * np.array([k for k, _ in terms])[:, None, None] + np.array([c for _, c in terms])[:, None, None]
    )
    fits = values[:, :, :n_demos] == targets
    valid = ((values[:, :, n_demos:] >= 1) & (values[:, :, n_demos:] <= MAX_SIDE)).all(axis=2)
    found: list[SizeGuess] = []

    def add(sizes: NDArray[np.int64], loss: float, node: Node) -> None:
        count = int((sizes[:n_demos] == targets).all(axis=1).sum())
        found.append(SizeGuess(sizes, count, loss, node))

    # one picture: both axes of the same seed
    both = np.einsum("sahd,sbhd->sab", *(fits[..., axis][..., None].astype(np.int32) for axis in (0, 1)))
    loss = rank[:, None, None] * weight[None, :, None] * weight[None, None, :]
    both = np.where(valid[:, :, None, 0] & valid[:, None, :, 1], both, -1)
    for index in np.lexsort((loss.ravel(), -both.ravel()))[: 8 * keep]:
        s, a, b = (int(i) for i in np.unravel_index(index, both.shape))
        sizes = np.stack([values[s, a, :, 0], values[s, b, :, 1]], axis=1)
        if both[s, a, b] >= 0:
            add(
                sizes,
                float(loss[s, a, b]),
                canvas(term(nodes[s], "height", *terms[a]), term(nodes[s], "width", *terms[b])),
            )
    # two pictures added
    m = min(n, MAX_PAIRED)
    for i in range(m):
        for j in range(m):
            for ways in ((0,), (1,), (0, 1)) if j < i else ((0,), (1,)) if j > i else ():
                sizes = seeds[i].copy()
                for axis in ways:
                    sizes[:, axis] += seeds[j][:, axis]
                if (sizes[:n_demos] == targets).all() and sizes.min() >= 1 and sizes.max() <= MAX_SIDE:
                    parts = [
                        call("add", call(word, nodes[i]), call(word, nodes[j]))
                        if axis in ways
                        else call(word, nodes[i])
                        for axis, word in enumerate(("height", "width"))
                    ]
                    add(sizes, float((i + 1) * (j + 1)), canvas(*parts))
    # each axis on its own: a constant, or a picture's
    chosen = []
    for axis, word in enumerate(("height", "width")):
        best: tuple[float, float, NDArray[np.int64], Node] | None = None
        for size in range(1, 31):
            hits = int((targets[:, axis] == size).sum())
            if hits and (best is None or (-hits, size + 10) < best[:2]):
                best = (-hits, size + 10, np.full(seeds.shape[1], size), literal(size))
        counts = np.where(valid[:, :, axis], fits[..., axis].sum(axis=2), -1)
        cost = rank[:, None] * weight + 10
        index = np.lexsort((cost.ravel(), -counts.ravel()))[0]
        s, a = (int(i) for i in np.unravel_index(index, counts.shape))
        if best is None or (-counts[s, a], cost[s, a]) < best[:2]:
            best = (-counts[s, a], float(cost[s, a]), values[s, a, :, axis], term(nodes[s], word, *terms[a]))
        chosen.append(best)
    sizes = np.stack([chosen[0][2], chosen[1][2]], axis=1)
    if sizes[n_demos:].min() >= 1 and sizes[n_demos:].max() <= MAX_SIDE:
        add(sizes, chosen[0][1] * chosen[1][1], canvas(chosen[0][3], chosen[1][3]))
    found.sort(key=lambda hypothesis: (-hypothesis.fits, hypothesis.loss))
    distinct: list[SizeGuess] = []
    for hypothesis in found:
        if all(not np.array_equal(hypothesis.sizes[n_demos:], other.sizes[n_demos:]) for other in distinct):
            distinct.append(hypothesis)
    return distinct[:keep]


def term(node: Node, word: str, times: int, plus: int) -> Call:
    """The node of times * height or width of a picture + plus."""
    length = call(word, node)
    return length if (times, plus) == (1, 0) else call("linear", length, times, plus)


def canvas(rows: Node, columns: Node) -> Node:
    """The node of a blank picture; the input's own size is written as ``blank(input)``."""
    if rows == call("height", INPUT) and columns == call("width", INPUT):
        return call("blank", INPUT)
    return call("canvas", rows, columns)

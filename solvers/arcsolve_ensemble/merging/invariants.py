"""Invariants: what holds for every demonstration's output and so, most likely, for the test output."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from arcsolve import Challenge, Grid


class Invariants(NamedTuple):
    """Rules that all demonstrations of a challenge obey.

    Attributes:
        keeps_size: the output has the input's size.
        ratio: the output's size is the input's times (numerator / denominator) in height and width, where it is a
            whole multiple or divisor; None where no common ratio holds.
        size: all outputs have this one size although the inputs differ in theirs; None otherwise.
        new_colours: colours that outputs have and their inputs lack.
    """

    keeps_size: bool
    ratio: tuple[float, float] | None
    size: tuple[int, int] | None
    new_colours: frozenset[int]


def invariants(challenge: Challenge) -> Invariants:
    """Return the invariants of a challenge's demonstrations."""
    ins = [pair.input.shape for pair in challenge.train]
    outs = [pair.output.shape for pair in challenge.train]
    ratios = {(out[0] / size[0], out[1] / size[1]) for size, out in zip(ins, outs, strict=True)}
    ratio = None
    if len(ratios) == 1 and len(set(ins)) > 1:
        only = next(iter(ratios))
        if all(part == round(part) or 1 / part == round(1 / part) for part in only):
            ratio = only
    fresh = frozenset[int]().union(
        *(set(np.unique(p.output).tolist()) - set(np.unique(p.input).tolist()) for p in challenge.train)
    )
    return Invariants(
        keeps_size=all(size == out for size, out in zip(ins, outs, strict=True)),
        ratio=ratio,
        size=(outs[0][0], outs[0][1]) if len(set(outs)) == 1 and len(set(ins)) > 1 else None,
        new_colours=fresh,
    )


_cached = lru_cache(maxsize=64)(invariants)


def broken(challenge: Challenge, test_index: int, grid: Grid) -> int:
    """Return how many invariants of the demonstrations *grid* breaks as output of test input *test_index*."""
    rules = _cached(challenge)
    source = challenge.test_inputs[test_index]
    count = 0
    if rules.keeps_size:
        count += grid.shape != source.shape
    elif rules.ratio is not None:
        count += grid.shape != (source.shape[0] * rules.ratio[0], source.shape[1] * rules.ratio[1])
    elif rules.size is not None:
        count += grid.shape != rules.size
    allowed = rules.new_colours | set(np.unique(source).tolist())
    count += not set(np.unique(grid).tolist()) <= allowed
    return int(count)

"""Sorting tasks into groups: by what a challenge looks like, and by how near an answer came."""

from collections.abc import Callable

import numpy as np

from arcsolve.task import Challenge


def _colours(challenge: Challenge) -> str:
    grids = [grid for pair in challenge.train for grid in (pair.input, pair.output)] + list(challenge.test_inputs)
    count = len(np.unique(np.concatenate([grid.ravel() for grid in grids])))
    for low, high in ((1, 2), (3, 4), (5, 6), (7, 8)):
        if count <= high:
            return f"{low}-{high}"
    return "9-10"


def _size(challenge: Challenge) -> str:
    cells = max(grid.size for grid in challenge.test_inputs)
    low = 1
    for high in (25, 100, 225, 400, 900):
        if cells <= high:
            return f"{low}-{high} cells"
        low = high + 1
    return "over 900 cells"


def _size_change(challenge: Challenge) -> str:
    kinds = set()
    for pair in challenge.train:
        if pair.input.shape == pair.output.shape:
            kinds.add("same")
        else:
            kinds.add("larger" if pair.output.size > pair.input.size else "smaller")
    return kinds.pop() if len(kinds) == 1 else "mixed"


def _demos(challenge: Challenge) -> str:
    count = len(challenge.train)
    return str(count) if count < 6 else "6 or more"


PROPERTIES: dict[str, Callable[[Challenge], str]] = {
    "colours": _colours,
    "size": _size,
    "size change": _size_change,
    "demonstrations": _demos,
}
"""What a challenge is grouped by: colours in it, cells of its largest test input, how outputs' sizes differ from
inputs', number of demonstrations."""

BANDS: tuple[tuple[str, float], ...] = (
    ("perfect", 0.95),
    ("excellent", 0.80),
    ("good", 0.60),
    ("moderate", 0.40),
    ("poor", 0.20),
    ("failed", 0.0),
)
"""Band and the pixel accuracy it begins at, as the report on the first HRM counted them. No band is a solution."""


def band(pixel_accuracy: float) -> str:
    """The band of a forgiving pixel accuracy in [0, 1]."""
    return next(name for name, least in BANDS if pixel_accuracy >= least)

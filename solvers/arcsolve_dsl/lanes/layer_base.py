"""What layers are: conditions and paints of a grid, and the small helpers that all families share.

A *condition* is an (H, W) uint8 array whose value a rule may look at. A *paint* is an (H, W) uint8 array of colours
that a rule may write; 10 stands where the paint says nothing. The idea to predict each cell from computed features
is that of I. Larchenko's `abstract_reasoning` (Abstraction and Reasoning Challenge, 2020); the layers here are ours.
"""

import re
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.lanes.segments import Scene

Layer: TypeAlias = NDArray[np.uint8]
Emit: TypeAlias = Callable[[str, NDArray[Any]], None]
NOTHING = 10
"""Value of a paint, or of a seen colour, where there is none."""

_NAMED = re.compile(
    r"(color|shape|pose|lead|surround|orientation|role|role_from_rarest)$"
    r"|color_(?!pieces)|between_color_|neighbor_color$|.*pattern$|.*_(lead|start|end)$|box_sector_|has_|is_"
    r"|sees_(up|down|left|right)|(mirror_lr|mirror_ud|rotated_\d+|transposed|antitransposed)$"
)


def is_named(condition: str) -> bool:
    """Whether the values of a condition are names (colours, patterns), so that near values mean nothing."""
    return _NAMED.match(condition.partition("@")[0].partition(".")[2]) is not None


def dense_rank(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rank of each value among the distinct ones, 0 for the smallest."""
    return np.asarray(np.searchsorted(np.unique(values), values), dtype=np.int64)


def count_equal(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """How often each value occurs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray(counts[inverse], dtype=np.int64)


def color_roles(scene: Scene) -> tuple[list[int], list[int]]:
    """The colours other than the background, most frequent first and rarest first (ties by number)."""
    counts = np.bincount(scene.grid.ravel(), minlength=10)
    counts[scene.background] = 0
    present = [c for c in range(10) if counts[c]]
    return sorted(present, key=lambda c: (-counts[c], c)), sorted(present, key=lambda c: (counts[c], c))

"""What a task's own demonstrations say about augmentation: which symmetries and recolourings its rule respects.

If one demonstration's input, turned and recoloured, is the input of a demonstration (of another one or of itself), the
rule has been seen on both. If the outputs don't correspond, the rule is not the same in that view: it is directional,
or it names colours. Nothing is decided where no two inputs correspond; those views stay allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arcsolve_hrm.pairs import TRAIN, PairSet
from arcsolve_hrm.seq import Grid, transform


class Allowed(NamedTuple):
    """Views that the demonstrations don't speak against."""

    turns: NDArray[np.bool_]
    """bool [8]; the identity is always among them."""
    fixed: NDArray[np.bool_]
    """bool [10]; colours that must stay themselves."""

    def choice(self) -> tuple[list[int], NDArray[np.bool_]]:
        """Give the symmetries as numbers, the identity first, and the fixed colours."""
        return np.flatnonzero(self.turns).tolist(), self.fixed

    def to_record(self) -> list[int]:
        """Give two bit sets that fit into JSON."""
        return [int((part.astype(np.int64) << np.arange(len(part))).sum()) for part in self]

    @classmethod
    def from_record(cls, bits: Sequence[int]) -> Allowed:
        """Read :meth:`to_record` back."""
        turns, fixed = ((value >> np.arange(count)) & 1 == 1 for value, count in zip(bits, (8, 10), strict=True))
        return cls(turns, fixed)


def _renaming(source: Grid, target: Grid) -> NDArray[np.uint8] | None:
    """Find the colours' bijection that makes ``target`` of ``source``; 255 where a colour does not occur."""
    if source.shape != target.shape:
        return None
    table = np.full(10, 255, np.uint8)
    table[source] = target
    if not np.array_equal(table[source], target):
        return None
    used = table[table < 255]
    return table if len(np.unique(used)) == len(used) else None


def _contradicts(output: Grid, expected: Grid, table: NDArray[np.uint8]) -> bool:
    """Whether ``output`` under a renaming is certainly not ``expected`` (colours the input lacks may be anything)."""
    if output.shape != expected.shape:
        return True
    known = table[output] < 255
    return bool((table[output][known] != expected[known]).any())


def allowed_by_task(pairs: PairSet) -> list[Allowed]:
    """Read what each task's training pairs say.

    Args:
        pairs: The data; pairs of other roles are not looked at.

    Returns:
        Per task.
    """
    demos: list[list[tuple[Grid, Grid]]] = [[] for _ in pairs.names]
    for pair in np.flatnonzero(pairs.role == TRAIN):
        demos[pairs.task[pair]].append(pairs.grids(int(pair)))
    return [allowed_views(mine, fixed) for mine, fixed in zip(demos, pairs.fixed, strict=True)]


def allowed_views(demos: Sequence[tuple[Grid, Grid]], fixed: NDArray[np.bool_]) -> Allowed:
    """Read from the demonstrations which views break them.

    Args:
        demos: Input and output grids.
        fixed: bool [10]; colours that stay anyway.

    Returns:
        The symmetries that remain and the colours that stay.
    """
    turns, fixed = np.ones(8, np.bool_), fixed.copy()
    identity = np.arange(10, dtype=np.uint8)
    for source, target in demos:
        for turn in range(8):
            turned, expected = transform(source, turn), transform(target, turn)
            for other_source, other_target in demos:
                table = _renaming(turned, other_source)
                if table is None or not _contradicts(expected, other_target, table):
                    continue
                moved = (table < 255) & (table != identity)
                if not moved.any():
                    turns[turn] = False
                elif turn == 0:
                    fixed |= moved
                    fixed[table[moved]] = True
                # Turned and recoloured at once: it is open which of the two the rule objects to.
    return Allowed(turns, fixed)

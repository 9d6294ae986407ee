"""Augmentations of a grid: one of the eight symmetries of the square, then a permutation of the colours.

The numbering of the symmetries, the order of the two steps and the two spellings of an augmented puzzle's name are
those of the published HRM and TRM data builders (sapientinc/HRM ``dataset/common.py``,
SamsungSAILMontreal/TinyRecursiveModels ``dataset/build_arc_dataset.py``), so that their identifier files can be read.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.int8]
"""HxW colours 0..9; the same type as `arcsolve.Grid`, spelled here so that training needs no core."""

N_DIHEDRAL = 8
N_COLOURS = 10
DIHEDRAL_INVERSE = (0, 3, 2, 1, 4, 5, 6, 7)
"""``DIHEDRAL_INVERSE[k]`` undoes symmetry ``k``: only the two quarter turns are not their own inverse."""

_NAME = re.compile(r"^(?P<task>.+?)(?:_|\|\|\|)t(?P<dihedral>[0-7])(?:_|\|\|\|)(?P<colours>\d{10})$")


def dihedral(grid: Grid, symmetry: int) -> Grid:
    """Apply one of the eight symmetries of the square.

    Args:
        grid: HxW grid.
        symmetry: 0 identity, 1-3 that many quarter turns counter-clockwise, 4 mirror left-right,
            5 mirror top-bottom, 6 transpose, 7 the other diagonal.

    Returns:
        The transformed grid, contiguous.

    Raises:
        ValueError: If ``symmetry`` is not in 0..7.
    """
    match symmetry:
        case 0:
            result = grid
        case 1 | 2 | 3:
            result = np.rot90(grid, k=symmetry)
        case 4:
            result = np.fliplr(grid)
        case 5:
            result = np.flipud(grid)
        case 6:
            result = grid.T
        case 7:
            result = np.fliplr(np.rot90(grid, k=1))
        case _:
            raise ValueError(f"symmetry must be in 0..7, not {symmetry}")
    return np.ascontiguousarray(result)


class Augmentation(NamedTuple):
    """A symmetry of the square and a permutation of the colours.

    Attributes:
        dihedral: The symmetry, 0..7, as in `dihedral`.
        colours: ``colours[c]`` is what colour ``c`` becomes; a permutation of 0..9.
    """

    dihedral: int = 0
    colours: tuple[int, ...] = tuple(range(N_COLOURS))

    def apply(self, grid: Grid) -> Grid:
        """Return the augmented view of a grid."""
        return dihedral(np.asarray(self.colours, dtype=np.int8)[grid], self.dihedral)

    def invert(self, grid: Grid) -> Grid:
        """Return the grid whose augmented view is ``grid``."""
        inverse = np.argsort(np.asarray(self.colours)).astype(np.int8)
        return inverse[dihedral(grid, DIHEDRAL_INVERSE[self.dihedral])]

    def name(self, task: str, *, separator: str = "|||") -> str:
        """Spell the augmented puzzle's name: ``|||`` is TRM's separator, ``_`` is HRM's."""
        return separator.join((task, f"t{self.dihedral}", "".join(map(str, self.colours))))


IDENTITY = Augmentation()


def parse_name(name: str) -> tuple[str, Augmentation]:
    """Split an augmented puzzle's published name into the task's name and the augmentation.

    Args:
        name: ``task``, ``task_tK_perm`` (HRM) or ``task|||tK|||perm`` (TRM).

    Returns:
        The task's name and its augmentation (the identity for a bare name).
    """
    found = _NAME.match(name)
    if found is None:
        return name, IDENTITY
    return found["task"], Augmentation(int(found["dihedral"]), tuple(int(digit) for digit in found["colours"]))


def random_augmentation(rng: np.random.Generator) -> Augmentation:
    """Draw a symmetry and a permutation of colours 1..9 uniformly; 0, the usual background, stays."""
    colours = (0, *(int(c) for c in rng.permutation(np.arange(1, N_COLOURS))))
    return Augmentation(int(rng.integers(N_DIHEDRAL)), colours)

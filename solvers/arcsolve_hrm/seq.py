"""Grids as token sequences: start, colour legend, input rows, separator, output rows, end; with a 3D position each.

The layout follows mdlARC (mvakde, 2026) with two changes of ours. Positions of output tokens *look ahead*: a token
carries the place of the cell that comes next, so a query stands exactly on the input cell it is about to rewrite. And
nine *legend* tokens show where the colour permutation sent colours 1 to 9, so that a rule that names colours stays
identifiable under augmentation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

START, NEWLINE, SEPARATOR, END = 10, 11, 12, 13
VOCABULARY = 14
LONGEST = 1 + 9 + 30 * 31 + 1 + 30 * 31 + 1
"""Tokens of two 30x30 grids with everything around them."""

Grid = NDArray[np.uint8]


@dataclass(frozen=True)
class Sequence:
    """One encoded pair (or input alone).

    Attributes:
        tokens: uint8 [n].
        positions: uint8 [n, 3]; column, row, and which part of the sequence.
        prefix: Tokens up to and including the separator.
    """

    tokens: NDArray[np.uint8]
    positions: NDArray[np.uint8]
    prefix: int


def transform(grid: Grid, dihedral: int) -> Grid:
    """Apply one of the eight symmetries of the square: a left-right flip for 4..7, then quarter turns.

    Args:
        grid: HxW.
        dihedral: 0..7; 0 is the identity.

    Returns:
        The transformed grid, contiguous.
    """
    return np.ascontiguousarray(np.rot90(grid[:, ::-1] if dihedral >= 4 else grid, dihedral % 4))


def invert(grid: Grid, dihedral: int) -> Grid:
    """Undo :func:`transform`.

    Args:
        grid: HxW.
        dihedral: 0..7.

    Returns:
        The original grid, contiguous.
    """
    turned = np.rot90(grid, -(dihedral % 4))
    return np.ascontiguousarray(turned[:, ::-1] if dihedral >= 4 else turned)


def _rows(grid: Grid, part: int, ahead: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    height, width = grid.shape
    tokens = np.full((height, width + 1), NEWLINE, np.uint8)
    tokens[:, :width] = grid
    positions = np.empty((height, width + 1, 3), np.uint8)
    positions[..., 0] = np.arange(width + 1) + ahead
    positions[..., 1] = np.arange(height)[:, None]
    positions[..., 2] = part
    if ahead:
        # After a newline comes the first cell of the next row.
        positions[:, width, 0] = 0
        positions[:, width, 1] += 1
    return tokens.reshape(-1), positions.reshape(-1, 3)


def encode(source: Grid, target: Grid | None, legend: bool = True, ahead: bool = True) -> Sequence:
    """Encode a pair, or an input whose output is to be decoded.

    Args:
        source: Input grid, up to 30x30, colours 0..9.
        target: Output grid; None stops after the separator.
        legend: Whether the nine legend tokens are there (as colours 1..9: permute them together with the grids).
        ahead: Whether output positions name the next cell instead of the token's own.

    Returns:
        The sequence.
    """
    tokens = [np.array([START], np.uint8)]
    positions = [np.zeros((1, 3), np.uint8)]
    if legend:
        tokens.append(np.arange(1, 10, dtype=np.uint8))
        shown = np.zeros((9, 3), np.uint8)
        shown[:, 0] = np.arange(9)
        shown[:, 2] = 5
        positions.append(shown)
    rows, places = _rows(source, 1, 0)
    tokens += [rows, np.array([SEPARATOR], np.uint8)]
    positions += [places, np.array([[0, 0, 3 if ahead else 2]], np.uint8)]
    prefix = sum(map(len, tokens))
    if target is not None:
        rows, places = _rows(target, 3, int(ahead))
        tokens += [rows, np.array([END], np.uint8)]
        positions += [places, np.array([[0, 0, 4]], np.uint8)]
    return Sequence(np.concatenate(tokens), np.concatenate(positions), prefix)


def pair_tokens(shapes: NDArray[np.uint8], legend: bool = True) -> NDArray[np.int64]:
    """Count the tokens of encoded pairs.

    Args:
        shapes: [pairs, 4]; input height and width, output height and width.
        legend: Whether the nine legend tokens are there.

    Returns:
        int64 [pairs].
    """
    sides = shapes.astype(np.int64)
    return 3 + 9 * legend + sides[:, 0] * (sides[:, 1] + 1) + sides[:, 2] * (sides[:, 3] + 1)


def decode(tokens: NDArray[np.integer]) -> Grid | None:
    """Read an output back.

    Args:
        tokens: What was decoded after the separator, up to but without the end token.

    Returns:
        The grid, or None if rows differ in length, a row is empty or unfinished, or a token is no colour.
    """
    values = np.asarray(tokens, np.uint8)
    breaks = np.flatnonzero(values == NEWLINE)
    if not len(breaks) or breaks[-1] != len(values) - 1:
        return None
    width = int(breaks[0])
    if width == 0 or width > 30 or len(breaks) > 30 or len(values) != len(breaks) * (width + 1):
        return None
    grid = values.reshape(len(breaks), width + 1)
    if (grid[:, width] != NEWLINE).any() or (grid[:, :width] > 9).any():
        return None
    return grid[:, :width].copy()


def colour_tables(count: int, fixed: NDArray[np.bool_], generator: np.random.Generator) -> NDArray[np.uint8]:
    """Draw colour permutations as lookup tables over all tokens.

    Args:
        count: How many.
        fixed: bool [count, 10]; colours that stay themselves (0 among them).
        generator: Source of randomness.

    Returns:
        uint8 [count, 16]; entry [i, token] is the permuted token.
    """
    keys = generator.random((count, 10))
    keys[fixed] = 2.0
    shuffled = np.argsort(keys, axis=1, kind="stable")
    places = np.argsort(fixed, axis=1, kind="stable")
    tables = np.tile(np.arange(16, dtype=np.uint8), (count, 1))
    np.put_along_axis(tables, places, shuffled.astype(np.uint8), axis=1)
    return tables

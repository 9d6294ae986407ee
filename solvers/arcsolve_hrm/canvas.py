"""The canvas layout's data: grids as 30x30 token sequences, as the published HRM and TRM read and write them.

Tokens: 0 PAD, 1 EOS, 2..11 the colours 0..9. A grid lies on the canvas at an offset; EOS is written just below and
just right of it (not in the corner) where that is inside the canvas. Source of the format: sapientinc/HRM
``dataset/build_arc_dataset.py``.

A *bounding canvas* is the top-left ``height x width`` part of the 30x30 one. Its tokens keep the positions that they
have on the full canvas, so the same weights see the same relative positions and only PAD cells are left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arcsolve_hrm.transforms import Augmentation, Grid, random_augmentation

Tokens = NDArray[np.int32]
GridPair = tuple[Grid, Grid]

MAX_SIDE = 30
PAD, EOS, FIRST_COLOUR = 0, 1, 2
VOCAB = 12
IGNORE = -100
"""Label of a cell that the loss leaves out: outside the EOS border the published models are never supervised."""


class Canvas(NamedTuple):
    """The part of the 30x30 canvas that the model looks at, in cells."""

    height: int = MAX_SIDE
    width: int = MAX_SIDE

    @property
    def n_tokens(self) -> int:
        """Length of the flattened canvas."""
        return self.height * self.width

    def positions(self) -> NDArray[np.int64]:
        """Return the index of each of this canvas's cells on the full 30x30 canvas, row by row. Shape (n_tokens,)."""
        rows, columns = np.arange(self.height), np.arange(self.width)
        return (rows[:, None] * MAX_SIDE + columns[None, :]).ravel()


FULL = Canvas()


def encode(grid: Grid, *, offset: tuple[int, int] = (0, 0), canvas: Canvas = FULL) -> Tokens:
    """Lay a grid on the canvas.

    Args:
        grid: HxW grid of colours 0..9.
        offset: Row and column of the grid's top-left cell.
        canvas: The canvas to lay it on.

    Returns:
        (n_tokens,) int32 tokens.

    Raises:
        ValueError: If the grid reaches over the canvas.
    """
    (top, left), (height, width) = offset, grid.shape
    bottom, right = top + height, left + width
    if bottom > canvas.height or right > canvas.width:
        raise ValueError(
            f"a {height}x{width} grid at offset {offset} does not fit on a {canvas.height}x{canvas.width} canvas"
        )
    tokens = np.zeros(canvas, dtype=np.int32)
    tokens[top:bottom, left:right] = grid.astype(np.int32) + FIRST_COLOUR
    if bottom < canvas.height:
        tokens[bottom, left:right] = EOS
    if right < canvas.width:
        tokens[top:bottom, right] = EOS
    return tokens.ravel()


def draw_offset(pair: GridPair, rng: np.random.Generator) -> tuple[int, int]:
    """Draw the offset shared by a pair's input and output, uniformly among those where both fit on 30x30."""
    height = max(grid.shape[0] for grid in pair)
    width = max(grid.shape[1] for grid in pair)
    return int(rng.integers(MAX_SIDE - height + 1)), int(rng.integers(MAX_SIDE - width + 1))


def labels_of(tokens: Tokens) -> Tokens:
    """Turn output tokens into labels: PAD becomes `IGNORE`."""
    return np.where(tokens == PAD, np.int32(IGNORE), tokens)


def decode(tokens: Tokens, *, canvas: Canvas = FULL) -> Grid | None:
    """Read the grid off a predicted canvas: the largest rectangle of colours that starts in the top-left cell.

    Args:
        tokens: (n_tokens,) predicted tokens.
        canvas: The canvas that they lie on.

    Returns:
        The grid, or None where the first token is no colour. (The published evaluators return an empty grid there,
        which then stands in a submission as an answer.)
    """
    cells = np.asarray(tokens).reshape(canvas)
    is_colour = (cells >= FIRST_COLOUR) & (cells < FIRST_COLOUR + 10)
    run_lengths = np.where(is_colour.all(axis=1), canvas.width, np.argmin(is_colour, axis=1))  # colours from the left
    widths = np.minimum.accumulate(run_lengths)
    areas = widths * np.arange(1, canvas.height + 1)
    height = int(np.argmax(areas)) + 1
    width = int(widths[height - 1])
    if width == 0:
        return None
    return (cells[:height, :width] - FIRST_COLOUR).astype(np.int8)


def grid_hash(grid: Grid) -> str:
    """Return the published data builders' sha256 of a grid (its two sides as bytes, then its cells)."""
    cells = np.ascontiguousarray(grid, dtype=np.uint8)
    return hashlib.sha256(bytes(cells.shape) + cells.tobytes()).hexdigest()


def puzzle_hash(pairs: Sequence[GridPair]) -> str:
    """Return the published data builders' sha256 of a puzzle: of its pairs' hashes in sorted order."""
    hashes = sorted(f"{grid_hash(source)}|{grid_hash(target)}" for source, target in pairs)
    return hashlib.sha256("|".join(hashes).encode()).hexdigest()


class Puzzle(NamedTuple):
    """One augmented copy of a task: in the published protocol every copy has an identifier of its own."""

    augmentation: Augmentation
    pairs: tuple[GridPair, ...]


def augmented_puzzles(pairs: Sequence[GridPair], count: int, rng: np.random.Generator) -> list[Puzzle]:
    """Make a task's puzzles: itself, then up to ``count`` different augmented copies.

    Copies are told apart by `puzzle_hash`; as in the published builder at most five draws per wanted copy are made,
    so that a task with few different views yields fewer.

    Args:
        pairs: The task's pairs.
        count: Copies wanted beside the original (published: 1000).
        rng: Source of randomness.

    Returns:
        The puzzles, the original first.
    """
    puzzles = [Puzzle(Augmentation(), tuple(pairs))]
    seen = {puzzle_hash(pairs)}
    for _ in range(5 * count):
        if len(puzzles) > count:
            break
        augmentation = random_augmentation(rng)
        copy = tuple((augmentation.apply(source), augmentation.apply(target)) for source, target in pairs)
        key = puzzle_hash(copy)
        if key not in seen:
            seen.add(key)
            puzzles.append(Puzzle(augmentation, copy))
    return puzzles


def encode_puzzle(
    pairs: Sequence[GridPair], rng: np.random.Generator | None, *, canvas: Canvas = FULL
) -> tuple[Tokens, Tokens]:
    """Encode a puzzle's pairs, each at a random offset but one, as the published training split does.

    Args:
        pairs: The puzzle's pairs.
        rng: Source of the offsets; None leaves every pair in the top-left corner (the published test split, and the
            only choice on a bounding canvas).
        canvas: The canvas to lay them on.

    Returns:
        Input tokens and labels, each (n_pairs, n_tokens) int32.
    """
    untranslated = int(rng.integers(len(pairs))) if rng is not None else -1
    inputs, labels = [], []
    for index, pair in enumerate(pairs):
        offset = draw_offset(pair, rng) if rng is not None and index != untranslated else (0, 0)
        inputs.append(encode(pair[0], offset=offset, canvas=canvas))
        labels.append(labels_of(encode(pair[1], offset=offset, canvas=canvas)))
    return np.stack(inputs), np.stack(labels)

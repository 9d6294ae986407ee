"""The operations the search applies: each is a kernel family with its parameters, and a word of the language.

The set is icecuber's 142 unary function instances; the comments give its names where ours differ much.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.engine.apply import (
    COLOUR,
    CONNECT,
    COUNT,
    HALF,
    LINES,
    MEASURE,
    RAYS,
    REDUCE,
    RIGID,
    SIZED,
    SPLIT,
    SPREAD,
    TOPOLOGY,
)
from arcsolve_dsl.program import Call, Node, call

CRITERIA = (
    "most cells", "fewest cells", "biggest", "smallest", "most colours", "uppermost", "lowest", "most parts",
    "most gaps", "fewest gaps", "most holes", "fewest holes", "leftmost", "rightmost",
)  # fmt: skip
"""What the words that choose from a list compare, in the kernels' numbering."""
DIRECTIONS = ("right", "left", "down", "up", "down-right", "up-left", "up-right", "down-left")
"""Bits of the ray kernel."""
RAY_SETS = (1, 2, 4, 8, 3, 12, 15, 16, 32, 64, 128, 48, 192, 240, 255)
"""The unions of directions that are tried."""


class Op(NamedTuple):
    """One instance of a kernel family.

    Attributes:
        kind: kernel family.
        code: which kernel of it.
        arg: its parameter.
        frame: 0 the input's size, 1 the output's size (for operations that take a size).
        word: the primitive's name.
        args: its literal arguments after the picture.
        is_searched: False for operations used only to finish.
    """

    kind: int
    code: int
    arg: int
    frame: int
    word: str
    args: tuple[object, ...] = ()
    is_searched: bool = True

    def node(self, inner: Node, frames: tuple[Node, ...]) -> Call:
        """The program node that applies the operation to `inner`."""
        if self.kind == SIZED:
            return call(self.word, inner, frames[self.frame], *self.args)
        return call(self.word, inner, *self.args)


@cache
def operations() -> tuple[Op, ...]:
    """All operations; their order breaks ties in the search."""
    ops: list[Op] = []

    def add(
        kind: int, code: int, word: str, *args: object, arg: int = 0, frame: int = 0, searched: bool = True
    ) -> None:
        ops.append(Op(kind, code, arg, frame, word, args, searched))

    add(COLOUR, 1, "invert")  # filterCol 0
    for c in range(1, 10):
        add(COLOUR, 0, "keep_colour", c, arg=c)
    for c in range(1, 10):
        add(COLOUR, 2, "drop_colour", c, arg=c)
    for c in range(1, 10):
        add(COLOUR, 3, "paint", c, arg=c, searched=False)  # colShape
    add(MEASURE, 0, "crop")  # compress
    add(MEASURE, 1, "corner_cell")  # getPos
    add(MEASURE, 2, "blank_at_origin")  # getSize0
    add(MEASURE, 3, "solid_at_origin")  # getSize
    add(MEASURE, 4, "blank")  # hull0
    add(MEASURE, 5, "solid")  # hull
    add(MEASURE, 6, "to_origin")
    add(TOPOLOGY, 0, "fill")
    add(TOPOLOGY, 1, "holes")  # interior
    add(TOPOLOGY, 2, "inner_cells")  # interior2
    add(TOPOLOGY, 3, "outer_border")
    add(MEASURE, 7, "centre")
    add(MEASURE, 8, "majority_cell")  # majCol
    for turns in (1, 2, 3):
        add(RIGID, turns, "rotate", turns)
    for code, axis in ((4, "left-right"), (5, "up-down"), (6, "diagonal"), (7, "antidiagonal")):
        add(RIGID, code, "flip", axis)
    add(RIGID, 8, "flip_by_mass")
    for code, what in enumerate(("cells", "colours", "parts")):
        for arg, shape in enumerate(("square", "row", "column")):
            add(COUNT, code, "count_block", what, shape, arg=arg)
    for bits in RAY_SETS:
        add(RAYS, bits, "rays", " ".join(name for bit, name in enumerate(DIRECTIONS) if bits >> bit & 1))  # smear
    add(TOPOLOGY, 4, "outline")  # makeBorder
    add(TOPOLOGY, 5, "frame", 1)  # makeBorder2
    add(TOPOLOGY, 6, "frame")
    add(LINES, 0, "drop_empty_lines")  # compress2
    add(LINES, 1, "drop_repeated_lines")  # compress3
    for code, along in enumerate(("rows", "columns", "both")):
        add(CONNECT, code, "connect", along)
    add(SPREAD, 0, "spread")
    add(SPREAD, 1, "spread", True)
    for code, side in enumerate(("left", "right", "upper", "lower")):
        add(HALF, code, "half", side)
    for frame in (0, 1):
        add(SIZED, 0, "to_frame", frame=frame)  # embed
        add(SIZED, 1, "wrap", frame=frame)
        add(SIZED, 2, "scale", frame=frame)  # broadcast
        add(SIZED, 3, "tile", frame=frame)
        add(SIZED, 4, "tile", 1, frame=frame)
        add(SIZED, 5, "mirror_tile", frame=frame)
        add(SIZED, 6, "mirror_tile", 1, frame=frame)
    add(SPLIT, 0, "cut")
    add(SPLIT, 1, "split_colours")
    add(SPLIT, 2, "components")  # splitAll
    add(SPLIT, 3, "split_columns")
    add(SPLIT, 4, "split_rows")
    add(SPLIT, 5, "inside_marked")
    for code, way in enumerate(DIRECTIONS[:4]):
        add(SPLIT, 6 + code, "drop", way)  # gravity
    for arg, by in enumerate(CRITERIA):
        add(REDUCE, 0, "pick", by, arg=arg)
    add(REDUCE, 3, "pick_unique")
    add(REDUCE, 4, "pile")  # composeGrowing
    add(REDUCE, 5, "line_up")  # stackLine
    add(REDUCE, 6, "append", "right", arg=0)  # myStack
    add(REDUCE, 6, "append", "down", arg=1)
    for arg, by in enumerate(CRITERIA):
        add(REDUCE, 1, "keep", by, arg=arg)
    for arg, by in enumerate(CRITERIA):
        add(REDUCE, 2, "drop_those", by, arg=arg)
    return tuple(ops)


@cache
def table() -> NDArray[np.int32]:
    """The operations as rows (kind, code, arg, frame, is searched)."""
    rows = [(op.kind, op.code, op.arg, op.frame, int(op.is_searched)) for op in operations()]
    return np.array(rows, np.int32)


def find(word: str, *args: object, frame: int = 0) -> int:
    """The number of an operation."""
    for number, op in enumerate(operations()):
        if op.word == word and op.args == args and op.frame == frame:
            return number
    raise KeyError(f"no operation {word}{args}")


def finishers(paint: tuple[int, ...]) -> list[tuple[int, int]]:
    """Operations tried on every state after the search, as (operation, rank): ranks rise along a chain.

    Args:
        paint: colours to paint in: those present in every output.
    """
    return [
        (find("pile"), -1),
        (find("to_origin"), 0),
        *((find("paint", c), 1) for c in paint),
        (find("to_frame", frame=1), 2),
    ]

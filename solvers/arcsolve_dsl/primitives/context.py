"""Words that look at the demonstrations or at the whole grid: other outputs, and renumbered colours."""

from __future__ import annotations

import numpy as np

from arcsolve_dsl import colours
from arcsolve_dsl.errors import EvaluationError
from arcsolve_dsl.evaluate import Context, Delayed
from arcsolve_dsl.orientation import CUES
from arcsolve_dsl.picture import Picture
from arcsolve_dsl.primitives.mapping import one
from arcsolve_dsl.registry import Example, primitive


@primitive("context", Example("demo_output(0)", "1", "23", demos=(("1", "23"),)))
def demo_output(index: int, context: Context) -> Picture:
    """The output of a demonstration; on that demonstration itself only zeros of its size."""
    if not 0 <= index < len(context.demos):
        raise EvaluationError(f"There is no demonstration {index}.")
    after = context.demos[index][1]
    return Picture(np.zeros_like(after) if context.index == index else after)


@primitive(
    "context",
    Example("in_ranked_colours(keep_colour(input, 1), kept=(0,), features=('fewest cells',))", "33\n35", "..\n.5"),
    lazy=True,
)
def in_ranked_colours(
    inner: Delayed,
    kept: tuple[int, ...],
    features: tuple[str, ...],
    context: Context,
    grid: Picture,
    ground: bool = False,
) -> Picture:
    """Run a program in colours renumbered by the part they play, and number its result back.

    With `ground`, the commonest colour and 0 change places first. Then colours in `kept` come first, then, feature
    by feature, the colour it singles out most.
    """
    order = colours.ColourOrder(kept, features, ground)
    numbering = order.numbering(grid.cells)
    demos = tuple(
        tuple(colours.apply_numbering(cells, order.numbering(before)) for cells in (before, after))
        for before, after in context.demos
    )
    inside = Context(tuple((before, after) for before, after in demos), context.index)
    result = one(inner(colours.apply_numbering(grid.cells, numbering), inside))
    return Picture(colours.apply_numbering(result.cells, colours.inverse(numbering)), result.row, result.col)


@primitive("context", Example("turned(half(input, 'upper'), 'tall')", "123", "3"), lazy=True)
def turned(inner: Delayed, by: str, context: Context, grid: Picture) -> Picture:
    """Run a program on the grid turned the way up that a cue says, and turn its result back.

    Cues: the `line` at one edge is above, the `heavy` half, the side of the `rare` colour, or the grid is `tall`.
    """
    if by not in CUES:
        raise EvaluationError(f"turned knows the cues {', '.join(CUES)}.")
    turn = CUES[by](grid.cells)
    if turn is None:
        raise EvaluationError(f"The cue '{by}' says nothing here.")
    result = one(inner(np.ascontiguousarray(np.rot90(grid.cells, turn)), Context((), None)))
    return Picture(np.ascontiguousarray(np.rot90(result.cells, -turn)))

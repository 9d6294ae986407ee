"""Facts about a whole grid, as plain pictures: so that a table can say what a small output of fixed size shows."""

from __future__ import annotations

from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.lanes.layer_base import color_roles, count_equal
from arcsolve_dsl.lanes.segments import ByteGrid, Prop, Scene

FACTS = (
    "nothing", "main_color", "second_color", "rarest_color", "largest_color", "smallest_color", "odd_shape_color",
    "most_pieces_color", "fewest_pieces_color", "topmost_color", "leftmost_color", "most_holes_color", "background",
    "colors", "shapes", "things", "single_cells", "holes", "is_symmetric_lr", "is_symmetric_ud",
    "is_symmetric_diagonal", "is_wider", "largest_size", "pattern_tens", "pattern_ones", "same_shape_most",
)  # fmt: skip
"""What each picture tells; counts are written as colours, 9 for nine or more, colours that are not there as 0."""


def _of(colors: NDArray[np.int64], which: NDArray[np.bool_]) -> int:
    """The one colour of the chosen objects, 0 for none or several."""
    found = np.unique(colors[which])
    return int(found[0]) if len(found) == 1 else 0


def facts_of(scene: Scene) -> list[int]:
    """The values of `FACTS`, 0 to 9 each."""
    grid, background = scene.grid, scene.background
    down, up = color_roles(scene)
    shapes = scene.objects("shapes8")
    t = shapes.table
    filled = grid != background
    square = grid.shape[0] == grid.shape[1]
    print_of_pattern = crc32(filled.tobytes() + bytes(filled.shape)) % 100
    values = [0, *([*down[:2], 0, 0][:2]), up[0] if up else 0]
    if len(t):
        color, area = t[:, Prop.COLOR], t[:, Prop.AREA]
        pieces = count_equal(color)
        values += [
            _of(color, area == area.max()),
            _of(color, area == area.min()),
            _of(color, count_equal(t[:, Prop.SHAPE]) == 1),
            _of(color, pieces == pieces.max()),
            _of(color, pieces == pieces.min()),
            _of(color, t[:, Prop.TOP] == t[:, Prop.TOP].min()),
            _of(color, t[:, Prop.LEFT] == t[:, Prop.LEFT].min()),
            _of(color, t[:, Prop.HOLES] == t[:, Prop.HOLES].max()),
        ]
    else:
        values += [0] * 8
    values += [
        background,
        len(down),
        len(t),
        scene.objects("things8").count,
        int((t[:, Prop.AREA] == 1).sum()),
        int(t[:, Prop.HOLES].sum()),
        int(np.array_equal(grid, grid[:, ::-1])),
        int(np.array_equal(grid, grid[::-1])),
        int(square and (np.array_equal(grid, grid.T) or np.array_equal(grid, grid[::-1, ::-1].T))),
        int(np.sign(grid.shape[1] - grid.shape[0])) + 1,
        int(t[:, Prop.AREA].max()) if len(t) else 0,
        print_of_pattern // 10,
        print_of_pattern % 10,
        int(count_equal(t[:, Prop.SHAPE]).max()) if len(t) else 0,
    ]
    return [min(9, value) for value in values]


def fact_pictures(grid: ByteGrid, background: int, height: int, width: int) -> list[ByteGrid]:
    """One plain picture of the given size for each fact."""
    return [np.full((height, width), value, np.uint8) for value in facts_of(Scene(grid, background))]

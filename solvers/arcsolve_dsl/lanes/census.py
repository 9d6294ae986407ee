"""What can be counted or named in a whole grid: numbers, colours and ordered lists of colours, each with a name."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable

import numpy as np

from arcsolve_dsl.errors import EvaluationError
from arcsolve_dsl.lanes.segments import Prop, Scene, Segmentation
from arcsolve_dsl.picture import Cells

OBJECTS = ("parts", "shapes4", "shapes8", "things4", "things8")
"""Segmentations, as `segments.CONVENTIONS` names them."""


class Census:
    """All named numbers and colours of one grid, computed when asked for.

    Numbers have names like ``objects.shapes8``, ``cells.3`` or ``colours``; colours like ``commonest`` or
    ``largest.shapes4``. The background is the most common colour where it is not given.
    """

    def __init__(self, cells: Cells, background: int | None = None) -> None:
        self.cells = cells
        self.counts = np.bincount(cells.ravel(), minlength=10)
        self.background = int(self.counts.argmax()) if background is None else background
        self.scene = Scene(cells.astype(np.uint8), self.background)
        self._numbers: dict[str, int | None] = {}
        self._colours: dict[str, int | None] = {}

    def number(self, name: str) -> int:
        """Count what is named.

        Raises:
            EvaluationError: nothing has that name, or it does not exist in this grid.
        """
        return self._named(name, self._numbers, self._number)

    def colour(self, name: str) -> int:
        """Look up the colour that is named.

        Raises:
            EvaluationError: nothing has that name, or no single colour fits it in this grid.
        """
        return self._named(name, self._colours, self._colour)

    def _named(self, name: str, memo: dict[str, int | None], compute: Callable[[str], int | None]) -> int:
        if name not in memo:
            memo[name] = compute(name)
        value = memo[name]
        if value is None:
            raise EvaluationError(f"'{name}' is not defined for this grid")
        return value

    def _objects(self, convention: str) -> Segmentation:
        if convention not in OBJECTS:
            raise EvaluationError(f"no segmentation is called '{convention}'; use {', '.join(OBJECTS)}")
        return self.scene.objects(convention)

    def _number(self, name: str) -> int | None:
        head, _, tail = name.partition(".")
        if head == "objects":
            convention, _, colour = tail.partition(".")
            table = self._objects(convention).table
            return len(table) if not colour else int((table[:, Prop.COLOR] == int(colour)).sum())
        if head == "cells":
            return int(self.counts[int(tail)]) if tail else int(self.cells.size - self.counts[self.background])
        if head == "blocks":
            table = self._objects("shapes4").table
            solid = (table[:, Prop.AREA] > 1) & (table[:, Prop.COLOR] == int(tail))
            sides = (table[:, Prop.BOTTOM] - table[:, Prop.TOP] + 1) * (table[:, Prop.RIGHT] - table[:, Prop.LEFT] + 1)
            return int((solid & (sides == table[:, Prop.AREA])).sum())
        if head == "pattern":
            mask = self.cells != self.background
            views = [np.rot90(m, k) for m in (mask, mask.T) for k in range(4 if tail == "turned" else 1)]
            views = views if tail == "turned" else views[:1]
            return min(zlib.crc32(bytes(v.shape) + np.ascontiguousarray(v).tobytes()) for v in views)
        if head == "holes":
            return int(self._objects("things8").table[:, Prop.HOLES].sum())
        if head == "largest_area":
            areas = self._objects(tail).table[:, Prop.AREA]
            return int(areas.max()) if len(areas) else None
        if head == "shapes":
            return len(np.unique(self._objects(tail).table[:, Prop.SHAPE]))
        if head == "most_alike":
            _, alike = np.unique(self._objects(tail).table[:, Prop.SHAPE], return_counts=True)
            return int(alike.max()) if len(alike) else None
        cells = self.cells
        simple: dict[str, Callable[[], int]] = {
            "colours": lambda: int((self.counts > 0).sum()) - 1,
            "height": lambda: cells.shape[0],
            "width": lambda: cells.shape[1],
            "commonest_cells": lambda: int(np.delete(self.counts, self.background).max()),
            "is_mirror_lr": lambda: int(np.array_equal(cells, cells[:, ::-1])),
            "is_mirror_ud": lambda: int(np.array_equal(cells, cells[::-1])),
            "is_mirror_diagonal": lambda: int(cells.shape[0] == cells.shape[1] and np.array_equal(cells, cells.T)),
            "is_symmetric": lambda: int(
                any(np.array_equal(cells, other) for other in (cells[:, ::-1], cells[::-1], cells[::-1, ::-1]))
            ),
        }
        return simple[head]() if head in simple and not tail else None

    def _colour(self, name: str) -> int | None:
        head, _, tail = name.partition(".")
        counts = self.counts.copy()
        counts[self.background] = 0
        present = np.flatnonzero(counts)
        if head == "background":
            return self.background
        if head == "commonest":
            return _only(present, counts[present], largest=True)
        if head == "rarest":
            return _only(present, counts[present], largest=False)
        if head == "corner":
            return int(self.cells[0, 0])
        if head == "centre":
            return int(self.cells[self.cells.shape[0] // 2, self.cells.shape[1] // 2])
        table = self._objects(tail).table if tail in OBJECTS else None
        if table is None or not len(table):
            return None
        colours, areas = table[:, Prop.COLOR], table[:, Prop.AREA]
        if head == "largest":
            return _only(colours, areas, largest=True)
        if head == "smallest":
            return _only(colours, areas, largest=False)
        each, number = np.unique(colours, return_counts=True)
        if head == "most_objects":
            return _only(each, number, largest=True)
        if head == "fewest_objects":
            return _only(each, number, largest=False)
        if head == "odd_shape":
            shapes, first, alike = np.unique(table[:, Prop.SHAPE], return_index=True, return_counts=True)
            alone = first[alike == 1]
            return int(colours[alone[0]]) if len(alone) == 1 and len(shapes) > 1 else None
        if head == "symmetric":
            mirrored = (table[:, Prop.MIRROR_LR] | table[:, Prop.MIRROR_UD]) > 0
            return int(colours[mirrored][0]) if mirrored.sum() == 1 else None
        if head == "asymmetric":
            plain = (table[:, Prop.MIRROR_LR] | table[:, Prop.MIRROR_UD]) == 0
            return int(colours[plain][0]) if plain.sum() == 1 else None
        return None

    def ranked(self, by: str, order: str) -> list[tuple[int, int]]:
        """Colours that are not background, with what they are ranked by.

        Args:
            by: ``cells``, ``objects`` (8-connected), ``area`` (one entry for each object, not for each colour),
                or ``top``, ``left``, ``bottom``, ``right`` (first cell).
            order: ``falling`` or ``rising``.

        Returns:
            (colour, value) pairs in order; for places the value is the number of cells.

        Raises:
            EvaluationError: unknown word, or two colours share a rank.
        """
        if by == "area":
            table = self._objects("shapes8").table
            sizes = sorted(((int(row[Prop.AREA]), int(row[Prop.COLOR])) for row in table), reverse=order == "falling")
            if len({size for size, _ in sizes}) != len(set(sizes)):
                raise EvaluationError("two objects of different colours have one area")
            return [(colour, size) for size, colour in sizes]
        colours = [c for c in np.flatnonzero(self.counts).tolist() if c != self.background]
        values: dict[int, int] = {c: int(self.counts[c]) for c in colours}
        keys = dict(values)
        if by == "objects":
            table = self._objects("shapes8").table
            keys = {c: int((table[:, Prop.COLOR] == c).sum()) for c in colours}
            values = keys
        elif by != "cells":
            keys = {c: self._place(c, by) for c in colours}
        if len(set(keys.values())) != len(colours):
            raise EvaluationError(f"two colours share a rank by {by}")
        ranked = sorted(colours, key=lambda c: keys[c], reverse=order == "falling")
        return [(c, values[c]) for c in ranked]

    def _place(self, colour: int, by: str) -> int:
        rows, cols = np.nonzero(self.cells == colour)
        places = {"top": rows.min, "bottom": rows.max, "left": cols.min, "right": cols.max}
        if by not in places:
            raise EvaluationError(f"colours can't be ranked by '{by}'; use cells, objects, {', '.join(places)}")
        return int(places[by]())


def _only(names: Iterable[int], values: np.ndarray, *, largest: bool) -> int | None:
    """The name with the extreme value, None where several share it or there is none."""
    if len(values) == 0:
        return None
    extreme = values.max() if largest else values.min()
    chosen = {int(name) for name, value in zip(names, values, strict=True) if value == extreme}
    return chosen.pop() if len(chosen) == 1 else None


NUMBERS: tuple[str, ...] = (
    "colours",
    "cells",
    *(f"objects.{convention}" for convention in OBJECTS[1:]),
    "commonest_cells",
    "holes",
    "height",
    "width",
    *(f"cells.{colour}" for colour in range(1, 10)),
    *(f"blocks.{colour}" for colour in range(1, 10)),
    *(f"objects.shapes4.{colour}" for colour in range(1, 10)),
    *(f"objects.shapes8.{colour}" for colour in range(1, 10)),
    "largest_area.shapes8",
    "largest_area.shapes4",
    "shapes.shapes8",
    "most_alike.shapes8",
)
"""Numbers that a lane tries, the plainer first."""

KEYS: tuple[str, ...] = (
    "is_symmetric",
    "is_mirror_lr",
    "is_mirror_ud",
    "is_mirror_diagonal",
    "pattern",
    "pattern.turned",
)
"""Numbers that only tell grids apart: keys of tables."""

COLOURS: tuple[str, ...] = (
    "commonest",
    "rarest",
    "background",
    *(f"largest.{convention}" for convention in ("shapes8", "shapes4", "parts")),
    *(f"smallest.{convention}" for convention in ("shapes8", "shapes4", "parts")),
    *(f"most_objects.{convention}" for convention in ("shapes8", "shapes4")),
    *(f"fewest_objects.{convention}" for convention in ("shapes8", "shapes4")),
    "odd_shape.shapes8",
    "odd_shape.shapes4",
    "symmetric.shapes8",
    "asymmetric.shapes8",
    "centre",
    "corner",
)
"""Colours that a lane tries, the plainer first."""

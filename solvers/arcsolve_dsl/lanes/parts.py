"""Parts of a grid one may pick and crop: objects, panels, boxes of a colour; with features to choose between them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.lanes.layer_base import color_roles, count_equal
from arcsolve_dsl.lanes.object_layers import object_features
from arcsolve_dsl.lanes.segments import CONVENTIONS, ByteGrid, Prop, Scene, Segmentation, label_components, object_table
from arcsolve_dsl.lanes.views import separators, spans

KINDS = (*CONVENTIONS, "colors", "panels", "filled", "insides")
"""Names of the ways to cut a grid into parts."""

CONTENTS = ("box", "only", "inside")
"""What of a part is taken: its bounding box as it stands, only its own cells, or the box without its rim."""

MAX_PARTS = 300
"""A grid with more parts than this is not one to pick from."""


@dataclass
class Parts:
    """The parts of one grid of one kind.

    Attributes:
        scene: the grid.
        objects: the parts as labelled regions (with their table of properties).
    """

    scene: Scene
    objects: Segmentation

    def content(self, index: int, content: str) -> ByteGrid:
        """The part as a grid: see `CONTENTS`."""
        box = self.objects.box(index)
        cells = self.scene.grid[box]
        if content == "only":
            return np.where(self.objects.labels[box] == index + 1, cells, self.scene.background).astype(np.uint8)
        return cells[1:-1, 1:-1] if content == "inside" else cells

    def shapes(self, content: str) -> NDArray[np.int64]:
        """Height and width of each part's content: (n, 2)."""
        table = self.objects.table
        size = np.stack([table[:, Prop.BOTTOM] - table[:, Prop.TOP], table[:, Prop.RIGHT] - table[:, Prop.LEFT]], 1)
        return size + (1 if content != "inside" else -1)

    @cached_property
    def features(self) -> dict[str, NDArray[np.int64]]:
        """Numbers to choose by, for each part: name -> (n,)."""
        found = {name: np.asarray(v, np.int64) for name, v in object_features(self.scene, self.objects).items()}
        table = self.objects.table
        background = self.scene.background
        down, up = color_roles(self.scene)
        for color in range(10):
            found[f"cells_of_{color}"] = table[:, Prop.COUNT0 + color]
        found["cells_of_role1"] = table[:, Prop.COUNT0 + down[0]] if down else table[:, Prop.AREA]
        found["cells_of_rarest"] = table[:, Prop.COUNT0 + up[0]] if up else table[:, Prop.AREA]
        counts = table[:, Prop.COUNT0 : Prop.COUNT0 + 10].copy()
        counts[:, background] = 0
        found["filled"] = counts.sum(1)
        found["kinds"] = (counts > 0).sum(1)
        rarity = np.array([((counts > 0).sum(0)[row > 0]).min() if row.any() else 99 for row in counts])
        found["rarest_color_shared"] = rarity
        rows = []
        for index in range(self.objects.count):
            cells = self.scene.grid[self.objects.box(index)]
            filled = cells != background
            labels = np.zeros(cells.shape, np.int32)
            pieces = label_components(np.ascontiguousarray(cells), background, True, True, labels)
            square = cells.shape[0] == cells.shape[1]
            rows.append(
                (
                    int(filled.sum()),
                    pieces,
                    len(np.unique(cells)),
                    np.array_equal(cells, cells[:, ::-1]),
                    np.array_equal(cells, cells[::-1]),
                    square and np.array_equal(cells, cells.T),
                    crc32(cells.tobytes() + bytes(cells.shape)),
                    crc32(filled.tobytes() + bytes(filled.shape)),
                )
            )
        box = np.array(rows, np.int64).reshape(-1, 8)
        names = ("box_filled", "box_pieces", "box_colors", "box_mirror_lr", "box_mirror_ud", "box_mirror_diagonal")
        for i, name in enumerate(names):
            found[name] = box[:, i]
        found["box_symmetric"] = box[:, 3] | box[:, 4] | box[:, 5]
        found["box_symmetric_both"] = box[:, 3] & box[:, 4]
        found["same_content"] = count_equal(box[:, 6])
        found["content_id"] = box[:, 6]
        found["same_pattern"] = count_equal(box[:, 7])
        return found


def _rectangles(scene: Scene, boxes: list[tuple[int, int, int, int]]) -> Segmentation:
    """Regions that are whole rectangles, given as (top, left, bottom, right) with ends excluded."""
    labels = np.zeros(scene.grid.shape, np.int32)
    tables: list[NDArray[np.int64]] = []
    for top, left, bottom, right in boxes:
        alone = np.zeros(scene.grid.shape, np.int32)
        alone[top:bottom, left:right] = 1
        labels[top:bottom, left:right] = len(tables) + 1
        tables.append(object_table(scene.grid, alone, 1))
    return Segmentation(labels, np.concatenate(tables)) if tables else Segmentation(labels, np.zeros((0, 31), np.int64))


def parts_of(scene: Scene, kind: str) -> Parts:
    """Cut a grid into parts of one kind (see `KINDS`)."""
    grid = scene.grid
    if kind in CONVENTIONS:
        return Parts(scene, scene.objects(kind))
    if kind == "panels":
        found = separators(grid)
        if found is None:
            return Parts(scene, _rectangles(scene, []))
        ys, xs = spans(found[0], grid.shape[0]), spans(found[1], grid.shape[1])
        boxes = [(a, c, b, d) for a, b in ys for c, d in xs]
        return Parts(scene, _rectangles(scene, boxes if len(boxes) <= MAX_PARTS else []))
    if kind == "filled":
        y, x = np.nonzero(grid != scene.background)
        boxes = [(int(y.min()), int(x.min()), int(y.max()) + 1, int(x.max()) + 1)] if len(y) else []
        return Parts(scene, _rectangles(scene, boxes))
    if kind == "insides":
        # Interiors of hollow one-colour rectangles.
        shapes = scene.objects("shapes4")
        boxes = []
        for row in shapes.table:
            top, left, bottom, right = (int(row[p]) for p in (Prop.TOP, Prop.LEFT, Prop.BOTTOM, Prop.RIGHT))
            if bottom - top < 2 or right - left < 2:
                continue
            color = row[Prop.COLOR]
            rim = [
                grid[top, left : right + 1],
                grid[bottom, left : right + 1],
                grid[top : bottom + 1, left],
                grid[top : bottom + 1, right],
            ]
            if all((side == color).all() for side in rim):
                boxes.append((top + 1, left + 1, bottom, right))
        return Parts(scene, _rectangles(scene, boxes if len(boxes) <= MAX_PARTS else []))
    labels = np.zeros(grid.shape, np.int32)
    colors = [c for c in np.unique(grid).tolist() if c != scene.background]
    for number, color in enumerate(colors):
        labels[grid == color] = number + 1
    return Parts(scene, Segmentation(labels, object_table(grid, labels, len(colors))))


WHICH = ("most", "least", "odd")
"""Ways to pick by a feature: the largest value, the smallest, or the one value that occurs once; else a number."""


def pick_index(features: dict[str, NDArray[np.int64]], name: str, which: str | int) -> int:
    """Index of the part that a feature picks, the first of parts that look the same; -1 for none or several."""
    values = features[name]
    if len(values) == 0:
        return -1
    if len(values) == 1:
        return 0 if isinstance(which, str) or values[0] == which else -1
    if which == "most":
        hits = np.flatnonzero(values == values.max())
    elif which == "least":
        hits = np.flatnonzero(values == values.min())
    elif which == "odd":
        hits = np.flatnonzero(count_equal(values) == 1)
    else:
        hits = np.flatnonzero(values == which)
    if len(hits) == 0 or len(set(features["content_id"][hits].tolist())) > 1:
        return -1
    return int(hits[0])

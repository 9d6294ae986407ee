"""The objects of a grid and how they stand to each other, as a networkx graph.

Nodes are objects with their properties; an edge from a to b, keyed by a relation, says how b stands to a: a *touches*
b, b is *around* a or *inside* it, they share a *row* or a *column*, they have the same *shape* or *box* or *color*.
Rules ask the graph for the *partner* of an object ("the nearest in its row") and take its colour, go to it, reflect
themselves in it ... The idea to see a grid as a graph of objects is that of ARGA (Xu, Khalil, Sanner, AAAI 2023).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.lanes.object_layers import neighbors_of
from arcsolve_dsl.lanes.segments import Prop, Scene, Segmentation

if TYPE_CHECKING:
    from networkx import MultiDiGraph

RELATIONS = ("touches", "around", "inside", "row", "column", "shape", "box", "color")
"""Keys of edges."""

PROPERTIES = {
    "color": Prop.COLOR, "size": Prop.AREA, "top": Prop.TOP, "left": Prop.LEFT, "bottom": Prop.BOTTOM,
    "right": Prop.RIGHT, "colors": Prop.N_COLORS, "rare_color": Prop.RARE_COLOR, "holes": Prop.HOLES,
    "touches_border": Prop.TOUCHES_BORDER, "surround": Prop.SURROUND, "shape": Prop.SHAPE, "pose": Prop.POSE,
    "drawing": Prop.PAINTED_POSE, "symmetric_lr": Prop.MIRROR_LR, "symmetric_ud": Prop.MIRROR_UD,
}  # fmt: skip
"""Attributes of a node, and where they stand in the table of a `Segmentation`."""

MOST_OBJECTS = 45
"""Grids with more objects than this have a graph without edges: relations in a crowd explain little and cost much."""


class ObjectGraph:
    """The graph of one segmentation, and the partners of its objects.

    Attributes:
        graph: nodes 0 ... n-1 with the attributes of `PROPERTIES`; edges keyed by `RELATIONS` with the attribute
            `gap`: how many cells lie between the two boxes (0 where they touch or overlap).
    """

    def __init__(self, objects: Segmentation) -> None:
        from networkx import MultiDiGraph

        self.graph: MultiDiGraph[int] = MultiDiGraph()
        columns = [objects.table[:, prop].tolist() for prop in PROPERTIES.values()]
        for index, row in enumerate(zip(*columns, strict=True)):
            self.graph.add_node(index, **dict(zip(PROPERTIES, row, strict=True)))
        if 1 < objects.count <= MOST_OBJECTS:
            related, gaps = relation_matrices(objects)
            for relation, matrix in related.items():
                for a, b in np.argwhere(matrix).tolist():
                    self.graph.add_edge(a, b, relation, gap=int(gaps[a, b]))
        self._partners: dict[str, NDArray[np.int64]] = {}

    def related(self, index: int, relation: str) -> list[tuple[int, dict[str, Any], int]]:
        """Objects that stand to object `index` in a relation, nearest first: (number, attributes, gap)."""
        found = [
            (other, self.graph.nodes[other], edges[relation]["gap"])
            for other, edges in self.graph[index].items()
            if relation in edges
        ]
        return sorted(found, key=lambda item: (item[2], -item[1]["size"], item[0]))

    def count(self, relation: str) -> NDArray[np.int64]:
        """How many objects stand to each in a relation: (n,)."""
        total = np.zeros(len(self.graph), np.int64)
        for a, _, key in self.graph.edges(keys=True):
            total[a] += key == relation
        return total

    def values(self, attribute: str) -> list[int]:
        """One property of all objects."""
        return [int(node[attribute]) for node in (self.graph.nodes[k] for k in range(len(self.graph)))]

    def partner(self, name: str) -> NDArray[np.int64]:
        """The partner of each object by a name of `PARTNERS` or `color0` ... `color9`, -1 for none: (n,)."""
        if name not in self._partners:
            if name in PARTNERS:
                relation, which = PARTNERS[name]
                chosen = [which(self, index, relation) for index in range(len(self.graph))]
            else:
                pieces = [k for k, color in enumerate(self.values("color")) if color == int(name[5:])]
                chosen = [pieces[0] if len(pieces) == 1 and pieces[0] != k else -1 for k in range(len(self.graph))]
            self._partners[name] = np.array(chosen, np.int64)
        return self._partners[name]

    def property_of_partner(self, name: str, attribute: str, missing: int) -> NDArray[np.int64]:
        """A property of each object's partner: (n,)."""
        values = self.values(attribute)
        return np.array([values[j] if j >= 0 else missing for j in self.partner(name).tolist()], np.int64)


def relation_matrices(objects: Segmentation) -> tuple[dict[str, NDArray[np.bool_]], NDArray[np.int64]]:
    """Which pairs of objects stand in each relation, and the gaps between their boxes: (n, n) each."""
    t = objects.table
    n = len(t)
    top, left, bottom, right = (t[:, p] for p in (Prop.TOP, Prop.LEFT, Prop.BOTTOM, Prop.RIGHT))
    others = ~np.eye(n, dtype=bool)
    gap_y = np.maximum(top[None] - bottom[:, None], top[:, None] - bottom[None]) - 1
    gap_x = np.maximum(left[None] - right[:, None], left[:, None] - right[None]) - 1
    encloses = (top[:, None] <= top[None]) & (bottom[:, None] >= bottom[None])
    encloses &= (left[:, None] <= left[None]) & (right[:, None] >= right[None])
    size = (bottom - top) * 64 + right - left
    touches = np.zeros((n, n), bool)
    pairs = neighbors_of(objects)
    touches[pairs[:, 0], pairs[:, 1]] = True
    same_color = t[:, Prop.COLOR][:, None] == t[:, Prop.COLOR][None]
    found = {
        "touches": touches,
        "around": encloses.T & ~encloses & others,
        "inside": encloses & ~encloses.T & others,
        "row": (gap_y < 0) & (gap_x >= 0),
        "column": (gap_x < 0) & (gap_y >= 0),
        "shape": (t[:, Prop.SHAPE][:, None] == t[:, Prop.SHAPE][None]) & others,
        "box": (size[:, None] == size[None]) & others,
        "color": same_color & others,
    }
    return found, np.maximum(np.maximum(gap_y, gap_x), 0)


Chooser = Callable[[ObjectGraph, int, str], int]


def _nearest(graph: ObjectGraph, index: int, relation: str) -> int:
    """The nearest related object, none where two of different colours are equally near."""
    return _first(graph.related(index, relation))


def _first(found: list[tuple[int, dict[str, Any], int]]) -> int:
    if not found or (len(found) > 1 and found[0][2] == found[1][2] and found[0][1]["color"] != found[1][1]["color"]):
        return -1
    return found[0][0]


def _largest(graph: ObjectGraph, index: int, relation: str) -> int:
    found = graph.related(index, relation)
    return max(found, key=lambda item: item[1]["size"])[0] if found else -1


def _smallest(graph: ObjectGraph, index: int, relation: str) -> int:
    found = graph.related(index, relation)
    return min(found, key=lambda item: item[1]["size"])[0] if found else -1


def _nearest_in_line(graph: ObjectGraph, index: int, relation: str) -> int:
    own = graph.graph.nodes[index]["color"]
    found = graph.related(index, "row") + graph.related(index, "column")
    if relation:
        found = [item for item in found if (item[1]["color"] == own) == (relation == "same")]
    return _first(sorted(found, key=lambda item: item[2]))


def _other_color(graph: ObjectGraph, index: int, relation: str) -> int:
    own = graph.graph.nodes[index]["color"]
    return _first([item for item in graph.related(index, relation) if item[1]["color"] != own])


def _same_drawing(graph: ObjectGraph, index: int, relation: str) -> int:
    own = graph.graph.nodes[index]["drawing"]
    found = [item for item in graph.related(index, relation) if item[1]["drawing"] == own]
    return found[0][0] if found else -1


def _most_colors(graph: ObjectGraph, index: int, relation: str) -> int:
    found = graph.related(index, relation)
    if not found:
        return -1
    best = max(found, key=lambda item: (item[1]["colors"], -item[2]))
    return best[0] if best[1]["colors"] > graph.graph.nodes[index]["colors"] else -1


def _extreme(graph: ObjectGraph, index: int, relation: str) -> int:
    """The one object of all with the most (or, with a minus sign, the least) of a property."""
    sign, attribute = (-1, relation[1:]) if relation[0] == "-" else (1, relation)
    values = [sign * value for value in graph.values(attribute)]
    best = max(values)
    return -1 if values.count(best) > 1 or values[index] == best else values.index(best)


PARTNERS: dict[str, tuple[str, Chooser]] = {
    "touching": ("touches", _largest),
    "small-touching": ("touches", _smallest),
    "around": ("around", _smallest),
    "inside": ("inside", _largest),
    "in-row": ("row", _nearest),
    "in-column": ("column", _nearest),
    "in-line": ("", _nearest_in_line),
    "in-line-like": ("same", _nearest_in_line),
    "in-line-unlike": ("other", _nearest_in_line),
    "twin": ("shape", _other_color),
    "copy": ("shape", _same_drawing),
    "same-box": ("box", _most_colors),
    "largest": ("size", _extreme),
    "smallest": ("-size", _extreme),
    "colorful": ("colors", _extreme),
}
"""Names of partners: the relation, and which of the objects in that relation."""


def is_partner(name: str) -> bool:
    """Whether `ObjectGraph.partner` knows the name."""
    return name in PARTNERS or (len(name) == 6 and name[:5] == "color" and name[5].isdigit())


def graph_of(scene: Scene, convention: str) -> ObjectGraph:
    """The graph of a grid under one convention; built when first asked for, once for a scene."""
    key = f"graph:{convention}"
    if key not in scene.memo:
        scene.memo[key] = ObjectGraph(scene.objects(convention))
    found: ObjectGraph = scene.memo[key]
    return found


def relational_features(scene: Scene, convention: str) -> dict[str, NDArray[np.int64]]:
    """Features of objects that come from the graph: degrees, and colours and sizes of partners; once for a scene."""
    key = f"relational:{convention}"
    if key not in scene.memo:
        graph = graph_of(scene, convention)
        found = {f"{relation}.count": graph.count(relation) for relation in ("touches", "inside", "row", "column")}
        for name in ("touching", "around", "inside", "in-row", "in-column", "in-line-unlike", "twin", "copy"):
            found[f"{name}.exists"] = (graph.partner(name) >= 0).astype(np.int64)
            found[f"{name}.color"] = graph.property_of_partner(name, "color", 10)
        scene.memo[key] = found
    known: dict[str, NDArray[np.int64]] = scene.memo[key]
    return known

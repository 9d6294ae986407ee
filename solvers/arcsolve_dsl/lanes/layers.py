"""All families of layers, by name, and the set of layers of a few pictures of one size."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.errors import EvaluationError
from arcsolve_dsl.lanes import grid_layers, object_layers, panel_layers
from arcsolve_dsl.lanes.layer_base import NOTHING, Emit, Layer
from arcsolve_dsl.lanes.segments import CONVENTIONS, Scene

FAMILIES: dict[str, Callable[[Scene, Emit, Emit], None]] = {
    "cell": grid_layers.color_layers,
    "near": grid_layers.neighbor_layers,
    "ray": grid_layers.ray_layers,
    "line": grid_layers.line_layers,
    "span": grid_layers.span_layers,
    "place": grid_layers.place_layers,
    "mirror": grid_layers.mirror_layers,
    "panel": panel_layers.panel_layers,
    **{name: partial(object_layers.object_layers, convention=name) for name in CONVENTIONS},
}
"""Family name -> function that emits its layers; a layer's full name is `family.layer`."""


def together_layers(scenes: Sequence[Scene], condition: Emit, paint: Emit) -> None:
    """Layers of several pictures of one size laid over one another: how many are filled here, what they agree on."""
    grids = np.stack([scene.grid for scene in scenes])
    background = scenes[0].background
    filled = grids != background
    count = filled.sum(0)
    counts = np.stack([((grids == c) & filled).sum(0) for c in range(10)])
    lead = np.where(count > 0, counts.argmax(0), NOTHING)
    first = np.take_along_axis(grids, filled.argmax(0)[None], 0)[0]
    last = np.take_along_axis(grids, (len(grids) - 1 - filled[::-1].argmax(0))[None], 0)[0]
    condition("filled", count)
    condition("all_alike", (grids == grids[0]).all(0))
    condition("colors", (counts > 0).sum(0))
    condition("lead", lead)
    paint("lead", lead)
    paint("first", np.where(count > 0, first, NOTHING))
    paint("last", np.where(count > 0, last, NOTHING))
    cells = np.array([int((grid != background).sum()) for grid in grids])
    for name, order in (("fewest", np.argsort(cells, kind="stable")), ("most", np.argsort(-cells, kind="stable"))):
        ranked, ranked_filled = grids[order], filled[order]
        top = np.take_along_axis(ranked, ranked_filled.argmax(0)[None], 0)[0]
        paint(f"{name}_on_top", np.where(count > 0, top, NOTHING))


MAIN_FAMILIES = tuple(FAMILIES)
SIDE_FAMILIES = ("cell", "near", "mirror", "shapes8", "things8")
THIN_FAMILIES = ("cell",)


class LayerSet:
    """The layers of one or more pictures of one size, computed family by family when asked for.

    A layer of the first picture is named `family.layer`, of the k-th `family.layer@k`; `color0` ... `color9` are
    constant paints, and `all.layer` looks at all pictures at once.
    """

    def __init__(self, scenes: Sequence[Scene]) -> None:
        self.scenes = list(scenes)
        self.shape = self.scenes[0].grid.shape
        self.conditions: dict[str, Layer] = {}
        self.paints: dict[str, Layer] = {f"color{c}": np.full(self.shape, c, np.uint8) for c in range(10)}
        self._done: set[tuple[str, int]] = set()

    def add_family(self, family: str, which: int = 1) -> None:
        """Compute the layers of one family for picture number `which`, once."""
        if (family, which) in self._done:
            return
        self._done.add((family, which))
        suffix = "" if which == 1 else f"@{which}"

        def condition(name: str, plane: NDArray[Any]) -> None:
            self.conditions[f"{family}.{name}{suffix}"] = plane.astype(np.uint8)

        def paint(name: str, plane: NDArray[Any]) -> None:
            self.paints[f"{family}.{name}{suffix}"] = plane.astype(np.uint8)

        if family == "all":
            together_layers(self.scenes, condition, paint)
            return
        scene = self.scenes[which - 1]
        stored = scene.layers.get(family)
        if stored is None:
            stored = ({}, {})
            FAMILIES[family](scene, stored[0].__setitem__, stored[1].__setitem__)
            scene.layers[family] = stored
        for name, plane in stored[0].items():
            condition(name, plane)
        for name, plane in stored[1].items():
            paint(name, plane)

    def add_all(self) -> None:
        """Compute the layers that learning looks at: fewer for each picture the more pictures there are."""
        for family in MAIN_FAMILIES:
            self.add_family(family)
        side = SIDE_FAMILIES if len(self.scenes) == 2 else THIN_FAMILIES
        for which in range(2, len(self.scenes) + 1):
            for family in side:
                self.add_family(family, which)
        if len(self.scenes) > 1:
            self.add_family("all")

    def _load(self, name: str) -> None:
        layer, _, which = name.partition("@")
        family = layer.split(".")[0]
        number = int(which or 1)
        if (family not in FAMILIES and family != "all") or not 1 <= number <= len(self.scenes):
            raise EvaluationError(f"There is no layer '{name}' of {len(self.scenes)} picture(s).")
        self.add_family(family, number)

    def condition(self, name: str) -> Layer:
        """The condition of that full name.

        Raises:
            EvaluationError: if there is none.
        """
        self._load(name)
        if name not in self.conditions:
            raise EvaluationError(f"There is no condition '{name}'.")
        return self.conditions[name]

    def paint(self, name: str) -> Layer:
        """The paint of that full name.

        Raises:
            EvaluationError: if there is none.
        """
        if name not in self.paints:
            self._load(name)
        if name not in self.paints:
            raise EvaluationError(f"There is no paint '{name}'.")
        return self.paints[name]

"""Conditions of object rules: tests on one feature of an object, or on two."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.lanes.object_layers import object_features
from arcsolve_dsl.lanes.segments import Prop, Scene


class Condition(NamedTuple):
    """A test on one feature, and maybe on a second: a test is "all", "is", "not", or "least" (at least)."""

    feature: str
    test: str
    value: int
    feature2: str = ""
    test2: str = "all"
    value2: int = 0

    @property
    def cost(self) -> float:
        """Its length."""
        return TEST_COST[self.test] + TEST_COST[self.test2]

    @property
    def literal(self) -> tuple[object, ...]:
        """As it stands in a program."""
        return tuple(self) if self.test2 != "all" else tuple(self)[:3]


TEST_COST = {"all": 0.0, "is": 2.0, "not": 2.5, "least": 2.5}


def holds(condition: Condition, features: dict[str, NDArray[np.int64]], count: int) -> NDArray[np.bool_]:
    """For which objects a condition holds."""
    return _test(condition.feature, condition.test, condition.value, features, count) & _test(
        condition.feature2, condition.test2, condition.value2, features, count
    )


def _test(feature: str, test: str, value: int, features: dict[str, NDArray[np.int64]], count: int) -> NDArray[np.bool_]:
    if test == "all":
        return np.ones(count, bool)
    values = features[feature]
    if test == "is":
        return np.asarray(values == value)
    return np.asarray(values != value) if test == "not" else np.asarray(values >= value)


def features_of(scene: Scene, convention: str) -> dict[str, NDArray[np.int64]]:
    """Features that conditions may look at; computed once for a scene."""
    key = f"features:{convention}"
    if key not in scene.memo:
        scene.memo[key] = _features_of(scene, convention)
    found: dict[str, NDArray[np.int64]] = scene.memo[key]
    return found


def _features_of(scene: Scene, convention: str) -> dict[str, NDArray[np.int64]]:
    objects = scene.objects(convention)
    found = {name: np.asarray(v, np.int64) for name, v in object_features(scene, objects).items()}
    found["color"] = objects.table[:, Prop.COLOR]
    found["rare_color"] = objects.table[:, Prop.RARE_COLOR]
    return found


ORDERED = frozenset(
    [
        "size",
        "size_rank",
        "size_rank_up",
        "holes",
        "hole_area",
        "height",
        "width",
        "long_side",
        "short_side",
        "same_shape",
        "same_pose",
        "same_size",
        "same_color",
        "colors",
        "other_cells",
        "density",
        "box_area",
    ]
)
"""Features whose size means something."""

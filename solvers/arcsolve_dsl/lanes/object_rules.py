"""What object rules are, and what the objects of a grid do under them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from arcsolve_dsl.errors import EvaluationError
from arcsolve_dsl.lanes.conditions import Condition, features_of, holds
from arcsolve_dsl.lanes.directions import MODES, object_directions
from arcsolve_dsl.lanes.layer_base import NOTHING
from arcsolve_dsl.lanes.object_graph import PARTNERS, graph_of, is_partner, relational_features
from arcsolve_dsl.lanes.segments import ByteGrid, Prop, Scene
from arcsolve_dsl.lanes.ties import Painted, Tie, tie
from arcsolve_dsl.lanes.traces import Act, trace


class Rule(NamedTuple):
    """Objects for which `condition` holds do `act` with `a`, `b`, in `color`, erased before if `erase`.

    `act` names an `Act`, with two numbers, or a `Tie`, with the name of a partner and a number. `color` is "keep",
    "rare", "surround", "background", "color0" ... "color9" or "of PARTNER".
    """

    condition: Condition
    act: str
    a: int | str
    b: int
    color: str
    erase: bool


def check_rule(rule: Rule) -> None:
    """See that a rule's action and partners exist.

    Raises:
        EvaluationError: if one does not.
    """
    acts = Tie.__members__ if isinstance(rule.a, str) else ACTS
    if rule.act not in acts:
        raise EvaluationError(f"There is no action '{rule.act}'; there are {', '.join(acts)}.")
    partners = [rule.a] if isinstance(rule.a, str) else []
    partners += [rule.color[3:]] if rule.color.startswith("of ") else []
    for name in partners:
        if not is_partner(name):
            raise EvaluationError(f"There is no partner '{name}'; there are {', '.join(PARTNERS)}, color0 ... color9.")


def paint_color(scene: Scene, convention: str, mode: str, k: int) -> int:
    """The colour that a colour mode means for object `k`; -1 for "keep", 10 for none."""
    row = scene.objects(convention).table[k]
    if mode == "keep":
        return -1
    if mode == "background":
        return scene.background
    if mode.startswith("of "):
        partner = int(graph_of(scene, convention).partner(mode[3:])[k])
        return int(scene.objects(convention).table[partner, Prop.COLOR]) if partner >= 0 else NOTHING
    if mode == "rare":
        return int(row[Prop.RARE_COLOR]) if row[Prop.N_COLORS] > 1 else 10
    if mode == "surround":
        return int(row[Prop.SURROUND])
    return int(mode[5:])


def _chosen(scene: Scene, convention: str, condition: Condition) -> list[int]:
    """Numbers of the objects for which a condition holds; computed once for a scene."""
    key = (convention, condition)
    if key not in scene.memo:
        features = features_of(scene, convention)
        if any("." in name for name in (condition.feature, condition.feature2)):
            features = features | relational_features(scene, convention)
        scene.memo[key] = np.flatnonzero(holds(condition, features, scene.objects(convention).count)).tolist()
    found: list[int] = scene.memo[key]
    return found


def partners_used(scene: Scene, convention: str, rule: Rule) -> list[tuple[str, list[tuple[int, int]]]]:
    """The names of the partners that a rule looks at, each with the (object, partner) pairs it looks at in a grid."""
    names = [rule.a] if isinstance(rule.a, str) else []
    names += [rule.color[3:]] if rule.color.startswith("of ") else []
    names += [
        name.split(".")[0]
        for name in (rule.condition.feature, rule.condition.feature2)
        if "." in name and name.split(".")[0] in PARTNERS
    ]
    chosen = _chosen(scene, convention, rule.condition)
    graph = graph_of(scene, convention)
    partners = {name: graph.partner(name) for name in names}
    return [(name, [(k, int(found[k])) for k in chosen if found[k] >= 0]) for name, found in partners.items()]


def apply_rules(scene: Scene, convention: str, rules: Sequence[Rule]) -> ByteGrid | None:
    """Let the objects of a grid do what the rules say; None where an action cannot be done."""
    objects = scene.objects(convention)
    out = scene.grid.copy()
    if objects.count == 0:
        return out
    directions = object_directions(scene, convention)
    grid, labels, table, background = scene.grid, objects.labels, objects.table, scene.background
    cells = np.empty(8 * out.size, np.int32)
    colors = np.empty(8 * out.size, np.uint8)
    chosen = [_chosen(scene, convention, rule.condition) for rule in rules]
    for rule, which in zip(rules, chosen, strict=True):
        if rule.erase and which:
            out[np.isin(objects.labels, np.array(which, np.int64) + 1)] = scene.background
    flat = out.reshape(-1)
    for rule, which in zip(rules, chosen, strict=True):
        for k in which:
            if isinstance(rule.a, str):
                partner = int(graph_of(scene, convention).partner(rule.a)[k])
                painted = tie(scene, convention, k, partner, Tie[rule.act], rule.b)
            else:
                act, a = ACTS[rule.act], rule.a
                if act in DIRECTED and a >= 8:
                    a = int(directions[a - 8, k])
                n = trace(grid, labels, table, background, k, act, a, rule.b, cells, colors)
                painted = Painted(cells[:n], colors[:n]) if n >= 0 else None
            if painted is None:
                if rule.erase:
                    return None
                continue
            color = -1 if rule.color == "keep" else paint_color(scene, convention, rule.color, k)
            if color != NOTHING:
                flat[painted.cells] = painted.colors if color < 0 else color
    return out


ACTS = {act.name: int(act) for act in Act}
"""Numbers of the actions by name."""

DIRECTED = (Act.SLIDE, Act.STEP, Act.REPEAT, Act.RAY, Act.CENTER_RAY, Act.MIRROR)
MOVES = (Act.SHIFT, Act.SLIDE, Act.STEP, Act.FLIP, Act.MIRROR)


def _standard_actions() -> list[tuple[int, int, int]]:
    modes = range(8, 8 + len(MODES))
    found: list[tuple[int, int, int]] = []
    found += [(Act.SLIDE, d, b) for d in (*range(4), *modes) for b in (0, 1)]
    found += [(Act.STEP, d, b) for d in (*range(8), 9, 12) for b in (0, 1)]
    found += [(Act.REPEAT, d, b) for d in (*range(8), 9, 10, 11) for b in (0, 1)]
    found += [(Act.RAY, d, b) for d in (*range(8), *modes) for b in (0, 1, 2)]
    found += [(Act.CENTER_RAY, d, b) for d in (*range(8), *modes) for b in (0, 2)]
    found += [(Act.FILL_BOX, 0, 0), (Act.FILL_HOLES, 0, 0), (Act.RING, 1, 0), (Act.RING, 2, 0)]
    found += [(Act.OUTLINE, 0, 0), (Act.OUTLINE, 1, 0), (Act.RECOLOR, 0, 0), (Act.RECOLOR_RIM, 0, 0)]
    found += [(Act.RECOLOR_CORE, 0, 0), (Act.CENTER, 0, 0), (Act.CORNERS, 0, 0), (Act.RECOLOR_RARE, 0, 0)]
    found += [(Act.FLIP, a, 0) for a in (1, 2, 3, 4)]
    found += [(Act.MIRROR, d, b) for d in (0, 1, 2, 3, 9, 12) for b in (0, 1)]
    found += [(Act.BAND, a, 0) for a in (0, 1, 2)]
    return found


STANDARD_ACTIONS = _standard_actions()

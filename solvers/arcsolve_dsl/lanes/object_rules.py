"""Object rules: which objects do what. Conditions on object features are learned, actions are those of `traces`.

A rule says: every object for which a condition holds paints the cells of an action in a colour, and may be erased
first. Rules are found greedily: a rule never writes a wrong cell in any demonstration, and explains most of what is
still unexplained.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl.lanes.object_layers import object_features
from arcsolve_dsl.lanes.segments import ByteGrid, Prop, Scene
from arcsolve_dsl.lanes.traces import Act, trace, try_actions

MODES = (
    "to-largest", "to-nearest", "to-rare-cell", "from-border", "to-other-color", "from-nearest", "to-border",
    "from-rare-cell", "to-heavy-side", "to-same-color",
)  # fmt: skip
"""Directions that depend on the object; numbers 8 and up stand for them."""

COLOR_MODES = ("keep", "rare", "surround", "background", *(f"color{c}" for c in range(10)))
"""Ways to say in what colour an action paints."""

MAX_OBJECTS = 80


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


class Rule(NamedTuple):
    """Objects for which `condition` holds do `act` with numbers `a`, `b`, in `color`, erased before if `erase`."""

    condition: Condition
    act: str
    a: int
    b: int
    color: str
    erase: bool


def _step_toward(dy: int, dx: int) -> int:
    """The direction number of a step, -1 for none."""
    return {(-1, 0): 0, (1, 0): 1, (0, -1): 2, (0, 1): 3, (-1, -1): 4, (-1, 1): 5, (1, -1): 6, (1, 1): 7}.get(
        (dy, dx), -1
    )


_OPPOSITE = np.array([1, 0, 3, 2, 7, 6, 5, 4, -1])


def _toward(a: NDArray[np.int64], b: NDArray[np.int64]) -> tuple[int, int]:
    """Direction from object row `a` to object row `b` and the gap between their boxes; (-1, 99) if not in line."""
    gap_y = max(int(b[Prop.TOP] - a[Prop.BOTTOM]), int(a[Prop.TOP] - b[Prop.BOTTOM]))
    gap_x = max(int(b[Prop.LEFT] - a[Prop.RIGHT]), int(a[Prop.LEFT] - b[Prop.RIGHT]))
    dy = int(np.sign(b[Prop.TOP] - a[Prop.TOP])) if gap_y > 0 else 0
    dx = int(np.sign(b[Prop.LEFT] - a[Prop.LEFT])) if gap_x > 0 else 0
    if gap_y > 0 and gap_x > 0 and gap_y != gap_x:
        return -1, 99
    return _step_toward(dy, dx), max(gap_y, gap_x)


def object_directions(scene: Scene, convention: str) -> NDArray[np.int64]:
    """Direction of each object under each of `MODES`, -1 for none: (modes, n); computed once for a scene."""
    key = f"directions:{convention}"
    if key not in scene.memo:
        scene.memo[key] = _object_directions(scene, convention)
    found: NDArray[np.int64] = scene.memo[key]
    return found


def _object_directions(scene: Scene, convention: str) -> NDArray[np.int64]:
    objects = scene.objects(convention)
    t = objects.table
    n = len(t)
    out = np.full((len(MODES), n), -1, np.int64)
    if n == 0:
        return out
    height, width = scene.grid.shape
    largest = int(t[:, Prop.AREA].argmax())
    alone = (t[:, Prop.AREA] == t[largest, Prop.AREA]).sum() == 1
    for k in range(n):
        row = t[k]
        if alone and k != largest:
            out[0, k] = _toward(row, t[largest])[0]
        near, near_other, near_same = (99, -1), (99, -1), (999, -1)
        for j in range(n):
            if j == k:
                continue
            direction, gap = _toward(row, t[j])
            if direction < 0:
                continue
            near = min(near, (gap, direction))
            if t[j, Prop.COLOR] != row[Prop.COLOR]:
                near_other = min(near_other, (gap, direction))
            else:
                larger = t[j, Prop.AREA] > row[Prop.AREA]
                near_same = min(near_same, (gap if larger else gap + 100, direction))
        out[1, k], out[4, k], out[9, k] = near[1], near_other[1], near_same[1]
        box = objects.box(k)
        mask = objects.labels[box] == k + 1
        middle_y, middle_x = (mask.shape[0] - 1) / 2, (mask.shape[1] - 1) / 2
        if row[Prop.N_COLORS] == 2:
            ys, xs = np.nonzero(mask & (scene.grid[box] == row[Prop.RARE_COLOR]))
            dy, dx = float(ys.mean() - middle_y), float(xs.mean() - middle_x)
            out[2, k] = _step_toward(int(np.sign(round(dy, 3))), int(np.sign(round(dx, 3))))
        ys, xs = np.nonzero(mask)
        dy, dx = float(ys.mean() - middle_y), float(xs.mean() - middle_x)
        out[8, k] = _step_toward(int(np.sign(round(dy, 3))), int(np.sign(round(dx, 3))))
        gaps = np.array([row[Prop.TOP], height - 1 - row[Prop.BOTTOM], row[Prop.LEFT], width - 1 - row[Prop.RIGHT]])
        if (gaps == 0).sum() == 1:
            out[3, k] = _OPPOSITE[int(gaps.argmin())]
        if (gaps == gaps.min()).sum() == 1:
            out[6, k] = int(gaps.argmin())
    out[5] = _OPPOSITE[out[1]]
    out[7] = _OPPOSITE[out[2]]
    return out


def direction_name(number: int) -> str:
    """The name of a direction number."""
    from arcsolve_dsl.lanes.traces import DIRECTIONS

    return DIRECTIONS[number] if number < 8 else MODES[number - 8]


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


def paint_color(mode: str, row: NDArray[np.int64], background: int) -> int:
    """The colour that a colour mode means for an object; -1 for "keep", 10 for none."""
    if mode == "keep":
        return -1
    if mode == "background":
        return background
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
        scene.memo[key] = np.flatnonzero(holds(condition, features, scene.objects(convention).count)).tolist()
    found: list[int] = scene.memo[key]
    return found


def apply_rules(scene: Scene, convention: str, rules: Sequence[Rule]) -> ByteGrid | None:
    """Let the objects of a grid do what the rules say; None where an action cannot be done."""
    objects = scene.objects(convention)
    out = scene.grid.copy()
    if objects.count == 0:
        return out
    directions = object_directions(scene, convention)
    cells = np.empty(8 * out.size, np.int32)
    colors = np.empty(8 * out.size, np.uint8)
    chosen = [_chosen(scene, convention, rule.condition) for rule in rules]
    for rule, which in zip(rules, chosen, strict=True):
        if rule.erase and which:
            out[np.isin(objects.labels, np.array(which, np.int64) + 1)] = scene.background
    flat = out.reshape(-1)
    for rule, which in zip(rules, chosen, strict=True):
        act = ACTS[rule.act]
        for k in which:
            a = rule.a
            if act in DIRECTED and a >= 8:
                a = int(directions[a - 8, k])
            n = trace(scene.grid, objects.labels, objects.table, scene.background, k, act, a, rule.b, cells, colors)
            if n < 0:
                if rule.erase:
                    return None
                continue
            color = paint_color(rule.color, objects.table[k], scene.background)
            if color == 10:
                continue
            flat[cells[:n]] = colors[:n] if color < 0 else color
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


class _Demo(NamedTuple):
    scene: Scene
    output: ByteGrid
    verdict: NDArray[np.int64]
    directions: NDArray[np.int64]


class Learned(NamedTuple):
    """Rules, whether they give each demonstration exactly, the pictures they make, and their length."""

    rules: tuple[Rule, ...]
    right: tuple[bool, ...]
    pictures: list[ByteGrid]
    cost: float


def learn_object_rules(
    scenes: Sequence[Scene], outputs: Sequence[ByteGrid], convention: str, most_rules: int = 3, starts: int = 6
) -> list[Learned]:
    """Learn object rules under one convention.

    Args:
        scenes: the grids of the demonstrations, then of the test inputs.
        outputs: wanted grids, of the demonstrations' sizes.
        convention: name of the segmentation.
        most_rules: longest list of rules.
        starts: how many different first rules are followed.

    Returns:
        Rule lists that never write a wrong cell, exact or not, each with the pictures of all grids.
    """
    n_demos = len(outputs)
    counts = [scene.objects(convention).count for scene in scenes]
    if min(counts[:n_demos]) < 1 or max(counts) > MAX_OBJECTS:
        return []
    actions = np.array(STANDARD_ACTIONS + _shifts(scenes, outputs, convention), np.int64)
    demos = []
    for scene, output in zip(scenes, outputs, strict=False):
        objects = scene.objects(convention)
        directions = object_directions(scene, convention)
        verdict = np.zeros((objects.count, len(actions), 3), np.int64)
        try_actions(scene.grid, output, objects.labels, objects.table, scene.background, actions, directions, verdict)
        demos.append(_Demo(scene, output, verdict, directions))
    search = _Search(scenes, demos, convention, actions)
    learned = search.run(most_rules, starts)
    if (
        search.options
        and not any(all(found.right) for found in learned)
        and search.n_demo_objects <= 100
        and convention.endswith("8")
    ):
        search.add_pairs()
        learned += [found for found in search.run(most_rules, starts) if all(found.right)]
    return learned


def _shifts(scenes: Sequence[Scene], outputs: Sequence[ByteGrid], convention: str) -> list[tuple[int, int, int]]:
    """Constant moves that some object of the first demonstrations makes."""
    support: dict[tuple[int, int], int] = {}
    for scene, output in list(zip(scenes, outputs, strict=False))[:2]:
        objects = scene.objects(convention)
        height, width = scene.grid.shape
        vectors = np.array(
            [(Act.SHIFT, dy, dx) for dy in range(1 - height, height) for dx in range(1 - width, width) if dy or dx],
            np.int64,
        ).reshape(-1, 3)
        if objects.count > 25 or len(vectors) == 0:
            continue
        verdict = np.zeros((objects.count, len(vectors), 3), np.int64)
        none = np.full((len(MODES), objects.count), -1, np.int64)
        try_actions(scene.grid, output, objects.labels, objects.table, scene.background, vectors, none, verdict)
        good = ((verdict[:, :, 0] == 1) & (verdict[:, :, 2] > 0)).sum(0)
        for i in np.flatnonzero(good):
            key = (int(vectors[i, 1]), int(vectors[i, 2]))
            support[key] = support.get(key, 0) + int(good[i])
    best = sorted(support, key=lambda v: (-support[v], abs(v[0]) + abs(v[1]), v))[:16]
    return [(int(Act.SHIFT), dy, dx) for dy, dx in best]


class _Search:
    """Greedy search for a list of rules."""

    def __init__(
        self, scenes: Sequence[Scene], demos: list[_Demo], convention: str, actions: NDArray[np.int64]
    ) -> None:
        self.scenes, self.demos, self.convention, self.actions = scenes, demos, convention, actions
        self.features = [features_of(scene, convention) for scene in scenes]
        self.counts = [scene.objects(convention).count for scene in scenes]
        self.owner = np.concatenate([np.full(n, i) for i, n in enumerate(self.counts)])
        self.n_demo_objects = sum(self.counts[: len(demos)])
        self.length: dict[Condition, float] = {}
        self.conditions, self.selected = self._conditions()
        self.options = self._options()
        self._score()

    def _score(self) -> None:
        """How much each condition with each option explains, 0 where it would write a wrong cell."""
        if not self.options:
            return
        chosen = self.selected[:, : self.n_demo_objects].astype(np.float32)
        wrong = np.stack([~fine for _, _, _, fine, _ in self.options], 1).astype(np.float32)
        gain = np.stack([g for *_, g in self.options], 1).astype(np.float32)
        lengths = np.array([self.length.get(c, c.cost) for c in self.conditions], np.float32)
        self.score = np.where(chosen @ wrong == 0, chosen @ gain, 0.0) - 0.01 * lengths[:, None]

    def add_pairs(self, most: int = 60) -> None:
        """Take in conditions on two features, made of single ones that hold for different objects of the demos."""
        packed = np.packbits(self.selected[:, : self.n_demo_objects], axis=1)
        first = np.sort(np.unique(packed, axis=0, return_index=True)[1])
        first = np.array([i for i in first if self.conditions[i].test in ("is", "not")][:most], np.int64)
        if len(first) < 2:
            return
        a, b = np.triu_indices(len(first), 1)
        a, b = first[a], first[b]
        rows = self.selected[a] & self.selected[b]
        used = rows[:, : self.n_demo_objects].sum(1)
        singles = self.selected[:, : self.n_demo_objects].sum(1)
        good = (used > 1) & (used < singles[a]) & (used < singles[b])
        a, b, rows = a[good], b[good], rows[good]
        keep = np.sort(np.unique(np.packbits(rows, axis=1), axis=0, return_index=True)[1])[:4000]
        pairs = [Condition(*self.conditions[a[i]][:3], *self.conditions[b[i]][:3]) for i in keep]
        self.conditions = [*self.conditions, *pairs]
        self.selected = np.concatenate([self.selected, rows[keep]])
        self._score()

    def _conditions(self) -> tuple[list[Condition], NDArray[np.bool_]]:
        """All conditions, and for which objects (of all grids) each holds: (conditions, objects)."""
        names = list(self.features[0])
        found = [Condition("", "all", 0)]
        rows = [np.ones(len(self.owner), bool)]
        for name in names:
            values = np.concatenate([f[name] for f in self.features])
            seen = np.unique(values[: self.n_demo_objects])
            if len(seen) < 2:
                continue
            for value in seen[:12]:
                found.append(Condition(name, "is", int(value)))
                rows.append(values == value)
                if len(seen) > 2:
                    found.append(Condition(name, "not", int(value)))
                    rows.append(values != value)
            if len(seen) > 2 and name in ORDERED:
                for value in seen[1:8]:
                    found.append(Condition(name, "least", int(value)))
                    rows.append(values >= value)
        stacked = np.stack(rows)
        _, first, kind = np.unique(np.packbits(stacked, axis=1), axis=0, return_index=True, return_inverse=True)
        weights = np.bincount(kind.ravel(), weights=[2.0**-condition.cost for condition in found])
        for place, weight in zip(first, weights, strict=True):
            self.length[found[place]] = -float(np.log2(weight))
        order = np.sort(first)
        return [found[i] for i in order], stacked[order]

    def _options(self) -> list[tuple[int, str, bool, NDArray[np.bool_], NDArray[np.int64]]]:
        """Useful options: action index, colour, erase, where it is not wrong, and how many cells it changes."""
        verdict = np.concatenate([demo.verdict for demo in self.demos])
        table = np.concatenate([demo.scene.objects(self.convention).table for demo in self.demos])
        backgrounds = np.concatenate(
            [np.full(len(demo.verdict), demo.scene.background, np.int64) for demo in self.demos]
        )
        gone = self._gone()
        options = []
        for i, (act, _, _) in enumerate(self.actions):
            nothing = verdict[:, i, 0] == -1
            changes = verdict[:, i, 2]
            if act not in (Act.RECOLOR, Act.RECOLOR_RIM, Act.RECOLOR_CORE, Act.RECOLOR_RARE):
                fine = verdict[:, i, 0] == 1
                if (fine & (changes > 0)).any():
                    options.append((i, "keep", False, fine | nothing, changes * fine))
                if act in MOVES and (fine & gone).any():
                    options.append((i, "keep", True, fine & gone, (changes + 1) * (fine & gone)))
                if act == Act.FLIP:
                    continue
            if act in (Act.SHIFT, Act.SLIDE, Act.STEP) and i > 60:
                continue
            shown = verdict[:, i, 1]
            for color in np.unique(shown[(changes > 0) & (shown < 10)]):
                fine = shown == color
                options.append((i, f"color{color}", False, fine | nothing, changes * fine))
            for mode, wanted in (
                ("rare", np.where(table[:, Prop.N_COLORS] > 1, table[:, Prop.RARE_COLOR], -1)),
                ("surround", table[:, Prop.SURROUND]),
                ("background", backgrounds),
            ):
                fine = (shown == wanted) & (shown < 10)
                if (fine & (changes > 0)).any():
                    options.append((i, mode, False, fine | nothing, changes * fine))
        return options

    def _gone(self) -> NDArray[np.bool_]:
        """Objects of the demonstrations that are not where they were: some of their cells are background now."""
        rows = []
        for demo in self.demos:
            objects = demo.scene.objects(self.convention)
            empty = demo.output == demo.scene.background
            for k in range(objects.count):
                rows.append(bool((empty & (objects.labels == k + 1)).any()))
        return np.array(rows, bool)

    def run(self, most_rules: int, starts: int) -> list[Learned]:
        """Follow the best first rules."""
        firsts = self._rank((), starts)
        learned = []
        for rules in firsts:
            done: tuple[Rule, ...] = rules
            pictures = self._pictures(done)
            while pictures is not None and len(done) < most_rules and not self._is_right(pictures):
                more = self._rank(done, 1)
                if not more:
                    break
                found = self._pictures(more[0])
                if found is None:
                    break
                done, pictures = more[0], found
            if pictures is None:
                continue
            right = tuple(np.array_equal(p, d.output) for p, d in zip(pictures, self.demos, strict=False))
            if self._is_safe(pictures):
                learned.append(Learned(done, right, pictures, self._cost(done)))
        return learned

    def _rank(self, before: tuple[Rule, ...], limit: int) -> list[tuple[Rule, ...]]:
        """The rule lists that add one rule and explain most."""
        if not self.options:
            return []
        pictures = self._pictures(before)
        if pictures is None:
            return []
        score = self.score
        found: list[tuple[Rule, ...]] = []
        seen: set[bytes] = {b"".join(p.tobytes() for p in pictures)}
        base_error = self._errors(pictures)
        top = np.argpartition(-score, min(300, score.size - 1), axis=None)[:300]
        order = top[np.argsort(-score.ravel()[top], kind="stable")]
        looked = 0
        for flat in order:
            c, o = divmod(int(flat), len(self.options))
            if score[c, o] <= 0 or looked >= (16 if limit > 1 else 8) or len(found) >= limit:
                break
            index, color, erase, _, _ = self.options[o]
            act, a, b = (int(v) for v in self.actions[index])
            rules = (*before, Rule(self.conditions[c], Act(act).name, a, b, color, erase))
            made = self._pictures(rules)
            if made is None:
                continue
            looked += 1
            key = b"".join(p.tobytes() for p in made)
            if key in seen or self._errors(made) >= base_error:
                continue
            seen.add(key)
            found.append(rules)
        return found

    def _pictures(self, rules: tuple[Rule, ...]) -> list[ByteGrid] | None:
        made = []
        for scene in self.scenes:
            picture = apply_rules(scene, self.convention, rules)
            if picture is None:
                return None
            made.append(picture)
        return made

    def _errors(self, pictures: Sequence[ByteGrid]) -> int:
        return sum(int((p != d.output).sum()) for p, d in zip(pictures, self.demos, strict=False))

    def _is_right(self, pictures: Sequence[ByteGrid]) -> bool:
        return self._errors(pictures) == 0

    def _is_safe(self, pictures: Sequence[ByteGrid]) -> bool:
        return all(
            ((p == d.output) | (p == d.scene.grid) | (p == d.scene.background)).all()
            for p, d in zip(pictures, self.demos, strict=False)
        )

    def _cost(self, rules: tuple[Rule, ...]) -> float:
        return sum(
            3.0 + self.length.get(rule.condition, rule.condition.cost) + (rule.color != "keep") for rule in rules
        )


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

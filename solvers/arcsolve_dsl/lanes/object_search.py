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

from arcsolve_dsl.lanes.conditions import ORDERED, Condition, features_of
from arcsolve_dsl.lanes.directions import MODES, object_directions
from arcsolve_dsl.lanes.layer_base import NOTHING
from arcsolve_dsl.lanes.object_graph import MOST_OBJECTS, PARTNERS, graph_of, relational_features
from arcsolve_dsl.lanes.object_rules import MOVES, STANDARD_ACTIONS, Rule, apply_rules
from arcsolve_dsl.lanes.segments import ByteGrid, Prop, Scene
from arcsolve_dsl.lanes.ties import VARIANTS, Tie, judge
from arcsolve_dsl.lanes.traces import Act, try_actions

MAX_OBJECTS = 80
TIE_MOVES = (Tie.APPROACH, Tie.ALIGN)
RECOLORS = (Act.RECOLOR, Act.RECOLOR_RIM, Act.RECOLOR_CORE, Act.RECOLOR_RARE)
NUDGES = (Act.SHIFT, Act.SLIDE, Act.STEP)


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

    @property
    def facts(self) -> dict[str, float]:
        """What the choice between answers looks at."""
        names = [name for rule in self.rules for name in (rule.condition.feature, rule.condition.feature2) if name]
        return {
            "rules": len(self.rules) - 1.0,
            "partners": float(any(isinstance(rule.a, str) or rule.color.startswith("of ") for rule in self.rules)),
            "pose or order": float(any(name.startswith(("pose", "shape", "order_from")) for name in names)),
        }


def learn_object_rules(
    scenes: Sequence[Scene],
    outputs: Sequence[ByteGrid],
    convention: str,
    most_rules: int = 3,
    starts: int = 6,
    related: bool = False,
) -> list[Learned]:
    """Learn object rules under one convention.

    Args:
        scenes: the grids of the demonstrations, then of the test inputs.
        outputs: wanted grids, of the demonstrations' sizes.
        convention: name of the segmentation.
        most_rules: longest list of rules.
        starts: how many different first rules are followed.
        related: whether objects may also look at their partners in the graph of objects; costs more.

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
    search = _Search(scenes, demos, convention, actions, ())
    learned = search.run(most_rules, starts)
    if any(all(found.right) for found in learned):
        return learned
    names = _partner_names(scenes, convention) if related and max(counts) <= MOST_OBJECTS else ()
    if names:
        ties, verdicts = _ties(demos, convention, names)
        demos = [
            demo._replace(verdict=np.concatenate([demo.verdict, more], axis=1))
            for demo, more in zip(demos, verdicts, strict=True)
        ]
        search = _Search(scenes, demos, convention, np.concatenate([actions, ties]), names)
        learned += search.run(most_rules, starts)
    is_explained = any(all(found.right) for found in learned)
    if search.options and not is_explained and search.n_demo_objects <= 100 and convention.endswith("8"):
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


MOST_TIES = 60
"""Actions with partners that are judged in all demonstrations."""


def _partner_names(scenes: Sequence[Scene], convention: str) -> tuple[str, ...]:
    """The partners that some object of every grid has, one name for those that are the same everywhere."""
    graphs = [graph_of(scene, convention) for scene in scenes]
    found: dict[bytes, str] = {}
    for name in (*PARTNERS, *(f"color{c}" for c in range(10))):
        partners = [graph.partner(name) for graph in graphs]
        if all((chosen >= 0).any() for chosen in partners):
            found.setdefault(b"".join(chosen.tobytes() for chosen in partners), name)
    return tuple(found.values())


def _ties(
    demos: list[_Demo], convention: str, names: tuple[str, ...]
) -> tuple[NDArray[np.int64], list[NDArray[np.int64]]]:
    """Actions with partners that do some good in the smallest demonstration, and their verdicts in each."""
    first = min(range(len(demos)), key=lambda i: len(demos[i].verdict))

    def judged(demo: _Demo, name: str, act: Tie, b: int) -> NDArray[np.int64]:
        partners = graph_of(demo.scene, convention).partner(name)
        return judge(demo.scene, demo.output, convention, partners, act, b)

    good: list[tuple[int, tuple[int, int, int]]] = []
    for number, name in enumerate(names):
        for act, variants in VARIANTS.items():
            for b in range(variants):
                verdict = judged(demos[first], name, act, b)
                fits = (verdict[:, 2] > 0) & ((verdict[:, 0] == 1) | (verdict[:, 1] < NOTHING))
                if fits.any():
                    good.append((-int(verdict[fits, 2].sum()), (int(act), number, b)))
    ties = [key for _, key in sorted(good)[:MOST_TIES]]
    verdicts = [
        np.stack([judged(demo, names[number], Tie(act), b) for act, number, b in ties], axis=1)
        if ties
        else np.zeros((len(demo.verdict), 0, 3), np.int64)
        for demo in demos
    ]
    return np.array(ties, np.int64).reshape(-1, 3), verdicts


class _Search:
    """Greedy search for a list of rules."""

    def __init__(
        self,
        scenes: Sequence[Scene],
        demos: list[_Demo],
        convention: str,
        actions: NDArray[np.int64],
        partners: tuple[str, ...],
    ) -> None:
        self.scenes, self.demos, self.convention, self.actions = scenes, demos, convention, actions
        self.partners = partners
        self.features = [features_of(scene, convention) for scene in scenes]
        if partners:
            pairs = zip(self.features, scenes, strict=True)
            self.features = [found | relational_features(scene, convention) for found, scene in pairs]
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
        modes = [
            ("rare", np.where(table[:, Prop.N_COLORS] > 1, table[:, Prop.RARE_COLOR], -1)),
            ("surround", table[:, Prop.SURROUND]),
            ("background", backgrounds),
        ]
        for name in self.partners:
            graphs = [graph_of(demo.scene, self.convention) for demo in self.demos]
            modes.append((f"of {name}", np.concatenate([g.property_of_partner(name, "color", -1) for g in graphs])))
        gone = self._gone()
        is_fine = verdict[:, :, 0] == 1
        does_change = verdict[:, :, 2] > 0
        keeps, removes, paints = (
            np.logical_or.reduce(where, axis=0)
            for where in (is_fine & does_change, is_fine & gone[:, None], does_change & (verdict[:, :, 1] < 10))
        )
        options = []
        for i in np.flatnonzero(keeps | removes | paints).tolist():
            act = self.actions[i][0]
            nothing = verdict[:, i, 0] == -1
            changes = verdict[:, i, 2]
            if act not in RECOLORS:
                fine = is_fine[:, i]
                if keeps[i]:
                    options.append((i, "keep", False, fine | nothing, changes * fine))
                if removes[i] and (act in MOVES or act in TIE_MOVES):
                    options.append((i, "keep", True, fine & gone, (changes + 1) * (fine & gone)))
                if act == Act.FLIP:
                    continue
            if not paints[i] or (i > 60 and act in NUDGES):
                continue
            shown = verdict[:, i, 1]
            for color in np.unique(shown[does_change[:, i] & (shown < 10)]):
                fine = shown == color
                options.append((i, f"color{color}", False, fine | nothing, changes * fine))
            for mode, wanted in modes:
                fine = (shown == wanted) & (shown < 10)
                if (fine & does_change[:, i]).any():
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
            rule = (
                Rule(self.conditions[c], Tie(act).name, self.partners[a], b, color, erase)
                if act >= Tie.JOIN
                else Rule(self.conditions[c], Act(act).name, a, b, color, erase)
            )
            rules = (*before, rule)
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
            3.0
            + self.length.get(rule.condition, rule.condition.cost)
            + (rule.color != "keep")
            + isinstance(rule.a, str)
            + rule.color.startswith("of ")
            for rule in rules
        )

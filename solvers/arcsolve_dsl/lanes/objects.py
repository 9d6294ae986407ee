"""The lane of object rules: objects move, repeat, shoot rays, fill or change colour, as their features say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from arcsolve_dsl.lane import Clock, DslTask, Hypothesis
from arcsolve_dsl.lanes.cell_rules import find_cell_rules
from arcsolve_dsl.lanes.cells import backgrounds_of, rule_text
from arcsolve_dsl.lanes.object_rules import Rule
from arcsolve_dsl.lanes.object_search import learn_object_rules
from arcsolve_dsl.lanes.segments import ByteGrid, Scene
from arcsolve_dsl.program import parse

NAME = "object-rules"
MAX_FOLLOWED = 2
"""Incomplete rule lists that a cell rule is learned on."""
STAGES = (("shapes8", True), ("shapes4", False), ("things8", True), ("things4", False))
"""Conventions in the order they are tried, and whether objects look at their partners under them."""


def object_rule_text(rules: tuple[Rule, ...], convention: str, background: str, picture: str = "input") -> str:
    """Object rules as a program text."""
    literal = tuple((rule.condition.literal, *rule[1:]) for rule in rules)
    return f"object_rule({picture}, {background}, {convention!r}, {literal!r})"


def lane(task: DslTask, clock: Clock) -> Iterator[Hypothesis]:
    """Find object rules for a task whose outputs have the inputs' sizes."""
    if not task.is_same_size:
        return
    grids = [g.astype(np.uint8) for g in task.inputs]
    outputs = [b.astype(np.uint8) for b in task.outputs]
    n = len(outputs)
    for background, colors in backgrounds_of(grids):
        scenes = [Scene(g, c) for g, c in zip(grids, colors, strict=True)]
        seen: set[bytes] = set()
        followed: dict[bytes, tuple[float, str, list[ByteGrid], float]] = {}
        wanted = sum(int((g != o).sum()) for g, o in zip(grids, outputs, strict=False))
        is_solved = False
        for convention, related in STAGES:
            if clock.is_over:
                return
            if is_solved:
                break
            key = b"".join(s.objects(convention).labels.tobytes() for s in scenes)
            if key in seen:
                continue
            seen.add(key)
            for learned in learn_object_rules(scenes, outputs, convention, related=related):
                text = object_rule_text(learned.rules, convention, background)
                tests = tuple(p.astype(np.int8) for p in learned.pictures[n:])
                if all(learned.right):
                    is_solved = True
                    yield Hypothesis(parse(text), tests, learned.right, learned.cost, NAME, learned.facts)
                    continue
                wrong = sum(int((p != o).sum()) for p, o in zip(learned.pictures, outputs, strict=False))
                made = b"".join(p.tobytes() for p in learned.pictures)
                if wrong < 0.7 * wanted and (made not in followed or learned.cost < followed[made][3]):
                    followed[made] = (wrong / wanted, text, learned.pictures, learned.cost)
        if is_solved:
            return
        best = sorted(followed.values(), key=lambda item: (item[0], item[3]))[:MAX_FOLLOWED]
        for rank, (_, text, pictures, cost) in enumerate(best):
            if clock.is_over:
                return
            yield from then_cells(text, background, colors, pictures, grids, outputs, cost)
            if rank == 0:
                yield from then_objects(text, background, colors, pictures, outputs, cost)


def then_cells(
    text: str,
    background: str,
    colors: Sequence[int],
    pictures: Sequence[ByteGrid],
    grids: Sequence[ByteGrid],
    outputs: Sequence[ByteGrid],
    cost: float,
) -> Iterator[Hypothesis]:
    """Cell rules that look at what object rules made, and at the input."""
    views = [[Scene(p, c), Scene(g, c)] for p, g, c in zip(pictures, grids, colors, strict=True)]
    for rule in find_cell_rules(views, outputs, most=10, steps=1_000_000, width3=80)[:4]:
        yield Hypothesis(
            parse(rule_text(f"({text}, input)", background, rule)),
            tuple(p.astype(np.int8) for p in rule.outputs),
            (True,) * len(outputs),
            rule.cost + cost + 3.0,
            NAME,
            rule.facts | {"two steps": 1.0},
        )


def then_objects(
    text: str,
    background: str,
    colors: Sequence[int],
    pictures: Sequence[ByteGrid],
    outputs: Sequence[ByteGrid],
    cost: float,
) -> Iterator[Hypothesis]:
    """Object rules on what object rules made: objects are looked at anew."""
    scenes = [Scene(p, c) for p, c in zip(pictures, colors, strict=True)]
    for learned in learn_object_rules(scenes, outputs, "shapes8", most_rules=2, starts=3, related=True):
        if all(learned.right):
            yield Hypothesis(
                parse(object_rule_text(learned.rules, "shapes8", background, text)),
                tuple(p.astype(np.int8) for p in learned.pictures[len(outputs) :]),
                learned.right,
                learned.cost + cost + 3.0,
                NAME,
                learned.facts | {"two steps": 1.0},
            )

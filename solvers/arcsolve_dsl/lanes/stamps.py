"""The lane of stamps: copies of a template where its anchors are, or on markers; then maybe a cell rule."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from arcsolve_dsl.lane import Clock, DslTask, Hypothesis
from arcsolve_dsl.lanes.cell_rules import find_cell_rules
from arcsolve_dsl.lanes.cells import backgrounds_of, rule_text
from arcsolve_dsl.lanes.segments import Scene
from arcsolve_dsl.lanes.stamp import stamp_cells, ways
from arcsolve_dsl.program import parse

NAME = "stamps"
MAX_FOLLOWED = 2
"""Stamps that come near the outputs and that a cell rule is learned on."""


def lane(task: DslTask, clock: Clock) -> Iterator[Hypothesis]:
    """Find stamps for a task whose outputs have the inputs' sizes."""
    if not task.is_same_size:
        return
    grids = [g.astype(np.uint8) for g in task.inputs]
    outputs = [b.astype(np.uint8) for b in task.outputs]
    n = len(outputs)
    for background, colors in backgrounds_of(grids):
        scenes = [Scene(g, c) for g, c in zip(grids, colors, strict=True)]
        if any(not 2 <= s.objects("things8").count <= 60 for s in scenes[:n]):
            continue
        near: dict[bytes, tuple[int, str, list[np.ndarray]]] = {}
        is_solved = False
        for number, way in enumerate(ways()):
            if clock.is_over:
                return
            first = stamp_cells(scenes[0], *way)
            if first is None or 2 * (first != outputs[0]).sum() > (grids[0] != outputs[0]).sum():
                continue
            made = [first, *(stamp_cells(s, *way) for s in scenes[1:])]
            pictures = [g for g in made if g is not None]
            if len(pictures) < len(scenes):
                continue
            text = f"stamp(input, {background}, {', '.join(map(repr, way))})"
            right = tuple(np.array_equal(p, o) for p, o in zip(pictures, outputs, strict=False))
            if all(right):
                is_solved = True
                tests = tuple(p.astype(np.int8) for p in pictures[n:])
                yield Hypothesis(parse(text), tests, right, 4.0 + 0.05 * number, NAME)
                continue
            wrong = sum(int((p != o).sum()) for p, o in zip(pictures, outputs, strict=False))
            near.setdefault(b"".join(p.tobytes() for p in pictures), (wrong, text, pictures))
        if is_solved:
            return
        for _, text, pictures in sorted(near.values(), key=lambda item: item[0])[:MAX_FOLLOWED]:
            views = [[Scene(p, c), Scene(g, c)] for p, g, c in zip(pictures, grids, colors, strict=True)]
            for rule in find_cell_rules(views, outputs, most=10, steps=1_000_000, width3=80)[:4]:
                yield Hypothesis(
                    parse(rule_text(f"({text}, input)", background, rule)),
                    tuple(p.astype(np.int8) for p in rule.outputs),
                    (True,) * n,
                    rule.cost + 6.0,
                    NAME,
                    rule.facts | {"two steps": 1.0},
                )

"""The lane of cell rules: every view of the input that has the output's size, under one or two backgrounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from arcsolve_dsl.lane import Clock, DslTask, Hypothesis
from arcsolve_dsl.lanes.cell_rules import CellRule, find_cell_rules
from arcsolve_dsl.lanes.segments import ByteGrid, Scene
from arcsolve_dsl.lanes.views import possible_views
from arcsolve_dsl.program import parse
from arcsolve_dsl.sizes import MAX_SIDE

NAME = "cell-rules"


def backgrounds_of(grids: Sequence[ByteGrid]) -> list[tuple[str, list[int]]]:
    """Programs for the background colour, with its value in each grid: the commonest colour, and 0 if that differs."""
    common = [int(np.bincount(grid.ravel(), minlength=10).argmax()) for grid in grids]
    options = [("common_color(input)", common)]
    if any(common) and all((grid == 0).any() for grid in grids):
        options.append(("0", [0] * len(grids)))
    return options


def rule_text(view: str, background: str, rule: CellRule) -> str:
    """The rule as a program text."""
    table = {key if len(key) > 1 else key[0]: paint for key, paint in rule.table.items()}
    pictures = view.format(background=background)
    if pictures == "(input,)":
        pictures = "input"
    return f"cell_rule({pictures}, {background}, {rule.conditions!r}, {table!r})"


def lane(task: DslTask, clock: Clock) -> Iterator[Hypothesis]:
    """Find cell rules for a task."""
    demos = [(a.astype(np.uint8), b.astype(np.uint8)) for a, b in task.demos]
    grids = [a for a, _ in demos] + [g.astype(np.uint8) for g in task.test_inputs]
    outputs = [b for _, b in demos]
    for view in possible_views(demos):
        for background, colors in backgrounds_of(grids):
            if clock.is_over:
                return
            pictures = [view.make(grid, color) for grid, color in zip(grids, colors, strict=True)]
            made = [p for p in pictures if p]
            if len(made) < len(pictures) or len({len(p) for p in made}) > 1:
                continue
            if any(p[0].shape != o.shape for p, o in zip(made, outputs, strict=False)):
                continue
            if any(max(p[0].shape) > MAX_SIDE for p in made):
                continue  # a test input that this view makes too large for an output
            scenes = [[Scene(p, c) for p in ps] for ps, c in zip(made, colors, strict=True)]
            for rule in find_cell_rules(scenes, outputs, seed=clock.seed):
                yield Hypothesis(
                    parse(rule_text(view.text, background, rule)),
                    tuple(g.astype(np.int8) for g in rule.outputs),
                    (True,) * len(demos),
                    rule.cost - 2 * np.log2(rule.votes / 2.0 ** (-rule.cost / 2)),
                    NAME,
                    rule.facts,
                )

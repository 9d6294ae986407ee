"""The lane of sweep rules: lines that turn and bounce, patterns that go on, under one or two backgrounds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from arcsolve_dsl.lane import Clock, DslTask, Hypothesis
from arcsolve_dsl.lanes.cells import backgrounds_of
from arcsolve_dsl.lanes.sweep_rules import SweepRule, find_sweep_rules
from arcsolve_dsl.program import parse

NAME = "sweeps"


def sweep_text(background: str, rule: SweepRule) -> str:
    """The rule as a program text."""
    table = {key if len(key) > 1 else key[0]: paint for key, paint in rule.table.items()}
    return f"sweep_rule(input, {background}, {rule.side!r}, {rule.layers!r}, {table!r})"


def lane(task: DslTask, clock: Clock) -> Iterator[Hypothesis]:
    """Find sweep rules for a task whose outputs have the inputs' sizes."""
    if not task.is_same_size:
        return
    grids = [g.astype(np.uint8) for g in task.inputs]
    outputs = [b.astype(np.uint8) for b in task.outputs]
    for background, colors in backgrounds_of(grids)[:1]:
        if clock.is_over:
            return
        for rule in find_sweep_rules(grids, outputs, colors, clock.seed):
            tests = tuple(g.astype(np.int8) for g in rule.outputs)
            yield Hypothesis(parse(sweep_text(background, rule)), tests, (True,) * len(outputs), rule.cost, NAME)

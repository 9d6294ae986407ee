"""Show what a program does: its intermediate values as rows of panels."""

from __future__ import annotations

from typing import Any

import numpy as np

from arcsolve.show import Panel, Row
from arcsolve_dsl.errors import EvaluationError
from arcsolve_dsl.evaluate import Context, evaluate_value, steps
from arcsolve_dsl.lane import DslTask
from arcsolve_dsl.picture import Cells, Picture
from arcsolve_dsl.program import Program

MAX_PANELS = 8
"""Pictures of a list that are drawn; the rest are counted."""
MAX_TITLE = 110
"""Longer expressions are cut in titles."""


def program_rows(program: Program, task: DslTask, with_steps: bool = True) -> list[Row]:
    """Rows for the demonstrations and tests: the steps of the first test input, then what is predicted for each.

    Args:
        program: the program.
        task: what it is run on.
        with_steps: leave out the intermediate values if False.
    """
    rows: list[Row] = []
    for index, (before, after) in enumerate(task.demos):
        rows.append(_result_row(f"train {index}", program, before, task.context(index), after))
    for index, grid in enumerate(task.test_inputs):
        rows.append(_result_row(f"test {index}", program, grid, task.context(), None))
    if with_steps:
        rows += step_rows(program, task.test_inputs[0], task.context())
    return rows


def step_rows(program: Program, grid: Cells, context: Context) -> list[Row]:
    """One row for each intermediate value, in the order computed; numbers stand in the titles."""
    rows = []
    try:
        found = steps(program, grid, context)
    except EvaluationError as error:
        return [Row(f"the program fails on test 0: {error}", ())]
    for number, step in enumerate(found, 1):
        text = step.text if len(step.text) <= MAX_TITLE else step.text[:MAX_TITLE] + " ..."
        rows.append(Row(f"step {number}: {text}{_note(step.value)}", _panels(step.value)))
    return rows + [Row(line, ()) for line in relation_lines(program, grid, context)]


def relation_lines(program: Program, grid: Cells, context: Context) -> list[str]:
    """A line for each relation that the object rules of a program use: which object stands to which in it."""
    from arcsolve_dsl.lanes.conditions import Condition
    from arcsolve_dsl.lanes.object_rules import Rule, partners_used
    from arcsolve_dsl.lanes.segments import Prop, Scene

    lines = []
    for made in program.calls():
        if made.name != "object_rule":
            continue
        picture, background, kind, rules = (evaluate_value(node, grid, context) for node in made.args)
        scene = Scene(picture.cells.astype(np.uint8), background)
        for rule in rules:
            for name, pairs in partners_used(scene, kind, Rule(Condition(*rule[0]), *rule[1:])):
                table = scene.objects(kind).table[:, [Prop.COLOR, Prop.TOP, Prop.LEFT]].tolist()
                shown = ["{} at {},{} -> {} at {},{}".format(*table[a], *table[b]) for a, b in pairs[:MAX_PANELS]]
                lines.append(f"relation '{name}': {'; '.join(shown) or 'no object has such a partner'}")
    return lines


def _result_row(title: str, program: Program, grid: Cells, context: Context, truth: Cells | None) -> Row:
    from arcsolve_dsl.evaluate import evaluate

    panels = [Panel("input", grid)]
    try:
        panels.append(Panel("program gives", evaluate(program, grid, context), truth))
    except EvaluationError as error:
        title += f": the program fails: {error}"
    if truth is not None:
        panels.append(Panel("output", truth))
    return Row(title, tuple(panels))


def _panels(value: Any) -> tuple[Panel, ...]:
    pictures = (value,) if isinstance(value, Picture) else value if isinstance(value, tuple) else ()
    drawn = [picture for picture in pictures if isinstance(picture, Picture) and picture.cells.size]
    return tuple(
        Panel(f"at {picture.row},{picture.col}", np.clip(picture.cells, 0, 9)) for picture in drawn[:MAX_PANELS]
    )


def _note(value: Any) -> str:
    if isinstance(value, Picture):
        return "" if value.cells.size else " = the empty picture"
    if isinstance(value, tuple):
        return f" = {len(value)} pictures" + (f", {MAX_PANELS} shown" if len(value) > MAX_PANELS else "")
    return f" = {value!r}"

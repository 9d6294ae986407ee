"""The lane of symmetry and period repair: which colour hides cells, or which symmetry completes the figure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from arcsolve_dsl.lane import Clock, DslTask, Hypothesis, hypothesis_for
from arcsolve_dsl.primitives.symmetry import KINDS
from arcsolve_dsl.program import INPUT, Call, Program, call

NAME = "symmetry"


def lane(task: DslTask, clock: Clock) -> Iterator[Hypothesis]:
    """Try repairs of hidden cells, continued patterns and completed figures.

    Args:
        task: demonstrations and test inputs.
        clock: one step per program tried.

    Yields:
        Hypotheses that explain at least the first demonstration or the second.
    """
    for root in _programs(task):
        if not clock.spend():
            return
        program = Program(root)
        found = hypothesis_for(program, _first(task), NAME)
        if not any(found.explained):
            continue
        found = hypothesis_for(program, task, NAME)
        if 2 * sum(found.explained) >= len(found.explained):
            yield found


def _first(task: DslTask) -> DslTask:
    """The task cut down to two demonstrations: enough to see that a program is wrong."""
    return DslTask(task.demos[:2], (), task.name)


def _programs(task: DslTask) -> Iterator[Call]:
    common = frozenset.intersection(*task.input_palettes)
    if task.is_same_size:
        hidden = _changed_colours(task)
        if hidden is None:
            return
        is_constant = len(set(hidden)) == 1 and hidden[0] in common
        for chosen in ({"unknown": hidden[0]}, {}) if is_constant else ({},):
            for by in ("mirror", "tile"):
                yield call("mend", INPUT, by=by, **chosen)
        grounds = [int(np.bincount(before.ravel()).argmax()) for before, _ in task.demos]
        if hidden == grounds:
            yield from _completions(task, {})
        elif is_constant:
            yield from _completions(task, {"background": hidden[0]})
        return
    for colour in sorted(common):
        if _hides_output(task, colour):
            for by in ("mirror", "tile"):
                yield call("mended_patch", INPUT, by=by, unknown=colour)
    if _some_colour_hides_output(task):
        for by in ("mirror", "tile"):
            yield call("mended_patch", INPUT, by=by)
    sizes = {after.shape for after in task.outputs}
    if len(sizes) == 1 and all(a.shape[0] >= b.shape[0] and a.shape[1] >= b.shape[1] for b, a in task.demos):
        height, width = sizes.pop()
        yield call("continue_tiling", INPUT, height=int(height), width=int(width))


def _completions(task: DslTask, background: dict[str, int]) -> Iterator[Call]:
    for along in ("rows", "columns", "both"):
        yield call("continue_pattern", INPUT, along=along, **background)
    for paint in ({}, *({"paint": colour} for colour in _new_colours(task))):
        for kind in KINDS:
            yield call("symmetrise", INPUT, kind=kind, **background, **paint)
            yield call("symmetrise_objects", INPUT, kind=kind, **background, **paint)


def _changed_colours(task: DslTask) -> list[int] | None:
    """The one colour whose cells change, per demonstration; None where several colours change."""
    found = []
    for before, after in task.demos:
        colours = np.unique(before[before != after])
        if len(colours) > 1:
            return None
        found += colours.tolist()
    return found or None


def _hides_output(task: DslTask, colour: int) -> bool:
    """True if the bounding box of the colour has the output's size in every demonstration."""
    for before, after in task.demos:
        rows, cols = np.nonzero(before == colour)
        if (rows.max() - rows.min() + 1, cols.max() - cols.min() + 1) != after.shape:
            return False
    return True


def _some_colour_hides_output(task: DslTask) -> bool:
    """True if in every demonstration some colour's bounding box has the output's size and is filled by it."""
    for before, after in task.demos:
        fits = False
        for colour in np.unique(before).tolist():
            rows, cols = np.nonzero(before == colour)
            box = (rows.max() - rows.min() + 1, cols.max() - cols.min() + 1)
            fits = fits or (box == after.shape and len(rows) == after.size)
        if not fits:
            return False
    return True


def _new_colours(task: DslTask) -> list[int]:
    """The colours that change into one and the same colour in every demonstration."""
    added = [frozenset(np.unique(after[before != after]).tolist()) for before, after in task.demos]
    common = frozenset.intersection(*added)
    return sorted(common) if all(len(colours) == 1 for colours in added) else []

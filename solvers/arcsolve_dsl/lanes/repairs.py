"""The lane of repairs: complete a symmetry or a period, for the whole grid or just the masked piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from arcsolve_dsl.lane import Clock, DslTask, Hypothesis
from arcsolve_dsl.lanes.cell_rules import find_cell_rules
from arcsolve_dsl.lanes.cells import backgrounds_of, rule_text
from arcsolve_dsl.lanes.layer_base import color_roles
from arcsolve_dsl.lanes.repair import WAYS, box_of, repair_cells
from arcsolve_dsl.lanes.segments import ByteGrid, Scene
from arcsolve_dsl.program import parse

NAME = "repairs"


def color_choices(grids: Sequence[ByteGrid]) -> list[tuple[str, list[int]]]:
    """Programs for a colour, with its value in each grid: constants that all grids show, then roles."""
    palettes = [set(np.unique(g).tolist()) for g in grids]
    choices = [(str(c), [c] * len(grids)) for c in sorted(set.intersection(*palettes))]
    taken = [colors for _, colors in choices]
    for background, common in backgrounds_of(grids)[:1]:
        options = [(background, common)]
        roles = [color_roles(Scene(g, b)) for g, b in zip(grids, common, strict=True)]
        for rank in range(2):
            if all(len(down) > rank for down, _ in roles):
                options.append((f"ranked_color(input, {rank + 1})", [down[rank] for down, _ in roles]))
                options.append((f"ranked_color(input, {-rank - 1})", [up[rank] for _, up in roles]))
        for text, colors in options:
            if colors not in taken:
                taken.append(colors)
                choices.append((text, colors))
    return choices


def lane(task: DslTask, clock: Clock) -> Iterator[Hypothesis]:
    """Find repairs for a task."""
    if any(b.shape[0] > a.shape[0] or b.shape[1] > a.shape[1] for a, b in task.demos):
        return
    grids = [g.astype(np.uint8) for g in task.inputs]
    outputs = [b.astype(np.uint8) for b in task.outputs]
    n = len(outputs)
    seen: set[bytes] = set()
    for text, colors in color_choices(grids):
        for way in WAYS:
            if clock.is_over:
                return
            made = []
            for grid, color in zip(grids, colors, strict=True):
                fixed = repair_cells(grid, color, way)
                made.append(fixed)
                if task.is_same_size and len(made) == 1 and np.array_equal(fixed, grid):
                    break
            if len(made) < len(grids):
                continue
            key = b"".join(g.tobytes() for g in made)
            if key in seen:
                continue
            seen.add(key)
            program = f"repair(input, {text}, {way!r})"
            if not task.is_same_size:
                cut = []
                for grid, fixed, color in zip(grids, made, colors, strict=True):
                    box = box_of(grid == color)
                    cut.append(fixed[box] if box is not None else fixed)
                made, program = cut, f"cut_where({program}, input, {text})"
                if any(g.shape != o.shape for g, o in zip(made, outputs, strict=False)):
                    continue
            right = [np.array_equal(g, o) for g, o in zip(made, outputs, strict=False)]
            tests = tuple(g.astype(np.int8) for g in made[n:])
            if all(right):
                yield Hypothesis(parse(program), tests, (True,) * n, 1.0 - 2.0 * n, NAME)
            elif any(right) and n > 2 and sum(right) >= n - 1:
                yield Hypothesis(parse(program), tests, tuple(right), 10.0, NAME)
            if all(right) or not _is_helpful(grids, made, outputs, task.is_same_size):
                continue
            for background, base in backgrounds_of(grids)[:1]:
                if task.is_same_size:
                    views = [[Scene(g, b), Scene(f, b)] for g, f, b in zip(grids, made, base, strict=True)]
                    pictures = f"(input, {program})"
                else:
                    views = [[Scene(f, b)] for f, b in zip(made, base, strict=True)]
                    pictures = program
                for rule in find_cell_rules(views, outputs, most=20, steps=2_000_000, width3=100):
                    yield Hypothesis(
                        parse(rule_text(pictures, background, rule)),
                        tuple(g.astype(np.int8) for g in rule.outputs),
                        (True,) * n,
                        rule.cost + 4.0,
                        NAME,
                        rule.facts | {"two steps": 1.0},
                    )


def _is_helpful(
    grids: Sequence[ByteGrid], made: Sequence[ByteGrid], outputs: Sequence[ByteGrid], same_size: bool
) -> bool:
    """Whether a repair that is not yet the output brings cells nearer to it (a piece: is mostly it)."""
    if not same_size:
        return all((made_grid == o).mean() > 0.5 for made_grid, o in zip(made, outputs, strict=False))
    changed = [(g != m) for g, m in zip(grids, made, strict=True)]
    good = sum(int((c & (m == o)).sum()) for c, m, o in zip(changed, made, outputs, strict=False))
    return good > 0.5 * sum(int(c.sum()) for c in changed[: len(outputs)])

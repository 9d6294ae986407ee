from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arcsolve_dsl.errors import EvaluationError
from arcsolve_dsl.evaluate import evaluate
from arcsolve_dsl.lane import Clock, DslTask, hypothesis_for
from arcsolve_dsl.lanes import sweeps
from arcsolve_dsl.lanes.sweep_rules import TURNS, sweep, sweep_layers
from arcsolve_dsl.picture import from_text, to_text
from arcsolve_dsl.program import parse


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(list(TURNS)))
def test_a_sweep_agrees_with_a_look_at_every_cell(seed: int, side: str) -> None:
    """A rule on the cell above and the own cell, against two plain loops."""
    random = np.random.default_rng(seed)
    grid = random.integers(0, 3, random.integers(1, 7, 2)).astype(np.uint8)
    table: dict[tuple[int, ...], str] = {
        (int(a), int(b)): f"color{random.integers(0, 4)}" for a, b in random.integers(0, 4, (6, 2))
    }
    step = {"down": (1, 0), "up": (-1, 0), "right": (0, 1), "left": (0, -1)}[side]
    wanted = grid.copy()
    rows, cols = (range(size) if d >= 0 else range(size)[::-1] for size, d in zip(grid.shape, step, strict=True))
    for y in rows:
        for x in cols:
            v, w = y - step[0], x - step[1]
            above = int(wanted[v, w]) if 0 <= v < grid.shape[0] and 0 <= w < grid.shape[1] else 10
            paint = table.get((int(grid[y, x]), above))
            wanted[y, x] = grid[y, x] if paint is None else int(paint[5:])
    assert np.array_equal(sweep(grid, 0, side, ("own", "up"), table), wanted)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_layers_of_a_row_need_only_the_rows_above(seed: int) -> None:
    random = np.random.default_rng(seed)
    before, after = random.integers(0, 4, (2, 8, 5)).astype(np.uint8)
    whole = sweep_layers(before, after, 0)
    y = int(random.integers(0, 8))
    later = after.copy()
    later[y:] = random.integers(0, 4, later[y:].shape)
    again = sweep_layers(before, later, 0)
    assert all(np.array_equal(whole[name][y], again[name][y]) for name in whole)


def test_a_bouncing_line_is_learned() -> None:
    random = np.random.default_rng(0)
    pairs = []
    for width in (3, 4, 5, 6):
        grid = np.zeros((12, width), np.int8)
        grid[0, 0] = color = random.integers(1, 9)
        after = grid.copy()
        for y in range(12):
            phase = y % (2 * width - 2)
            after[y, min(phase, 2 * width - 2 - phase)] = color
        pairs.append((grid, after))
    task = DslTask(tuple(pairs[:-1]), (pairs[-1][0],))
    found = list(sweeps.lane(task, Clock()))
    assert any(np.array_equal(hypothesis.predictions[0], pairs[-1][1]) for hypothesis in found)
    for claimed in found:
        again = hypothesis_for(parse(claimed.program.text), task, "again")
        assert again.explained == claimed.explained
        assert np.array_equal(again.predictions[0], claimed.predictions[0])


def test_a_column_goes_on_below_its_period() -> None:
    made = evaluate(
        parse("sweep_rule(input, 0, 'down', ('own', 'up2'), {(0, 1): 'up2', (0, 2): 'up2'})"),
        from_text("1\n2\n.\n.\n.").cells,
    )
    assert to_text(made) == to_text(from_text("1\n2\n1\n2\n1"))


@pytest.mark.parametrize(
    "program",
    [
        "sweep_rule(input, 0, 'sideways', ('own',), {})",
        "sweep_rule(input, 0, 'up', ('sky',), {})",
        "sweep_rule(input, 0, 'up', ('own',), {0: 'sky'})",
    ],
)
def test_wrong_sweeps_are_errors(program: str) -> None:
    with pytest.raises(EvaluationError, match="sweep_rule"):
        evaluate(parse(program), np.zeros((2, 2), np.int8))

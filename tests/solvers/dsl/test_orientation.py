from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arcsolve_dsl.errors import EvaluationError
from arcsolve_dsl.evaluate import evaluate
from arcsolve_dsl.lane import Clock, DslTask, hypothesis_for
from arcsolve_dsl.lanes import turned
from arcsolve_dsl.orientation import CUES
from arcsolve_dsl.program import parse


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(list(CUES)), st.integers(0, 3))
def test_a_cue_turns_with_the_grid(seed: int, name: str, turn: int) -> None:
    """Turned as its cue says, a grid looks the same whichever way up it was given."""
    random = np.random.default_rng(seed)
    grid = (random.integers(1, 4, (6, 9)) * (random.random((6, 9)) < 0.4)).astype(np.int8)
    if name == "line":
        grid[0], grid[1:, 0], grid[-1, 1:], grid[1:, -1] = 5, 0, 0, 0
    again = np.ascontiguousarray(np.rot90(grid, turn))
    turns, turns_again = CUES[name](grid), CUES[name](again)
    assert (turns is None) == (turns_again is None)
    if turns is None or turns_again is None:
        return
    upright, upright_again = np.rot90(grid, turns), np.rot90(again, turns_again)
    if name == "tall":
        assert upright.shape == upright_again.shape
    else:
        assert np.array_equal(upright, upright_again)


def test_a_rule_shown_in_several_directions_is_learned() -> None:
    """Dots fall away from the line at one edge, which is on another side in each demonstration."""
    random = np.random.default_rng(1)
    pairs = []
    for turn in (0, 1, 2, 3, 1):
        grid = np.zeros((9, 9), np.int8)
        grid[0] = 5
        for x in random.choice(9, 3, replace=False):
            grid[random.integers(2, 7), x] = 2
        rule = "object_rule(input, 0, 'shapes8', ((('color', 'is', 2), 'RAY', 1, 0, 'keep', False),))"
        after = evaluate(parse(rule), grid)
        pairs.append((np.ascontiguousarray(np.rot90(grid, turn)), np.ascontiguousarray(np.rot90(after, turn))))
    task = DslTask(tuple(pairs[:-1]), (pairs[-1][0],))
    found = list(turned.lane(task, Clock()))
    best = min((h for h in found if h.explains_all), key=lambda hypothesis: hypothesis.cost)
    assert best.predictions[0] is not None
    assert np.array_equal(best.predictions[0], pairs[-1][1])
    for claimed in found:
        again = hypothesis_for(parse(claimed.program.text), task, "again")
        assert again.explained == claimed.explained
        assert all(np.array_equal(a, b) for a, b in zip(again.predictions, claimed.predictions, strict=True))


@pytest.mark.parametrize("program", ["turned(input, 'upside')", "turned(input, 'line')"])
def test_no_cue_is_an_error(program: str) -> None:
    with pytest.raises(EvaluationError, match="cue"):
        evaluate(parse(program), np.zeros((2, 2), np.int8))

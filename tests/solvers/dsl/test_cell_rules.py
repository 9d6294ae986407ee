from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from arcsolve_dsl.evaluate import evaluate
from arcsolve_dsl.lane import Clock, DslTask, hypothesis_for
from arcsolve_dsl.lanes.cells import lane
from arcsolve_dsl.lanes.layer_base import NOTHING
from arcsolve_dsl.lanes.layers import FAMILIES, LayerSet
from arcsolve_dsl.lanes.segments import CONVENTIONS, Prop, Scene, look_around
from arcsolve_dsl.program import parse

grids = arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.integers(0, 3))


@settings(max_examples=60, deadline=None)
@given(grids)
def test_components_are_those_of_scipy(grid: np.ndarray) -> None:
    found = Scene(grid, 0).objects("things8")
    labels, count = ndimage.label(grid > 0, structure=np.ones((3, 3)))
    assert found.count == count
    assert np.array_equal(found.labels, labels)
    for index in range(count):
        mask = labels == index + 1
        row = found.table[index]
        ys, xs = np.nonzero(mask)
        assert row[Prop.AREA] == mask.sum()
        assert (row[Prop.TOP], row[Prop.LEFT], row[Prop.BOTTOM], row[Prop.RIGHT]) == (
            ys.min(), xs.min(), ys.max(), xs.max(),
        )  # fmt: skip
        box = mask[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
        assert row[Prop.MIRROR_LR] == np.array_equal(box, box[:, ::-1])
        outside, _ = ndimage.label(np.pad(~box, 1, constant_values=True))
        assert row[Prop.HOLES] == outside.max() - 1
        assert row[Prop.HOLE_AREA] == (outside > 1).sum()


@settings(max_examples=40, deadline=None)
@given(grids)
def test_what_a_cell_sees_is_the_first_colour_on_the_way(grid: np.ndarray) -> None:
    seen = look_around(grid, 0)
    height, width = grid.shape
    for y in range(height):
        for x in range(width):
            left = grid[y, :x][::-1]
            hits = np.flatnonzero(left)
            assert seen[2, y, x] == (left[hits[0]] if len(hits) else NOTHING)
            assert seen[10, y, x] == (hits[0] + 1 if len(hits) else x + 1)


@settings(max_examples=30, deadline=None)
@given(grids)
def test_every_grid_has_the_same_layers(grid: np.ndarray) -> None:
    usual, found = (LayerSet([Scene(g, 0)]) for g in (np.eye(4, dtype=np.uint8), grid))
    usual.add_all()
    found.add_all()
    assert list(found.conditions) == list(usual.conditions)
    assert list(found.paints) == list(usual.paints)
    assert all(plane.shape == grid.shape for plane in [*found.conditions.values(), *found.paints.values()])
    assert {name.split(".")[0] for name in found.conditions} == {*FAMILIES}
    assert set(CONVENTIONS) < set(FAMILIES)


def _task(rule: str, count: int = 4, seed: int = 0) -> tuple[DslTask, np.ndarray]:
    random = np.random.default_rng(seed)
    pairs = []
    for _ in range(count + 1):
        grid = random.choice(
            np.array([0, 0, 0, 0, 3, 4], np.int8), size=(random.integers(8, 13), 2 * random.integers(4, 7))
        )
        pairs.append((grid, evaluate(parse(rule), grid)))
    return DslTask(tuple(pairs[:-1]), (pairs[-1][0],)), pairs[-1][1]


@pytest.mark.parametrize(
    "rule",
    [
        "cell_rule(input, 0, ('cell.color', 'near.any_filled_side'), {(0, 0): 'cell.own', (0, 1): 'color5'})",
        "cell_rule(input, 0, ('ray.on_line',), {0: 'cell.own', 1: 'ray.line_color'})",
        "cell_rule(input, 0, ('shapes8.is_largest',), {0: 'cell.own', 1: 'cell.own', 2: 'color8'})",
        "cell_rule(split_evenly(input, 1, 2), 0, ('cell.color@2',), {0: 'cell.own', 3: 'color1'})",
    ],
)
def test_the_lane_finds_rules_of_its_kind(rule: str) -> None:
    task, answer = _task(rule)
    found = list(lane(task, Clock()))
    best = min(found, key=lambda hypothesis: hypothesis.cost)
    assert best.predictions[0] is not None
    assert np.array_equal(best.predictions[0], answer)


def test_a_program_gives_what_its_hypothesis_claims() -> None:
    task, _ = _task(
        "cell_rule(input, 0, ('near.filled_up', 'cell.color'), {(0, 3): 'cell.own', (1, 3): 'near.next_up'})"
    )
    found = list(lane(task, Clock()))
    assert found
    for claimed in found:
        again = hypothesis_for(parse(claimed.program.text), task, claimed.lane)
        assert again.explained == claimed.explained
        for a, b in zip(again.predictions, claimed.predictions, strict=True):
            assert a is not None
            assert b is not None
            assert np.array_equal(a, b)


def test_nothing_is_found_in_noise() -> None:
    random = np.random.default_rng(3)
    noise = [tuple(random.integers(0, 10, (2, 9, 9), dtype=np.int8)) for _ in range(3)]
    task = DslTask(tuple(noise), (random.integers(0, 10, (9, 9), dtype=np.int8),))
    assert not [found for found in lane(task, Clock()) if found.cost < 30]


def test_a_view_that_makes_a_test_input_too_large_is_left_alone() -> None:
    random = np.random.default_rng(0)
    inputs = [random.integers(0, 3, (3, 3)).astype(np.int8) for _ in range(3)]
    demos = tuple((grid, np.kron(grid, np.ones((3, 3), np.int8))) for grid in inputs)
    fitting = DslTask(demos, (random.integers(0, 3, (4, 4)).astype(np.int8),))
    too_large = DslTask(demos, (random.integers(0, 3, (12, 12)).astype(np.int8),))
    assert any(found.predictions[0].shape == (12, 12) for found in lane(fitting, Clock()))
    assert not list(lane(too_large, Clock()))

from __future__ import annotations

import numpy as np
import pytest

from arcsolve_dsl.evaluate import evaluate
from arcsolve_dsl.lane import Clock, DslTask, Hypothesis, hypothesis_for
from arcsolve_dsl.lanes import crops, objects, repairs, stamps
from arcsolve_dsl.lanes.object_layers import object_features
from arcsolve_dsl.lanes.parts import KINDS, parts_of, pick_index
from arcsolve_dsl.lanes.repair import UNKNOWN, fill_mirror, fill_period
from arcsolve_dsl.lanes.segments import Scene
from arcsolve_dsl.picture import from_text
from arcsolve_dsl.program import parse


def _scattered(random: np.random.Generator) -> np.ndarray:
    """A grid with a few objects that don't touch."""
    grid = np.zeros((16, 16), np.int8)
    for y in range(1, 14, 5):
        for x in range(1, 14, 5):
            if random.random() < 0.5:
                h, w = random.integers(1, 4, 2)
                grid[y : y + h, x : x + w] = random.integers(1, 4)
    grid[1:4, 1:4] = 4
    return grid


def _task(rule: str, seed: int = 0) -> tuple[DslTask, np.ndarray]:
    random = np.random.default_rng(seed)
    pairs = [(grid, evaluate(parse(rule), grid)) for grid in (_scattered(random) for _ in range(5))]
    return DslTask(tuple(pairs[:-1]), (pairs[-1][0],)), pairs[-1][1]


def _best(found: list[Hypothesis]) -> Hypothesis:
    return min(found, key=lambda hypothesis: (-sum(hypothesis.explained), hypothesis.cost))


def _check_claims(found: list[Hypothesis], task: DslTask) -> None:
    for claimed in found:
        again = hypothesis_for(parse(claimed.program.text), task, claimed.lane)
        assert again.explained == claimed.explained
        for a, b in zip(again.predictions, claimed.predictions, strict=True):
            assert a is not None
            assert b is not None
            assert np.array_equal(a, b)


@pytest.mark.parametrize(
    "rule",
    [
        "object_rule(input, 0, 'shapes8', ((('', 'all', 0), 'SHIFT', 1, 1, 'keep', True),))",
        "object_rule(input, 0, 'shapes8', ((('color', 'is', 2), 'RAY', 1, 0, 'keep', False),))",
        "object_rule(input, 0, 'shapes8', ((('color', 'is', 1), 'OUTLINE', 1, 0, 'color8', False),))",
        "object_rule(input, 0, 'shapes8', ((('is_single', 'is', 1), 'SLIDE', 3, 1, 'keep', True),))",
    ],
)
def test_object_rules_are_found(rule: str) -> None:
    task, answer = _task(rule)
    found = list(objects.lane(task, Clock()))
    cheapest = min(hypothesis.cost for hypothesis in found)
    best = [hypothesis.predictions[0] for hypothesis in found if hypothesis.cost == cheapest]
    assert any(grid is not None and np.array_equal(grid, answer) for grid in best)
    _check_claims(found, task)


def test_objects_are_looked_at_anew_after_the_first_rules() -> None:
    """Dots shoot rays to the right; then the rows that are full are recoloured: they are objects only now."""
    random = np.random.default_rng(5)
    first = "object_rule(input, 0, 'shapes8', ((('color', 'is', 2), 'RAY', 3, 0, 'keep', False),))"
    rule = parse(f"object_rule({first}, 0, 'shapes8', ((('size', 'is', 12), 'RECOLOR', 0, 0, 'color7', False),))")
    pairs, pictures = [], []
    for _ in range(5):
        grid = np.zeros((12, 12), np.int8)
        for y in range(1, 11, 3):
            grid[y, 0 if random.random() < 0.5 else random.integers(1, 8)] = 2
        grid[1, 0], grid[10, 4] = 2, 2
        pairs.append((grid, evaluate(rule, grid)))
        pictures.append(evaluate(parse(first), grid).astype(np.uint8))
    task = DslTask(tuple(pairs[:-1]), (pairs[-1][0],))
    outputs = [after.astype(np.uint8) for after in task.outputs]
    found = list(objects.then_objects(first, "0", [0] * 5, pictures, outputs, 0.0))
    assert any(hypothesis.explains_all for hypothesis in found)
    assert all(hypothesis.program.text.count("object_rule(") == 2 for hypothesis in found)
    _check_claims(found, task)


@pytest.mark.parametrize("which", ["most", "least"])
def test_the_part_that_stands_out_is_picked(which: str) -> None:
    random = np.random.default_rng(1)
    pairs = []
    while len(pairs) < 5:
        grid = _scattered(random)
        parts = parts_of(Scene(grid.astype(np.uint8), 0), "shapes8")
        index = pick_index(parts.features, "size", which)
        if index >= 0:
            pairs.append((grid, parts.content(index, "box").astype(np.int8)))
    task = DslTask(tuple(pairs[:-1]), (pairs[-1][0],))
    found = list(crops.lane(task, Clock()))
    predicted = _best(found).predictions[0]
    assert predicted is not None
    assert np.array_equal(predicted, pairs[-1][1])
    _check_claims(found, task)


def test_every_kind_of_part_has_the_same_features() -> None:
    grid = from_text("1.5.2.\n1.5.2.\n..5...\n555555\n..5...\n33533.").cells.astype(np.uint8)
    names = {kind: list(parts_of(Scene(grid, 0), kind).features) for kind in KINDS if kind != "insides"}
    assert len({tuple(found) for found in names.values()}) == 1


def test_mirror_and_period_are_restored() -> None:
    random = np.random.default_rng(2)
    quarter = random.integers(1, 9, (6, 6)).astype(np.uint8)
    half = np.concatenate([quarter, quarter[:, ::-1]], 1)
    whole = np.concatenate([half, half[::-1]], 0)
    masked = whole.copy()
    masked[2:5, 3:5] = UNKNOWN
    assert np.array_equal(fill_mirror(masked), whole)
    tiled = np.tile(random.integers(1, 9, (3, 4)).astype(np.uint8), (4, 4))
    masked = tiled.copy()
    masked[2:5, 3:9] = UNKNOWN
    assert np.array_equal(fill_period(masked), tiled)


def test_a_masked_piece_is_found() -> None:
    random = np.random.default_rng(3)
    pairs = []
    for _ in range(4):
        tiled = np.tile(random.integers(1, 9, (3, 4)).astype(np.int8), (4, 4))
        y, x = random.integers(0, 8, 2)
        masked = tiled.copy()
        masked[y : y + 3, x : x + 4] = 0
        pairs.append((masked, tiled[y : y + 3, x : x + 4]))
    task = DslTask(tuple(pairs[:-1]), (pairs[-1][0],))
    found = list(repairs.lane(task, Clock()))
    predicted = _best(found).predictions[0]
    assert predicted is not None
    assert np.array_equal(predicted, pairs[-1][1])
    _check_claims(found, task)


def test_a_template_is_stamped_on_its_anchors() -> None:
    random = np.random.default_rng(4)
    pairs = []
    for _ in range(4):
        grid = np.zeros((14, 14), np.int8)
        grid[1:3, 1:4] = [[1, 3, 2], [0, 3, 0]]
        for row in (5, 8, 11):
            x = random.integers(0, 11)
            grid[row, x], grid[row, x + 2] = 1, 2
        stamp = parse("stamp(input, 0, 'things8', 'size', 'most', 'anchors', 1, 1, False)")
        pairs.append((grid, evaluate(stamp, grid)))
    task = DslTask(tuple(pairs[:-1]), (pairs[-1][0],))
    found = list(stamps.lane(task, Clock()))
    predicted = _best(found).predictions[0]
    assert predicted is not None
    assert np.array_equal(predicted, pairs[-1][1])
    assert (predicted != pairs[-1][0]).sum() == 6
    _check_claims(found, task)


def test_a_grid_without_objects_has_the_same_features_of_none() -> None:
    some, empty = (Scene(grid, 0) for grid in (np.eye(4, dtype=np.uint8), np.zeros((4, 4), np.uint8)))
    names, nothing = (object_features(scene, scene.objects("shapes8")) for scene in (some, empty))
    assert list(nothing) == list(names)
    assert {len(values) for values in nothing.values()} == {0}

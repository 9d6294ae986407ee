import numpy as np
import pytest

from arcsolve import Candidate, Challenge, Grid, Pair
from arcsolve_ensemble.features import FEATURE_NAMES, LANDMARK_NAMES, landmarks, task_features
from arcsolve_ensemble.features.change import contains
from arcsolve_ensemble.features.probe import PROBE_NAMES, probe_features
from arcsolve_ensemble.features.structure import edge_density, object_sizes, separators
from arcsolve_ensemble.merging.votes import collect


def challenge(*pairs: tuple[list[list[int]], list[list[int]]], test: list[list[int]]) -> Challenge:
    return Challenge("t", tuple(Pair(np.array(a), np.array(b)) for a, b in pairs), (np.array(test),))


def random_challenge(seed: int, side: int = 12) -> Challenge:
    rng = np.random.default_rng(seed)
    pairs = tuple(
        Pair(rng.integers(0, 10, rng.integers(1, side, 2)), rng.integers(0, 10, rng.integers(1, side, 2)))
        for _ in range(rng.integers(1, 6))
    )
    return Challenge(str(seed), pairs, (rng.integers(0, 10, (side, side)),))


def test_about_fifty_finite_features_under_constant_names() -> None:
    assert 45 <= len(FEATURE_NAMES) <= 65
    for seed in range(30):
        values = task_features(random_challenge(seed))
        assert tuple(values) == FEATURE_NAMES
        assert np.isfinite(list(values.values())).all()


@pytest.mark.parametrize("side", [1, 30, 45])
def test_awkward_sizes(side: int) -> None:
    grid = np.zeros((1, side), dtype=int)
    assert tuple(task_features(Challenge("w", (Pair(grid, grid.T),), (grid,)))) == FEATURE_NAMES


def test_known_values() -> None:
    values = task_features(challenge(([[0, 1], [0, 0]], [[0, 2], [0, 0]]), ([[1, 0]], [[2, 0]]), test=[[0, 1, 3]]))
    assert values["same_size"] == 1
    assert values["colour_map_consistent"] == 1
    assert values["changed"] == pytest.approx((1 / 4 + 1 / 2) / 2)
    assert values["new_colours"] == 1
    assert values["test_unseen_colours"] == 1
    assert values["test_width"] == 3
    assert values["scaled_up"] == 0
    bigger = task_features(challenge(([[1]], [[1, 1], [1, 1]]), test=[[1]]))
    assert bigger["scaled_up"] == 1
    assert bigger["in_in_output"] == 1
    assert bigger["log_area_ratio"] == pytest.approx(np.log(4))


def test_the_order_of_demonstrations_does_not_matter() -> None:
    one = random_challenge(5)
    other = Challenge("o", one.train[::-1], one.test_inputs)
    assert task_features(one) == pytest.approx(task_features(other))


def test_objects_are_counted_as_a_flood_fill_counts_them() -> None:
    for seed in range(40):
        rng = np.random.default_rng(seed)
        grid = rng.integers(0, 3, rng.integers(1, 9, 2)).astype(np.int8)
        assert sorted(object_sizes(grid, 0).tolist()) == sorted(flood_fill(grid))


def flood_fill(grid: np.ndarray) -> list[int]:
    sizes, seen = [], set()
    for start in np.ndindex(grid.shape):
        if start in seen or grid[start] == 0:
            continue
        stack, members = [start], {start}
        while stack:
            r, c = stack.pop()
            for at in ((r + 1, c), (r - 1, c), (r, c + 1), (r, c - 1)):
                inside = 0 <= at[0] < grid.shape[0] and 0 <= at[1] < grid.shape[1]
                if inside and at not in members and grid[at] == grid[start]:
                    members.add(at)
                    stack.append(at)
        seen |= members
        sizes.append(len(members))
    return sizes


def test_parts() -> None:
    grid = np.array([[0, 5, 0], [5, 5, 5], [0, 5, 0]], dtype=np.int8)
    assert separators(grid, 0) == 2
    assert contains(grid, grid[1:, 1:])
    assert not contains(grid[1:, 1:], grid)
    assert edge_density(np.zeros((3, 3), dtype=np.int8)) == 0
    assert edge_density(np.array([[0, 1], [1, 0]], dtype=np.int8)) == 1


def test_probing_features() -> None:
    candidates = [
        Candidate(0, np.ones((1, 1), dtype=int), 0.8, demos_solved=2),
        Candidate(0, np.eye(2, dtype=int), 0.3),
    ]
    values = probe_features(collect("m", candidates), demos=2, tests=2)
    assert tuple(values) == PROBE_NAMES
    assert values["probe_answers"] == 0.5
    assert values["probe_best_demos"] == 0.5
    assert values["probe_confidence"] == pytest.approx(0.4)
    assert values["probe_lead"] == pytest.approx(0.25)
    assert set(probe_features({}, demos=3, tests=1).values()) == {0.0}


def of(pairs: list[tuple[Grid, Grid]], test: Grid) -> Challenge:
    return Challenge("t", tuple(Pair(a, b) for a, b in pairs), (test,))


@pytest.mark.parametrize("side", [1, 30, 45])
def test_landmarks_are_finite_and_named_alike_whatever_the_size(side: int) -> None:
    row = np.zeros((1, side), dtype=np.int8)
    dots = np.random.default_rng(2).integers(0, 10, (side, side)).astype(np.int8)
    for task in (
        of([(row, row.T)], row),
        of([(row, row)] * 2, row.T),
        of([(dots, dots[:1])], row),
        of([(dots, dots)] * 3, dots),
    ):
        values = landmarks(task)
        assert tuple(values) == LANDMARK_NAMES
        assert np.isfinite(list(values.values())).all()
    for seed in range(10):
        assert tuple(landmarks(random_challenge(seed))) == LANDMARK_NAMES


def test_landmarks_tell_a_cell_rule_from_noise() -> None:
    rng = np.random.default_rng(0)
    grids = [rng.integers(0, 4, (8, 8)).astype(np.int8) for _ in range(4)]
    ruled = landmarks(of([(a, np.where(a == 2, a[:, ::-1], a)) for a in grids[:3]], grids[3]))
    noise = landmarks(of([(a, rng.integers(0, 4, a.shape).astype(np.int8)) for a in grids[:3]], grids[3]))
    assert ruled["rule_error_1"] == 0
    assert ruled["rule_held_out_exact"] == 1
    assert noise["rule_error_1"] > 0.2
    assert noise["rule_held_out_exact"] == 0


def test_landmarks_find_the_view_and_the_panels() -> None:
    rng = np.random.default_rng(1)
    pairs = []
    for _ in range(3):
        left, right = rng.integers(0, 2, (2, 4, 4))
        grid = np.hstack([left, np.full((4, 1), 5), right]).astype(np.int8)
        pairs.append((grid, (left & right).astype(np.int8)))
    both = landmarks(of(pairs, pairs[0][0]))
    assert both["panels"] == 2
    assert both["panel_error"] == 0
    turned = landmarks(of([(a, np.rot90(a)) for a, _ in pairs], pairs[0][0]))
    assert turned["view_exact"] == 1
    assert turned["rule_error_0"] == 0

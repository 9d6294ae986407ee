from __future__ import annotations

from itertools import combinations
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arcsolve_dsl.lane import Clock, DslTask
from arcsolve_dsl.lanes import cells, crops, objects, repairs, stamps
from arcsolve_dsl.lanes.facts import FACTS, fact_pictures
from arcsolve_dsl.lanes.layer_base import is_named
from arcsolve_dsl.lanes.repair import shifted
from arcsolve_dsl.lanes.segments import Scene
from arcsolve_dsl.lanes.tables import conflicting_pairs, find_condition_sets, fit_table
from arcsolve_dsl.lanes.traces import Act, trace
from arcsolve_dsl.lanes.views import cut_panels, separators, split_evenly, summarize
from arcsolve_dsl.picture import from_text


def _explains(values: np.ndarray, masks: np.ndarray, chosen: tuple[int, ...]) -> bool:
    joint: dict[tuple[int, ...], int] = {}
    for cell, mask in enumerate(masks.tolist()):
        key = tuple(values[list(chosen), cell].tolist())
        joint[key] = joint.get(key, 2**64 - 1) & mask
    return all(joint.values())


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_the_minimal_condition_sets_are_found(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.integers(0, 3, (7, 40)).astype(np.uint8)
    wanted = values[1] * 3 + values[4] if seed % 2 else values[seed % 7]
    masks = (np.uint64(1) << wanted.astype(np.uint64)) | (random.random(40) < 0.2).astype(np.uint64)
    found = np.zeros((150, 4), np.int64)
    pairs = conflicting_pairs(masks, 20, seed)
    count = find_condition_sets(
        values, masks, pairs, np.zeros(1, np.int64), 2, 50, 10_000, found, np.zeros(2, np.int64), 7
    )
    got = {tuple(sorted(row[1 : 1 + row[0]].tolist())) for row in found[:count]}
    singles = {(i,) for i in range(7) if _explains(values, masks, (i,))}
    useful = [i for i in range(7) if (i,) not in singles]
    pairs_expected = {pair for pair in combinations(useful, 2) if _explains(values, masks, pair)}
    assert got == singles | pairs_expected


def test_a_table_is_fitted_applied_and_refitted() -> None:
    values = np.array([[0, 1, 2, 0, 1, 2, 0, 1, 3, 9]], np.uint8)
    paints = np.array([0, 1, 2, 0, 1, 2, 0, 0, 0, 0], np.uint64)
    masks = np.uint64(1) << paints
    masks[6:] = 0
    owner = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 2])
    first, bit, written = (np.zeros(10, np.int64) for _ in range(3))
    held_out, counts = np.zeros(2, np.int64), np.zeros(4, np.int64)
    chosen = np.zeros(3, np.int64)
    for named, last in ((0, 2), (1, 0)):
        kinds = np.array([named], np.uint8)
        keys = fit_table(values, kinds, masks, chosen, 1, owner, 2, 6, 3, 50, first, bit, written, held_out, counts)
        assert keys == 3
        assert written[:8].tolist() == [0, 1, 2, 0, 1, 2, 0, 1]
        assert written[9] == last
        assert held_out.tolist() == [1, 1]
        assert counts.tolist() == [3, 3, 0, 2]


def test_names_are_told_from_amounts() -> None:
    assert is_named("cell.color")
    assert is_named("near.filled_pattern")
    assert is_named("shapes8.shape@2")
    assert not is_named("shapes8.size")
    assert not is_named("ray.steps_up")
    assert not is_named("cell.colors")
    assert not is_named("shapes4.same_shape")


def _traced(drawing: str, k: int, act: Act, a: int, b: int) -> str:
    grid = from_text(drawing).cells.astype(np.uint8)
    scene = Scene(grid, 0)
    found = scene.objects("shapes8")
    cells_, colors = np.empty(8 * grid.size, np.int32), np.empty(8 * grid.size, np.uint8)
    n = trace(grid, found.labels, found.table, 0, k, int(act), a, b, cells_, colors)
    out = np.zeros_like(grid)
    out.reshape(-1)[cells_[: max(0, n)]] = colors[: max(0, n)]
    return "\n".join("".join("." if c == 0 else str(c) for c in row) for row in out.tolist())


@pytest.mark.parametrize(
    ("act", "a", "b", "after"),
    [
        (Act.SHIFT, 1, 1, ".....\n.1...\n.11..\n....."),
        (Act.SLIDE, 1, 0, ".....\n1....\n11...\n....."),
        (Act.SLIDE, 3, 1, "...1.\n...11\n.....\n....."),
        (Act.STEP, 3, 0, "..1..\n..11.\n.....\n....."),
        (Act.REPEAT, 3, 0, "..1.1\n..111\n.....\n....."),
        (Act.RAY, 1, 0, ".....\n.....\n11...\n.1..."),
        (Act.RAY, 1, 2, ".....\n.....\n11...\n11..."),
        (Act.FILL_BOX, 0, 0, ".1...\n.....\n.....\n....."),
        (Act.OUTLINE, 0, 0, ".1...\n..1..\n11...\n....."),
        (Act.RING, 1, 0, "..1..\n..1..\n111..\n....."),
        (Act.FLIP, 1, 0, ".1...\n11...\n.....\n....."),
        (Act.MIRROR, 3, 0, "...1.\n..11.\n.....\n....."),
        (Act.BAND, 0, 0, ".1111\n..111\n.....\n....."),
    ],
)
def test_an_object_paints_what_its_action_says(act: Act, a: int, b: int, after: str) -> None:
    assert _traced("1....\n11...\n.....\n2....", 0, act, a, b) == after


def test_holes_and_rims_are_told_apart() -> None:
    ring = "111\n1.1\n111"
    assert _traced(ring, 0, Act.FILL_HOLES, 0, 0) == "...\n.1.\n..."
    assert _traced(ring, 0, Act.RECOLOR_RIM, 0, 0) == ring
    assert _traced(ring, 0, Act.CENTER, 0, 0) == "...\n.1.\n..."


def test_panels_are_cut_at_lines_of_one_colour() -> None:
    grid = from_text("12511\n..5..\n55555\n3.5.4\n..5..").cells.astype(np.uint8)
    assert separators(grid) == ([2], [2], 5)
    found = cut_panels(grid)
    assert found is not None
    panels, rows, cols = found
    assert (rows, cols) == (2, 2)
    assert panels[2].tolist() == [[3, 0], [0, 0]]
    lead, filled, colors = summarize(panels, rows, cols, 0)
    assert lead.tolist() == [[1, 1], [3, 4]]
    assert filled.tolist() == [[2, 2], [1, 1]]
    assert colors.tolist() == [[2, 1], [1, 1]]
    assert separators(np.zeros((4, 4), np.uint8)) is None
    assert split_evenly(grid, 2, 1) is None


def test_facts_are_plain_pictures() -> None:
    grid = from_text("11.2\n11..\n...2").cells.astype(np.uint8)
    pictures = fact_pictures(grid, 0, 2, 3)
    assert len(pictures) == len(FACTS)
    assert all(p.shape == (2, 3) and len(np.unique(p)) == 1 for p in pictures)
    told = {name: int(p[0, 0]) for name, p in zip(FACTS, pictures, strict=True)}
    assert told["largest_color"] == 1
    assert told["shapes"] == 3
    assert told["single_cells"] == 2
    assert told["most_pieces_color"] == 2


@settings(max_examples=30, deadline=None)
@given(st.integers(-7, 7), st.integers(-7, 7))
def test_a_shift_moves_every_cell(dy: int, dx: int) -> None:
    grid = np.arange(1, 31, dtype=np.uint8).reshape(5, 6)
    moved = shifted(grid, dy, dx, fill=0)
    for y in range(5):
        for x in range(6):
            inside = 0 <= y - dy < 5 and 0 <= x - dx < 6
            assert moved[y, x] == (grid[y - dy, x - dx] if inside else 0)


@pytest.mark.parametrize("module", [cells, crops, objects, repairs, stamps], ids=lambda m: m.NAME)
def test_a_lane_finds_nothing_once_the_clock_is_over(module: ModuleType) -> None:
    random = np.random.default_rng(0)
    grids = [random.choice(np.array([0, 0, 1, 2], np.int8), (6, 6)) for _ in range(4)]
    for crop in (6, 3):
        task = DslTask(tuple((g, g[:crop, :crop].copy()) for g in grids[:3]), (grids[3],))
        assert list(module.lane(task, Clock(deadline=0.0))) == []


@pytest.mark.parametrize("module", [cells, crops, objects, repairs, stamps], ids=lambda m: m.NAME)
def test_a_lane_finds_the_same_twice(module: ModuleType) -> None:
    random = np.random.default_rng(1)
    grids = [random.choice(np.array([0, 0, 0, 1, 2], np.int8), (7, 7)) for _ in range(4)]
    task = DslTask(tuple((g, np.where(g == 1, 3, g).astype(np.int8)) for g in grids[:3]), (grids[3],))
    runs = [[(h.program.text, h.cost) for h in module.lane(task, Clock())] for _ in range(2)]
    assert runs[0] == runs[1]

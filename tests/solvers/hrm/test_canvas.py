"""The canvas data pipeline equals the published one, and its laws hold on any grid."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from arcsolve_hrm import canvas, transforms
from arcsolve_hrm.transforms import Augmentation

REFERENCE = json.loads((Path(__file__).parent / "fixtures" / "data_pipeline.json").read_text())

sides = st.integers(1, 30)
grids = st.tuples(sides, sides).flatmap(lambda shape: arrays(np.int8, shape, elements=st.integers(0, 9)))
augmentations = st.builds(
    Augmentation, st.integers(0, 7), st.permutations(range(10)).map(lambda colours: tuple(colours))
)


def as_grid(cells: list[list[int]]) -> transforms.Grid:
    return np.array(cells, dtype=np.int8)


@pytest.fixture(params=REFERENCE, ids=[entry["task"] for entry in REFERENCE])
def reference(request: pytest.FixtureRequest) -> dict[str, object]:
    return request.param  # type: ignore[no-any-return]


def test_encoding_equals_the_reference(reference):
    assert canvas.encode(as_grid(reference["input"])).tolist() == reference["seq_in"]
    assert canvas.encode(as_grid(reference["output"])).tolist() == reference["seq_out"]


def test_translated_encoding_equals_the_reference(reference):
    cells = np.array(reference["seq_in_translated"]).reshape(30, 30)
    offset = tuple(int(x) for x in np.argwhere(cells >= 2).min(axis=0))
    assert canvas.encode(as_grid(reference["input"]), offset=offset).tolist() == reference["seq_in_translated"]
    assert canvas.encode(as_grid(reference["output"]), offset=offset).tolist() == reference["seq_out_translated"]


def test_dihedral_views_equal_the_reference(reference):
    grid = as_grid(reference["input"])
    for symmetry, expected in enumerate(reference["dihedral"]):
        assert transforms.dihedral(grid, symmetry).tolist() == expected


def test_augmentation_name_and_view_equal_the_reference(reference):
    task, augmentation = transforms.parse_name(reference["aug_name"])
    grid = as_grid(reference["input"])
    assert task == reference["task"]
    assert augmentation.name(task) == reference["aug_name"]
    assert augmentation.apply(grid).tolist() == reference["aug_input"]
    assert np.array_equal(augmentation.invert(as_grid(reference["aug_input"])), grid)


def test_crop_and_hashes_equal_the_reference(reference):
    decoded = canvas.decode(np.array(reference["seq_out"]))
    assert decoded is not None
    assert decoded.tolist() == reference["crop_out"]
    assert canvas.grid_hash(as_grid(reference["input"])) == reference["hash_in"]
    assert canvas.grid_hash(as_grid(reference["output"])) == reference["hash_out"]


def test_names_of_hrm_are_read_too():
    assert transforms.parse_name("007bbfb7_t3_0123456798") == (
        "007bbfb7",
        Augmentation(3, (0, 1, 2, 3, 4, 5, 6, 7, 9, 8)),
    )
    assert transforms.parse_name("a_task_with_t3_in_it") == ("a_task_with_t3_in_it", transforms.IDENTITY)


@given(grids, augmentations)
def test_inverse_undoes_the_augmentation(grid, augmentation):
    assert np.array_equal(augmentation.invert(augmentation.apply(grid)), grid)


@given(grids, st.integers(1, 30), st.integers(1, 30))
def test_decode_undoes_encode_on_any_canvas_that_holds_the_grid(grid, extra_rows, extra_columns):
    height, width = min(30, grid.shape[0] + extra_rows), min(30, grid.shape[1] + extra_columns)
    bounding = canvas.Canvas(height, width)
    tokens = canvas.encode(grid, canvas=bounding)
    decoded = canvas.decode(tokens, canvas=bounding)
    assert decoded is not None
    assert np.array_equal(decoded, grid)
    full = canvas.encode(grid).reshape(30, 30)[:height, :width]
    assert np.array_equal(full.ravel(), tokens)


@given(grids, st.integers(0, 2**32 - 1))
def test_translation_moves_the_grid_and_nothing_else(grid, seed):
    offset = canvas.draw_offset((grid, grid), np.random.default_rng(seed))
    cells = canvas.encode(grid, offset=offset).reshape(30, 30)
    rows, columns = slice(offset[0], offset[0] + grid.shape[0]), slice(offset[1], offset[1] + grid.shape[1])
    assert np.array_equal(cells[rows, columns], grid + 2)
    assert (cells >= 2).sum() == grid.size


def test_decode_takes_the_largest_rectangle():
    cells = np.zeros((30, 30), dtype=np.int32)
    cells[0, :6] = 3
    cells[1:4, :3] = 3  # 4x3 = 12 beats 1x6
    decoded = canvas.decode(cells.ravel())
    assert decoded is not None
    assert decoded.shape == (4, 3)


@pytest.mark.parametrize("first", [canvas.PAD, canvas.EOS])
def test_decode_never_returns_an_empty_grid(first):
    cells = np.full(900, 5, dtype=np.int32)
    cells[0] = first
    assert canvas.decode(cells) is None


def test_a_grid_over_the_edge_is_an_error():
    with pytest.raises(ValueError, match="3x4 grid at offset"):
        canvas.encode(np.zeros((3, 4), np.int8), canvas=canvas.Canvas(3, 3))


def test_positions_are_those_of_the_full_canvas():
    assert canvas.Canvas(2, 3).positions().tolist() == [0, 1, 2, 30, 31, 32]


def test_augmented_puzzles_differ_and_the_first_is_the_task_itself():
    pair = (np.array([[1, 2], [0, 3]], np.int8), np.array([[1, 1]], np.int8))
    puzzles = canvas.augmented_puzzles([pair], 20, np.random.default_rng(0))
    assert len(puzzles) == 21
    assert len({canvas.puzzle_hash(puzzle.pairs) for puzzle in puzzles}) == 21
    assert np.array_equal(puzzles[0].pairs[0][0], pair[0])
    blank = (np.zeros((2, 2), np.int8), np.zeros((2, 2), np.int8))
    assert len(canvas.augmented_puzzles([blank], 20, np.random.default_rng(0))) == 1


def test_one_pair_of_a_translated_puzzle_stays_in_the_corner():
    grid = np.full((3, 3), 4, np.int8)
    rng = np.random.default_rng(3)
    inputs, labels = canvas.encode_puzzle([(grid, grid)] * 6, rng)
    in_corner = [tokens.reshape(30, 30)[:3, :3].min() == 6 for tokens in inputs]
    assert sum(in_corner) == 1
    assert (labels == canvas.IGNORE).sum() == 6 * 900 - 6 * (9 + 6)

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arcsolve_dsl import search
from arcsolve_dsl.lane import Clock, DslTask, hypothesis_for
from arcsolve_dsl.primitives.resizing import outer_cells
from arcsolve_dsl.program import parse


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_the_outer_product_draws_one_copy_a_cell(seed: int) -> None:
    random = np.random.default_rng(seed)
    mask, drawing = (random.integers(0, 3, random.integers(1, 5, 2)).astype(np.int8) for _ in range(2))
    height, width = drawing.shape
    for colours in ("drawing", "mask"):
        found = outer_cells(mask, drawing, colours)
        for (y, x), cell in np.ndenumerate(mask):
            block = found[y * height : (y + 1) * height, x * width : (x + 1) * width]
            own = drawing if colours == "drawing" else (drawing > 0) * cell
            assert np.array_equal(block, own * (cell > 0))


@pytest.mark.parametrize("shape", [(0, 0), (0, 2), (3, 0)])
def test_the_outer_product_of_nothing_is_nothing(shape: tuple[int, int]) -> None:
    drawing = np.ones((2, 3), np.int8)
    assert outer_cells(np.zeros(shape, np.int8), drawing, "mask").shape == (2 * shape[0], 3 * shape[1])


def test_an_outer_product_of_two_parts_is_found() -> None:
    """The left half says where, the right half what: a product of two pictures that only the search makes."""
    random = np.random.default_rng(3)
    pairs = []
    for _ in range(4):
        left, right = random.integers(0, 2, (3, 3)) * 5, random.integers(1, 5, (3, 3))
        pairs.append((np.hstack([left, right]).astype(np.int8), np.kron(left > 0, right).astype(np.int8)))
    task = DslTask(tuple(pairs[:-1]), (pairs[-1][0],))
    unsized = search.guess_sizes(search.prepare(task, normalise=False), Clock())[1]
    found = list(search.products(search.prepare(task, normalise=False), unsized))
    assert found
    best = hypothesis_for(search.prepare(task, normalise=False).wrap(found[0].node), task, "again")
    assert best.explains_all
    assert "outer" in best.program.text
    assert np.array_equal(best.predictions[0], pairs[-1][1])
    assert parse(best.program.text).text == best.program.text


def _ambiguous(is_solvable: bool) -> DslTask:
    """Inputs of 4 x 4, 4 x 4 and (the test) 6 x 6 with outputs of 2 x 2: half of the input, or always 2 x 2."""
    random = np.random.default_rng(0)
    pairs = []
    for _ in range(3):
        grid = random.integers(1, 9, (4, 4)).astype(np.int8)
        pairs.append((grid, grid[:2, :2].copy() if is_solvable else random.integers(1, 9, (2, 2)).astype(np.int8)))
    return DslTask(tuple(pairs), (random.integers(1, 9, (6, 6)).astype(np.int8),))


@pytest.mark.parametrize("is_solvable", [True, False])
def test_several_sizes_are_searched_where_the_first_explains_too_little(
    monkeypatch: pytest.MonkeyPatch, is_solvable: bool
) -> None:
    sized: list[tuple[int, ...]] = []
    real = search.search

    def counted(prepared: search.Prepared, depth: int, size: search.sizes.SizeGuess | None) -> search.Found:
        if size is not None:
            sized.append(tuple(size.sizes[-1].tolist()))
        return real(prepared, depth, size)

    monkeypatch.setattr(search, "search", counted)
    task = _ambiguous(is_solvable)
    guesses, _ = search.guess_sizes(search.prepare(task, normalise=False), Clock(), keep=search.MOST_SIZES)
    assert len({tuple(guess.sizes[-1].tolist()) for guess in guesses}) == len(guesses) > 1
    found = list(search.explore(search.prepare(task, normalise=False), Clock(), 10))
    assert (len(sized) == 1) == is_solvable
    assert len(set(sized)) == len(sized)
    if is_solvable:
        assert any(all(result.explained) for result, _ in found)

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from arcsolve_dsl import colours, sizes
from arcsolve_dsl.picture import from_text
from arcsolve_dsl.program import INPUT, call, format_node

grids = arrays.arrays(np.int8, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.integers(0, 9))


@given(grids, grids, st.booleans())
def test_a_numbering_is_a_permutation_that_can_be_undone(first: np.ndarray, second: np.ndarray, ground: bool) -> None:
    order = colours.fit(((first, second),), ground)
    for grid in (first, second):
        numbering = order.numbering(grid)
        assert sorted(numbering) == list(range(10))
        there = colours.apply_numbering(grid, numbering)
        assert np.array_equal(colours.apply_numbering(there, colours.inverse(numbering)), grid)


def test_the_rarest_colour_gets_a_fixed_number() -> None:
    demos = tuple(
        (from_text(before).cells, from_text(after).cells)
        for before, after in [("333\n34.", "3"), ("77.\n757", "7"), ("122\n222", "2")]
    )
    order = colours.fit(demos)
    rare = {order.numbering(before)[c] for (before, _), c in zip(demos, (4, 5, 1), strict=True)}
    assert len(rare) == 1


def test_the_commonest_colour_becomes_zero() -> None:
    grid = from_text("88.\n888").cells
    order = colours.fit(((grid, grid),), ground=True)
    assert order.numbering(grid)[8] == 0


def test_zero_stays_zero_otherwise() -> None:
    grid = from_text("88.\n888").cells
    assert colours.fit(((grid, grid),)).numbering(grid)[0] == 0


@pytest.mark.parametrize(
    ("targets", "test_size", "text"),
    [
        ([(2, 3), (4, 4)], (5, 6), "blank(input)"),
        ([(4, 9), (8, 12)], (10, 18), "canvas(linear(height(input), 2, 0), linear(width(input), 3, 0))"),
        ([(3, 1), (3, 2)], (3, 3), "canvas(3, width(crop(input)))"),
        ([(5, 3), (8, 4)], (10, 6), "canvas(add(height(input), height(crop(input))), width(input))"),
    ],
)
def test_sizes_are_fitted(targets: list[tuple[int, int]], test_size: tuple[int, int], text: str) -> None:
    inputs, crops = [(2, 3), (4, 4), (5, 6)], [(3, 1), (4, 2), (5, 3)]
    seeds = np.array([inputs, crops], np.int64)
    best = sizes.guess(seeds, [INPUT, call("crop", INPUT)], np.array(targets, np.int64))[0]
    assert best.fits == 2
    assert tuple(best.sizes[2]) == test_size
    assert format_node(best.node) == text

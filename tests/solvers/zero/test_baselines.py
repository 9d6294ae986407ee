import numpy as np
import pytest

import arcsolve
from arcsolve import Budget, Challenge, Pair
from arcsolve.testing import SolverTestCase
from arcsolve_zero.baselines import AgentZero, Identity, MostCommon
from arcsolve_zero.shape import guess_shape


class TestZero(SolverTestCase):
    solver = AgentZero


class TestIdentity(SolverTestCase):
    solver = Identity


class TestMostCommon(SolverTestCase):
    solver = MostCommon


def challenge(shapes: list[tuple[tuple[int, int], tuple[int, int]]], test: tuple[int, int]) -> Challenge:
    train = tuple(Pair(np.full(a, 3), np.full(b, 4)) for a, b in shapes)
    return Challenge("t", train, (np.full(test, 5), np.full((1, 2), 6)))


@pytest.mark.parametrize(
    ("shapes", "test", "expected"),
    [
        ([((2, 3), (2, 3)), ((4, 4), (4, 4))], (5, 6), (5, 6)),
        ([((2, 3), (4, 9)), ((1, 4), (2, 12))], (5, 6), (10, 18)),
        ([((4, 6), (2, 2)), ((2, 3), (1, 1))], (6, 9), (3, 3)),
        ([((4, 4), (3, 1)), ((2, 5), (3, 1))], (6, 9), (3, 1)),
        ([((4, 4), (3, 1)), ((2, 5), (2, 2))], (6, 9), (6, 9)),
        ([((4, 4), (2, 2)), ((8, 2), (4, 1))], (5, 5), (5, 5)),
        ([((4, 4), (2, 2))], (5, 5), (2, 2)),
    ],
)
def test_shape_rule(
    shapes: list[tuple[tuple[int, int], tuple[int, int]]], test: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert guess_shape(challenge(shapes, test), 0) == expected


@pytest.mark.parametrize(("shape", "expected"), [("canvas", (30, 30)), ("input", (5, 6)), ("rule", (10, 18))])
def test_zero(shape: str, expected: tuple[int, int]) -> None:
    solver = AgentZero(AgentZero.Options(shape=shape))
    first, second = solver.solve(challenge([((2, 3), (4, 9))] * 2, (5, 6)), Budget())
    assert first.grid.shape == expected
    assert not first.grid.any()
    assert second.test_index == 1


def test_identity_and_most_common() -> None:
    task = challenge([((2, 2), (2, 2))], (3, 3))
    assert [c.grid[0, 0] for c in Identity().solve(task, Budget())] == [5, 6]
    first = next(iter(MostCommon().solve(task, Budget())))
    assert (first.grid == 4).all()
    assert first.grid.shape == (3, 3)


def test_unknown_shape_is_refused() -> None:
    from arcsolve import plugins

    with pytest.raises(arcsolve.ArcsolveError, match=r"zero.*shape"):
        plugins.load().make_solver("zero", {"shape": "round"})

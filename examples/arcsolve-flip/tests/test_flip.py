"""The solver keeps arcsolve's contract, and solves what it is meant to solve."""

from typing import ClassVar

import numpy as np
from arcsolve_flip.solver import Flip

import arcsolve
from arcsolve.testing import SolverTestCase, make_challenge


class TestFlip(SolverTestCase):
    solver = Flip


class TestFlipByName(SolverTestCase):
    solver = "flip"  # as installed
    options: ClassVar = {"axis": "0"}


def test_it_mirrors():
    challenge = make_challenge("mirror", [[[1, 2]], [[3, 4]], [[5, 6]]], np.fliplr)
    (candidate,) = Flip().solve(challenge, arcsolve.Budget())
    assert candidate.grid.tolist() == [[6, 5]]
    assert candidate.demos_solved == 2

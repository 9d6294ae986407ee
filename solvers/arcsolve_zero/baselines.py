"""Three solvers that look at next to nothing. One that does no better has learned nothing."""

from collections.abc import Iterator
from typing import Literal

import numpy as np

import arcsolve
from arcsolve_zero.shape import guess_shape

CANVAS = 30
"""Side of ARC's largest grid, and of the canvas an HRM paints on."""


class AgentZero(arcsolve.Solver):
    """Answer every test input with zeros.

    Found, not invented: an HRM reported at 49 % on ARC-AGI-1 printed a 30x30 canvas of zeros, which a pixel metric
    cropped to the true output's shape. Exactly right it is never.
    """

    name = "zero"
    version = "1"

    class Options(arcsolve.Options):
        """How large the grid of zeros is."""

        shape: Literal["canvas", "input", "rule"] = arcsolve.Option(
            "canvas",
            description="canvas: 30x30; input: the test input's shape; rule: as the demonstrations suggest",
        )

    def solve(self, challenge: arcsolve.Challenge, budget: arcsolve.Budget) -> Iterator[arcsolve.Candidate]:
        """Yield one grid of zeros per test input."""
        for index, grid in enumerate(challenge.test_inputs):
            if self.options.shape == "canvas":
                shape = (CANVAS, CANVAS)
            elif self.options.shape == "input":
                shape = (grid.shape[0], grid.shape[1])
            else:
                shape = guess_shape(challenge, index)
            yield arcsolve.Candidate(index, np.zeros(shape, np.int8), 0.0, f"zeros, {shape[0]}x{shape[1]}")


class Identity(arcsolve.Solver):
    """Answer every test input with itself."""

    name = "identity"
    version = "1"

    def solve(self, challenge: arcsolve.Challenge, budget: arcsolve.Budget) -> Iterator[arcsolve.Candidate]:
        """Yield each test input."""
        for index, grid in enumerate(challenge.test_inputs):
            yield arcsolve.Candidate(index, grid, 0.0, "the input")


class MostCommon(arcsolve.Solver):
    """Answer with one colour: the most common one in the demonstrations' outputs."""

    name = "most-common"
    version = "1"

    def solve(self, challenge: arcsolve.Challenge, budget: arcsolve.Budget) -> Iterator[arcsolve.Candidate]:
        """Yield one single-coloured grid per test input, in the shape that the demonstrations suggest."""
        cells = np.concatenate([pair.output.ravel() for pair in challenge.train])
        colour = int(np.bincount(cells, minlength=10).argmax())
        for index in range(len(challenge.test_inputs)):
            shape = guess_shape(challenge, index)
            grid = np.full(shape, colour, np.int8)
            yield arcsolve.Candidate(index, grid, 0.0, f"colour {colour}, {shape[0]}x{shape[1]}")

"""The solver 'flip': mirrors the test input. Put your own idea into `solve`."""

from collections.abc import Iterable

import numpy as np

import arcsolve


class Flip(arcsolve.Solver):
    """Mirror the test input."""

    name = "flip"
    version = "1"

    class Options(arcsolve.Options):
        """What can be set with ``-o flip.OPTION=VALUE``."""

        axis: int = arcsolve.Option(1, ge=0, le=1, description="0 mirrors the rows, 1 the columns")

    def solve(self, challenge: arcsolve.Challenge, budget: arcsolve.Budget) -> Iterable[arcsolve.Candidate]:
        """Yield one candidate per test input, surer where the rule explains every demonstration."""
        solved = sum(np.array_equal(np.flip(pair.input, self.options.axis), pair.output) for pair in challenge.train)
        confidence = 0.9 if solved == len(challenge.train) else 0.1
        for index, grid in enumerate(challenge.test_inputs):
            answer = np.flip(grid, self.options.axis)
            yield arcsolve.Candidate(index, answer, confidence, f"flip(axis={self.options.axis})", solved)

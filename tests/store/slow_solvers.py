"""Two solvers for the kill test: answers that depend on task and seed, given slowly enough to be interrupted."""

import time
from collections.abc import Callable, Iterator

import numpy as np

import arcsolve

PAUSE_S = 0.05


class Noise(arcsolve.Solver):
    """Seeded noise around the test input; a candidate every few milliseconds."""

    name = "noise"

    def solve(self, challenge: arcsolve.Challenge, budget: arcsolve.Budget) -> Iterator[arcsolve.Candidate]:
        rng = np.random.default_rng([budget.seed, int(challenge.sha256[:8], 16)])
        for index, grid in enumerate(challenge.test_inputs):
            for step in range(3):
                time.sleep(PAUSE_S / 3)
                noisy = (grid + rng.integers(0, 2, grid.shape)) % 10
                yield arcsolve.Candidate(index, noisy, confidence=float(rng.random()), explanation=f"step {step}")


class Moody(arcsolve.Solver):
    """Copies the input, declines every third task and fails on every fifth."""

    name = "moody"

    def solve(self, challenge: arcsolve.Challenge, budget: arcsolve.Budget) -> Iterator[arcsolve.Candidate]:
        time.sleep(PAUSE_S)
        number = int(challenge.id.removeprefix("task"))
        if number % 3 == 0:
            raise arcsolve.Abstain("a multiple of three")
        if number % 5 == 0:
            raise ValueError("a multiple of five")
        for index, grid in enumerate(challenge.test_inputs):
            yield arcsolve.Candidate(index, grid, confidence=0.5)


@arcsolve.hookimpl
def register_solvers(register: Callable[..., None]) -> None:
    register(Noise)
    register(Moody)

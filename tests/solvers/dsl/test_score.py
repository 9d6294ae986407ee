import numpy as np

import arcsolve
from arcsolve.testing.tasks import make_challenge
from arcsolve_dsl.solver import DslSolver


def test_grids_that_a_program_gives_are_more_likely_than_others() -> None:
    rng = np.random.default_rng(0)
    challenge = make_challenge("mirror", [rng.integers(0, 4, (3, 4)) for _ in range(4)], np.fliplr)
    solver = DslSolver()
    right = np.fliplr(challenge.test_inputs[0])
    wrong = np.full_like(right, 9)
    assert solver.score(challenge, 0, [right]) is None  # nothing was searched yet
    list(solver.solve(challenge, arcsolve.Budget(timeout_s=60).started()))
    scores = solver.score(challenge, 0, [right, wrong])
    assert scores is not None
    assert scores[0] > scores[1] + 1
    assert max(scores) <= 0
    other = make_challenge("other", [rng.integers(0, 4, (3, 3)) for _ in range(4)], np.flipud)
    assert solver.score(other, 0, [right]) is None

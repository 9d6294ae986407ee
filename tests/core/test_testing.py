"""The contract's checks: a good solver passes all, and each kind of bad solver fails the check meant for it."""

import itertools
import time
from unittest import SkipTest

import numpy as np
import pytest

import arcsolve
from arcsolve.testing import AWKWARD, ORDINARY, SolverTestCase, contract


class Good(arcsolve.Solver):
    """Mirror the test input."""

    name = "good"
    resources = arcsolve.Resources(batch_size=2)

    class Options(arcsolve.Options):
        axis: int = arcsolve.Option(1, ge=0, le=1, description="0 rows, 1 columns")

    def solve(self, challenge, budget):
        if max(challenge.test_inputs[0].shape) > 30:
            raise arcsolve.Abstain("wider than 30")
        for index, grid in enumerate(challenge.test_inputs):
            yield arcsolve.Candidate(index, np.flip(grid, self.options.axis), confidence=0.1)

    def score(self, challenge, index, grids):
        return [-1.0 for _ in grids]


class TestGood(SolverTestCase):
    solver = Good
    options = {"axis": "0"}  # noqa: RUF012


class Nameless(Good):
    """Named badly."""

    name = "Nameless One"


class Raises(Good):
    """Fails on one cell."""

    name = "raises"

    def solve(self, challenge, budget):
        if challenge.test_inputs[0].size == 1:
            raise IndexError("too small")
        yield from ()


class Overconfident(Good):
    """Is surer than sure."""

    name = "overconfident"

    def solve(self, challenge, budget):
        yield arcsolve.Candidate(0, challenge.test_inputs[0], confidence=1.5)


class Vandal(Good):
    """Writes into its input."""

    name = "vandal"

    def solve(self, challenge, budget):
        object.__setattr__(challenge, "test_inputs", (np.zeros((1, 1), np.int8),))
        yield from ()


class Endless(Good):
    """Never ends."""

    name = "endless"

    def solve(self, challenge, budget):
        for _ in itertools.count():
            time.sleep(0.001)
        yield


class Forgetful(Good):
    """Answers by how many challenges it has seen."""

    name = "forgetful"
    seen = 0

    def solve(self, challenge, budget):
        self.seen += 1
        yield arcsolve.Candidate(0, challenge.test_inputs[0], confidence=self.seen / 100)


class Liar(Good):
    """Scores above certainty."""

    name = "liar"

    def score(self, challenge, index, grids):
        return [1.0 for _ in grids]


class Miscounting(Good):
    """Answers for challenges it was not given."""

    name = "miscounting"

    def solve_batch(self, challenges, budget):
        yield 99, arcsolve.Candidate(0, challenges[0].test_inputs[0])


@pytest.mark.parametrize(
    ("solver", "check", "message"),
    [
        (Nameless, contract.describes_itself, "lower-case"),
        (Raises, contract.survives_awkward_challenges, "one-cell: IndexError: too small"),
        (Overconfident, contract.candidates_are_well_formed, r"confidence is 1\.5"),
        (Vandal, contract.leaves_challenges_alone, "changed by solving"),
        (Endless, contract.respects_its_budget, "still at work"),
        (Forgetful, contract.same_seed_same_answer, "differs with the same seed"),
        (Liar, contract.scores_are_log_probabilities, "at most 0"),
        (Miscounting, contract.batches_like_single_challenges, "the challenge 99"),
    ],
)
def test_a_bad_solver_fails_the_check_that_is_meant_for_it(solver, check, message):
    challenges = AWKWARD[:1] if solver is Endless else AWKWARD
    subject = contract.Subject(solver, timeout_s=0.05 if solver is Endless else 5, grace_s=0.05, challenges=challenges)
    with pytest.raises(contract.ContractError, match=message):
        check(subject)


def test_a_class_inside_a_function_does_not_travel():
    class Local(Good):
        """Local."""

        name = "local"

    with pytest.raises(contract.ContractError, match="can't be pickled"):
        contract.travels_to_a_worker(contract.Subject(Local))


def test_a_solver_that_abstains_in_prepare_is_skipped():
    class Unprepared(Good):
        """Wants a checkpoint."""

        def prepare(self, challenges, budget):
            raise arcsolve.Abstain("no checkpoint")

    with pytest.raises(SkipTest, match="no checkpoint"):
        contract.survives_awkward_challenges(contract.Subject(Unprepared))


def test_every_check_has_its_test_method():
    assert {f"test_{check.__name__}" for check in contract.CHECKS} == {
        name for name in vars(SolverTestCase) if name.startswith("test_")
    }


def test_the_awkward_challenges_are_what_they_are_called():
    shapes = {challenge.id: challenge.test_inputs[0].shape for challenge in (*AWKWARD, *ORDINARY)}
    assert shapes["one-cell"] == (1, 1)
    assert shapes["largest"] == (30, 30)
    assert shapes["wide"][1] > 30
    by_id = {challenge.id: challenge for challenge in AWKWARD}
    assert len(by_id["one-demo"].train) == 1
    assert len(np.unique(by_id["ten-colours"].train[0].input)) == 10

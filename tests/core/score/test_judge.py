import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from arcsolve import Candidate, Challenge, Pair, Task
from arcsolve.outcome import Category, Status
from arcsolve.run.executor import Report
from arcsolve.score.judge import count_matches, judge

grids = st.tuples(st.integers(1, 5), st.integers(1, 5)).flatmap(
    lambda shape: arrays(np.int8, shape, elements=st.integers(0, 9))
)
DEMO = Pair([[1]], [[2]])
RIGHT = np.array([[1, 2], [3, 4]])
WRONG = np.array([[1, 2], [3, 5]])
LARGE = np.array([[1, 2, 0], [3, 4, 0]])


def task(n_tests: int = 1, *, has_solution: bool = True) -> Task:
    challenge = Challenge("t", (DEMO,), (np.array([[1]]),) * n_tests)
    return Task(challenge, (RIGHT,) * n_tests if has_solution else None)


def judged(*candidates: Candidate, n_tests: int = 1, status: Status = Status.FINISHED, has_solution: bool = True):
    report = Report("s", "t", status, candidates=list(candidates), n_candidates=len(candidates))
    return judge(report, task(n_tests, has_solution=has_solution))


@pytest.mark.parametrize(
    ("grids", "solved_at_1", "solved_at_2", "rank"),
    [
        ([RIGHT], True, True, 1),
        ([WRONG, RIGHT], False, True, 2),
        ([WRONG, LARGE, RIGHT], False, False, 3),
        ([WRONG], False, False, None),
        ([], False, False, None),
    ],
)
def test_two_attempts_by_exact_match(grids: list[np.ndarray], solved_at_1: bool, solved_at_2: bool, rank: int) -> None:
    outcome = judged(*(Candidate(0, grid, 0.9 - i / 10) for i, grid in enumerate(grids)))
    (test,) = outcome.tests
    assert (test.is_solved_at_1, test.is_solved_at_2, test.rank_of_correct) == (solved_at_1, solved_at_2, rank)
    assert (outcome.is_solved_at_1, outcome.is_solved_at_2) == (solved_at_1, solved_at_2)
    assert len(outcome.attempts) == min(2, len(grids))


def test_confidence_decides_and_the_first_wins_a_tie() -> None:
    outcome = judged(Candidate(0, WRONG, 0.1), Candidate(0, LARGE, 0.5), Candidate(0, RIGHT, 0.5))
    assert [attempt.grid.shape for attempt in outcome.attempts] == [(2, 3), (2, 2)]
    assert outcome.category is Category.CORRECT


def test_right_only_after_cropping_is_wrong() -> None:
    outcome = judged(Candidate(0, LARGE, 0.5))
    (test,) = outcome.tests
    assert test.is_solved_cropped
    assert not test.is_solved_at_2
    assert (test.cells, test.cells_matched, test.cells_matched_strict) == (4, 4, 0)
    assert (outcome.pixel_accuracy, outcome.pixel_accuracy_strict) == (1.0, 0.0)
    assert outcome.category is Category.WRONG


def test_every_test_input_counts() -> None:
    outcome = judged(Candidate(0, RIGHT, 0.5), Candidate(1, WRONG, 0.9), Candidate(1, RIGHT, 0.5), n_tests=2)
    assert (outcome.is_solved_at_1, outcome.is_solved_at_2, outcome.fraction_at_2) == (False, True, 1.0)
    half = judged(Candidate(0, RIGHT, 0.5), n_tests=2)
    assert (half.is_solved_at_2, half.fraction_at_2) == (False, 0.5)


@pytest.mark.parametrize(
    ("status", "n_given", "category"),
    [
        (Status.FINISHED, 2, Category.CORRECT),
        (Status.TIMEOUT, 2, Category.CORRECT),
        (Status.FINISHED, 1, Category.MISSING),
        (Status.ABSTAINED, 0, Category.MISSING),
        (Status.TIMEOUT, 1, Category.ERROR),
        (Status.CRASHED, 0, Category.ERROR),
        (Status.OUT_OF_MEMORY, 0, Category.ERROR),
        (Status.ERROR, 0, Category.ERROR),
    ],
)
def test_category(status: Status, n_given: int, category: Category) -> None:
    candidates = [Candidate(index, RIGHT, 0.5) for index in range(n_given)]
    assert judged(*candidates, n_tests=2, status=status).category is category


def test_without_solution_nothing_is_judged() -> None:
    outcome = judged(Candidate(0, RIGHT), has_solution=False)
    assert (outcome.category, outcome.tests, outcome.n_tests) == (None, (), 1)
    assert len(outcome.attempts) == 1


@given(grids, grids)
def test_matches_are_counted_after_cropping(answer: np.ndarray, truth: np.ndarray) -> None:
    expected = sum(
        int(answer[r, c] == truth[r, c])
        for r in range(truth.shape[0])
        for c in range(truth.shape[1])
        if r < answer.shape[0] and c < answer.shape[1]
    )
    assert count_matches(answer, truth) == expected
    assert count_matches(truth, truth) == truth.size

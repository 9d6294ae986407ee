import numpy as np

from arcsolve import Candidate, Challenge, Pair, Task
from arcsolve.outcome import Status
from arcsolve.run.executor import Report
from arcsolve.score.judge import judge
from arcsolve.score.merge import merge, merged_outcome

A, B, C, D = (np.array([[colour]]) for colour in range(1, 5))
TASK = Task(Challenge("t", (Pair(A, B), Pair(B, A)), (A, B)), (C, D))


def merged(**by_solver: list[Candidate]) -> list[tuple[int, int]]:
    return [(c.test_index, int(c.grid[0, 0])) for c in merge(TASK.challenge, by_solver)]


def test_what_reproduces_the_demonstrations_comes_first() -> None:
    program = Candidate(0, A, 0.3, demos_solved=2)
    partial = Candidate(0, C, 0.1, demos_solved=1)
    assert merged(hrm=[Candidate(0, B, 0.99)], dsl=[program, partial]) == [(0, 1), (0, 2), (0, 3)]


def test_each_solvers_own_order_is_kept() -> None:
    partial = Candidate(0, C, 0.9, demos_solved=1)
    program = Candidate(0, A, 0.5, demos_solved=2)
    assert merged(dsl=[program, partial], hrm=[Candidate(0, B, 0.4)]) == [(0, 3), (0, 1), (0, 2)]


def test_agreement_outweighs_one_confident_voice() -> None:
    assert merged(x=[Candidate(0, A, 0.6)], y=[Candidate(0, B, 0.5)], z=[Candidate(0, B, 0.5)]) == [(0, 2), (0, 1)]


def test_test_inputs_are_kept_apart_and_solvers_are_named() -> None:
    pooled = merge(TASK.challenge, {"x": [Candidate(0, A, 0.5)], "y": [Candidate(1, A, 0.5), Candidate(0, A, 0.5)]})
    assert [(c.test_index, c.explanation) for c in pooled] == [(0, "x, y"), (1, "y")]
    assert all(0 < c.confidence <= 1 for c in pooled)


def test_two_attempts_out_of_all() -> None:
    outcomes = [
        judge(Report("x", "t", Status.FINISHED, candidates=[Candidate(0, C, 0.9), Candidate(1, A, 0.9)]), TASK),
        judge(Report("y", "t", Status.FINISHED, candidates=[Candidate(0, A, 0.8), Candidate(1, D, 0.8)]), TASK),
    ]
    assert not any(outcome.is_solved_at_2 for outcome in outcomes)
    assert merged_outcome(TASK, outcomes).is_solved_at_2

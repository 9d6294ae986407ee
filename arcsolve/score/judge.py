"""From a solver's candidates to a judged outcome: two attempts per test input, compared with the solution.

This happens in the parent process only: workers never hold a solution.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from arcsolve.grid import Grid
from arcsolve.outcome import Category, Outcome, Status, TestResult
from arcsolve.run.executor import Report
from arcsolve.solver import Candidate
from arcsolve.task import Task, grids_equal

ATTEMPTS = 2
"""Answers per test input, by ARC's rules."""

FAULTS = frozenset({Status.CRASHED, Status.ERROR, Status.OUT_OF_MEMORY, Status.TIMEOUT})
"""The statuses that explain why an answer is not there."""


def judge(report: Report, task: Task) -> Outcome:
    """Choose the attempts and compare them with the solution, where there is one.

    Args:
        report: what the solver did; its candidates are distinct grids.
        task: the task, with its solution.
    """
    n_tests = len(task.challenge.test_inputs)
    ranked = rank(report.candidates, n_tests)
    attempts = [candidates[:ATTEMPTS] for candidates in ranked]
    tests: tuple[TestResult, ...] = ()
    if task.solution is not None:
        tests = tuple(judge_test(index, truth, ranked[index]) for index, truth in enumerate(task.solution))
    return Outcome(
        solver=report.solver,
        task_id=task.id,
        task_sha256=task.sha256,
        status=report.status,
        category=_categorise(report, tests, attempts),
        detail=report.detail,
        n_tests=n_tests,
        tests=tests,
        attempts=tuple(candidate for chosen in attempts for candidate in chosen),
        candidates=tuple(candidate for candidates in ranked for candidate in candidates),
        n_candidates=report.n_candidates,
        cpu_s=report.cpu_s,
        wall_s=report.wall_s,
        memory_mb=report.memory_mb,
    )


def rank(candidates: Iterable[Candidate], n_tests: int) -> list[list[Candidate]]:
    """The candidates per test input, most confident first; of equals, the one that came first."""
    ranked: list[list[Candidate]] = [[] for _ in range(n_tests)]
    for candidate in candidates:
        ranked[candidate.test_index].append(candidate)
    for of_one in ranked:
        of_one.sort(key=lambda candidate: -candidate.confidence)
    return ranked


def judge_test(test_index: int, truth: Grid, ranked: Sequence[Candidate]) -> TestResult:
    """Compare the ranked candidates for one test input with its true output."""
    right = (place for place, candidate in enumerate(ranked, 1) if grids_equal(candidate.grid, truth))
    place = next(right, None)
    matched = count_matches(ranked[0].grid, truth) if ranked else 0
    has_shape = bool(ranked) and ranked[0].grid.shape == truth.shape
    return TestResult(
        test_index=test_index,
        is_solved_at_1=place == 1,
        is_solved_at_2=place is not None and place <= ATTEMPTS,
        is_solved_cropped=matched == truth.size,
        cells=int(truth.size),
        cells_matched=matched,
        cells_matched_strict=matched if has_shape else 0,
        rank_of_correct=place,
    )


def count_matches(answer: Grid, truth: Grid) -> int:
    """Cells of the true output that the answer gets right after cropping it to the true shape, from the top left."""
    height, width = min(answer.shape[0], truth.shape[0]), min(answer.shape[1], truth.shape[1])
    return int(np.count_nonzero(answer[:height, :width] == truth[:height, :width]))


def _categorise(
    report: Report, tests: Sequence[TestResult], attempts: Sequence[Sequence[Candidate]]
) -> Category | None:
    if not tests:
        return None
    if all(test.is_solved_at_2 for test in tests):
        return Category.CORRECT
    if all(attempts):
        return Category.WRONG
    is_fault = report.status in FAULTS or report.n_malformed > 0
    return Category.ERROR if is_fault else Category.MISSING

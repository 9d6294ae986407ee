from collections.abc import Callable

import numpy as np
import pytest

from arcsolve import Candidate, Challenge, Grid, Pair, Task
from arcsolve.outcome import Outcome, Status
from arcsolve.run.executor import Report
from arcsolve.score.collapse import find_collapse
from arcsolve.score.judge import judge

RNG = np.random.default_rng(0)


def grid() -> Grid:
    return RNG.integers(1, 10, (4, 4)).astype(np.int8)


def make_task(i: int, solution: Callable[[Grid], Grid]) -> Task:
    test = grid()
    return Task(Challenge(f"t{i}", (Pair(test, solution(test)),), (test,)), (solution(test),))


def make_tasks(solution: Callable[[Grid], Grid], n: int = 8) -> list[Task]:
    return [make_task(i, solution) for i in range(n)]


def collapse(tasks: list[Task], answer: Callable[[Task], Grid]) -> str | None:
    def outcome(task: Task) -> Outcome:
        candidates = [Candidate(0, answer(task), 0.9), Candidate(0, np.array([[7]]), 0.1)]
        return judge(Report("s", task.id, Status.FINISHED, candidates=candidates), task)

    return find_collapse([outcome(task) for task in tasks], tasks)


def flip(test: Grid) -> Grid:
    return np.ascontiguousarray(np.flip(test))


FIXED = grid()


@pytest.mark.parametrize(
    ("answer", "phrase"),
    [
        (lambda task: np.zeros((30, 30), np.int8), "100 % of its answers are all zeros, as Agent Zero"),
        (lambda task: np.zeros_like(task.solution[0]), "100 % of its answers are all zeros, as Agent Zero"),
        (lambda task: task.challenge.test_inputs[0], "100 % of its answers are the input, copied"),
        (lambda task: np.full((3, 3), int(task.id[1]) + 1, np.int8), "100 % of its answers are of a single colour"),
        (lambda task: FIXED, "100 % of its answers are one and the same grid"),
        (lambda task: np.zeros((2, 2), np.int8) if task.id > "t2" else grid(), "62 % of its answers are all zeros, "
         "as Agent Zero"),
    ],
)  # fmt: skip
def test_answers_that_ignore_the_input(answer: Callable[[Task], Grid], phrase: str) -> None:
    assert collapse(make_tasks(flip), answer) == phrase


@pytest.mark.parametrize("answer", [lambda task: task.solution[0], lambda task: grid()])
def test_answers_that_depend_on_it(answer: Callable[[Task], Grid]) -> None:
    assert collapse(make_tasks(flip), answer) is None


@pytest.mark.parametrize("solution", [lambda test: test, lambda test: np.zeros_like(test), lambda test: FIXED])
def test_what_the_data_allows_is_no_collapse(solution: Callable[[Grid], Grid]) -> None:
    assert collapse(make_tasks(solution), lambda task: task.solution[0]) is None


def test_few_answers_tell_nothing() -> None:
    assert collapse(make_tasks(flip, n=4), lambda task: np.zeros((30, 30), np.int8)) is None


def test_without_solutions_the_demonstrations_say_what_is_allowed() -> None:
    tasks = [Task(task.challenge) for task in make_tasks(lambda test: test)]
    assert collapse(tasks, lambda task: task.challenge.test_inputs[0]) is None
    assert collapse(tasks, lambda task: np.zeros((30, 30), np.int8)) is not None

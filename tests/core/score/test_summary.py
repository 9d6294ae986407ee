from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from arcsolve import Candidate, Challenge, Outcome, Pair, Run, SolverSpec, Task
from arcsolve.outcome import Status
from arcsolve.run.executor import Report
from arcsolve.score.groups import PROPERTIES, band
from arcsolve.score.judge import judge
from arcsolve.score.summary import Summary, summarise

GRID = np.array([[1, 2], [3, 4]])
WRONG = np.array([[1, 2], [3, 0]])


def make_task(i: int, n_tests: int = 1) -> Task:
    return Task(Challenge(f"t{i}", (Pair(GRID, GRID),) * (i % 3 + 2), (GRID,) * n_tests), (GRID,) * n_tests)


TASKS = [make_task(0), make_task(1), make_task(2, 2), make_task(3), make_task(4)]


def make_run(*solvers: str) -> Run:
    return Run(
        id="r",
        key="k",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        dataset="d",
        dataset_sha256="0" * 64,
        task_ids=tuple(task.id for task in TASKS),
        solvers=tuple(SolverSpec(name, "1", "d 1") for name in solvers),
        seed=0,
        timeout_s=1.0,
        memory_mb=100,
    )


def outcome(solver: str, i: int, *grids: np.ndarray, status: Status = Status.FINISHED, index: int = 0) -> Outcome:
    candidates = [Candidate(index, grid, 0.9 - place / 10) for place, grid in enumerate(grids)]
    return judge(Report(solver, f"t{i}", status, candidates=candidates, cpu_s=2.0, wall_s=3.0), TASKS[i])


@pytest.fixture
def summary() -> Summary:
    outcomes = [
        outcome("a", 0, GRID),
        outcome("a", 1, WRONG, GRID),
        outcome("a", 2, GRID),
        outcome("a", 3, status=Status.TIMEOUT),
        outcome("b", 0, WRONG),
        outcome("b", 3, GRID, status=Status.TIMEOUT),
        outcome("b", 4, status=Status.CRASHED),
        outcome("b", 1, status=Status.ABSTAINED),
    ]
    return summarise(make_run("a", "b"), TASKS, outcomes, is_complete=False, skipped=3)


def test_scores_are_over_all_tasks_asked_for(summary: Summary) -> None:
    a = summary.solvers["a"]
    assert (a.tasks, a.judged, a.solved_at_1, a.solved_at_2) == (5, 5, 1, 2)
    assert a.fraction_at_2 == pytest.approx((1 + 1 + 0.5) / 5)
    assert a.pixel_accuracy == pytest.approx((1 + 0.75 + 0.5) / 5)
    assert a.pixel_accuracy_median == 0.5
    assert a.interval_at_2 == pytest.approx((0.117621, 0.769276), abs=1e-6)
    assert (a.missing, a.timeouts, a.errors) == (2, 1, 0)  # t4 has no outcome, t2 lacks an attempt
    assert (a.cpu_s, a.wall_s) == (8.0, 12.0)
    b = summary.solvers["b"]
    assert (b.solved_at_2, b.missing, b.timeouts, b.errors, b.abstained) == (1, 2, 1, 1, 1)


def test_union_and_ensemble(summary: Summary) -> None:
    assert summary.union_at_2 == 3
    assert summary.ensemble_at_2 == 3


def test_agent_zero_stands_beside(summary: Summary) -> None:
    assert (summary.agent_zero.solved_at_2, summary.agent_zero.pixel_accuracy) == (0, 0.0)


def test_json_has_the_promised_keys(summary: Summary) -> None:
    data = summary.to_json()
    assert data["run"] == "r"
    assert data["dataset"] == {"name": "d", "tasks": 5, "sha256": "0" * 64}
    assert set(data["solvers"]["a"]) >= {
        "tasks", "solved_at_1", "solved_at_2", "fraction_at_2", "solved_cropped", "pixel_accuracy",
        "pixel_accuracy_strict", "missing", "timeouts", "errors", "cpu_s", "wall_s",
    }  # fmt: skip
    assert (data["union"], data["ensemble"]) == ({"solved_at_2": 3}, {"solved_at_2": 3})
    assert (data["is_complete"], data["skipped"]) == (False, 3)


def test_tables_hold_every_task_once(summary: Summary) -> None:
    a = summary.solvers["a"]
    assert sum(a.bands.values()) == 5
    assert set(a.groups) == set(PROPERTIES)
    for groups in a.groups.values():
        assert sum(group.tasks for group in groups.values()) == 5
        assert sum(group.solved_at_2 for group in groups.values()) == 2
    assert {value: group.tasks for value, group in a.groups["demonstrations"].items()} == {"2": 2, "3": 2, "4": 1}


def test_tasks_without_solution_are_not_judged() -> None:
    tasks = [replace(task, solution=None) for task in TASKS]
    report = Report("a", "t0", Status.FINISHED, candidates=[Candidate(0, GRID, 0.5)])
    a = summarise(make_run("a"), tasks, [judge(report, tasks[0])]).solvers["a"]
    assert (a.tasks, a.judged, a.solved_at_2, a.missing, a.pixel_accuracy) == (5, 0, 0, 4, 0.0)


@pytest.mark.parametrize(
    ("accuracy", "name"),
    [(1.0, "perfect"), (0.95, "perfect"), (0.949, "excellent"), (0.8, "excellent"), (0.6, "good"), (0.4, "moderate"),
     (0.2, "poor"), (0.19, "failed"), (0.0, "failed")],
)  # fmt: skip
def test_bands(accuracy: float, name: str) -> None:
    assert band(accuracy) == name


def test_properties() -> None:
    pairs = (Pair(np.zeros((3, 3), int), np.ones((6, 6), int)), Pair(np.full((5, 5), 2), np.full((1, 1), 3)))
    challenge = Challenge("t", pairs, (np.full((11, 11), 4),))
    assert {name: value(challenge) for name, value in PROPERTIES.items()} == {
        "colours": "5-6",
        "size": "101-225 cells",
        "size change": "mixed",
        "demonstrations": "2",
    }


def test_report_names_what_matters(summary: Summary) -> None:
    from io import StringIO

    from rich.console import Console

    from arcsolve.score.report import print_summary

    text = StringIO()
    zeros = [
        judge(Report("zero", t.id, Status.FINISHED,
                     candidates=[Candidate(i, np.zeros((9, 9), int)) for i in range(len(t.challenge.test_inputs))]), t)
        for t in TASKS
    ]  # fmt: skip
    print_summary(summary, Console(file=text, width=140), with_tables=True)
    print_summary(summarise(make_run("zero"), TASKS, zeros), Console(file=text, width=140))
    printed = text.getvalue()
    assert "[interrupted: the same command continues]" in printed
    assert "(Agent Zero)" in printed
    assert "COLLAPSED: zero: 100 % of its answers are all zeros, as Agent Zero." in printed
    assert "union (VBS)" in printed
    assert "tasks by pixel accuracy" in printed

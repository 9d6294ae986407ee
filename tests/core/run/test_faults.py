"""Every way of going wrong: the report says what happened, the neighbours are untouched, no process is left."""

import sys
from collections.abc import Callable

import pytest

from arcsolve.outcome import Status
from arcsolve.run.executor import MAX_KEPT, Report

Run = Callable[..., dict[str, Report]]
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's process control")


def check_neighbours(reports: dict[str, Report]) -> Report:
    """The others have their answer; returns the guilty task's report, which has kept what came before."""
    guilty = reports.pop("guilty")
    for report in reports.values():
        assert (report.status, report.detail, len(report.candidates)) == (Status.FINISHED, "", 1), report
    assert guilty.candidates[0].explanation == "guilty"
    return guilty


@pytest.mark.parametrize(
    ("solver", "status", "detail"),
    [
        ("segfault", Status.CRASHED, "killed by SIGSEGV ("),
        ("leave", Status.CRASHED, "left with exit code 7"),
        ("leave-quietly", Status.CRASHED, "left with exit code 0"),
        ("raise", Status.ERROR, "ValueError: no such luck (faults.py, line "),
        ("exit", Status.ERROR, "SystemExit: 3"),
        ("ask-too-much", Status.OUT_OF_MEMORY, "Unable to allocate"),
        ("decline", Status.ABSTAINED, "not my kind of task"),
        ("meddler", Status.CRASHED, "channel was disturbed"),
    ],
)
def test_fault_is_told_and_harms_nobody(run: Run, solver: str, status: Status, detail: str) -> None:
    guilty = check_neighbours(run(solver))
    assert guilty.status is status
    assert detail in guilty.detail
    assert guilty.wall_s < 15


def test_fork_server_that_is_killed_is_replaced(run: Run) -> None:
    guilty = check_neighbours(run("parricide", workers=1))
    assert (guilty.status, guilty.detail) == (Status.CRASHED, "the solver's fork server ended (SIGKILL)")


@pytest.mark.parametrize("solver", ["loop", "sleep", "flood"])
def test_time_limit_holds(run: Run, solver: str) -> None:
    guilty = check_neighbours(run(solver, timeout_s=1.0))
    assert guilty.status is Status.TIMEOUT
    assert guilty.detail == ""
    assert guilty.wall_s >= 0.9
    assert (guilty.cpu_s > 0.1) == (solver != "sleep")
    assert len(guilty.candidates) <= MAX_KEPT


@linux
@pytest.mark.parametrize("solver", ["greedy", "greedy-child", "burst"])
def test_memory_limit_holds_over_the_process_tree(run: Run, solver: str) -> None:
    guilty = check_neighbours(run(solver))
    assert guilty.status is Status.OUT_OF_MEMORY
    assert "the limit is 300 MiB" in guilty.detail
    assert guilty.memory_mb > 300
    assert guilty.cpu_s > 0.01


@linux
@pytest.mark.parametrize(
    ("then", "status"), [("go on", Status.FINISHED), ("loop", Status.TIMEOUT), ("crash", Status.CRASHED)]
)
def test_grandchild_in_its_own_session_is_found(run: Run, then: str, status: Status) -> None:
    guilty = check_neighbours(run("orphan", f"then={then}", timeout_s=1.5))
    assert guilty.status is status


def test_malformed_candidates_are_dropped_and_counted(run: Run) -> None:
    guilty = check_neighbours(run("malformed"))
    assert guilty.status is Status.FINISHED
    assert guilty.n_malformed == 16
    assert guilty.detail == (
        "16 malformed candidate(s) dropped, the first: expected an arcsolve.Candidate, got ndarray"
    )
    assert [candidate.grid.tolist() for candidate in guilty.candidates] == [[[2, 1]], [[9]]]


def test_solver_that_yields_no_candidates_at_all(run: Run) -> None:
    assert {report.n_malformed for report in run("only-malformed").values()} == {1}
    for report in run("no-iterator").values():
        assert (report.status, report.detail) == (Status.ERROR, "solve() returned NoneType; it should yield candidates")


def test_long_explanation_is_cut(run: Run) -> None:
    guilty = check_neighbours(run("verbose"))
    explanation = guilty.candidates[1].explanation
    assert 60_000 < len(explanation.encode()) <= 64 * 1024
    assert explanation.startswith("ä?ä?")
    assert explanation.endswith(" […]")


def test_noise_stays_away(run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    guilty = check_neighbours(run("noisy"))
    assert (guilty.status, guilty.detail, len(guilty.candidates)) == (Status.FINISHED, "", 2)
    assert capfd.readouterr() == ("", "")


def test_closed_descriptors(run: Run) -> None:
    guilty = check_neighbours(run("closer"))
    assert guilty.status is Status.CRASHED


def test_late_candidate_does_not_count(run: Run) -> None:
    guilty = check_neighbours(run("late", timeout_s=1.0))
    assert (guilty.status, len(guilty.candidates)) == (Status.TIMEOUT, 1)


def test_stopping_by_itself_at_the_last_moment_is_no_timeout(run: Run) -> None:
    assert check_neighbours(run("last-moment", timeout_s=1.0)).status is Status.FINISHED


@pytest.mark.parametrize(
    ("how", "status", "detail"),
    [
        ("raise", Status.ERROR, "the worker could not start: RuntimeError: no weights (faults.py, line "),
        ("prepare", Status.ERROR, "the worker could not start: RuntimeError: bad weights"),
        ("crash", Status.CRASHED, "the worker could not start: the process was killed by SIGSEGV"),
        ("loop", Status.TIMEOUT, "the worker could not start: preparing took longer than 4 s"),
        ("abstain", Status.ABSTAINED, "no GPU here"),
        ("greedy", Status.OUT_OF_MEMORY, "the worker could not start: used "),
    ],
)
def test_worker_that_can_not_start(run: Run, how: str, status: Status, detail: str) -> None:
    for report in run("unborn", f"how={how}", prepare_timeout_s=4.0 if how == "loop" else 30.0).values():
        assert report.status is status
        assert report.detail.startswith(detail)


@pytest.mark.parametrize(
    ("how", "status", "detail"),
    [
        ("raise", Status.ERROR, "RuntimeError: cold (faults.py, line "),
        ("crash", Status.CRASHED, "the worker could not start: the solver's fork server ended (SIGSEGV)"),
        ("loop", Status.TIMEOUT, "the worker could not start: warming up took longer than 4 s"),
    ],
)
def test_fork_server_that_does_not_get_up(run: Run, how: str, status: Status, detail: str) -> None:
    for report in run("slow-to-load", f"how={how}", prepare_timeout_s=4.0 if how == "loop" else 30.0).values():
        assert report.status is status
        assert report.detail.startswith(detail)


@pytest.mark.parametrize(
    ("how", "status", "detail"),
    [("raise", Status.ERROR, "ValueError: bad batch"), ("crash", Status.CRASHED, "killed by SIGSEGV"),
     ("index", Status.ERROR, "solve_batch yielded the challenge index 1; there are 1")],
)  # fmt: skip
def test_fault_in_a_batch_is_the_guilty_tasks_alone(run: Run, how: str, status: Status, detail: str) -> None:
    reports = run("batch", f"how={how}")
    guilty = reports.pop("guilty")
    assert guilty.status is status
    assert detail in guilty.detail
    assert {report.status for report in reports.values()} == {Status.FINISHED}
    assert len(guilty.candidates) == 1


def test_time_limit_of_a_batch_is_its_tasks_together(run: Run) -> None:
    reports = run("batch", "how=loop", timeout_s=0.25)
    assert [reports[i].status.value for i in ("task0", "task1", "guilty", "task3")] == ["timeout"] * 4
    assert [reports[i].status.value for i in ("task4", "task5")] == ["finished"] * 2
    assert reports["task0"].candidates[0].explanation == "1 task0,task1,guilty,task3"

"""A store as the runner sees it: start, record, resume, finish."""

import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

import arcsolve_store
from arcsolve import ArcsolveError, Status
from arcsolve_store import lease
from arcsolve_store.store import Store
from arcsolve_store.synthetic import make_outcome, make_run, without_times


def test_outcomes_come_back_as_they_were_recorded(store: Store) -> None:
    run, done = store.resume_or_start(make_run(), fresh=False)
    assert done == frozenset()
    outcomes = [make_outcome(s, t, seed=i) for s in ("zero", "dsl") for i, t in enumerate(run.task_ids)]
    for outcome in reversed(outcomes):
        store.record(run, outcome)
    back = store.outcomes_of(run)
    assert [without_times(o) for o in back] == [without_times(o) for o in outcomes]
    assert [(o.cpu_s, o.wall_s, o.memory_mb) for o in back] == [(o.cpu_s, o.wall_s, o.memory_mb) for o in outcomes]


def test_an_outcome_without_solution_or_candidates_comes_back(store: Store) -> None:
    run, _ = store.resume_or_start(make_run(), fresh=False)
    bare = replace(
        make_outcome(status=Status.TIMEOUT), tests=(), category=None, attempts=(), candidates=(), detail="10 s"
    )
    store.record(run, bare)
    assert [without_times(o) for o in store.outcomes_of(run)] == [without_times(bare)]


def test_the_same_key_resumes_and_says_what_is_done(store: Store) -> None:
    run, _ = store.resume_or_start(make_run(), fresh=False)
    store.record(run, make_outcome("dsl", "task0001"))
    store.record(run, make_outcome("dsl", "task0002", status=Status.CANCELLED))
    store.finish(run, is_complete=False)
    again, done = store.resume_or_start(make_run("20260102-999999-ffffff"), fresh=False)
    assert again == run
    assert done == {("dsl", "task0001")}


def test_fresh_starts_anew_and_the_newest_run_is_resumed(store: Store) -> None:
    first, _ = store.resume_or_start(make_run("a"), fresh=False)
    store.record(first, make_outcome())
    second, done = store.resume_or_start(make_run("b"), fresh=True)
    assert (second.id, done) == ("b", frozenset())
    third, _ = store.resume_or_start(make_run("c"), fresh=False)
    assert third.id == "b"


def test_another_key_is_another_run(store: Store) -> None:
    store.resume_or_start(make_run("a"), fresh=False)
    other, _ = store.resume_or_start(make_run("b", key="x" * 64), fresh=False)
    assert other.id == "b"


def test_a_run_id_can_not_be_taken_twice(store: Store) -> None:
    store.resume_or_start(make_run("a"), fresh=False)
    with pytest.raises(ArcsolveError, match="already holds a run a"):
        store.resume_or_start(make_run("a"), fresh=True)


def test_a_retry_is_another_row_and_the_latest_is_shown(store: Store) -> None:
    run, _ = store.resume_or_start(make_run(), fresh=False)
    first, second = make_outcome(seed=1), make_outcome(seed=2, solved=(1, 2))
    store.record(run, first)
    store.record(run, second)
    assert [without_times(o) for o in store.outcomes_of(run)] == [without_times(second)]
    with store._engine.connect() as connection:
        rows = connection.execute(text("SELECT retry, is_latest, is_solved_at_2 FROM outcomes ORDER BY retry")).all()
        n_candidates = connection.execute(text("SELECT count(*) FROM candidates")).scalar()
    assert [tuple(row) for row in rows] == [(0, 0, 0), (1, 1, 1)]
    assert n_candidates == len(first.candidates) + len(second.candidates)


def test_equal_grids_are_kept_once(store: Store) -> None:
    run, _ = store.resume_or_start(make_run(), fresh=False)
    for task_id in run.task_ids:
        store.record(run, make_outcome("dsl", task_id, seed=5))
    with store._engine.connect() as connection:
        grids = connection.execute(text("SELECT count(*) FROM grids")).scalar()
    assert grids == len(make_outcome(seed=5).candidates)


def test_an_unknown_solver_is_refused(store: Store) -> None:
    run, _ = store.resume_or_start(make_run(), fresh=False)
    with pytest.raises(ArcsolveError, match="not started here with a solver 'hrm'"):
        store.record(run, make_outcome("hrm"))


def _set_lease(store: Store, **values: object) -> None:
    with store._engine.begin() as connection:
        for name, value in values.items():
            connection.execute(text(f"UPDATE sessions SET {name} = :value"), {"value": value})


def test_a_live_process_keeps_its_run(store: Store) -> None:
    store.resume_or_start(make_run(), fresh=False)
    parent = lease.psutil.Process(os.getppid())
    _set_lease(store, pid=parent.pid, process_started=parent.create_time())
    with pytest.raises(ArcsolveError, match=rf"worked on by process {parent.pid} on {socket.gethostname()}.*--fresh"):
        store.resume_or_start(make_run(), fresh=False)
    store.resume_or_start(make_run("b"), fresh=True)


def test_a_reused_pid_does_not_keep_a_run(store: Store) -> None:
    store.resume_or_start(make_run(), fresh=False)
    parent = lease.psutil.Process(os.getppid())
    _set_lease(store, pid=parent.pid, process_started=parent.create_time() - 1000)
    store.resume_or_start(make_run(), fresh=False)


@pytest.mark.parametrize(("age_s", "is_kept"), [(10, True), (lease.STALE_S + 1, False)])
def test_on_another_machine_only_the_heartbeat_tells(store: Store, age_s: float, is_kept: bool) -> None:
    store.resume_or_start(make_run(), fresh=False)
    beat = (datetime.now(UTC) - timedelta(seconds=age_s)).replace(tzinfo=None)
    _set_lease(store, host="elsewhere", heartbeat_at=str(beat))
    if is_kept:
        with pytest.raises(ArcsolveError, match="on elsewhere"):
            store.resume_or_start(make_run(), fresh=False)
    else:
        store.resume_or_start(make_run(), fresh=False)


def test_features_are_kept_once_per_set_and_task(store: Store) -> None:
    store.record_features([("s" * 64, "basic 1", {"height": 3.0, "ratio": float("nan")})])
    store.record_features([("s" * 64, "basic 1", {"height": 9.0}), ("s" * 64, "basic 2", {"height": 4.0})])
    with store._engine.connect() as connection:
        rows = connection.execute(text('SELECT feature_set, "values" FROM features ORDER BY 1')).all()
    assert [tuple(row) for row in rows] == [
        ("basic 1", '{"height": 3.0, "ratio": null}'),
        ("basic 2", '{"height": 4.0}'),
    ]


def test_a_heartbeat_moves_the_last_sign_of_life(store: Store) -> None:
    run, _ = store.resume_or_start(make_run(), fresh=False)
    _set_lease(store, heartbeat_at="2020-01-01 00:00:00.000000")
    store._beat()
    (row,) = store.runs()
    assert row.heartbeat_at is not None
    assert datetime.now(UTC) - row.heartbeat_at < timedelta(minutes=1)
    store.finish(run, is_complete=False)
    assert store._heartbeat is None


def test_a_heartbeat_that_finds_the_store_locked_is_left_out(tmp_path: Path) -> None:
    with (
        arcsolve_store.open(tmp_path / "a.db", timeout_s=0.01) as store,
        closing(sqlite3.connect(tmp_path / "a.db")) as other,
    ):
        run, _ = store.resume_or_start(make_run(), fresh=False)
        other.execute("BEGIN IMMEDIATE")
        store._beat()
        other.rollback()
        store.finish(run, is_complete=False)


def test_a_process_that_lost_its_run_is_told(store: Store, tmp_path: Path) -> None:
    run, _ = store.resume_or_start(make_run(), fresh=False)
    with arcsolve_store.open(tmp_path / "arcsolve.db") as other:
        other.resume_or_start(make_run(), fresh=False)
        other.record(run, make_outcome())
    with pytest.raises(ArcsolveError, match=r"continued by another process, .* zero on task0000 already"):
        store.record(run, make_outcome())
    assert len(store.outcomes()) == 1


@pytest.mark.parametrize("text", ["\ud800 lone", "a\0b", "x" * 1_000_000, "\u4e2d\U0001f600\n\t"])
def test_any_text_a_solver_sends_can_be_kept(store: Store, text: str) -> None:
    run, _ = store.resume_or_start(make_run(), fresh=False)
    outcome = make_outcome()
    odd = tuple(replace(c, explanation=text) for c in outcome.candidates)
    store.record(run, replace(outcome, candidates=odd, attempts=(), detail=text))
    (back,) = store.outcomes_of(run)
    expected = text.replace("\ud800", r"\ud800").replace("\0", r"\x00")
    assert (back.detail, back.candidates[0].explanation) == (expected, expected)


def test_killed_process_whose_parent_has_not_noticed_holds_no_lease() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        holder = lease.Holder(lease.host_name(), process.pid, psutil.Process(process.pid).create_time())
        assert lease.is_alive(holder, datetime.now(UTC))
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE
        assert not lease.is_alive(holder, datetime.now(UTC))

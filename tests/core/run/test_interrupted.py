"""The program from outside: interrupted in every way, then the same command again."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

import arcsolve_store

MARK = "ARCSOLVE_TEST_MARK"
FAULTS = Path(__file__).with_name("faults.py")
N_TASKS = 30


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    rng = np.random.default_rng(0)

    def pair() -> dict[str, Any]:
        return {key: rng.integers(0, 10, (3, 3)).tolist() for key in ("input", "output")}

    for i in range(N_TASKS):
        task = {"train": [pair(), pair()], "test": [pair() for _ in range(1 + i % 2)]}
        (folder / f"task{i:02}.json").write_text(json.dumps(task))
    return folder


class Program:
    """``arcsolve run`` in a folder of its own, on two workers."""

    def __init__(self, data: Path, store: Path, solver: str = "steady", *more: str) -> None:
        arguments = ["--solver", solver, "--data", str(data), "--store", str(store), "--plugin", str(FAULTS)]
        self.command = [sys.executable, "-m", "arcsolve", "run", *arguments, "--workers", "2", "--json", *more]
        self.mark = f"{store}-{os.getpid()}"

    @contextmanager
    def started(self) -> Iterator[subprocess.Popen[str]]:
        environment = os.environ | {MARK: self.mark}
        pipe = subprocess.PIPE
        with subprocess.Popen(self.command, env=environment, text=True, stdout=pipe, stderr=pipe) as process:
            try:
                yield process
            finally:
                process.kill()

    def run(self) -> tuple[dict[str, Any], str]:
        """To the end; returns summary and messages."""
        with self.started() as process:
            out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        return json.loads(out), err

    def processes(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == self.mark:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def wait_until_nothing_is_left(self) -> None:
        _, alive = psutil.wait_procs(self.processes(), timeout=20)
        assert alive == []
        assert self.processes() == []


TIMES = {"run", "recorded_at", "cpu_s", "wall_s", "memory_mb"}


def rows(store: Path) -> list[tuple[str, ...]]:
    """Everything recorded of the only run, times apart: outcomes with retries, judged tests, candidates with grids."""
    with arcsolve_store.open(store) as opened:
        (run,) = opened.runs()
        assert run.state == "complete"
        everything = [*opened.outcomes(with_retries=True), *opened.test_results(), *opened.candidates()]
    return sorted(
        (type(row).__name__, *(repr(value) for name, value in row._asdict().items() if name not in TIMES))
        for row in everything
    )


def test_same_command_again_has_nothing_to_do_and_fresh_starts_anew(data: Path, tmp_path: Path) -> None:
    store = tmp_path / "runs.db"
    first, err = Program(data, store).run()
    assert err == ""
    again, err = Program(data, store).run()
    assert (again["run"], again["skipped"]) == (first["run"], N_TASKS)
    assert f"{N_TASKS} of {N_TASKS} outcomes are there and skipped (--fresh starts anew)" in err
    assert again["solvers"] == first["solvers"]
    fresh, err = Program(data, store, "steady", "--fresh").run()
    assert err == ""
    assert fresh["run"] != first["run"]
    other, _ = Program(data, store, "steady", "--seed", "1").run()
    assert (other["skipped"], other["run"]) == (0, other["run"])


@pytest.mark.parametrize("n_kills", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_kill_minus_nine_at_random_moments_then_the_same_command(data: Path, tmp_path: Path, n_kills: int) -> None:
    whole = Program(data, tmp_path / "whole.db")
    began = time.monotonic()
    whole.run()
    took_s = time.monotonic() - began
    program = Program(data, tmp_path / "killed.db")
    moments = random.Random(n_kills)
    n_recorded = []
    for _ in range(n_kills):
        with program.started() as process, suppress(subprocess.TimeoutExpired):
            process.wait(timeout=moments.uniform(0.2, 0.8) * took_s)
        program.wait_until_nothing_is_left()
        if (tmp_path / "killed.db").exists():
            n_recorded.append(recorded(tmp_path / "killed.db"))
    program.run()
    assert n_recorded == sorted(n_recorded)
    assert rows(tmp_path / "killed.db") == rows(tmp_path / "whole.db")


def test_kill_minus_nine_takes_grandchildren_along(data: Path, tmp_path: Path) -> None:
    store = tmp_path / "runs.db"
    program = Program(data, store, "hydra", "--timeout", "600")
    with program.started() as process:
        wait_for_outcomes(store, process)
        end = time.monotonic() + 30
        while len(program.processes()) < 5 and time.monotonic() < end:
            continue
        assert len(program.processes()) >= 5  # program, fork server, a worker, its child or grandchild
        process.kill()
    program.wait_until_nothing_is_left()


def recorded(store: Path) -> int:
    with arcsolve_store.open(store) as opened:
        return len(opened.outcomes())


def test_ctrl_c_finishes_what_is_in_flight_and_the_same_command_goes_on(data: Path, tmp_path: Path) -> None:
    store = tmp_path / "runs.db"
    program = Program(data, store, "steady")
    with program.started() as process:
        wait_for_outcomes(store, process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Finishing the tasks in flight; Ctrl-C again to stop them." in err
    summary = json.loads(out)
    assert not summary["is_complete"]
    done = recorded(store)
    assert 0 < done < N_TASKS
    assert summary["solvers"]["steady"]["missing"] == N_TASKS - done
    program.wait_until_nothing_is_left()
    rest, err = program.run()
    assert rest["skipped"] == done
    assert f"{done} of {N_TASKS} outcomes are there and skipped" in err


@pytest.mark.parametrize("signals", [[signal.SIGINT, signal.SIGINT], [signal.SIGTERM]])
def test_second_ctrl_c_or_sigterm_stops_at_once(data: Path, tmp_path: Path, signals: list[signal.Signals]) -> None:
    store = tmp_path / "runs.db"
    program = Program(data, store, "stuck-later", "--timeout", "600")
    with program.started() as process:
        wait_for_outcomes(store, process)
        for number in signals:
            process.send_signal(number)
            if number is signal.SIGINT:
                assert process.stderr is not None
                assert process.stderr.readline() == "\n"
                process.stderr.readline()
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert not json.loads(out)["is_complete"]
    program.wait_until_nothing_is_left()


def wait_for_outcomes(store: Path, process: subprocess.Popen[str]) -> None:
    """Until the program has recorded something."""
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
            if connection.execute("select count(*) from outcomes").fetchone()[0]:
                return
    raise AssertionError("nothing was recorded")

"""The runner killed at random moments: the same command goes on, and the store ends as if nothing had happened."""

import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import arcsolve_store
from arcsolve_store.synthetic import without_times

PLUGIN = Path(__file__).with_name("slow_solvers.py")


def _tasks(folder: Path, n: int) -> Path:
    rng = np.random.default_rng(0)
    folder.mkdir()
    for number in range(n):
        grids = [rng.integers(0, 10, (3, 3)).tolist() for _ in range(4)]
        task = {
            "train": [{"input": grids[0], "output": grids[1]}],
            "test": [{"input": grids[2], "output": grids[2] if number % 2 else grids[3]}],
        }
        (folder / f"task{number:03}.json").write_text(json.dumps(task))
    return folder


def _command(store: Path, data: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "arcsolve", "run", "--plugin", str(PLUGIN), "--solver", "noise,moody", "--json"),
        *("--data", str(data), "--store", str(store), "--workers", "2"),
    ]


def _count(store: Path) -> int:
    """Outcomes in the store, which may be just being made."""
    try:
        with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM outcomes").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def _finish(store: Path, data: Path) -> None:
    done = subprocess.run(_command(store, data), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["is_complete"]


@pytest.mark.parametrize(
    ("n_kills", "n_tasks", "seed"),
    [(2, 12, 0), *(pytest.param(7, 40, seed, marks=pytest.mark.slow) for seed in (1, 2, 3))],
)
def test_a_killed_run_ends_as_an_undisturbed_one(tmp_path: Path, n_kills: int, n_tasks: int, seed: int) -> None:
    data = _tasks(tmp_path / "tasks", n_tasks)
    undisturbed, killed = tmp_path / "undisturbed.db", tmp_path / "killed.db"
    _finish(undisturbed, data)
    rng = random.Random(seed)
    progress = [0]
    for _ in range(n_kills):
        process = subprocess.Popen(_command(killed, data), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        more = rng.randint(0, 2 * (2 * n_tasks // (n_kills + 1)) - 1)
        while process.poll() is None and _count(killed) < progress[-1] + more:
            time.sleep(0.002)
        time.sleep(rng.uniform(0, 0.05 if more else 1.0))  # somewhere between two outcomes, or while starting
        process.send_signal(signal.SIGKILL)
        process.wait()
        progress.append(_count(killed))
    _finish(killed, data)
    print(f"outcomes there after each kill: {progress} of {2 * n_tasks}")
    assert progress == sorted(progress)
    with arcsolve_store.open(undisturbed) as expected, arcsolve_store.open(killed) as found:
        assert [row.state for row in found.runs()] == ["complete"]
        assert len(found.outcomes(with_retries=True)) == 2 * n_tasks
        assert [without_times(o) for o in found.outcomes_of("latest")] == [
            without_times(o) for o in expected.outcomes_of("latest")
        ]
        for table, columns in _TABLES.items():
            sql = f"SELECT {columns} FROM {table} ORDER BY {columns}"
            assert found.query(sql) == expected.query(sql), table


_TABLES = {
    "runs": "key, state, dataset, dataset_sha256, n_tasks, seed, timeout_s, memory_mb",
    "run_tasks": "position, task_id, n_tests",
    "run_solvers": "position, solver, version, distribution, options_given, options",
    "tasks": "task_id, task_sha256",
    "v_retries": (
        "solver, task_id, task_sha256, retry, is_latest, status, category, detail, is_solved_at_1, is_solved_at_2, "
        "is_solved_cropped, n_tests, n_tests_solved_at_1, n_tests_solved_at_2, fraction_at_2, pixel_accuracy, "
        "pixel_accuracy_strict, n_candidates"
    ),
    "v_test_results": (
        "solver, task_id, test_index, is_solved_at_1, is_solved_at_2, is_solved_cropped, cells, cells_matched, "
        "cells_matched_strict, rank_of_correct"
    ),
    "v_candidates": (
        "solver, task_id, test_index, rank, attempt, confidence, is_correct, demos_solved, grid_hash, explanation"
    ),
    "grids": "grid_hash, height, width, cells",
}
"""Every table that outcomes are in, with all its columns but times, memory and keys."""

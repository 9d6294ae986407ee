"""Several processes writing one store: nothing is lost."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import arcsolve_store

SCRIPT = Path(__file__).with_name("write_outcomes.py")


@pytest.mark.parametrize(("n_writers", "n_outcomes"), [(3, 40), pytest.param(8, 150, marks=pytest.mark.slow)])
def test_no_outcome_is_lost(
    tmp_path: Path, n_writers: int, n_outcomes: int, record_property: Callable[[str, object], None]
) -> None:
    path = tmp_path / "shared.db"
    writers = [
        subprocess.Popen(
            [sys.executable, str(SCRIPT), str(path), "abcdefgh"[i], str(n_outcomes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for i in range(n_writers)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    waits = [float(writer.communicate()[0]) for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * n_writers
    record_property("longest_wait_s", max(waits))
    print(f"longest wait for a commit: {max(waits):.3f} s")
    with arcsolve_store.open(path, readonly=True) as store:
        assert {r.run: r.n_outcomes for r in store.runs()} == {"abcdefgh"[i]: n_outcomes for i in range(n_writers)}
        assert len(store.query("SELECT DISTINCT run, task_id FROM v_candidates").rows) == n_writers * n_outcomes

"""How long ``arcsolve ensemble analyse`` takes on a store of a million outcomes.

Run: python tests/benchmarks/ensemble_million.py [FOLDER]. The store (about 250 MB) is made there if need be.
"""

import random
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

import arcsolve_store
from arcsolve_ensemble.analysis.report import analyse
from arcsolve_store.synthetic import make_run

RUNS, SOLVERS, TASKS = 250, 10, 400


def fill(path: Path) -> None:
    """Make RUNS x SOLVERS x TASKS outcomes with one test result and two attempts each."""
    names = tuple(f"solver-{k}" for k in range(SOLVERS))
    with arcsolve_store.open(path) as store:
        for number in range(RUNS):
            run_id = f"20260101-{number:06d}-aaaaaa"
            run, _ = store.resume_or_start(make_run(run_id, key=run_id * 2, n_tasks=TASKS, solvers=names), fresh=False)
            store.finish(run, is_complete=True)
    rng = random.Random(0)
    db = sqlite3.connect(path)
    db.executemany(
        "INSERT INTO tasks (task_pk, task_id, task_sha256) VALUES (?, ?, ?)",
        [(k + 1, f"task{k:04}", f"{k:064x}") for k in range(TASKS)],
    )
    db.execute("INSERT INTO grids VALUES (?, 1, 1, ?)", (b"g", b"x"))
    solver_pks = [row[0] for row in db.execute("SELECT run_solver_pk FROM run_solvers ORDER BY run_solver_pk")]
    outcome = 0
    for solver_pk in solver_pks:
        rate = rng.random() * 0.6
        outcomes, tests, candidates = [], [], []
        for task in range(1, TASKS + 1):
            outcome += 1
            solved = int(rng.random() < rate)
            head = (outcome, solver_pk, task, 0, 1, "2026-01-01 00:00:00.000000", "finished")
            scores = ("correct" if solved else "wrong", 1, *[solved] * 5, 100, 60 + 40 * solved, 60 + 40 * solved, 2)
            outcomes.append((*head, *scores, rng.random(), rng.random(), 50.0, ""))
            tests.append((outcome, 0, solved, solved, solved, 100, 60 + 40 * solved, 60 + 40 * solved, solved or None))
            candidates += [(outcome, 0, k, k, rng.random(), int(solved and k == 1), None, b"g") for k in (1, 2)]
        marks = ",".join("?" * 22)
        db.executemany(f"INSERT INTO outcomes VALUES ({marks})", outcomes)
        db.executemany(f"INSERT INTO test_results VALUES ({','.join('?' * 9)})", tests)
        db.executemany(f"INSERT INTO candidates VALUES ({','.join('?' * 8)})", candidates)
    db.commit()
    db.close()


def main() -> None:
    """Fill the store where needed, then time the analysis of all of it."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp())
    path = folder / "million.db"
    if not path.exists():
        fill(path)
    start, cpu = time.perf_counter(), time.process_time()
    with arcsolve_store.open(path, readonly=True) as records:
        found = analyse(records)
        solved = f"SBS {found.summary['sbs_solved']}, union {found.summary['vbs_solved']}"
        print(f"{RUNS * SOLVERS * TASKS:,} outcomes: {solved}")
    print(f"wall {time.perf_counter() - start:.2f} s, CPU {time.process_time() - cpu:.2f} s")


if __name__ == "__main__":
    main()

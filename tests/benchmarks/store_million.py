"""How long the store's queries take over a million outcomes: ``python tests/benchmarks/store_million.py [FOLDER]``.

Two shapes: many runs of 400 tasks, and two runs of 50,000 tasks. Prints CPU and wall seconds, the better of two calls,
in this process; then whole commands from shell to shell.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import arcsolve_store
from arcsolve_store.reader import Reader
from arcsolve_store.synthetic import fill

SHAPES = {
    "250 runs x 10 solvers x 400 tasks": (250, 10, 400),
    "2 runs x 10 solvers x 50,000 tasks": (2, 10, 50_000),
}


def timed(function: Callable[[], object]) -> tuple[float, float]:
    """CPU and wall seconds of the faster of two calls."""
    times = []
    for _ in range(2):
        cpu, wall = time.process_time(), time.perf_counter()
        function()
        times.append((time.process_time() - cpu, time.perf_counter() - wall))
    return min(times)


def queries(store: Reader) -> dict[str, Callable[[], object]]:
    """What is timed."""
    newest, older = (row.run for row in store.runs()[:2])

    def ensemble() -> object:
        solved = store.outcome_matrix(with_times=False).is_solved_at_2.astype(np.float32)
        return solved.any(axis=1).mean(), solved.T @ solved

    return {
        "runs": store.runs,
        "results of one run": lambda: store.results(newest),
        "results of all runs": store.results,
        "compare two runs, ten solvers": lambda: store.compare(older, newest),
        "union and pairwise matrix, all runs": ensemble,
        "outcome matrix with times, all runs": store.outcome_matrix,
        "outcome matrix with oracle@all, newest run": lambda: store.outcome_matrix(newest, with_oracle=True),
        "confidences of all runs' attempts": store.confidences,
        "near misses, all runs": store.near_misses,
        "SQL: mean score by solver": lambda: store.query(
            "SELECT solver, avg(is_solved_at_2) FROM v_outcomes GROUP BY solver"
        ),
    }


def main() -> None:
    """Make the stores where they are not there yet, and time the queries."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp())
    for name, (n_runs, n_solvers, n_tasks) in SHAPES.items():
        path = folder / f"million-{n_runs}.db"
        if not path.exists():
            start = time.perf_counter()
            fill(path, n_runs=n_runs, n_solvers=n_solvers, n_tasks=n_tasks)
            print(f"made {path} in {time.perf_counter() - start:.0f} s")
        print(f"\n{name}: {path.stat().st_size / 2**20:.0f} MiB\n{'':45} CPU s  wall s")
        with arcsolve_store.open(path, readonly=True) as store:
            for label, function in queries(store).items():
                cpu, wall = timed(function)
                print(f"{label:45} {cpu:5.2f}  {wall:6.2f}", flush=True)
        for command in (["results", "--stored"], ["compare", "latest:solver-1", "latest:solver-2"]):
            argv = [sys.executable, "-m", "arcsolve", *command, "--store", str(path)]
            _, wall = timed(lambda argv=argv: subprocess.run(argv, check=True, stdout=subprocess.DEVNULL))  # type: ignore[misc]
            print(f"{'arcsolve ' + ' '.join(command):45}        {wall:6.2f}")


if __name__ == "__main__":
    main()

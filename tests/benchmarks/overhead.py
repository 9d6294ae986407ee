"""What running a solver that does nothing costs: start-up, and each task, isolation and store included.

    python tests/benchmarks/overhead.py [--repeats 3]

Agent Zero on 400 tasks, from shell to shell, on a fresh store, and on 40 of them: the difference is what 360 tasks
cost. Beside it, in the same run on the same machine: a process that only imports what a run can't do without (click,
rich, pydantic, numpy, SQLAlchemy), so that a slow machine shows as one. Targets on two idle cores: 400 tasks in at most
3 s, under 3 ms a task. For comparison: inspect_ai takes 6.2 s for 400 trivial samples, without isolation.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

IMPORTS = [sys.executable, "-c", "import click, rich.console, rich.table, pydantic, numpy, sqlalchemy.orm"]


class Cost(NamedTuple):
    """What a command took."""

    wall_s: float
    cpu_s: float
    """Of the process and all it started."""


def measure(command: list[str]) -> Cost:
    """Run a command to its end."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    wall_s, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall_s, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)


def run_zero(folder: str, n_tasks: int) -> Cost:
    """``arcsolve run --solver zero`` on a fresh store."""
    store = Path(folder, f"{n_tasks}-{time.monotonic_ns()}.db")
    command = [sys.executable, "-m", "arcsolve", "run", "--solver", "zero", "--store", str(store)]
    return measure([*command, "--limit", str(n_tasks), "--json"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as folder:
        run_zero(folder, 1)  # fills the disk's and Python's caches
        rounds = [(measure(IMPORTS), run_zero(folder, 40), run_zero(folder, 400)) for _ in range(repeats)]
    imports, few, all_tasks = (min(costs, key=lambda cost: cost.wall_s) for costs in zip(*rounds, strict=True))
    print(f"best of {repeats}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"imports alone       {imports.wall_s:6.2f} s wall {imports.cpu_s:6.2f} s CPU")
    print(f"zero on  40 tasks   {few.wall_s:6.2f} s wall {few.cpu_s:6.2f} s CPU")
    print(f"zero on 400 tasks   {all_tasks.wall_s:6.2f} s wall {all_tasks.cpu_s:6.2f} s CPU")
    print(f"  / imports alone   {all_tasks.wall_s / imports.wall_s:6.2f}")
    wall_ms, cpu_ms = ((many - some) / 360 * 1000 for many, some in zip(all_tasks, few, strict=True))
    print(f"each further task   {wall_ms:6.2f} ms wall {cpu_ms:5.2f} ms CPU")


if __name__ == "__main__":
    main()

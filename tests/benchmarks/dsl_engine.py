"""Measure the DSL engine: operations tried per CPU second, and tasks solved over a ladder of time budgets.

    python tests/benchmarks/dsl_engine.py attempts --every 10
    python tests/benchmarks/dsl_engine.py ladder --every 4

An attempt is one operation on one state of one grid, with hashing and de-duplication. The mix of 20 operations is
the one of the engine study: 7 rigid motions, crop, mirrored tiling, scaling, repeated lines, gravity, commonest
colour, fill, three splits, biggest, smallest, pile. CPU seconds count, as the machine may be shared.
"""

from __future__ import annotations

import argparse
import time
from functools import partial

import numpy as np
from dsl_score import load, score

from arcsolve_dsl.engine import dag, ops
from arcsolve_dsl.solver import DEEP_FROM_S
from arcsolve_dsl.warmup import warm_up

MIX = (
    ("rotate", 1), ("rotate", 2), ("rotate", 3), ("flip", "left-right"), ("flip", "up-down"), ("flip", "diagonal"),
    ("flip", "antidiagonal"), ("crop",), ("mirror_tile",), ("scale",), ("drop_repeated_lines",), ("drop", "down"),
    ("solid",), ("fill",), ("cut",), ("components",), ("split_colours",), ("pick", "biggest"), ("pick", "smallest"),
    ("pile",),
)  # fmt: skip


def attempts(every: int, offset: int, depth: int) -> None:
    """Grow all grids of tasks with the mix and with all operations; print attempts per CPU second."""
    entries = load("arc1:training", None, None)[offset::every]
    mixed = ops.table().copy()
    mixed[:, 4] = 0
    for word, *args in MIX:
        mixed[ops.find(word, *args), 4] = 1
    finish = np.array([(ops.find("pile"), -1)], np.int32)
    for name, table, limit in (("mix of 20", mixed, depth), ("all operations", ops.table(), 20)):
        tried = states = 0
        cpu = 0.0
        for task, _ in entries:
            grids = [grid.astype(np.uint8) for grid in task.inputs]
            starts = np.cumsum([0] + [grid.size for grid in grids[:-1]])
            pictures = np.array([(0, 0, *g.shape, at) for g, at in zip(grids, starts, strict=True)], np.int32)
            frames = np.array([[(2 * g.shape[0], 2 * g.shape[1])] for g in grids], np.int64)
            no_target = np.zeros((len(grids), 2), np.int64)
            pixels = np.concatenate([grid.ravel() for grid in grids])
            began = time.process_time()
            fields = dag.build(
                pixels, pictures, np.array([0]), 1, frames, table, finish, no_target, limit, 1800, 50_000, 200_000_000
            )
            cpu += time.process_time() - began
            tried += fields[6]
            states += len(fields[2])
        print(f"{name}, depth {limit}: {tried / cpu:,.0f} attempts and {states / cpu:,.0f} new states per CPU s "
              f"({tried:,} attempts, {len(entries)} tasks, {cpu:.2f} CPU s)")  # fmt: skip


def ladder(every: int, offset: int, budgets: list[float]) -> None:
    """Solve tasks with rising wall-clock budgets; from `DEEP_FROM_S` on deeper, as the solver does."""
    entries = load("arc1:training", None, None)[offset::every]
    print("budget s  solved@2  CPU s a task  solved per CPU s")
    for budget in budgets:
        effort = 2 if budget >= DEEP_FROM_S else 1
        results = list(map(partial(score, lane=None, timeout_s=budget, effort=effort), entries))
        cpu = sum(result.cpu_s for result in results)
        solved = sum(bool(result.right_at) for result in results)
        print(
            f"{budget:8.1f}  {solved:4d}/{len(entries)}  {cpu / len(entries):12.3f}  {solved / cpu:16.2f}", flush=True
        )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["attempts", "ladder"])
    parser.add_argument("--every", type=int, default=20)
    parser.add_argument("--offset", type=int, default=0)
    parser.add_argument("--depth", type=int, default=30, help="for the mix of 20")
    parser.add_argument("--budgets", type=float, nargs="+", default=[0.1, 0.3, 1.0, 3.0, 10.0, 60.0])
    args = parser.parse_args()
    warm_up()
    if args.what == "attempts":
        attempts(args.every, args.offset, args.depth)
    else:
        ladder(args.every, args.offset, args.budgets)


if __name__ == "__main__":
    main()

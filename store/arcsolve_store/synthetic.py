"""Made-up runs and outcomes, for tests and benchmarks of whatever reads or writes a store."""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import numpy as np

from arcsolve.outcome import Category, Outcome, Status, TestResult
from arcsolve.recording import Run, SolverSpec
from arcsolve.solver import Candidate


def make_run(
    run_id: str = "20260102-030405-1a2b3c",
    *,
    key: str = "k" * 64,
    n_tasks: int = 3,
    solvers: tuple[str, ...] = ("zero", "dsl"),
    dataset: str = "synthetic",
    dataset_sha256: str = "d" * 64,
) -> Run:
    """A run on tasks named ``task0000``, ``task0001``, … with two test inputs each."""
    return Run(
        id=run_id,
        key=key,
        created_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        dataset=dataset,
        dataset_sha256=dataset_sha256,
        task_ids=tuple(f"task{i:04}" for i in range(n_tasks)),
        solvers=tuple(
            SolverSpec(name, "1", "synthetic 1.0", options_given={"depth": "3"}, options={"depth": 3, "names": ["a"]})
            for name in solvers
        ),
        seed=7,
        timeout_s=10.0,
        memory_mb=1024,
        environment={"python": "3.12", "argv": ["run"]},
        tests_per_task=(2,) * n_tasks,
    )


def make_outcome(
    solver: str = "zero",
    task_id: str = "task0000",
    *,
    seed: int = 0,
    solved: tuple[int | None, ...] = (1, None),
    status: Status = Status.FINISHED,
    n_candidates: int = 4,
) -> Outcome:
    """A consistent outcome.

    Args:
        solver: who.
        task_id: which task; its hash follows from the id.
        seed: decides grids, confidences and costs.
        solved: per test input, the rank of the right candidate from 1, or None where it is not found.
        status: how the work ended.
        n_candidates: distinct candidates per test input, at least two; the first two are the attempts.
    """
    rng = np.random.default_rng(seed)
    candidates: list[Candidate] = []
    for test in range(len(solved)):
        confidences = np.sort(rng.random(n_candidates))[::-1]
        for rank in range(n_candidates):
            grid = rng.integers(0, 10, (2, 3 + rank), dtype=np.int8)
            candidates.append(
                Candidate(
                    test,
                    grid,
                    confidence=float(confidences[rank]),
                    explanation=f"rotate {rank}" if rank % 2 else "",
                    demos_solved=rank or None,
                )
            )
    tests = tuple(
        TestResult(
            test_index=test,
            is_solved_at_1=rank == 1,
            is_solved_at_2=rank in (1, 2),
            is_solved_cropped=rank == 1,
            cells=9,
            cells_matched=9 if rank == 1 else int(rng.integers(0, 9)),
            cells_matched_strict=9 if rank == 1 else 0,
            rank_of_correct=rank,
        )
        for test, rank in enumerate(solved)
    )
    is_solved = bool(tests) and all(test.is_solved_at_2 for test in tests)
    return Outcome(
        solver=solver,
        task_id=task_id,
        task_sha256=(task_id + "0" * 64)[:64],
        status=status,
        category=Category.CORRECT if is_solved else Category.WRONG,
        n_tests=len(solved),
        tests=tests,
        attempts=tuple(candidates[test * n_candidates + k] for test in range(len(solved)) for k in (0, 1)),
        candidates=tuple(candidates),
        n_candidates=len(candidates) + 3,
        cpu_s=float(rng.random()),
        wall_s=float(rng.random()),
        memory_mb=33.0,
    )


def without_times(outcome: Outcome) -> tuple[object, ...]:
    """Everything an outcome says but its times and memory, as plain values: equal where two outcomes are."""

    def plain(candidates: tuple[Candidate, ...]) -> list[tuple[object, ...]]:
        return [(c.test_index, c.grid.tolist(), c.confidence, c.explanation, c.demos_solved) for c in candidates]

    return (
        *(outcome.solver, outcome.task_id, outcome.task_sha256, outcome.status, outcome.category, outcome.detail),
        *(outcome.n_tests, outcome.tests, outcome.n_candidates),
        *(plain(outcome.attempts), plain(outcome.candidates)),
    )


def fill(path: str | os.PathLike[str], *, n_runs: int, n_solvers: int, n_tasks: int, seed: int = 0) -> None:
    """Make a store of many outcomes in bulk: n_runs x n_solvers x n_tasks, each with one test input and two attempts.

    Solvers differ in skill and tasks in difficulty, so that unions and comparisons are not trivial.

    Args:
        path: where; a new store is made.
        n_runs: complete runs on the same tasks.
        n_solvers: solvers per run.
        n_tasks: tasks.
        seed: decides everything.
    """
    import arcsolve_store
    from arcsolve_store import tables as db

    rng = np.random.default_rng(seed)
    skill, difficulty = rng.random(n_solvers) / 2, rng.random(n_tasks)
    spread = rng.random((n_solvers, n_tasks))
    n_grids = 1000
    now = "2026-01-01 00:00:00.000000"
    with arcsolve_store.open(path) as store, store._engine.begin() as connection:

        def insert(table: Any, rows: Iterable[tuple[Any, ...]]) -> None:
            marks = ", ".join("?" * len(table.columns))
            connection.exec_driver_sql(f"INSERT INTO {table.name} VALUES ({marks})", list(rows))

        ids = [f"task{i:06}" for i in range(n_tasks)]
        insert(db.tasks, ((i + 1, task_id, f"{i:064x}") for i, task_id in enumerate(ids)))
        insert(db.grids, (_grid_row(rng.integers(0, 10, (3, 3), dtype=np.int8)) for _ in range(n_grids)))
        grids = [row[0] for row in connection.exec_driver_sql("SELECT grid_hash FROM grids")]
        for run in range(n_runs):
            run_pk = run + 1
            run_id = f"20260101-{run:06}-000000"
            insert(
                db.runs,
                [(run_pk, run_id, f"{run:064x}", now, "complete", "synthetic", "d" * 64, n_tasks, 0, 10.0, 1024, "{}")],
            )
            insert(db.run_tasks, ((run_pk, position, task_id, 1) for position, task_id in enumerate(ids)))
            for solver in range(n_solvers):
                run_solver_pk = run * n_solvers + solver + 1
                insert(
                    db.run_solvers,
                    [(run_solver_pk, run_pk, solver, f"solver-{solver}", "1", "synthetic 1.0", "{}", "{}")],
                )
                noise = 0.1 * rng.random(n_tasks)
                at_2 = skill[solver] + spread[solver] / 2 + noise > 0.1 + difficulty
                at_1 = at_2 & (rng.random(n_tasks) < 0.8)
                cells = rng.integers(9, 300, n_tasks)
                matched = np.where(at_1, cells, cells * rng.random(n_tasks) * 0.99).astype(int)
                first = (run_solver_pk - 1) * n_tasks + 1
                columns = zip(
                    *(range(first, first + n_tasks), at_1.tolist(), at_2.tolist(), cells.tolist(), matched.tolist()),
                    *(rng.random(n_tasks).tolist(), rng.random(n_tasks).tolist(), rng.random(n_tasks).tolist()),
                    rng.integers(0, len(grids) - 1, n_tasks).tolist(),
                    strict=True,
                )
                outcomes, tests, candidates = [], [], []
                for task, (pk, is_1, is_2, n, m, cpu_s, wall_s, confidence, grid) in enumerate(columns):
                    category = "correct" if is_2 else "wrong"
                    judged = (1, is_1, is_2, is_1, is_2, is_1, n, m, m)
                    outcomes.append(
                        (
                            *(pk, run_solver_pk, task + 1, 0, True, now, "finished", category),
                            *(*judged, 2, cpu_s, wall_s, 50.0, ""),
                        )
                    )
                    tests.append((pk, 0, is_1, is_2, is_1, n, m, m, 1 if is_1 else 2 if is_2 else None))
                    candidates.append((pk, 0, 1, 1, confidence, is_1, None, grids[grid]))
                    candidates.append((pk, 0, 2, 2, confidence / 2, is_2 and not is_1, None, grids[grid + 1]))
                insert(db.outcomes, outcomes)
                insert(db.test_results, tests)
                insert(db.candidates, candidates)
        connection.exec_driver_sql("ANALYZE")


def _grid_row(grid: Any) -> tuple[Any, ...]:
    from arcsolve_store.grids import encode, grid_hash

    return grid_hash(grid), *grid.shape, encode(grid)

"""Made-up runs and outcomes, for tests and benchmarks of whatever reads or writes a store."""

from datetime import UTC, datetime

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

"""Reading runs and outcomes back as the core's own types."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, select

from arcsolve.outcome import Category, Outcome, Status, TestResult
from arcsolve.recording import Run, SolverSpec
from arcsolve.solver import Candidate
from arcsolve_store import tables as db
from arcsolve_store.grids import decode


def load_run(connection: Connection, run_pk: int) -> Run:
    """The run as it was started."""
    row = connection.execute(select(db.runs).where(db.runs.c.run_pk == run_pk)).one()
    tasks = connection.execute(
        select(db.run_tasks.c.task_id, db.run_tasks.c.n_tests)
        .where(db.run_tasks.c.run_pk == run_pk)
        .order_by(db.run_tasks.c.position)
    ).all()
    solvers = connection.execute(
        select(db.run_solvers).where(db.run_solvers.c.run_pk == run_pk).order_by(db.run_solvers.c.position)
    ).all()
    counts = tuple(task.n_tests for task in tasks)
    return Run(
        id=row.id,
        key=row.key,
        created_at=row.created_at,
        dataset=row.dataset,
        dataset_sha256=row.dataset_sha256,
        task_ids=tuple(task.task_id for task in tasks),
        solvers=tuple(
            SolverSpec(
                name=solver.solver,
                version=solver.version,
                distribution=solver.distribution,
                options_given=solver.options_given,
                options=solver.options,
            )
            for solver in solvers
        ),
        seed=row.seed,
        timeout_s=row.timeout_s,
        memory_mb=row.memory_mb,
        environment=row.environment,
        tests_per_task=() if None in counts else counts,
    )


def load_outcomes(connection: Connection, run_pk: int) -> list[Outcome]:
    """The run's latest outcome per (solver, task), whole, in the order of its solvers and tasks."""
    latest = (db.run_solvers.c.run_pk == run_pk) & db.outcomes.c.is_latest
    tests: dict[int, list[TestResult]] = defaultdict(list)
    for row in connection.execute(_children(db.test_results, [db.test_results]).where(latest)):
        outcome_pk, *values = row
        tests[outcome_pk].append(TestResult(*values))
    candidates: dict[int, list[tuple[int | None, Candidate]]] = defaultdict(list)
    for outcome_pk, attempt, candidate in _candidates(connection, latest):
        candidates[outcome_pk].append((attempt, candidate))
    rows = connection.execute(
        select(db.outcomes, db.run_solvers.c.solver, db.tasks.c.task_id, db.tasks.c.task_sha256)
        .join(db.run_solvers, db.run_solvers.c.run_solver_pk == db.outcomes.c.run_solver_pk)
        .join(db.tasks, db.tasks.c.task_pk == db.outcomes.c.task_pk)
        .outerjoin(
            db.run_tasks,
            (db.run_tasks.c.run_pk == db.run_solvers.c.run_pk) & (db.run_tasks.c.task_id == db.tasks.c.task_id),
        )
        .where(latest)
        .order_by(db.run_solvers.c.position, db.run_tasks.c.position)
    )
    return [_outcome(row, tests[row.outcome_pk], candidates[row.outcome_pk]) for row in rows]


def _outcome(row: Any, tests: list[TestResult], ranked: list[tuple[int | None, Candidate]]) -> Outcome:
    handed_in = sorted(
        ((candidate.test_index, attempt, candidate) for attempt, candidate in ranked if attempt is not None),
        key=lambda item: item[:2],
    )
    return Outcome(
        solver=row.solver,
        task_id=row.task_id,
        task_sha256=row.task_sha256,
        status=Status(row.status),
        category=None if row.category is None else Category(row.category),
        detail=row.detail,
        n_tests=row.n_tests,
        tests=tuple(tests),
        attempts=tuple(candidate for _, _, candidate in handed_in),
        candidates=tuple(candidate for _, candidate in ranked),
        n_candidates=row.n_candidates,
        cpu_s=row.cpu_s,
        wall_s=row.wall_s,
        memory_mb=row.memory_mb,
    )


def _candidates(connection: Connection, latest: Any) -> list[tuple[int, int | None, Candidate]]:
    statement = (
        _children(
            db.candidates,
            [
                db.candidates.c.outcome_pk,
                db.candidates.c.attempt,
                db.candidates.c.test_index,
                db.candidates.c.confidence,
                db.candidates.c.demos_solved,
                db.grids.c.height,
                db.grids.c.width,
                db.grids.c.cells,
                db.explanations.c.explanation,
            ],
        )
        .join(db.grids, db.grids.c.grid_hash == db.candidates.c.grid_hash)
        .outerjoin(
            db.explanations,
            (db.explanations.c.outcome_pk == db.candidates.c.outcome_pk)
            & (db.explanations.c.test_index == db.candidates.c.test_index)
            & (db.explanations.c.rank == db.candidates.c.rank),
        )
        .where(latest)
        .order_by(db.candidates.c.outcome_pk, db.candidates.c.test_index, db.candidates.c.rank)
    )
    return [
        (
            row.outcome_pk,
            row.attempt,
            Candidate(
                row.test_index,
                decode(row.cells, row.height, row.width),
                confidence=row.confidence,
                explanation=row.explanation or "",
                demos_solved=row.demos_solved,
            ),
        )
        for row in connection.execute(statement)
    ]


def _children(table: Table, columns: Sequence[Any]) -> Any:
    return (
        select(*columns)
        .join(db.outcomes, db.outcomes.c.outcome_pk == table.c.outcome_pk)
        .join(db.run_solvers, db.run_solvers.c.run_solver_pk == db.outcomes.c.run_solver_pk)
    )

"""Reading runs and outcomes back as the core's own types."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from arcsolve.outcome import Category, Outcome, Status, TestResult
from arcsolve.recording import Run, SolverSpec
from arcsolve.solver import Candidate
from arcsolve_store.grids import decode
from arcsolve_store.models import (
    CandidateRecord,
    ExplanationRecord,
    GridRecord,
    OutcomeRecord,
    RunRecord,
    RunSolverRecord,
    RunTaskRecord,
    TaskRecord,
    TestResultRecord,
)


def load_run(connection: Connection, run_pk: int) -> Run:
    """The run as it was started."""
    row = connection.execute(select(RunRecord.__table__).where(RunRecord.run_pk == run_pk)).one()
    tasks = connection.execute(
        select(RunTaskRecord.task_id, RunTaskRecord.n_tests)
        .where(RunTaskRecord.run_pk == run_pk)
        .order_by(RunTaskRecord.position)
    ).all()
    solvers = connection.execute(
        select(RunSolverRecord.__table__).where(RunSolverRecord.run_pk == run_pk).order_by(RunSolverRecord.position)
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
    latest = (RunSolverRecord.run_pk == run_pk) & OutcomeRecord.is_latest
    tests: dict[int, list[TestResult]] = defaultdict(list)
    for row in connection.execute(_children(TestResultRecord, [TestResultRecord.__table__]).where(latest)):
        outcome_pk, *values = row
        tests[outcome_pk].append(TestResult(*values))
    candidates: dict[int, list[tuple[int | None, Candidate]]] = defaultdict(list)
    for outcome_pk, attempt, candidate in _candidates(connection, latest):
        candidates[outcome_pk].append((attempt, candidate))
    rows = connection.execute(
        select(OutcomeRecord.__table__, RunSolverRecord.solver, TaskRecord.task_id, TaskRecord.task_sha256)
        .join(RunSolverRecord, RunSolverRecord.run_solver_pk == OutcomeRecord.run_solver_pk)
        .join(TaskRecord, TaskRecord.task_pk == OutcomeRecord.task_pk)
        .outerjoin(
            RunTaskRecord,
            (RunTaskRecord.run_pk == RunSolverRecord.run_pk) & (RunTaskRecord.task_id == TaskRecord.task_id),
        )
        .where(latest)
        .order_by(RunSolverRecord.position, RunTaskRecord.position)
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
            CandidateRecord,
            [
                CandidateRecord.outcome_pk,
                CandidateRecord.attempt,
                CandidateRecord.test_index,
                CandidateRecord.confidence,
                CandidateRecord.demos_solved,
                GridRecord.height,
                GridRecord.width,
                GridRecord.cells,
                ExplanationRecord.explanation,
            ],
        )
        .join(GridRecord, GridRecord.grid_hash == CandidateRecord.grid_hash)
        .outerjoin(
            ExplanationRecord,
            (ExplanationRecord.outcome_pk == CandidateRecord.outcome_pk)
            & (ExplanationRecord.test_index == CandidateRecord.test_index)
            & (ExplanationRecord.rank == CandidateRecord.rank),
        )
        .where(latest)
        .order_by(CandidateRecord.outcome_pk, CandidateRecord.test_index, CandidateRecord.rank)
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


def _children(model: Any, columns: Sequence[Any]) -> Any:
    return (
        select(*columns)
        .join(OutcomeRecord, OutcomeRecord.outcome_pk == model.outcome_pk)
        .join(RunSolverRecord, RunSolverRecord.run_solver_pk == OutcomeRecord.run_solver_pk)
    )

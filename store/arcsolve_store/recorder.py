"""Writing: starting and resuming runs, recording outcomes. Every public method is one short transaction."""

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Table, and_, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from arcsolve.outcome import Outcome, Status
from arcsolve.recording import Run
from arcsolve.solver import Candidate
from arcsolve.task import grids_equal
from arcsolve_store import lease
from arcsolve_store.engines import explained
from arcsolve_store.grids import encode, grid_hash
from arcsolve_store.location import Location, StoreError
from arcsolve_store.models import (
    CandidateRecord,
    ExplanationRecord,
    FeatureRecord,
    GridRecord,
    OutcomeRecord,
    RunRecord,
    RunSolverRecord,
    RunTaskRecord,
    SessionRecord,
    TaskRecord,
    TestResultRecord,
)
from arcsolve_store.restoring import load_run

_ANALYSIS_LIMIT = 400
"""Index entries SQLite samples for the query planner when a run ends: some milliseconds, whatever the store's size."""


class Recorder:
    """The writing half of a store."""

    def __init__(self, engine: Engine, location: Location) -> None:
        self._engine = engine
        self._location = location
        self._solver_pks: dict[tuple[str, str], int] = {}
        self._task_pks: dict[tuple[str, str], int] = {}
        self._session_pks: dict[str, int] = {}
        self._heartbeat: lease.Heartbeat | None = None

    def resume_or_start(self, run: Run, *, fresh: bool) -> tuple[Run, frozenset[tuple[str, str]]]:
        """See `arcsolve.RunStore.resume_or_start`. A cancelled outcome does not count as done."""
        now = datetime.now(UTC)
        with explained(self._location), self._engine.begin() as connection:
            run_pk = None if fresh else _latest_with_key(connection, run.key)
            if run_pk is None:
                run_pk = self._start(connection, run, now)
                done: frozenset[tuple[str, str]] = frozenset()
            else:
                _require_abandoned(connection, run_pk)
                run = load_run(connection, run_pk)
                done = _done(connection, run_pk)
            holder = lease.this_process()
            inserted = connection.execute(
                insert(SessionRecord).values(
                    run_pk=run_pk, **holder._asdict(), started_at=now, heartbeat_at=now, ended_at=None
                )
            )
            connection.execute(update(RunRecord).where(RunRecord.run_pk == run_pk).values(state="running"))
            solver_pks = connection.execute(
                select(RunSolverRecord.solver, RunSolverRecord.run_solver_pk).where(RunSolverRecord.run_pk == run_pk)
            ).all()
        self._solver_pks.update({(run.id, name): pk for name, pk in solver_pks})
        self._session_pks[run.id] = _new_pk(inserted)
        if self._heartbeat is None:
            self._heartbeat = lease.Heartbeat(self._beat)
        return run, done

    def _start(self, connection: Connection, run: Run, now: datetime) -> int:
        if run.tests_per_task and len(run.tests_per_task) != len(run.task_ids):
            raise ValueError(f"run {run.id}: {len(run.task_ids)} tasks, {len(run.tests_per_task)} tests_per_task")
        try:
            inserted = connection.execute(
                insert(RunRecord).values(
                    id=run.id,
                    key=run.key,
                    created_at=run.created_at,
                    state="running",
                    dataset=run.dataset,
                    dataset_sha256=run.dataset_sha256,
                    n_tasks=len(run.task_ids),
                    seed=run.seed,
                    timeout_s=run.timeout_s,
                    memory_mb=run.memory_mb,
                    environment=dict(run.environment),
                )
            )
        except IntegrityError as error:
            raise StoreError(
                f"Store {self._location} already holds a run {run.id}. Start it under another id."
            ) from error
        run_pk = _new_pk(inserted)
        tests = run.tests_per_task or [None] * len(run.task_ids)
        _insert_many(
            connection,
            RunTaskRecord,
            [
                {"run_pk": run_pk, "position": position, "task_id": task_id, "n_tests": n_tests}
                for position, (task_id, n_tests) in enumerate(zip(run.task_ids, tests, strict=True))
            ],
        )
        _insert_many(
            connection,
            RunSolverRecord,
            [
                {
                    "run_pk": run_pk,
                    "position": position,
                    "solver": spec.name,
                    "version": spec.version,
                    "distribution": spec.distribution,
                    "options_given": dict(spec.options_given),
                    "options": dict(spec.options),
                }
                for position, spec in enumerate(run.solvers)
            ],
        )
        return run_pk

    def record(self, run: Run, outcome: Outcome) -> None:
        """See `arcsolve.RunStore.record`. A second outcome for the same task is added as a retry."""
        solver_pk = self._solver_pks.get((run.id, outcome.solver))
        if solver_pk is None:
            raise StoreError(
                f"Run {run.id} was not started here with a solver {outcome.solver!r}. Call resume_or_start first."
            )
        rows = _rows_of(outcome)
        with explained(self._location), self._engine.begin() as connection:
            task_pk = self._task_pk(connection, outcome)
            latest = connection.execute(
                select(func.max(OutcomeRecord.retry)).where(
                    OutcomeRecord.run_solver_pk == solver_pk, OutcomeRecord.task_pk == task_pk
                )
            ).scalar()
            if latest is not None:
                connection.execute(
                    update(OutcomeRecord)
                    .where(and_(OutcomeRecord.run_solver_pk == solver_pk, OutcomeRecord.task_pk == task_pk))
                    .values(is_latest=False)
                )
            values = _scores(outcome) | {
                "run_solver_pk": solver_pk,
                "task_pk": task_pk,
                "retry": 0 if latest is None else latest + 1,
            }
            outcome_pk = _new_pk(connection.execute(insert(OutcomeRecord), values))
            _insert_new(connection, GridRecord, list(rows.grids.values()))
            for model, children in (
                (TestResultRecord, rows.tests),
                (CandidateRecord, rows.candidates),
                (ExplanationRecord, rows.explanations),
            ):
                _insert_many(connection, model, [{"outcome_pk": outcome_pk, **child} for child in children])
        self._task_pks[outcome.task_id, outcome.task_sha256] = task_pk

    def _task_pk(self, connection: Connection, outcome: Outcome) -> int:
        known = self._task_pks.get((outcome.task_id, outcome.task_sha256))
        if known is not None:
            return known
        found = connection.execute(
            select(TaskRecord.task_pk).where(
                TaskRecord.task_id == outcome.task_id, TaskRecord.task_sha256 == outcome.task_sha256
            )
        ).scalar()
        if found is not None:
            return found
        return _new_pk(
            connection.execute(insert(TaskRecord).values(task_id=outcome.task_id, task_sha256=outcome.task_sha256))
        )

    def record_features(self, rows: Iterable[tuple[str, str, Mapping[str, float]]]) -> None:
        """See `arcsolve.RunStore.record_features`. Values already stored are kept: a change needs a new version."""
        values = [
            {
                "task_sha256": task_sha256,
                "feature_set": feature_set,
                "values": {k: float(v) if math.isfinite(v) else None for k, v in features.items()},
            }
            for task_sha256, feature_set, features in rows
        ]
        with explained(self._location), self._engine.begin() as connection:
            _insert_new(connection, FeatureRecord, values)

    def featured(self, feature_set: str) -> frozenset[str]:
        """See `arcsolve.RunStore.featured`."""
        with explained(self._location), self._engine.connect() as connection:
            rows = connection.execute(
                select(FeatureRecord.task_sha256).where(FeatureRecord.feature_set == feature_set)
            )
            return frozenset(rows.scalars())

    def finish(self, run: Run, *, is_complete: bool) -> None:
        """See `arcsolve.RunStore.finish`."""
        session_pk = self._session_pks.pop(run.id, None)
        if session_pk is None:
            return
        now = datetime.now(UTC)
        with explained(self._location), self._engine.begin() as connection:
            connection.execute(
                update(SessionRecord)
                .where(SessionRecord.session_pk == session_pk)
                .values(ended_at=now, heartbeat_at=now)
            )
            connection.execute(
                update(RunRecord)
                .where(RunRecord.id == run.id)
                .values(state="complete" if is_complete else "interrupted")
            )
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql(f"PRAGMA analysis_limit={_ANALYSIS_LIMIT}")
                connection.exec_driver_sql("ANALYZE")
        if not self._session_pks:
            self._stop_heartbeat()

    def close(self) -> None:
        """Release the connections. A run that was not finished stays resumable."""
        self._stop_heartbeat()
        self._engine.dispose()

    def _stop_heartbeat(self) -> None:
        if self._heartbeat is not None:
            self._heartbeat.stop()
            self._heartbeat = None

    def _beat(self) -> None:
        with explained(self._location), self._engine.begin() as connection:
            connection.execute(
                update(SessionRecord)
                .where(SessionRecord.session_pk.in_(list(self._session_pks.values())))
                .values(heartbeat_at=datetime.now(UTC))
            )


class _Rows:
    """An outcome's child rows, made before the write lock is taken."""

    def __init__(self) -> None:
        self.grids: dict[bytes, dict[str, Any]] = {}
        self.tests: list[dict[str, Any]] = []
        self.candidates: list[dict[str, Any]] = []
        self.explanations: list[dict[str, Any]] = []


def _rows_of(outcome: Outcome) -> _Rows:
    rows = _Rows()
    tests = {test.test_index: test for test in outcome.tests}
    rows.tests = [
        {
            "test_index": test.test_index,
            "is_solved_at_1": test.is_solved_at_1,
            "is_solved_at_2": test.is_solved_at_2,
            "is_solved_cropped": test.is_solved_cropped,
            "cells": test.cells,
            "cells_matched": test.cells_matched,
            "cells_matched_strict": test.cells_matched_strict,
            "rank_of_correct": test.rank_of_correct,
        }
        for test in outcome.tests
    ]
    ranks: dict[int, int] = {}
    for candidate, attempt in _ranked(outcome):
        rank = ranks[candidate.test_index] = ranks.get(candidate.test_index, 0) + 1
        test = tests.get(candidate.test_index)
        if test is None:
            is_correct = None
        elif attempt is None:
            is_correct = rank == test.rank_of_correct
        else:
            is_correct = test.is_solved_at_1 if attempt == 1 else test.is_solved_at_2 and not test.is_solved_at_1
        name = grid_hash(candidate.grid)
        if name not in rows.grids:
            height, width = candidate.grid.shape
            rows.grids[name] = {
                "grid_hash": name,
                "height": height,
                "width": width,
                "cells": encode(candidate.grid),
            }
        rows.candidates.append(
            {
                "test_index": candidate.test_index,
                "rank": rank,
                "attempt": attempt,
                "confidence": float(candidate.confidence),
                "is_correct": is_correct,
                "demos_solved": candidate.demos_solved,
                "grid_hash": name,
            }
        )
        if candidate.explanation:
            rows.explanations.append(
                {"test_index": candidate.test_index, "rank": rank, "explanation": candidate.explanation}
            )
    return rows


def _ranked(outcome: Outcome) -> list[tuple[Candidate, int | None]]:
    """Every candidate, best first per test input, with the attempt it became (1, 2 or None)."""
    open_attempts: list[tuple[Candidate, int]] = []
    counts: dict[int, int] = {}
    for candidate in outcome.attempts:
        counts[candidate.test_index] = counts.get(candidate.test_index, 0) + 1
        open_attempts.append((candidate, counts[candidate.test_index]))
    ranked: list[tuple[Candidate, int | None]] = []
    for candidate in outcome.candidates:
        match = next(
            (
                pair
                for pair in open_attempts
                if pair[0].test_index == candidate.test_index and grids_equal(pair[0].grid, candidate.grid)
            ),
            None,
        )
        if match is not None:
            open_attempts.remove(match)
        ranked.append((candidate, None if match is None else match[1]))
    return [*ranked, *open_attempts]


def _scores(outcome: Outcome) -> dict[str, Any]:
    tests = outcome.tests
    return {
        "is_latest": True,
        "recorded_at": datetime.now(UTC),
        "status": outcome.status.value,
        "category": None if outcome.category is None else outcome.category.value,
        "n_tests": outcome.n_tests,
        "n_tests_solved_at_1": sum(t.is_solved_at_1 for t in tests),
        "n_tests_solved_at_2": sum(t.is_solved_at_2 for t in tests),
        "is_solved_at_1": outcome.is_solved_at_1,
        "is_solved_at_2": outcome.is_solved_at_2,
        "is_solved_cropped": bool(tests) and all(t.is_solved_cropped for t in tests),
        "cells": sum(t.cells for t in tests),
        "cells_matched": sum(t.cells_matched for t in tests),
        "cells_matched_strict": sum(t.cells_matched_strict for t in tests),
        "n_candidates": outcome.n_candidates,
        "cpu_s": outcome.cpu_s,
        "wall_s": outcome.wall_s,
        "memory_mb": outcome.memory_mb,
        "detail": outcome.detail,
    }


def _latest_with_key(connection: Connection, key: str) -> int | None:
    return connection.execute(
        select(RunRecord.run_pk).where(RunRecord.key == key).order_by(RunRecord.run_pk.desc()).limit(1)
    ).scalar()


def _done(connection: Connection, run_pk: int) -> frozenset[tuple[str, str]]:
    rows = connection.execute(
        select(RunSolverRecord.solver, TaskRecord.task_id)
        .join(OutcomeRecord, OutcomeRecord.run_solver_pk == RunSolverRecord.run_solver_pk)
        .join(TaskRecord, TaskRecord.task_pk == OutcomeRecord.task_pk)
        .where(
            RunSolverRecord.run_pk == run_pk,
            OutcomeRecord.is_latest,
            OutcomeRecord.status != Status.CANCELLED.value,
        )
    )
    return frozenset((solver, task_id) for solver, task_id in rows)


def _require_abandoned(connection: Connection, run_pk: int) -> None:
    """Raise where a live process holds the run."""
    sessions = connection.execute(
        select(
            SessionRecord.host,
            SessionRecord.pid,
            SessionRecord.process_started,
            SessionRecord.heartbeat_at,
            RunRecord.id,
        )
        .join(RunRecord, RunRecord.run_pk == SessionRecord.run_pk)
        .where(SessionRecord.run_pk == run_pk, SessionRecord.ended_at.is_(None))
    ).all()
    me = lease.this_process()
    for host, pid, started, heartbeat_at, run_id in sessions:
        holder = lease.Holder(host, pid, started)
        is_mine = (host, pid) == (me.host, me.pid)
        if not is_mine and lease.is_alive(holder, heartbeat_at):
            raise StoreError(
                f"Run {run_id} is being worked on by process {pid} on {host.split(' ')[0]} (last sign of life "
                f"{heartbeat_at:%Y-%m-%d %H:%M:%S} UTC). Wait for it or end it, or start anew with --fresh."
            )


def _new_pk(result: Any) -> int:
    return int(result.inserted_primary_key[0])


def _insert_many(connection: Connection, model: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(model), rows)


def _insert_new(connection: Connection, model: Any, rows: list[dict[str, Any]]) -> None:
    """Insert rows whose primary key is not there yet."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.execute(sqlite.insert(model).on_conflict_do_nothing(), rows)
    elif connection.dialect.name == "postgresql":
        connection.execute(postgresql.insert(model).on_conflict_do_nothing(), rows)
    else:
        table: Table = model.__table__
        for row in rows:
            key = and_(*(column == row[column.key] for column in table.primary_key))
            if connection.execute(select(*table.primary_key).where(key)).first() is None:
                connection.execute(insert(table), row)

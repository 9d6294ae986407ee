"""Writing: starting and resuming runs, recording outcomes. Every public method is one short transaction."""

import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, Insert, Table, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from arcsolve.outcome import Outcome, Status
from arcsolve.recording import Run
from arcsolve_store import lease
from arcsolve_store import tables as db
from arcsolve_store.engines import explained
from arcsolve_store.location import Location, StoreError
from arcsolve_store.outcome_rows import child_rows, scores
from arcsolve_store.restoring import load_run

_INSERT_OUTCOME = insert(db.outcomes)
_INSERT_TEST_RESULTS = insert(db.test_results)
_INSERT_CANDIDATES = insert(db.candidates)
_INSERT_EXPLANATIONS = insert(db.explanations)

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
        self._n_recorded: dict[tuple[int, int], int] = {}
        """Outcomes by run solver and task: only the process that holds a run's lease adds to them."""
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
                self._n_recorded.update(_counts(connection, run_pk))
            self._task_pks.update(_known_tasks(connection, run_pk))
            holder = lease.this_process()
            inserted = connection.execute(
                insert(db.sessions).values(
                    run_pk=run_pk, **holder._asdict(), started_at=now, heartbeat_at=now, ended_at=None
                )
            )
            connection.execute(update(db.runs).where(db.runs.c.run_pk == run_pk).values(state="running"))
            solver_pks = connection.execute(
                select(db.run_solvers.c.solver, db.run_solvers.c.run_solver_pk).where(db.run_solvers.c.run_pk == run_pk)
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
                insert(db.runs).values(
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
        connection.execute(
            insert(db.run_tasks),
            [
                {"run_pk": run_pk, "position": position, "task_id": task_id, "n_tests": n_tests}
                for position, (task_id, n_tests) in enumerate(zip(run.task_ids, tests, strict=True))
            ],
        )
        connection.execute(
            insert(db.run_solvers),
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
        children = child_rows(outcome)
        values = scores(outcome) | {"run_solver_pk": solver_pk}
        with explained(self._location), self._engine.begin() as connection:
            task_pk = self._task_pk(connection, outcome)
            retry = self._n_recorded.get((solver_pk, task_pk), 0)
            if retry:
                connection.execute(
                    update(db.outcomes)
                    .where(db.outcomes.c.run_solver_pk == solver_pk, db.outcomes.c.task_pk == task_pk)
                    .values(is_latest=False)
                )
            try:
                inserted = connection.execute(_INSERT_OUTCOME, values | {"task_pk": task_pk, "retry": retry})
            except IntegrityError as error:
                if "uq_outcomes" not in str(error.orig) and "UNIQUE" not in str(error.orig):
                    raise
                raise StoreError(
                    f"Run {run.id} was continued by another process, which has recorded {outcome.solver} on "
                    f"{outcome.task_id} already. End one of the two."
                ) from error
            outcome_pk = _new_pk(inserted)
            _insert_new(connection, db.grids, list(children.grids.values()))
            for statement, rows in (
                (_INSERT_TEST_RESULTS, children.tests),
                (_INSERT_CANDIDATES, children.candidates),
                (_INSERT_EXPLANATIONS, children.explanations),
            ):
                if rows:
                    connection.execute(statement, [{"outcome_pk": outcome_pk, **row} for row in rows])
        self._task_pks[outcome.task_id, outcome.task_sha256] = task_pk
        self._n_recorded[solver_pk, task_pk] = retry + 1

    def _task_pk(self, connection: Connection, outcome: Outcome) -> int:
        known = self._task_pks.get((outcome.task_id, outcome.task_sha256))
        if known is not None:
            return known
        row = {"task_id": outcome.task_id, "task_sha256": outcome.task_sha256}
        inserted = connection.execute(_insert_ignoring(db.tasks, connection.dialect.name), row)
        if inserted.rowcount == 1:
            return _new_pk(inserted)
        found = select(db.tasks.c.task_pk).filter_by(**row)  # another run was first
        return int(connection.execute(found).scalar_one())

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
            _insert_new(connection, db.features, values)

    def featured(self, feature_set: str) -> frozenset[str]:
        """See `arcsolve.RunStore.featured`."""
        with explained(self._location), self._engine.connect() as connection:
            features = db.features.c
            rows = connection.execute(select(features.task_sha256).where(features.feature_set == feature_set))
            return frozenset(rows.scalars())

    def finish(self, run: Run, *, is_complete: bool) -> None:
        """See `arcsolve.RunStore.finish`."""
        session_pk = self._session_pks.pop(run.id, None)
        if session_pk is None:
            return
        now = datetime.now(UTC)
        with explained(self._location), self._engine.begin() as connection:
            connection.execute(
                update(db.sessions).where(db.sessions.c.session_pk == session_pk).values(ended_at=now, heartbeat_at=now)
            )
            connection.execute(
                update(db.runs).where(db.runs.c.id == run.id).values(state="complete" if is_complete else "interrupted")
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
        """Show a sign of life; a beat that finds the store locked is left out, the next will do."""
        with suppress(StoreError), explained(self._location), self._engine.begin() as connection:
            connection.execute(
                update(db.sessions)
                .where(db.sessions.c.session_pk.in_(list(self._session_pks.values())))
                .values(heartbeat_at=datetime.now(UTC))
            )


def _latest_with_key(connection: Connection, key: str) -> int | None:
    return connection.execute(
        select(db.runs.c.run_pk).where(db.runs.c.key == key).order_by(db.runs.c.run_pk.desc()).limit(1)
    ).scalar()


def _done(connection: Connection, run_pk: int) -> frozenset[tuple[str, str]]:
    rows = connection.execute(
        select(db.run_solvers.c.solver, db.tasks.c.task_id)
        .join(db.outcomes, db.outcomes.c.run_solver_pk == db.run_solvers.c.run_solver_pk)
        .join(db.tasks, db.tasks.c.task_pk == db.outcomes.c.task_pk)
        .where(
            db.run_solvers.c.run_pk == run_pk,
            db.outcomes.c.is_latest,
            db.outcomes.c.status != Status.CANCELLED.value,
        )
    )
    return frozenset((solver, task_id) for solver, task_id in rows)


def _known_tasks(connection: Connection, run_pk: int) -> dict[tuple[str, str], int]:
    """Keys of tasks of other runs that have the ids of this run's."""
    rows = connection.execute(
        select(db.tasks.c.task_id, db.tasks.c.task_sha256, db.tasks.c.task_pk)
        .join(db.run_tasks, db.run_tasks.c.task_id == db.tasks.c.task_id)
        .where(db.run_tasks.c.run_pk == run_pk)
    )
    return {(task_id, sha256): pk for task_id, sha256, pk in rows}


def _counts(connection: Connection, run_pk: int) -> dict[tuple[int, int], int]:
    """How many outcomes there are by run solver and task, retries included."""
    rows = connection.execute(
        select(db.outcomes.c.run_solver_pk, db.outcomes.c.task_pk, func.max(db.outcomes.c.retry) + 1)
        .join(db.run_solvers, db.run_solvers.c.run_solver_pk == db.outcomes.c.run_solver_pk)
        .where(db.run_solvers.c.run_pk == run_pk)
        .group_by(db.outcomes.c.run_solver_pk, db.outcomes.c.task_pk)
    )
    return {(solver_pk, task_pk): count for solver_pk, task_pk, count in rows}


def _require_abandoned(connection: Connection, run_pk: int) -> None:
    """Raise where a live process holds the run."""
    sessions = connection.execute(
        select(
            db.sessions.c.host,
            db.sessions.c.pid,
            db.sessions.c.process_started,
            db.sessions.c.heartbeat_at,
            db.runs.c.id,
        )
        .join(db.runs, db.runs.c.run_pk == db.sessions.c.run_pk)
        .where(db.sessions.c.run_pk == run_pk, db.sessions.c.ended_at.is_(None))
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


def _insert_new(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows whose primary key is not there yet."""
    if rows:
        connection.execute(_insert_ignoring(table, connection.dialect.name), rows)


@cache
def _insert_ignoring(table: Table, dialect: str) -> Insert:
    if dialect == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table).on_conflict_do_nothing()
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table).on_conflict_do_nothing()
    return insert(table).prefix_with("IGNORE")  # MySQL and its kin

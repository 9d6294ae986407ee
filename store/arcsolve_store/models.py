"""The tables: runs and their solvers, outcomes, per-test-input results, candidates, grids, tasks, features.

The schema is created and changed by the migrations only; these models describe the newest one, and a test compares
the two. Scores stand apart from grids and explanations, so that reading a million scores touches neither.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Float, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, stored as naive UTC."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC and drop the zone."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Put the zone back."""
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """Declarative base of every table."""


class RunRecord(Base):
    """One run: what was asked for. Who works or worked on it is in `SessionRecord`."""

    __tablename__ = "runs"

    run_pk: Mapped[int] = mapped_column(Integer, primary_key=True)
    id: Mapped[str] = mapped_column(String(64), unique=True)
    key: Mapped[str] = mapped_column(String(64), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(16))
    """``running``, ``complete`` or ``interrupted``, as its last session left it."""
    dataset: Mapped[str] = mapped_column(String(255), index=True)
    dataset_sha256: Mapped[str] = mapped_column(String(64))
    n_tasks: Mapped[int]
    """The denominator of every rate: tasks asked for, done or not."""
    seed: Mapped[int]
    timeout_s: Mapped[float] = mapped_column(Float)
    memory_mb: Mapped[int]
    environment: Mapped[dict[str, Any]] = mapped_column(JSON)


class SessionRecord(Base):
    """One process's spell of work on a run: the lease. A spell without end whose process is gone was abandoned."""

    __tablename__ = "sessions"

    session_pk: Mapped[int] = mapped_column(Integer, primary_key=True)
    run_pk: Mapped[int] = mapped_column(ForeignKey("runs.run_pk"), index=True)
    host: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int]
    process_started: Mapped[float] = mapped_column(Float)
    """Seconds since the epoch at which the process began: a pid alone may be reused."""
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    heartbeat_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RunTaskRecord(Base):
    """The tasks a run was asked to do, in order."""

    __tablename__ = "run_tasks"
    __table_args__ = ({"sqlite_with_rowid": False},)

    run_pk: Mapped[int] = mapped_column(ForeignKey("runs.run_pk"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(String(255))
    n_tests: Mapped[int | None]
    """Test inputs of the task; NULL where the runner did not say."""


class RunSolverRecord(Base):
    """A solver as one run used it; outcomes hang from it."""

    __tablename__ = "run_solvers"
    __table_args__ = (UniqueConstraint("run_pk", "solver", name="uq_run_solvers_run_pk_solver"),)

    run_solver_pk: Mapped[int] = mapped_column(Integer, primary_key=True)
    run_pk: Mapped[int] = mapped_column(ForeignKey("runs.run_pk"))
    position: Mapped[int]
    solver: Mapped[str] = mapped_column(String(255), index=True)
    version: Mapped[str] = mapped_column(String(64))
    distribution: Mapped[str] = mapped_column(String(255))
    options_given: Mapped[dict[str, Any]] = mapped_column(JSON)
    options: Mapped[dict[str, Any]] = mapped_column(JSON)


class TaskRecord(Base):
    """A task's identity: its id and its content's hash."""

    __tablename__ = "tasks"
    __table_args__ = (UniqueConstraint("task_id", "task_sha256", name="uq_tasks_task_id_task_sha256"),)

    task_pk: Mapped[int] = mapped_column(Integer, primary_key=True)
    task_id: Mapped[str] = mapped_column(String(255))
    task_sha256: Mapped[str] = mapped_column(String(64))


class OutcomeRecord(Base):
    """What one solver did on one task in one run. A retry is another row with a higher `retry`."""

    __tablename__ = "outcomes"
    __table_args__ = (
        UniqueConstraint("run_solver_pk", "task_pk", "retry", name="uq_outcomes_run_solver_pk_task_pk_retry"),
        Index(
            "ix_outcomes_latest",
            *("run_solver_pk", "task_pk", "is_solved_at_1", "is_solved_at_2", "cpu_s", "wall_s"),
            sqlite_where=text("is_latest"),
            postgresql_where=text("is_latest"),
        ),
    )

    outcome_pk: Mapped[int] = mapped_column(Integer, primary_key=True)
    run_solver_pk: Mapped[int] = mapped_column(ForeignKey("run_solvers.run_solver_pk"))
    task_pk: Mapped[int] = mapped_column(ForeignKey("tasks.task_pk"))
    retry: Mapped[int]
    is_latest: Mapped[bool]
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(String(16))
    category: Mapped[str | None] = mapped_column(String(16))
    n_tests: Mapped[int]
    n_tests_solved_at_1: Mapped[int]
    n_tests_solved_at_2: Mapped[int]
    is_solved_at_1: Mapped[bool]
    is_solved_at_2: Mapped[bool]
    is_solved_cropped: Mapped[bool]
    cells: Mapped[int]
    cells_matched: Mapped[int]
    cells_matched_strict: Mapped[int]
    n_candidates: Mapped[int]
    cpu_s: Mapped[float] = mapped_column(Float)
    wall_s: Mapped[float] = mapped_column(Float)
    memory_mb: Mapped[float] = mapped_column(Float)
    detail: Mapped[str]


class TestResultRecord(Base):
    """The judged result on one test input; absent where the solution is unknown."""

    __tablename__ = "test_results"
    __table_args__ = ({"sqlite_with_rowid": False},)
    __test__ = False  # not a pytest class

    outcome_pk: Mapped[int] = mapped_column(ForeignKey("outcomes.outcome_pk"), primary_key=True)
    test_index: Mapped[int] = mapped_column(primary_key=True)
    is_solved_at_1: Mapped[bool]
    is_solved_at_2: Mapped[bool]
    is_solved_cropped: Mapped[bool]
    cells: Mapped[int]
    cells_matched: Mapped[int]
    cells_matched_strict: Mapped[int]
    rank_of_correct: Mapped[int | None]


class GridRecord(Base):
    """A grid, kept once however many candidates predict it (see `arcsolve_store.grids`)."""

    __tablename__ = "grids"
    __table_args__ = ({"sqlite_with_rowid": False},)

    grid_hash: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    height: Mapped[int]
    width: Mapped[int]
    cells: Mapped[bytes] = mapped_column(LargeBinary)


class CandidateRecord(Base):
    """A distinct candidate, best first (`rank` from 1) per test input; `attempt` 1 or 2 where it was handed in."""

    __tablename__ = "candidates"
    __table_args__ = ({"sqlite_with_rowid": False},)

    outcome_pk: Mapped[int] = mapped_column(ForeignKey("outcomes.outcome_pk"), primary_key=True)
    test_index: Mapped[int] = mapped_column(primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True)
    attempt: Mapped[int | None]
    confidence: Mapped[float] = mapped_column(Float)
    is_correct: Mapped[bool | None]
    """NULL where the solution is unknown."""
    demos_solved: Mapped[int | None]
    grid_hash: Mapped[bytes] = mapped_column(LargeBinary(16), ForeignKey("grids.grid_hash"))


class ExplanationRecord(Base):
    """How a candidate was found; a row only where there is something to say."""

    __tablename__ = "explanations"
    __table_args__ = ({"sqlite_with_rowid": False},)

    outcome_pk: Mapped[int] = mapped_column(ForeignKey("outcomes.outcome_pk"), primary_key=True)
    test_index: Mapped[int] = mapped_column(primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True)
    explanation: Mapped[str]


class FeatureRecord(Base):
    """The values of one feature set (name and version) for one task content."""

    __tablename__ = "features"
    __table_args__ = ({"sqlite_with_rowid": False},)

    task_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    feature_set: Mapped[str] = mapped_column(String(255), primary_key=True)
    values: Mapped[dict[str, float | None]] = mapped_column(JSON)
    """``{feature: value}``; null where the value is not a finite number."""

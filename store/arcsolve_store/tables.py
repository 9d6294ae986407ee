"""The tables: runs and their solvers, outcomes, per-test-input results, candidates, grids, tasks, features.

The schema is created and changed by the migrations only; these describe the newest one, and a test compares the two.
They are SQLAlchemy's plain tables: nothing here needs the mapping of objects, whose import would cost each command more
than its query. Scores stand apart from grids and explanations, so that reading a million scores touches neither.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
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


metadata = MetaData()

runs = Table(
    "runs",
    metadata,
    Column("run_pk", Integer, primary_key=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("key", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("dataset", String(255), nullable=False),
    Column("dataset_sha256", String(64), nullable=False),
    Column("n_tasks", Integer, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("timeout_s", Float, nullable=False),
    Column("memory_mb", Integer, nullable=False),
    Column("environment", JSON, nullable=False),
    Index("ix_runs_key", "key"),
    Index("ix_runs_dataset", "dataset"),
)
"""One row per run: what was asked for. `state` is ``running``, ``complete`` or ``interrupted``, as its last session
left it; `n_tasks`, the tasks asked for, is the denominator of every rate."""

sessions = Table(
    "sessions",
    metadata,
    Column("session_pk", Integer, primary_key=True),
    Column("run_pk", ForeignKey("runs.run_pk"), nullable=False),
    Column("host", String(255), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("process_started", Float, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("heartbeat_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Index("ix_sessions_run_pk", "run_pk"),
)
"""One row per process's spell of work on a run: the lease. `process_started` (seconds since the epoch) tells a process
from a later one with the same pid. A spell without end whose process is gone was abandoned."""

run_tasks = Table(
    "run_tasks",
    metadata,
    Column("run_pk", ForeignKey("runs.run_pk"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("task_id", String(255), nullable=False),
    Column("n_tests", Integer),
    sqlite_with_rowid=False,
)
"""The tasks a run was asked to do, in order; `n_tests` is NULL where the runner did not say."""

run_solvers = Table(
    "run_solvers",
    metadata,
    Column("run_solver_pk", Integer, primary_key=True),
    Column("run_pk", ForeignKey("runs.run_pk"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("solver", String(255), nullable=False),
    Column("version", String(64), nullable=False),
    Column("distribution", String(255), nullable=False),
    Column("options_given", JSON, nullable=False),
    Column("options", JSON, nullable=False),
    UniqueConstraint("run_pk", "solver", name="uq_run_solvers_run_pk_solver"),
    Index("ix_run_solvers_solver", "solver"),
)
"""A solver as one run used it; outcomes hang from it."""

tasks = Table(
    "tasks",
    metadata,
    Column("task_pk", Integer, primary_key=True),
    Column("task_id", String(255), nullable=False),
    Column("task_sha256", String(64), nullable=False),
    UniqueConstraint("task_id", "task_sha256", name="uq_tasks_task_id_task_sha256"),
)
"""A task's identity: its id and its content's hash."""

outcomes = Table(
    "outcomes",
    metadata,
    Column("outcome_pk", Integer, primary_key=True),
    Column("run_solver_pk", ForeignKey("run_solvers.run_solver_pk"), nullable=False),
    Column("task_pk", ForeignKey("tasks.task_pk"), nullable=False),
    Column("retry", Integer, nullable=False),
    Column("is_latest", Boolean, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("status", String(16), nullable=False),
    Column("category", String(16)),
    Column("n_tests", Integer, nullable=False),
    Column("n_tests_solved_at_1", Integer, nullable=False),
    Column("n_tests_solved_at_2", Integer, nullable=False),
    Column("is_solved_at_1", Boolean, nullable=False),
    Column("is_solved_at_2", Boolean, nullable=False),
    Column("is_solved_cropped", Boolean, nullable=False),
    Column("cells", Integer, nullable=False),
    Column("cells_matched", Integer, nullable=False),
    Column("cells_matched_strict", Integer, nullable=False),
    Column("n_candidates", Integer, nullable=False),
    Column("cpu_s", Float, nullable=False),
    Column("wall_s", Float, nullable=False),
    Column("memory_mb", Float, nullable=False),
    Column("detail", String, nullable=False),
    UniqueConstraint("run_solver_pk", "task_pk", "retry", name="uq_outcomes_run_solver_pk_task_pk_retry"),
    Index(
        "ix_outcomes_latest",
        *("run_solver_pk", "task_pk", "is_solved_at_1", "is_solved_at_2", "cpu_s", "wall_s"),
        sqlite_where=text("is_latest"),  # so for PostgreSQL too, by migration: its keyword would import its dialect
    ),
)
"""What one solver did on one task in one run. A retry is another row with a higher `retry`."""

test_results = Table(
    "test_results",
    metadata,
    Column("outcome_pk", ForeignKey("outcomes.outcome_pk"), primary_key=True),
    Column("test_index", Integer, primary_key=True),
    Column("is_solved_at_1", Boolean, nullable=False),
    Column("is_solved_at_2", Boolean, nullable=False),
    Column("is_solved_cropped", Boolean, nullable=False),
    Column("cells", Integer, nullable=False),
    Column("cells_matched", Integer, nullable=False),
    Column("cells_matched_strict", Integer, nullable=False),
    Column("rank_of_correct", Integer),
    sqlite_with_rowid=False,
)
"""The judged result on one test input; absent where the solution is unknown."""

grids = Table(
    "grids",
    metadata,
    Column("grid_hash", LargeBinary(16), primary_key=True),
    Column("height", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("cells", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""A grid, kept once however many candidates predict it (see `arcsolve_store.grids`)."""

candidates = Table(
    "candidates",
    metadata,
    Column("outcome_pk", ForeignKey("outcomes.outcome_pk"), primary_key=True),
    Column("test_index", Integer, primary_key=True),
    Column("rank", Integer, primary_key=True),
    Column("attempt", Integer),
    Column("confidence", Float, nullable=False),
    Column("is_correct", Boolean),
    Column("demos_solved", Integer),
    Column("grid_hash", LargeBinary(16), ForeignKey("grids.grid_hash"), nullable=False),
    sqlite_with_rowid=False,
)
"""A distinct candidate, best first (`rank` from 1) per test input; `attempt` is 1 or 2 where it was handed in;
`is_correct` is NULL where the solution is unknown."""

explanations = Table(
    "explanations",
    metadata,
    Column("outcome_pk", ForeignKey("outcomes.outcome_pk"), primary_key=True),
    Column("test_index", Integer, primary_key=True),
    Column("rank", Integer, primary_key=True),
    Column("explanation", String, nullable=False),
    sqlite_with_rowid=False,
)
"""How a candidate was found; a row only where there is something to say."""

features = Table(
    "features",
    metadata,
    Column("task_sha256", String(64), primary_key=True),
    Column("feature_set", String(255), primary_key=True),
    Column("values", JSON, nullable=False),
    sqlite_with_rowid=False,
)
"""The values of one feature set (name and version) for one task content: ``{feature: value}``, null where a value is
not a finite number."""

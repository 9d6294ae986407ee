"""The first schema: runs, sessions, outcomes, results per test input, candidates, grids, tasks, features."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "runs",
        sa.Column("run_pk", sa.Integer, primary_key=True),
        sa.Column("id", sa.String(64), nullable=False, unique=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("dataset", sa.String(255), nullable=False),
        sa.Column("dataset_sha256", sa.String(64), nullable=False),
        sa.Column("n_tasks", sa.Integer, nullable=False),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column("timeout_s", sa.Float, nullable=False),
        sa.Column("memory_mb", sa.Integer, nullable=False),
        sa.Column("environment", sa.JSON, nullable=False),
    )
    op.create_index("ix_runs_key", "runs", ["key"])
    op.create_index("ix_runs_dataset", "runs", ["dataset"])
    op.create_table(
        "sessions",
        sa.Column("session_pk", sa.Integer, primary_key=True),
        sa.Column("run_pk", sa.Integer, sa.ForeignKey("runs.run_pk"), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("process_started", sa.Float, nullable=False),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("heartbeat_at", sa.DateTime, nullable=False),
        sa.Column("ended_at", sa.DateTime),
    )
    op.create_index("ix_sessions_run_pk", "sessions", ["run_pk"])
    op.create_table(
        "run_tasks",
        sa.Column("run_pk", sa.Integer, sa.ForeignKey("runs.run_pk"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("task_id", sa.String(255), nullable=False),
        sa.Column("n_tests", sa.Integer),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "run_solvers",
        sa.Column("run_solver_pk", sa.Integer, primary_key=True),
        sa.Column("run_pk", sa.Integer, sa.ForeignKey("runs.run_pk"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("solver", sa.String(255), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("distribution", sa.String(255), nullable=False),
        sa.Column("options_given", sa.JSON, nullable=False),
        sa.Column("options", sa.JSON, nullable=False),
        sa.UniqueConstraint("run_pk", "solver", name="uq_run_solvers_run_pk_solver"),
    )
    op.create_index("ix_run_solvers_solver", "run_solvers", ["solver"])
    op.create_table(
        "tasks",
        sa.Column("task_pk", sa.Integer, primary_key=True),
        sa.Column("task_id", sa.String(255), nullable=False),
        sa.Column("task_sha256", sa.String(64), nullable=False),
        sa.UniqueConstraint("task_id", "task_sha256", name="uq_tasks_task_id_task_sha256"),
    )
    op.create_table(
        "outcomes",
        sa.Column("outcome_pk", sa.Integer, primary_key=True),
        sa.Column("run_solver_pk", sa.Integer, sa.ForeignKey("run_solvers.run_solver_pk"), nullable=False),
        sa.Column("task_pk", sa.Integer, sa.ForeignKey("tasks.task_pk"), nullable=False),
        sa.Column("retry", sa.Integer, nullable=False),
        sa.Column("is_latest", sa.Boolean, nullable=False),
        sa.Column("recorded_at", sa.DateTime, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("category", sa.String(16)),
        sa.Column("n_tests", sa.Integer, nullable=False),
        sa.Column("n_tests_solved_at_1", sa.Integer, nullable=False),
        sa.Column("n_tests_solved_at_2", sa.Integer, nullable=False),
        sa.Column("is_solved_at_1", sa.Boolean, nullable=False),
        sa.Column("is_solved_at_2", sa.Boolean, nullable=False),
        sa.Column("is_solved_cropped", sa.Boolean, nullable=False),
        sa.Column("cells", sa.Integer, nullable=False),
        sa.Column("cells_matched", sa.Integer, nullable=False),
        sa.Column("cells_matched_strict", sa.Integer, nullable=False),
        sa.Column("n_candidates", sa.Integer, nullable=False),
        sa.Column("cpu_s", sa.Float, nullable=False),
        sa.Column("wall_s", sa.Float, nullable=False),
        sa.Column("memory_mb", sa.Float, nullable=False),
        sa.Column("detail", sa.String, nullable=False),
        sa.UniqueConstraint("run_solver_pk", "task_pk", "retry", name="uq_outcomes_run_solver_pk_task_pk_retry"),
    )
    op.create_table(
        "test_results",
        sa.Column("outcome_pk", sa.Integer, sa.ForeignKey("outcomes.outcome_pk"), primary_key=True),
        sa.Column("test_index", sa.Integer, primary_key=True),
        sa.Column("is_solved_at_1", sa.Boolean, nullable=False),
        sa.Column("is_solved_at_2", sa.Boolean, nullable=False),
        sa.Column("is_solved_cropped", sa.Boolean, nullable=False),
        sa.Column("cells", sa.Integer, nullable=False),
        sa.Column("cells_matched", sa.Integer, nullable=False),
        sa.Column("cells_matched_strict", sa.Integer, nullable=False),
        sa.Column("rank_of_correct", sa.Integer),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "grids",
        sa.Column("grid_hash", sa.LargeBinary(16), primary_key=True),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("cells", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "candidates",
        sa.Column("outcome_pk", sa.Integer, sa.ForeignKey("outcomes.outcome_pk"), primary_key=True),
        sa.Column("test_index", sa.Integer, primary_key=True),
        sa.Column("rank", sa.Integer, primary_key=True),
        sa.Column("attempt", sa.Integer),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("is_correct", sa.Boolean),
        sa.Column("demos_solved", sa.Integer),
        sa.Column("grid_hash", sa.LargeBinary(16), sa.ForeignKey("grids.grid_hash"), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "explanations",
        sa.Column("outcome_pk", sa.Integer, sa.ForeignKey("outcomes.outcome_pk"), primary_key=True),
        sa.Column("test_index", sa.Integer, primary_key=True),
        sa.Column("rank", sa.Integer, primary_key=True),
        sa.Column("explanation", sa.String, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "features",
        sa.Column("task_sha256", sa.String(64), primary_key=True),
        sa.Column("feature_set", sa.String(255), primary_key=True),
        sa.Column("values", sa.JSON, nullable=False),
        sqlite_with_rowid=False,
    )

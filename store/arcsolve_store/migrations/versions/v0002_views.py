"""Views for analysts, and an index that answers matrices of tasks by solvers without reading the outcomes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_RUNS = """
SELECT r.id AS run, r.created_at, r.state, r.dataset, r.dataset_sha256, r.n_tasks,
  (SELECT count(*) FROM run_solvers s JOIN outcomes o ON o.run_solver_pk = s.run_solver_pk
   WHERE s.run_pk = r.run_pk AND o.is_latest) AS n_outcomes,
  (SELECT {join_names} FROM (SELECT s.solver FROM run_solvers s WHERE s.run_pk = r.run_pk ORDER BY s.position) AS n
  ) AS solvers,
  r.seed, r.timeout_s, r.memory_mb,
  (SELECT max(x.heartbeat_at) FROM sessions x WHERE x.run_pk = r.run_pk) AS heartbeat_at,
  r.environment
FROM runs r
"""

_SOLVERS = """
SELECT r.id AS run, s.solver, s.version, s.distribution, s.options_given, s.options
FROM run_solvers s JOIN runs r ON r.run_pk = s.run_pk
"""

_ALL_OUTCOMES = """
SELECT r.id AS run, r.dataset, r.dataset_sha256, s.solver, t.task_id, t.task_sha256,
  o.retry, o.is_latest, o.recorded_at, o.status, o.category, o.detail,
  o.is_solved_at_1, o.is_solved_at_2, o.is_solved_cropped, o.n_tests, o.n_tests_solved_at_1, o.n_tests_solved_at_2,
  CASE WHEN o.n_tests > 0 THEN 1.0 * o.n_tests_solved_at_2 / o.n_tests ELSE 0.0 END AS fraction_at_2,
  CASE WHEN o.cells > 0 THEN 1.0 * o.cells_matched / o.cells ELSE 0.0 END AS pixel_accuracy,
  CASE WHEN o.cells > 0 THEN 1.0 * o.cells_matched_strict / o.cells ELSE 0.0 END AS pixel_accuracy_strict,
  o.n_candidates, o.cpu_s, o.wall_s, o.memory_mb
FROM outcomes o
JOIN run_solvers s ON s.run_solver_pk = o.run_solver_pk
JOIN runs r ON r.run_pk = s.run_pk
JOIN tasks t ON t.task_pk = o.task_pk
"""

_RESULTS = """
SELECT r.id AS run, s.solver, s.version, r.dataset, r.dataset_sha256, r.n_tasks,
  count(o.outcome_pk) AS n_outcomes,
  coalesce(sum(CASE WHEN o.is_solved_at_1 THEN 1 ELSE 0 END), 0) AS solved_at_1,
  coalesce(sum(CASE WHEN o.is_solved_at_2 THEN 1 ELSE 0 END), 0) AS solved_at_2,
  coalesce(sum(1.0 * o.n_tests_solved_at_2 / nullif(o.n_tests, 0)), 0.0) / r.n_tasks AS fraction_at_2,
  coalesce(sum(CASE WHEN o.is_solved_cropped THEN 1 ELSE 0 END), 0) AS solved_cropped,
  coalesce(sum(CASE WHEN o.cells > 0 THEN 1.0 * o.cells_matched / o.cells END), 0.0) / r.n_tasks AS pixel_accuracy,
  coalesce(sum(CASE WHEN o.cells > 0 THEN 1.0 * o.cells_matched_strict / o.cells END), 0.0) / r.n_tasks
    AS pixel_accuracy_strict,
  r.n_tasks - count(o.outcome_pk) + coalesce(sum(CASE WHEN o.category = 'missing' THEN 1 ELSE 0 END), 0) AS missing,
  coalesce(sum(CASE WHEN o.status = 'timeout' THEN 1 ELSE 0 END), 0) AS timeouts,
  coalesce(sum(CASE WHEN o.category = 'error' THEN 1 ELSE 0 END), 0) AS errors,
  coalesce(sum(o.cpu_s), 0.0) AS cpu_s,
  coalesce(sum(o.wall_s), 0.0) AS wall_s
FROM run_solvers s
JOIN runs r ON r.run_pk = s.run_pk
LEFT JOIN outcomes o ON o.run_solver_pk = s.run_solver_pk AND o.is_latest
GROUP BY r.id, s.position, s.solver, s.version, r.dataset, r.dataset_sha256, r.n_tasks
"""

_TEST_RESULTS = """
SELECT r.id AS run, s.solver, t.task_id, x.test_index, x.is_solved_at_1, x.is_solved_at_2, x.is_solved_cropped,
  x.cells, x.cells_matched, x.cells_matched_strict, x.rank_of_correct
FROM test_results x
JOIN outcomes o ON o.outcome_pk = x.outcome_pk AND o.is_latest
JOIN run_solvers s ON s.run_solver_pk = o.run_solver_pk
JOIN runs r ON r.run_pk = s.run_pk
JOIN tasks t ON t.task_pk = o.task_pk
"""

_CANDIDATES = """
SELECT r.id AS run, s.solver, t.task_id, c.test_index, c.rank, c.attempt, c.confidence, c.is_correct, c.demos_solved,
  c.grid_hash, g.height, g.width, g.cells, coalesce(e.explanation, '') AS explanation
FROM candidates c
JOIN outcomes o ON o.outcome_pk = c.outcome_pk AND o.is_latest
JOIN run_solvers s ON s.run_solver_pk = o.run_solver_pk
JOIN runs r ON r.run_pk = s.run_pk
JOIN tasks t ON t.task_pk = o.task_pk
JOIN grids g ON g.grid_hash = c.grid_hash
LEFT JOIN explanations e ON e.outcome_pk = c.outcome_pk AND e.test_index = c.test_index AND e.rank = c.rank
"""

_FEATURES = {
    "sqlite": """
SELECT f.task_sha256, f.feature_set, j.key AS feature, j.value AS value
FROM features f, json_each(f."values") j
""",
    "postgresql": """
SELECT f.task_sha256, f.feature_set, j.key AS feature, CAST(j.value AS DOUBLE PRECISION) AS value
FROM features f, json_each_text(f."values") j
""",
}


def upgrade() -> None:
    """Make the views and the index."""
    op.create_index(
        "ix_outcomes_latest",
        "outcomes",
        ["run_solver_pk", "task_pk", "is_solved_at_1", "is_solved_at_2", "cpu_s", "wall_s"],
        sqlite_where=sa.text("is_latest"),
        postgresql_where=sa.text("is_latest"),
    )
    dialect = op.get_context().dialect.name
    join_names = "group_concat(n.solver, ', ')" if dialect == "sqlite" else "string_agg(n.solver, ', ')"
    views = {
        "v_runs": _RUNS.format(join_names=join_names),
        "v_solvers": _SOLVERS,
        "v_outcomes": _ALL_OUTCOMES + "WHERE o.is_latest\n",
        "v_retries": _ALL_OUTCOMES,
        "v_results": _RESULTS,
        "v_test_results": _TEST_RESULTS,
        "v_candidates": _CANDIDATES,
        "v_features": _FEATURES["sqlite" if dialect == "sqlite" else "postgresql"],
    }
    for name, select in views.items():
        op.execute(f"CREATE VIEW {name} AS{select}")

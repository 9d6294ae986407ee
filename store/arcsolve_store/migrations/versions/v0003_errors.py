"""Count errors in ``v_results`` as a run's summary does: by how the work ended, a timeout apart."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

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
  coalesce(sum(CASE WHEN o.status IN ('error', 'crashed', 'out-of-memory') THEN 1 ELSE 0 END), 0) AS errors,
  coalesce(sum(o.cpu_s), 0.0) AS cpu_s,
  coalesce(sum(o.wall_s), 0.0) AS wall_s
FROM run_solvers s
JOIN runs r ON r.run_pk = s.run_pk
LEFT JOIN outcomes o ON o.run_solver_pk = s.run_solver_pk AND o.is_latest
GROUP BY r.id, s.position, s.solver, s.version, r.dataset, r.dataset_sha256, r.n_tasks
"""


def upgrade() -> None:
    """Make the view anew."""
    op.execute("DROP VIEW v_results")
    op.execute(f"CREATE VIEW v_results AS{_RESULTS}")

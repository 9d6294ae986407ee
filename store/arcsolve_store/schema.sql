CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE runs (
	run_pk INTEGER NOT NULL,
	id VARCHAR(64) NOT NULL,
	"key" VARCHAR(64) NOT NULL,
	created_at DATETIME NOT NULL,
	state VARCHAR(16) NOT NULL,
	dataset VARCHAR(255) NOT NULL,
	dataset_sha256 VARCHAR(64) NOT NULL,
	n_tasks INTEGER NOT NULL,
	seed INTEGER NOT NULL,
	timeout_s FLOAT NOT NULL,
	memory_mb INTEGER NOT NULL,
	environment JSON NOT NULL,
	PRIMARY KEY (run_pk),
	UNIQUE (id)
);

CREATE INDEX ix_runs_key ON runs ("key");

CREATE INDEX ix_runs_dataset ON runs (dataset);

CREATE TABLE sessions (
	session_pk INTEGER NOT NULL,
	run_pk INTEGER NOT NULL,
	host VARCHAR(255) NOT NULL,
	pid INTEGER NOT NULL,
	process_started FLOAT NOT NULL,
	started_at DATETIME NOT NULL,
	heartbeat_at DATETIME NOT NULL,
	ended_at DATETIME,
	PRIMARY KEY (session_pk),
	FOREIGN KEY(run_pk) REFERENCES runs (run_pk)
);

CREATE INDEX ix_sessions_run_pk ON sessions (run_pk);

CREATE TABLE run_tasks (
	run_pk INTEGER NOT NULL,
	position INTEGER NOT NULL,
	task_id VARCHAR(255) NOT NULL,
	n_tests INTEGER,
	PRIMARY KEY (run_pk, position),
	FOREIGN KEY(run_pk) REFERENCES runs (run_pk)
)
 WITHOUT ROWID;

CREATE TABLE run_solvers (
	run_solver_pk INTEGER NOT NULL,
	run_pk INTEGER NOT NULL,
	position INTEGER NOT NULL,
	solver VARCHAR(255) NOT NULL,
	version VARCHAR(64) NOT NULL,
	distribution VARCHAR(255) NOT NULL,
	options_given JSON NOT NULL,
	options JSON NOT NULL,
	PRIMARY KEY (run_solver_pk),
	CONSTRAINT uq_run_solvers_run_pk_solver UNIQUE (run_pk, solver),
	FOREIGN KEY(run_pk) REFERENCES runs (run_pk)
);

CREATE INDEX ix_run_solvers_solver ON run_solvers (solver);

CREATE TABLE tasks (
	task_pk INTEGER NOT NULL,
	task_id VARCHAR(255) NOT NULL,
	task_sha256 VARCHAR(64) NOT NULL,
	PRIMARY KEY (task_pk),
	CONSTRAINT uq_tasks_task_id_task_sha256 UNIQUE (task_id, task_sha256)
);

CREATE TABLE outcomes (
	outcome_pk INTEGER NOT NULL,
	run_solver_pk INTEGER NOT NULL,
	task_pk INTEGER NOT NULL,
	retry INTEGER NOT NULL,
	is_latest BOOLEAN NOT NULL,
	recorded_at DATETIME NOT NULL,
	status VARCHAR(16) NOT NULL,
	category VARCHAR(16),
	n_tests INTEGER NOT NULL,
	n_tests_solved_at_1 INTEGER NOT NULL,
	n_tests_solved_at_2 INTEGER NOT NULL,
	is_solved_at_1 BOOLEAN NOT NULL,
	is_solved_at_2 BOOLEAN NOT NULL,
	is_solved_cropped BOOLEAN NOT NULL,
	cells INTEGER NOT NULL,
	cells_matched INTEGER NOT NULL,
	cells_matched_strict INTEGER NOT NULL,
	n_candidates INTEGER NOT NULL,
	cpu_s FLOAT NOT NULL,
	wall_s FLOAT NOT NULL,
	memory_mb FLOAT NOT NULL,
	detail VARCHAR NOT NULL,
	PRIMARY KEY (outcome_pk),
	CONSTRAINT uq_outcomes_run_solver_pk_task_pk_retry UNIQUE (run_solver_pk, task_pk, retry),
	FOREIGN KEY(run_solver_pk) REFERENCES run_solvers (run_solver_pk),
	FOREIGN KEY(task_pk) REFERENCES tasks (task_pk)
);

CREATE TABLE test_results (
	outcome_pk INTEGER NOT NULL,
	test_index INTEGER NOT NULL,
	is_solved_at_1 BOOLEAN NOT NULL,
	is_solved_at_2 BOOLEAN NOT NULL,
	is_solved_cropped BOOLEAN NOT NULL,
	cells INTEGER NOT NULL,
	cells_matched INTEGER NOT NULL,
	cells_matched_strict INTEGER NOT NULL,
	rank_of_correct INTEGER,
	PRIMARY KEY (outcome_pk, test_index),
	FOREIGN KEY(outcome_pk) REFERENCES outcomes (outcome_pk)
)
 WITHOUT ROWID;

CREATE TABLE grids (
	grid_hash BLOB NOT NULL,
	height INTEGER NOT NULL,
	width INTEGER NOT NULL,
	cells BLOB NOT NULL,
	PRIMARY KEY (grid_hash)
)
 WITHOUT ROWID;

CREATE TABLE candidates (
	outcome_pk INTEGER NOT NULL,
	test_index INTEGER NOT NULL,
	rank INTEGER NOT NULL,
	attempt INTEGER,
	confidence FLOAT NOT NULL,
	is_correct BOOLEAN,
	demos_solved INTEGER,
	grid_hash BLOB NOT NULL,
	PRIMARY KEY (outcome_pk, test_index, rank),
	FOREIGN KEY(outcome_pk) REFERENCES outcomes (outcome_pk),
	FOREIGN KEY(grid_hash) REFERENCES grids (grid_hash)
)
 WITHOUT ROWID;

CREATE TABLE explanations (
	outcome_pk INTEGER NOT NULL,
	test_index INTEGER NOT NULL,
	rank INTEGER NOT NULL,
	explanation VARCHAR NOT NULL,
	PRIMARY KEY (outcome_pk, test_index, rank),
	FOREIGN KEY(outcome_pk) REFERENCES outcomes (outcome_pk)
)
 WITHOUT ROWID;

CREATE TABLE features (
	task_sha256 VARCHAR(64) NOT NULL,
	feature_set VARCHAR(255) NOT NULL,
	"values" JSON NOT NULL,
	PRIMARY KEY (task_sha256, feature_set)
)
 WITHOUT ROWID;

CREATE INDEX ix_outcomes_latest ON outcomes (run_solver_pk, task_pk, is_solved_at_1, is_solved_at_2, cpu_s, wall_s) WHERE is_latest;

CREATE VIEW v_runs AS
SELECT r.id AS run, r.created_at, r.state, r.dataset, r.dataset_sha256, r.n_tasks,
  (SELECT count(*) FROM run_solvers s JOIN outcomes o ON o.run_solver_pk = s.run_solver_pk
   WHERE s.run_pk = r.run_pk AND o.is_latest) AS n_outcomes,
  (SELECT group_concat(n.solver, ', ') FROM (SELECT s.solver FROM run_solvers s WHERE s.run_pk = r.run_pk ORDER BY s.position) AS n
  ) AS solvers,
  r.seed, r.timeout_s, r.memory_mb,
  (SELECT max(x.heartbeat_at) FROM sessions x WHERE x.run_pk = r.run_pk) AS heartbeat_at,
  r.environment
FROM runs r;

CREATE VIEW v_solvers AS
SELECT r.id AS run, s.solver, s.version, s.distribution, s.options_given, s.options
FROM run_solvers s JOIN runs r ON r.run_pk = s.run_pk;

CREATE VIEW v_outcomes AS
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
WHERE o.is_latest;

CREATE VIEW v_retries AS
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
JOIN tasks t ON t.task_pk = o.task_pk;

CREATE VIEW v_test_results AS
SELECT r.id AS run, s.solver, t.task_id, x.test_index, x.is_solved_at_1, x.is_solved_at_2, x.is_solved_cropped,
  x.cells, x.cells_matched, x.cells_matched_strict, x.rank_of_correct
FROM test_results x
JOIN outcomes o ON o.outcome_pk = x.outcome_pk AND o.is_latest
JOIN run_solvers s ON s.run_solver_pk = o.run_solver_pk
JOIN runs r ON r.run_pk = s.run_pk
JOIN tasks t ON t.task_pk = o.task_pk;

CREATE VIEW v_candidates AS
SELECT r.id AS run, s.solver, t.task_id, c.test_index, c.rank, c.attempt, c.confidence, c.is_correct, c.demos_solved,
  c.grid_hash, g.height, g.width, g.cells, coalesce(e.explanation, '') AS explanation
FROM candidates c
JOIN outcomes o ON o.outcome_pk = c.outcome_pk AND o.is_latest
JOIN run_solvers s ON s.run_solver_pk = o.run_solver_pk
JOIN runs r ON r.run_pk = s.run_pk
JOIN tasks t ON t.task_pk = o.task_pk
JOIN grids g ON g.grid_hash = c.grid_hash
LEFT JOIN explanations e ON e.outcome_pk = c.outcome_pk AND e.test_index = c.test_index AND e.rank = c.rank;

CREATE VIEW v_features AS
SELECT f.task_sha256, f.feature_set, j.key AS feature, j.value AS value
FROM features f, json_each(f."values") j;

CREATE VIEW v_results AS
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
GROUP BY r.id, s.position, s.solver, s.version, r.dataset, r.dataset_sha256, r.n_tasks;

INSERT INTO alembic_version (version_num) VALUES ('0003');

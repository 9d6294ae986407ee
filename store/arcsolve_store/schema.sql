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

INSERT INTO alembic_version (version_num) VALUES ('0001');

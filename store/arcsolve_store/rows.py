"""What reading a store gives: one row type per documented view, with the view's columns in order."""

from datetime import datetime
from typing import Any, NamedTuple


class RunRow(NamedTuple):
    """``v_runs``: one row per run."""

    run: str
    """The run's id."""
    created_at: datetime
    """When it was first started (UTC)."""
    state: str
    """``running``, ``complete`` or ``interrupted`` as last recorded; the Python API also tells ``abandoned``."""
    dataset: str
    """Name of the data set."""
    dataset_sha256: str
    """Content hash of the data set."""
    n_tasks: int
    """Tasks asked for: the denominator of every rate."""
    n_outcomes: int
    """Outcomes recorded, over all solvers, retries not counted."""
    solvers: str
    """The solvers' names, joined by commas."""
    seed: int
    """The seed every solver was given."""
    timeout_s: float
    """Wall seconds allowed per task."""
    memory_mb: int
    """MiB allowed per worker."""
    heartbeat_at: datetime | None
    """The last sign of life of a process working on it (UTC)."""
    environment: dict[str, Any]
    """Python, packages, git commit, machine, command line, as JSON."""


class SolverRow(NamedTuple):
    """``v_solvers``: one row per solver of a run."""

    run: str
    """The run's id."""
    solver: str
    """The solver's name."""
    version: str
    """Its version."""
    distribution: str
    """The distribution that brought it."""
    options_given: dict[str, Any]
    """Its options as given, as JSON."""
    options: dict[str, Any]
    """Its options with defaults, as JSON."""


class ResultRow(NamedTuple):
    """``v_results``: one row per run and solver, totals over the run's tasks; missing tasks count as not solved."""

    run: str
    """The run's id."""
    solver: str
    """The solver's name."""
    version: str
    """Its version."""
    dataset: str
    """Name of the data set."""
    dataset_sha256: str
    """Content hash of the data set."""
    n_tasks: int
    """The denominator."""
    n_outcomes: int
    """Tasks with an outcome."""
    solved_at_1: int
    """Tasks with every test input right by attempt 1."""
    solved_at_2: int
    """Tasks with every test input right within two attempts: the score."""
    fraction_at_2: float
    """Mean over tasks of the share of test inputs right within two attempts."""
    solved_cropped: int
    """Tasks right only after cropping to the true shape, or right anyway (forgiving; not a score)."""
    pixel_accuracy: float
    """Mean over tasks of the forgiving pixel accuracy of attempt 1."""
    pixel_accuracy_strict: float
    """The same with a wrong shape counted as 0."""
    missing: int
    """Tasks without an outcome, or without an attempt for some test input."""
    timeouts: int
    """Tasks on which the time limit struck."""
    errors: int
    """Tasks on which the work ended in an error, a crash or for want of memory."""
    cpu_s: float
    """CPU seconds over all tasks."""
    wall_s: float
    """Wall seconds over all tasks."""


class OutcomeRow(NamedTuple):
    """``v_outcomes``: the latest outcome per run, solver and task; ``v_retries``: those replaced by a retry, too."""

    run: str
    """The run's id."""
    dataset: str
    """Name of the data set."""
    dataset_sha256: str
    """Content hash of the data set."""
    solver: str
    """The solver's name."""
    task_id: str
    """The task."""
    task_sha256: str
    """Content hash of the task."""
    retry: int
    """0 for the first outcome, 1 for the first retry, …"""
    is_latest: bool
    """False where a retry replaced it (only in ``v_retries``)."""
    recorded_at: datetime
    """When it was recorded (UTC)."""
    status: str
    """How the work ended: finished, abstained, timeout, out-of-memory, crashed, error, cancelled."""
    category: str | None
    """The judgement: correct, wrong, error, missing; NULL without a solution."""
    detail: str
    """Why, where there is something to say."""
    is_solved_at_1: bool
    """Every test input right by attempt 1."""
    is_solved_at_2: bool
    """Every test input right within two attempts."""
    is_solved_cropped: bool
    """Every test input right by attempt 1 after cropping to the true shape."""
    n_tests: int
    """Test inputs."""
    n_tests_solved_at_1: int
    """Test inputs right by attempt 1."""
    n_tests_solved_at_2: int
    """Test inputs right within two attempts."""
    fraction_at_2: float
    """Share of test inputs right within two attempts."""
    pixel_accuracy: float
    """Forgiving pixel accuracy of attempt 1, pooled over test inputs."""
    pixel_accuracy_strict: float
    """The same with a wrong shape counted as 0."""
    n_candidates: int
    """Candidates yielded in all."""
    cpu_s: float
    """CPU seconds of the worker's process tree."""
    wall_s: float
    """Wall seconds."""
    memory_mb: float
    """Peak resident MiB of the tree."""


class JudgedTestRow(NamedTuple):
    """``v_test_results``: the judged result per test input, where the solution is known."""

    run: str
    """The run's id."""
    solver: str
    """The solver's name."""
    task_id: str
    """The task."""
    test_index: int
    """Which test input, from 0."""
    is_solved_at_1: bool
    """Attempt 1 is exactly right."""
    is_solved_at_2: bool
    """Attempt 1 or 2 is."""
    is_solved_cropped: bool
    """Attempt 1 is right after cropping to the true shape."""
    cells: int
    """Cells of the true output."""
    cells_matched: int
    """Cells of attempt 1 that are right after that crop."""
    cells_matched_strict: int
    """The same, but 0 where the shape is wrong."""
    rank_of_correct: int | None
    """Position of the right grid among all distinct candidates, from 1; NULL where it is not there."""


class CandidateRow(NamedTuple):
    """``v_candidates``: one row per distinct candidate kept, best first."""

    run: str
    """The run's id."""
    solver: str
    """The solver's name."""
    task_id: str
    """The task."""
    test_index: int
    """Which test input, from 0."""
    rank: int
    """Position by the solver's confidence, from 1."""
    attempt: int | None
    """1 or 2 where it was handed in, else NULL."""
    confidence: float
    """The solver's confidence, 0 to 1."""
    is_correct: bool | None
    """Whether it is exactly right; NULL where the solution is unknown."""
    demos_solved: int | None
    """Demonstrations the same program reproduces; NULL where that has no meaning."""
    grid_hash: bytes
    """Names the grid: equal for equal grids, whoever predicted them."""
    height: int
    """Rows of the grid."""
    width: int
    """Columns of the grid."""
    cells: bytes
    """The grid's cells: zlib of one byte per cell, row by row (`arcsolve_store.grids.decode`)."""
    explanation: str
    """How it was found; empty where the solver said nothing."""


class FeatureRow(NamedTuple):
    """``v_features``: one row per task content, feature set and feature."""

    task_sha256: str
    """Content hash of the task."""
    feature_set: str
    """Name and version of the feature set."""
    feature: str
    """The feature's name."""
    value: float | None
    """Its value; NULL where it is not a finite number."""


VIEWS: dict[str, type[Any]] = {
    "v_runs": RunRow,
    "v_solvers": SolverRow,
    "v_results": ResultRow,
    "v_outcomes": OutcomeRow,
    "v_retries": OutcomeRow,
    "v_test_results": JudgedTestRow,
    "v_candidates": CandidateRow,
    "v_features": FeatureRow,
}
"""Every documented view and the row type that describes it."""

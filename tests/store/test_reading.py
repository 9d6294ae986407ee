"""Reading: the documented views, typed rows, arrays, comparisons, data frames, read-only SQL."""

import math
import random
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

import arcsolve_store
from arcsolve import ArcsolveError, Outcome, Status
from arcsolve_store.comparison import mcnemar_exact, paired_bootstrap
from arcsolve_store.grids import decode, encode, grid_hash
from arcsolve_store.reader import Reader
from arcsolve_store.rows import VIEWS
from arcsolve_store.store import Store
from arcsolve_store.synthetic import make_outcome, make_run

FIRST = "20260101-000000-aaaaaa"
SECOND = "20260102-000000-bbbbbb"


@pytest.fixture
def filled(store: Store) -> Store:
    """A complete run of two solvers on three tasks with one retry, and an interrupted one of zero alone."""
    first, _ = store.resume_or_start(make_run(FIRST), fresh=False)
    for outcome in first_outcomes():
        store.record(first, outcome)
    store.finish(first, is_complete=True)
    second, _ = store.resume_or_start(make_run(SECOND, key="b" * 64, solvers=("zero",)), fresh=False)
    store.record(second, make_outcome("zero", "task0000", seed=20, solved=(1, 1)))
    store.finish(second, is_complete=False)
    return store


def first_outcomes() -> list[Outcome]:
    """The last one repeats (dsl, task0002)."""
    return [
        make_outcome("zero", "task0000", seed=1, solved=(None, None)),
        make_outcome("zero", "task0001", seed=2, solved=(None, 1)),
        make_outcome("zero", "task0002", seed=3, solved=(None, None), status=Status.TIMEOUT),
        make_outcome("dsl", "task0000", seed=4, solved=(1, 1)),
        make_outcome("dsl", "task0001", seed=5, solved=(1, 3)),
        make_outcome("dsl", "task0002", seed=6, solved=(None, None)),
        make_outcome("dsl", "task0002", seed=7, solved=(2, 1)),
    ]


def latest() -> list[Outcome]:
    return [*first_outcomes()[:5], first_outcomes()[6]]


@pytest.mark.parametrize("view", VIEWS)
def test_a_views_columns_are_its_row_types_fields(filled: Store, view: str) -> None:
    with filled._engine.connect() as connection:
        result = connection.execute(text(f"SELECT * FROM {view}"))
        assert tuple(result.keys()) == VIEWS[view]._fields


@pytest.mark.parametrize("view", VIEWS)
def test_a_documented_columns_docstring_exists(view: str) -> None:
    import ast
    import inspect

    tree = ast.parse(inspect.getsource(VIEWS[view])).body[0]
    assert isinstance(tree, ast.ClassDef)
    documented = [
        field.target.id
        for field, doc in zip(tree.body, tree.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(doc, ast.Expr)
        and isinstance(doc.value, ast.Constant)
    ]
    assert tuple(documented) == VIEWS[view]._fields


def test_runs_are_listed_newest_first(filled: Store) -> None:
    rows = filled.runs()
    assert [(r.run, r.state, r.n_tasks, r.n_outcomes, r.solvers) for r in sorted(rows)] == [
        (FIRST, "complete", 3, 6, "zero, dsl"),
        (SECOND, "interrupted", 3, 1, "zero"),
    ]
    assert [r.run for r in filled.runs(state="interrupted")] == [SECOND]
    assert filled.runs(dataset="other") == []


def test_a_run_whose_process_is_gone_is_abandoned(filled: Store) -> None:
    filled.resume_or_start(make_run(SECOND, key="b" * 64, solvers=("zero",)), fresh=False)
    assert [r.state for r in filled.runs() if r.run == SECOND] == ["running"]
    with filled._engine.begin() as connection:
        connection.execute(text("UPDATE sessions SET process_started = process_started - 1000"))
    assert [r.state for r in filled.runs() if r.run == SECOND] == ["abandoned"]
    assert [r.run for r in filled.runs(state="abandoned")] == [SECOND]


def test_a_run_is_named_by_any_unique_beginning(filled: Store) -> None:
    assert filled.resolve(FIRST) == filled.resolve("20260101") == FIRST
    assert filled.resolve("latest") in (FIRST, SECOND)
    with pytest.raises(ArcsolveError, match=rf"beginning of several runs: .*{FIRST}"):
        filled.resolve("2026")
    with pytest.raises(ArcsolveError, match="No run 'nope' in store"):
        filled.resolve("nope")
    with pytest.raises(ArcsolveError, match="No run '%'"):
        filled.resolve("%")


def test_results_count_missing_tasks_in_the_denominator(filled: Store) -> None:
    by_solver = {row.solver: row for row in filled.results(FIRST)}
    zero, dsl = by_solver["zero"], by_solver["dsl"]
    assert (zero.solved_at_1, zero.solved_at_2, zero.timeouts, zero.n_outcomes) == (0, 0, 1, 3)
    assert (dsl.solved_at_1, dsl.solved_at_2, dsl.n_outcomes) == (1, 2, 3)
    for name, row in by_solver.items():
        own = [o for o in latest() if o.solver == name]
        assert row.fraction_at_2 == pytest.approx(sum(o.fraction_at_2 for o in own) / 3)
        assert row.pixel_accuracy == pytest.approx(sum(o.pixel_accuracy for o in own) / 3)
        assert row.pixel_accuracy_strict == pytest.approx(sum(o.pixel_accuracy_strict for o in own) / 3)
        assert row.cpu_s == pytest.approx(sum(o.cpu_s for o in own))
    (row,) = filled.results(SECOND)
    assert (row.n_tasks, row.n_outcomes, row.solved_at_2, row.missing) == (3, 1, 1, 2)
    assert row.fraction_at_2 == pytest.approx(1 / 3)


def test_a_run_without_outcomes_has_results(store: Store) -> None:
    store.resume_or_start(make_run(), fresh=False)
    assert [(r.n_outcomes, r.missing, r.fraction_at_2) for r in store.results("latest")] == [(0, 3, 0.0)] * 2


def test_outcomes_are_filtered(filled: Store) -> None:
    assert len(filled.outcomes()) == 7
    assert len(filled.outcomes(FIRST)) == 6
    assert len(filled.outcomes([FIRST, SECOND])) == 7
    assert len(filled.outcomes(FIRST, with_retries=True)) == 7
    assert {o.task_id for o in filled.outcomes(FIRST, solver="dsl")} == {"task0000", "task0001", "task0002"}
    assert [o.solver for o in filled.outcomes(status="timeout")] == ["zero"]
    assert len(filled.outcomes(category=["correct"])) == 3
    assert filled.outcomes(dataset="other") == []
    (row,) = filled.outcomes(FIRST, solver="dsl", task_id="task0002")
    expected = first_outcomes()[6]
    assert (row.retry, row.is_latest, row.is_solved_at_1, row.is_solved_at_2) == (1, True, False, True)
    assert (row.fraction_at_2, row.pixel_accuracy) == (1.0, pytest.approx(expected.pixel_accuracy))
    assert (row.cpu_s, row.wall_s, row.n_candidates) == (expected.cpu_s, expected.wall_s, expected.n_candidates)


def test_candidates_know_their_attempt_and_whether_they_are_right(filled: Store) -> None:
    rows = sorted(filled.candidates(FIRST, solver="dsl", task_id="task0001"), key=lambda r: (r.test_index, r.rank))
    assert [(r.test_index, r.rank, r.attempt, r.is_correct) for r in rows] == [
        *[(0, 1, 1, True), (0, 2, 2, False), (0, 3, None, False), (0, 4, None, False)],
        *[(1, 1, 1, False), (1, 2, 2, False), (1, 3, None, True), (1, 4, None, False)],
    ]
    expected = first_outcomes()[4].candidates
    assert all(np.array_equal(decode(r.cells, r.height, r.width), c.grid) for r, c in zip(rows, expected, strict=True))
    assert [r.explanation for r in rows] == [c.explanation for c in expected]
    assert len(filled.candidates(FIRST, only_attempts=True)) == 6 * 4


def test_test_results_are_per_test_input(filled: Store) -> None:
    rows = filled.test_results(FIRST, solver="dsl", task_id="task0001")
    assert sorted((r.test_index, r.is_solved_at_2, r.rank_of_correct) for r in rows) == [(0, True, 1), (1, False, 3)]


def test_features_come_back_one_by_one(filled: Store) -> None:
    filled.record_features([("s" * 64, "basic 1", {"height": 3.0, "ratio": math.inf})])
    assert sorted(filled.features("basic 1"))[0] == ("s" * 64, "basic 1", "height", 3.0)
    assert filled.features("basic 2") == []
    assert {(r.feature, r.value) for r in filled.features()} == {("height", 3.0), ("ratio", None)}


def test_the_matrix_agrees_with_the_rows(filled: Store) -> None:
    matrix = filled.outcome_matrix([SECOND, FIRST])
    assert [(c.run, c.solver, c.n_tasks) for c in matrix.columns] == [
        (SECOND, "zero", 3),
        (FIRST, "zero", 3),
        (FIRST, "dsl", 3),
    ]
    assert [t.task_id for t in matrix.tasks] == ["task0000", "task0001", "task0002"]
    rows = {(o.run, o.solver, o.task_id): o for o in filled.outcomes()}
    for j, column in enumerate(matrix.columns):
        for i, task in enumerate(matrix.tasks):
            row = rows.get((column.run, column.solver, task.task_id))
            assert matrix.is_present[i, j] == (row is not None)
            if row is None:
                assert not matrix.is_solved_at_2[i, j]
                assert np.isnan(matrix.wall_s[i, j])
            else:
                assert matrix.is_solved_at_1[i, j] == row.is_solved_at_1
                assert matrix.is_solved_at_2[i, j] == row.is_solved_at_2
                assert matrix.wall_s[i, j] == pytest.approx(row.wall_s, abs=1e-6)
                assert matrix.cpu_s[i, j] == pytest.approx(row.cpu_s, abs=1e-6)


def test_the_matrix_has_a_row_for_tasks_nobody_did(filled: Store) -> None:
    matrix = filled.outcome_matrix(SECOND)
    assert [(t.task_id, bool(t.task_sha256)) for t in matrix.tasks] == [
        ("task0000", True),
        ("task0001", False),
        ("task0002", False),
    ]
    assert matrix.is_present.tolist() == [[True], [False], [False]]


def test_confidences_are_those_of_the_candidates(filled: Store) -> None:
    found = filled.confidences(FIRST, only_attempts=False)
    pairs = sorted(
        (found.columns[c].solver, round(float(p), 5), bool(r), int(a))
        for c, p, r, a in zip(found.column, found.confidence, found.is_correct, found.attempt, strict=True)
    )
    rows = filled.candidates(FIRST)
    assert pairs == sorted(
        (r.solver, round(int(r.confidence * 1e6) / 1e6, 5), r.is_correct, r.attempt or 0) for r in rows
    )
    assert len(filled.confidences(FIRST).column) == 6 * 4


def test_the_union_counts_each_task_once(filled: Store) -> None:
    assert filled.union(FIRST) == filled.outcome_matrix(FIRST).is_solved_at_2.any(axis=1).sum() == 2
    assert filled.union(SECOND) == 1
    assert filled.union() == 2


def test_near_misses_are_tasks_nobody_solved(filled: Store) -> None:
    (miss,) = filled.near_misses(FIRST)
    expected = first_outcomes()
    assert miss.task_id == "task0001"
    best = max((expected[1], expected[4]), key=lambda o: o.pixel_accuracy_strict)
    assert miss.pixel_accuracy_strict == pytest.approx(best.pixel_accuracy_strict)
    assert filled.near_misses(FIRST, limit=0) == []


def test_frames_have_the_views_columns(filled: Store) -> None:
    polars = pytest.importorskip("polars")
    pandas = pytest.importorskip("pandas")
    frame = filled.frame("outcomes", run=FIRST, solver="dsl")
    assert isinstance(frame, polars.DataFrame)
    assert tuple(frame.columns) == VIEWS["v_outcomes"]._fields
    assert frame["is_solved_at_2"].sum() == 2
    other = filled.frame("results", library="pandas")
    assert isinstance(other, pandas.DataFrame)
    assert len(other) == 3
    assert tuple(filled.frame("features").columns) == VIEWS["v_features"]._fields
    with pytest.raises(ArcsolveError, match="no table 'nope'"):
        filled.frame("nope")  # type: ignore[call-overload]


def test_compare_lists_the_flips(filled: Store) -> None:
    (found,) = filled.compare(f"{FIRST}:zero", f"{FIRST}:dsl")
    assert (found.n_tasks, found.n_both, found.n_neither) == (3, 0, 1)
    assert (found.only_a, found.only_b) == ((), ("task0000", "task0002"))
    assert found.difference == pytest.approx(2 / 3)
    assert found.p_value == pytest.approx(0.5)
    (at_1,) = filled.compare(f"{FIRST}:zero", f"{FIRST}:dsl", at=1)
    assert at_1.only_b == ("task0000",)


def test_compare_counts_missing_tasks_as_unsolved(filled: Store) -> None:
    (found,) = filled.compare(FIRST, SECOND)
    assert (found.a.solver, found.b.solver, found.n_tasks, found.b.missing) == ("zero", "zero", 3, 2)
    assert (found.only_a, found.only_b, found.n_neither) == ((), ("task0000",), 2)


def test_compare_refuses_different_data_unless_told(filled: Store) -> None:
    other, _ = filled.resume_or_start(
        make_run("20260103-000000-cccccc", key="c" * 64, n_tasks=2, dataset_sha256="e" * 64), fresh=False
    )
    for outcome in (make_outcome("dsl", "task0000", seed=9), make_outcome("dsl", "task0001", solved=(1, 1))):
        filled.record(other, outcome)
    with pytest.raises(ArcsolveError, match=r"not on the same data .*--allow-different-data"):
        filled.compare(FIRST, other.id)
    (found,) = filled.compare(f"{FIRST}:dsl", f"{other.id}:dsl", allow_different_data=True)
    assert (found.n_tasks, found.n_left_out, found.only_a, found.only_b) == (2, 1, ("task0000",), ("task0001",))


def test_compare_refuses_runs_asked_for_different_tasks(filled: Store) -> None:
    filled.resume_or_start(make_run("20260103-000000-cccccc", key="c" * 64, n_tasks=2), fresh=False)
    with pytest.raises(ArcsolveError, match=r"not on the same data .*3 tasks against .*2 tasks"):
        filled.compare(FIRST, "20260103")


def test_compare_needs_solvers_that_pair(filled: Store) -> None:
    filled.resume_or_start(make_run("20260103-000000-cccccc", key="c" * 64, solvers=("hrm", "x")), fresh=False)
    with pytest.raises(ArcsolveError, match="share no solver"):
        filled.compare(FIRST, "20260103")
    with pytest.raises(ArcsolveError, match=r"has no solver 'nope'\. It has: zero, dsl"):
        filled.compare(f"{FIRST}:nope", SECOND)


@pytest.mark.parametrize(("b", "c"), [(0, 0), (1, 0), (0, 5), (3, 7), (12, 12), (40, 20)])
def test_mcnemar_is_the_exact_binomial_test(b: int, c: int) -> None:
    n = b + c
    tail = sum(math.comb(n, k) for k in range(min(b, c) + 1)) / 2**n
    assert mcnemar_exact(b, c) == pytest.approx(min(1.0, 2 * tail))
    assert mcnemar_exact(b, c) == mcnemar_exact(c, b)


def test_mcnemar_takes_large_counts() -> None:
    assert 0.0 <= mcnemar_exact(60_000, 50_000) < 1e-100
    assert mcnemar_exact(50_000, 50_000) == 1.0


def test_the_bootstrap_agrees_with_resampling_tasks() -> None:
    only_a, only_b, n = 10, 25, 100
    differences = [-1] * only_a + [1] * only_b + [0] * (n - only_a - only_b)
    rng = random.Random(1)
    resampled = np.array([sum(rng.choices(differences, k=n)) / n for _ in range(4000)])
    low, high = np.quantile(resampled, [0.025, 0.975])
    assert paired_bootstrap(only_a, only_b, n) == pytest.approx((low, high), abs=0.02)


def test_a_query_gives_columns_and_rows(filled: Store) -> None:
    answer = filled.query("SELECT solver, sum(is_solved_at_2) AS solved FROM v_outcomes GROUP BY 1 ORDER BY 1")
    assert answer == (("solver", "solved"), [("dsl", 2), ("zero", 1)])
    assert filled.query("WITH t AS (SELECT 1 AS x) SELECT x + 1 FROM t").rows == [(2,)]
    assert filled.query("SELECT '50%' LIKE '5_%', ':name'").rows == [(1, ":name")]


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM runs",
        "UPDATE runs SET id = 'x'",
        "INSERT INTO features VALUES ('a', 'b', '{}')",
        "DROP TABLE runs",
        "CREATE TABLE t (x)",
        "CREATE TEMP TABLE t (x)",
        "ATTACH DATABASE 'other.db' AS other",
        "PRAGMA journal_mode=DELETE",
        "PRAGMA query_only=OFF",
        "PRAGMA writable_schema=ON",
        "VACUUM",
        "VACUUM INTO 'copy.db'",
        "BEGIN",
        "COMMIT",
        "REINDEX",
        "ANALYZE",
        "WITH t AS (SELECT 1) DELETE FROM runs",
        "SELECT load_extension('x')",
        "EXPLAIN DELETE FROM runs",
        "SELECT 1; DELETE FROM runs",
        "SELEC 1",
        "SELECT nope FROM v_runs",
        "",
        "-- nothing",
    ],
)
def test_a_query_can_do_nothing_but_read(
    filled: Store, tmp_path: Path, sql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(p.name for p in tmp_path.iterdir())
    with arcsolve_store.open(tmp_path / "arcsolve.db", readonly=True) as reader:
        for opened in (filled, reader):
            with pytest.raises(ArcsolveError):
                opened.query(sql)
        assert reader.query("SELECT count(*) FROM runs").rows == [(2,)]
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_a_reader_sees_what_a_writer_committed(filled: Store, tmp_path: Path) -> None:
    with arcsolve_store.open(tmp_path / "arcsolve.db", readonly=True) as reader:
        assert isinstance(reader, Reader)
        before = len(reader.outcomes())
        run, _ = filled.resume_or_start(make_run(SECOND, key="b" * 64, solvers=("zero",)), fresh=False)
        filled.record(run, make_outcome("zero", "task0001"))
        assert len(reader.outcomes()) == before + 1


def test_grids_survive_encoding() -> None:
    rng = np.random.default_rng(0)
    for shape in ((1, 1), (30, 30), (1, 300), (7, 3)):
        grid = rng.integers(0, 10, shape, dtype=np.int8)
        back = decode(encode(grid), *shape)
        assert np.array_equal(back, grid)
        assert not back.flags.writeable
        assert grid_hash(grid) == grid_hash(np.asfortranarray(grid.astype(np.int64)))
    assert grid_hash(np.zeros((2, 3), np.int8)) != grid_hash(np.zeros((3, 2), np.int8))

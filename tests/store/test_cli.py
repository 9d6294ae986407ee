"""The commands that read the store: data on standard output, everything else on standard error."""

import csv
import io
import json
import shutil
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result

import arcsolve_store
from arcsolve import Run, Task, plugins
from arcsolve.cli.main import cli
from arcsolve.data import load
from arcsolve.entries import CommandEntry
from arcsolve.reference import Origin
from arcsolve_store import schema
from arcsolve_store.rows import VIEWS
from arcsolve_store.synthetic import make_outcome, make_run

FIRST = "20260101-000000-aaaaaa"
SECOND = "20260102-000000-bbbbbb"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "arcsolve.db"
    with arcsolve_store.open(path) as store:
        first, _ = store.resume_or_start(make_run(FIRST), fresh=False)
        for seed, task_id in enumerate(first.task_ids):
            store.record(first, make_outcome("zero", task_id, seed=seed, solved=(None, None)))
            store.record(first, make_outcome("dsl", task_id, seed=9 + seed, solved=(1, 2 if seed else None)))
        store.finish(first, is_complete=True)
        second, _ = store.resume_or_start(make_run(SECOND, key="b" * 64, solvers=("zero",)), fresh=False)
        store.record(second, make_outcome("zero", seed=30, solved=(1, 1)))
        store.finish(second, is_complete=False)
    return path


def call(path: Path, *arguments: str, text: str | None = None) -> Result:
    result = CliRunner().invoke(cli, [*arguments, "--store", str(path)], input=text)
    assert result.exit_code == 0, result.output
    return result


def refuse(path: Path, *arguments: str) -> str:
    result = CliRunner().invoke(cli, [*arguments, "--store", str(path)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr
    return result.stderr


def test_runs(path: Path) -> None:
    lines = call(path, "runs").stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == sorted([FIRST, SECOND], reverse=True)
    rows = json.loads(call(path, "runs", "--json", "--state", "interrupted").stdout)
    assert [(row["run"], row["n_outcomes"], row["environment"]["python"]) for row in rows] == [(SECOND, 1, "3.12")]
    assert len(json.loads(call(path, "runs", "--json", "--limit", "1").stdout)) == 1


def test_runs_upgrades_an_old_store_when_told(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    shutil.copy(Path(__file__).with_name("databases") / "schema-0001.sqlite", path)
    assert "arcsolve runs --upgrade" in refuse(path, "runs")
    result = call(path, "runs", "--upgrade", "--json")
    assert "the old store is kept as" in result.stderr
    assert len(json.loads(result.stdout)) == 2
    assert "newest version" in call(path, "runs", "--upgrade").stderr
    assert len(list(tmp_path.glob("old.db.schema-0001.*.bak"))) == 1
    assert schema.HEAD != "0001"
    assert "No store" in refuse(tmp_path / "none.db", "runs", "--upgrade")


def test_results_from_the_store_alone(path: Path) -> None:
    data = json.loads(call(path, "results", FIRST, "--stored", "--json").stdout)
    assert data["dataset"] == {"name": "synthetic", "tasks": 3, "sha256": "d" * 64}
    assert list(data["solvers"]) == ["zero", "dsl"]
    assert (data["solvers"]["dsl"]["solved_at_2"], data["union"]) == (2, {"solved_at_2": 2})
    assert data["solvers"]["dsl"]["fraction_at_2"] == pytest.approx(2.5 / 3)
    table = call(path, "results", "20260102", "--stored").stdout
    assert table.splitlines()[1].split()[:4] == ["zero", "3", "1", "1"]
    assert "union (VBS): 1 of 3" in table


def test_results_without_the_data_set_say_so(path: Path) -> None:
    result = call(path, "results", FIRST)
    assert "synthetic" in result.stderr
    assert "Agent Zero's figures need the data set" in result.stderr
    assert "dsl" in result.stdout
    assert "Unknown data set 'nope'" in refuse(path, "results", FIRST, "--data", "nope")


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "tasks"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(4):
        grids = [rng.integers(0, 10, (3, 3)).tolist() for _ in range(4)]
        test = [{"input": grids[2], "output": grids[2] if number else grids[3]}]
        task = {"train": [{"input": grids[0], "output": grids[1]}], "test": test}
        (folder / f"t{number}.json").write_text(json.dumps(task))
    return folder


def test_results_equal_the_runs_own_summary(tmp_path: Path) -> None:
    folder, path = _folder(tmp_path), tmp_path / "a.db"
    solvers = ["run", "--solver", "identity,zero", "--data", str(folder), "--workers", "1"]
    own = json.loads(call(path, *solvers, "--json").stdout)
    again = json.loads(call(path, "results", "--json").stdout)
    assert again == own
    assert own["solvers"]["identity"]["solved_at_2"] == 3
    assert call(path, "results").stdout == call(path, *solvers).stdout
    assert "colours" in call(path, "results", "--tables").stdout


def test_the_stores_own_totals_equal_the_summary(tmp_path: Path) -> None:
    """Declined, failed and solved tasks counted alike, by SQL and by the core."""
    path, folder = tmp_path / "a.db", tmp_path / "tasks"
    folder.mkdir()
    for number in range(1, 7):
        grid = [[number, 0], [0, number]]
        pair = {"input": grid, "output": grid}
        (folder / f"task{number}.json").write_text(
            json.dumps({"train": [pair], "test": [pair, pair][: 1 + number % 2]})
        )
    plugin = str(Path(__file__).with_name("slow_solvers.py"))
    call(path, "run", "--plugin", plugin, "--solver", "moody,noise", "--data", str(folder), "--workers", "1")
    stored = json.loads(call(path, "results", "--stored", "--json").stdout)
    summary = json.loads(call(path, "results", "--json").stdout)
    assert summary["solvers"]["moody"]["errors"] == 1
    assert summary["solvers"]["moody"]["missing"] == 2
    for solver, figures in stored["solvers"].items():
        assert figures == pytest.approx({name: summary["solvers"][solver][name] for name in figures}), solver
    assert stored["union"] == summary["union"]


def test_results_refuse_data_that_changed(tmp_path: Path) -> None:
    folder, path = _folder(tmp_path), tmp_path / "a.db"
    call(path, "run", "--solver", "zero", "--data", str(folder), "--workers", "1")
    (folder / "t1.json").write_text((folder / "t0.json").read_text())
    assert "its content differs" in refuse(path, "results", "--data", str(folder))
    (folder / "t1.json").unlink()
    assert "lacks 1 of the tasks" in refuse(path, "results", "--data", str(folder))


def test_compare(path: Path) -> None:
    shown = call(path, "compare", f"{FIRST}:zero", f"{FIRST}:dsl").stdout
    assert "3 tasks: both 0, only A 0, only B 2, neither 1" in shown
    assert "exact McNemar p = 0.5" in shown
    assert "only B: task0001 task0002" in shown
    (data,) = json.loads(call(path, "compare", FIRST, SECOND, "--json").stdout)
    assert (data["a"]["solver"], data["only_b"], data["b"]["missing"]) == ("zero", ["task0000"], 2)
    assert "has no solver 'nope'" in refuse(path, "compare", f"{FIRST}:nope", SECOND)


def test_query(path: Path) -> None:
    sql = "SELECT solver, count(*) AS n FROM v_outcomes GROUP BY 1 ORDER BY 1"
    assert call(path, "query", sql).stdout.split() == ["solver", "n", "dsl", "3", "zero", "4"]
    assert call(path, "query", sql, "--format", "csv").stdout == "solver,n\ndsl,3\nzero,4\n"
    assert json.loads(call(path, "query", sql, "--json").stdout) == [
        {"solver": "dsl", "n": 3},
        {"solver": "zero", "n": 4},
    ]
    assert json.loads(call(path, "query", "-", "--json", text="SELECT x'00ff' AS b, NULL AS n").stdout) == [
        {"b": "00ff", "n": None}
    ]
    assert json.loads(call(path, "query", "--json").stdout) == {v: list(t._fields) for v, t in VIEWS.items()}
    assert "v_outcomes" in call(path, "query").stdout
    assert "may only read" in refuse(path, "query", "DELETE FROM runs")


def test_export_csv(path: Path, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(call(path, "export", "csv", FIRST).stdout)))
    assert (len(rows), tuple(rows[0])) == (6, VIEWS["v_outcomes"]._fields)
    target = tmp_path / "out.csv"
    told = json.loads(call(path, "export", "csv", "-o", str(target), "--table", "candidates", "--json").stdout)
    assert told == {"file": str(target), "rows": 7 * 8}
    assert len(target.read_text().splitlines()) == 1 + 7 * 8
    for table in ("runs", "solvers", "results", "test_results", "features"):
        assert call(path, "export", "csv", "--table", table).stdout.startswith(VIEWS[f"v_{table}"]._fields[0])
    assert "Can't write" in refuse(path, "export", "csv", "-o", str(tmp_path / "no" / "out.csv"))
    assert "leave the run out" in refuse(path, "export", "csv", FIRST, "--table", "features")


def test_export_parquet(path: Path, tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    target = tmp_path / "out.parquet"
    for table in ("outcomes", "runs", "candidates"):
        call(path, "export", "parquet", "--table", table, "-o", str(target))
        assert tuple(polars.read_parquet(target).columns) == VIEWS[f"v_{table}"]._fields


def test_export_kaggle_has_every_task_and_test_input(path: Path, tmp_path: Path) -> None:
    assert "--solver zero | dsl" in refuse(path, "export", "kaggle", FIRST)
    submission = json.loads(call(path, "export", "kaggle", FIRST, "--solver", "dsl").stdout)
    expected = make_outcome("dsl", "task0000", seed=9, solved=(1, None))
    assert list(submission) == ["task0000", "task0001", "task0002"]
    assert submission["task0000"] == [
        {f"attempt_{k + 1}": expected.attempts[2 * test + k].grid.tolist() for k in (0, 1)} for test in (0, 1)
    ]
    target = tmp_path / "submission.json"
    result = call(path, "export", "kaggle", SECOND, "-o", str(target))
    assert "4 test inputs have no attempt by zero" in result.stderr
    interrupted = json.loads(target.read_text())
    assert [len(answers) for answers in interrupted.values()] == [2, 2, 2]
    assert interrupted["task0002"][1] == {"attempt_1": [[0, 0], [0, 0]], "attempt_2": [[0, 0], [0, 0]]}


def test_a_kaggle_export_can_be_read_as_answers(tmp_path: Path) -> None:
    folder, path = _folder(tmp_path), tmp_path / "a.db"
    call(path, "run", "--solver", "identity", "--data", str(folder), "--workers", "1")
    submission = json.loads(call(path, "export", "kaggle").stdout)
    tasks: list[Task] = list(load(folder))
    assert sum(
        any(answer[k] == task.solution[0].tolist() for k in ("attempt_1", "attempt_2"))
        for task in tasks
        if task.solution is not None
        for answer in submission[task.id]
    ) == 3  # fmt: skip


def test_another_plugins_format_is_found(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    @click.argument("folder")
    def export_scenario(folder: str) -> None:
        """Write a scenario."""
        click.echo(f"scenario in {folder}")

    registry = plugins.load()
    registry.commands._entries["export-scenario"] = CommandEntry(
        "export-scenario", "Write a scenario.", export_scenario, Origin("x", "x")
    )
    monkeypatch.setattr(plugins, "load", lambda *args, **kwargs: registry)
    assert CliRunner().invoke(cli, ["export", "scenario", "here"]).stdout == "scenario in here\n"
    assert "scenario" in CliRunner().invoke(cli, ["export", "--help"]).stdout


def test_a_run_without_counts_of_test_inputs_needs_its_data(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    run = make_run(FIRST, solvers=("zero",))
    old = Run(**{**vars(run), "tests_per_task": ()})
    with arcsolve_store.open(path) as store:
        store.resume_or_start(old, fresh=False)
        assert store.run(FIRST) == old
    assert "Unknown data set 'synthetic'" in refuse(path, "export", "kaggle")

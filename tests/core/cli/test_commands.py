"""The commands that describe: plugins, solvers, datasets, show, check, doctor, new-plugin."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import arcsolve
from arcsolve import data, plugins
from arcsolve.cli.main import cli

PAIR = {"input": [[1, 2]], "output": [[2, 1]]}
TASK = {"train": [PAIR], "test": [PAIR]}


def call(*arguments: str, exit_code: int = 0):
    result = CliRunner().invoke(cli, list(arguments), catch_exceptions=False)
    assert result.exit_code == exit_code, result.output
    return result


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ARCSOLVE_STORE", raising=False)
    (tmp_path / "flip.json").write_text(json.dumps(TASK))
    return tmp_path


def test_plugins_lists_what_each_brings():
    rows = {row["name"]: row for row in json.loads(call("plugins", "--json").stdout)}
    assert rows["zero"]["ok"]
    assert "solver zero" in rows["zero"]["provides"]
    assert rows["zero"]["distribution"] == "arcsolve"
    assert "data set arc1:training" in call("plugins").stdout


def test_solvers_lists_and_describes():
    assert {"zero", "identity"} <= {row["name"] for row in json.loads(call("solvers", "--json").stdout)}
    described = json.loads(call("solvers", "zero", "--json").stdout)
    assert described["options"][0]["name"] == "shape"
    assert described["options"][0]["default"] == "canvas"
    text = call("solvers", "zero").stdout
    assert "-o zero.shape=canvas" in text
    assert "1 thread(s)" in text


def test_a_solver_that_can_not_be_imported_is_listed_as_broken(place):
    (place / "lazy.py").write_text(
        "import arcsolve\n@arcsolve.hookimpl\ndef register_solvers(register):\n"
        "    register('nowhere_x:A', name='lazy')\n"
    )
    rows = {row["name"]: row for row in json.loads(call("solvers", "--plugin", "lazy.py", "--json").stdout)}
    assert "No module named 'nowhere_x'" in rows["lazy"]["problem"]
    assert rows["zero"]["problem"] is None


def test_datasets_tells_size_and_hash(place):
    (row,) = json.loads(call("datasets", "flip.json", "--json").stdout)
    assert row["tasks"] == row["solved"] == 1
    assert row["sha256"] == data.load("flip.json").sha256


def test_show_draws_digits_where_there_is_no_terminal(place):
    result = call("show", "flip", "--data", "flip.json")
    assert "│1 2 │" in result.stdout
    assert "flip" in result.stderr
    assert "\x1b[48;2;0;116;217m" in call("show", "flip", "--data", "flip.json", "--colour", "always").stdout


def test_show_writes_pictures_and_nothing_to_the_terminal(place):
    result = call("show", "flip", "--data", "flip.json", "--svg", "a.svg", "--png", "a.png")
    assert result.stdout == ""
    assert Path("a.svg").read_text().startswith("<svg")
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")


def test_show_adds_the_attempts_of_a_run(place):
    registry = plugins.load()
    store = registry.stores["sqlite"].load()("arcsolve.db")
    dataset = data.load("flip.json")
    task = dataset["flip"]
    run = arcsolve.Run(
        "20260102-030405-abcdef", "key", datetime.now(UTC), str(place / "flip.json"), dataset.sha256, ("flip",),
        (arcsolve.SolverSpec("good", "1", "test 1"), arcsolve.SolverSpec("other", "1", "test 1")), 0, 10.0, 100,
    )  # fmt: skip
    store.resume_or_start(run, fresh=True)
    candidate = arcsolve.Candidate(0, np.array([[2, 7]]), 0.5)
    for solver in ("good", "other"):
        outcome = arcsolve.Outcome(
            solver, "flip", task.sha256, arcsolve.Status.FINISHED, arcsolve.Category.WRONG,
            attempts=(candidate,), candidates=(candidate,), n_candidates=1,
        )  # fmt: skip
        store.record(run, outcome)
    store.finish(run, is_complete=True)
    store.close()
    result = call("show", "flip", "--run", "latest", "--solver", "good")
    assert "test 0: good" in result.stdout
    assert "test 0: other" not in result.stdout
    assert "│2 7!│" in result.stdout
    assert "1 cell wrong" in result.stdout
    assert "has no solver 'godo'" in call("show", "flip", "--run", "latest", "--solver", "godo", exit_code=2).stderr
    Path("flip.json").write_text(json.dumps({"train": [PAIR, PAIR], "test": [PAIR]}))
    assert "its content differs" in call("show", "flip", "--run", "latest", exit_code=2).stderr


def test_check_passes_a_good_solver_and_fails_a_bad_one(place):
    rows = json.loads(call("check", "identity", "--json").stdout)
    assert {row["verdict"] for row in rows} <= {"ok", "skipped"}
    (place / "bad.py").write_text(
        "import arcsolve\nclass Bad(arcsolve.Solver):\n    'Bad.'\n    name = 'bad'\n"
        "    def solve(self, challenge, budget):\n        raise IndexError('no cells')\n"
        "@arcsolve.hookimpl\ndef register_solvers(register):\n    register(Bad)\n"
    )
    result = call("check", "--plugin", "bad.py", "bad", exit_code=1)
    assert "IndexError: no cells" in result.stdout
    assert "1 failed" in result.stderr


def test_doctor_reports_and_judges(place):
    rows = {row["what"]: row for row in json.loads(call("doctor", "--json").stdout)}
    assert rows["python"]["verdict"] == rows["store"]["verdict"] == "ok"
    assert not Path("arcsolve.db").exists()  # looking makes no store
    missing = call("doctor", "--store", "none/x.db", exit_code=1)
    assert "does not exist" in missing.stdout
    Path("junk.db").write_text("not a database, just some text that is long enough")
    assert "junk.db" in call("doctor", "--store", "junk.db", exit_code=1).stdout


def test_new_plugin_writes_a_package(place):
    result = call("new-plugin", "my-idea")
    assert Path("arcsolve-my-idea/arcsolve_my_idea/solver.py").exists()
    assert "arcsolve-my-idea/pyproject.toml" in result.stdout.splitlines()
    assert "pip install" in result.stderr

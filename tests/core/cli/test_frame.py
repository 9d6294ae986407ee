"""The program's frame: what it imports, what it costs in exit codes, and how it says what went wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"torch", "numba", "sqlalchemy", "alembic", "sklearn", "pandas", "polars", "pydantic", "numpy", "matplotlib"}

PROBE = """
import json, sys
from arcsolve.cli.main import cli
try:
    cli(sys.argv[1:], prog_name="arcsolve")
except SystemExit as end:
    assert end.code in (0, None), end.code
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def arcsolve(*arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "arcsolve", *arguments]
    merged = os.environ | {"COLUMNS": "100"} | environment
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=merged)


def imported(*arguments: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [["--help"], ["plugins"], ["--version"]])
def test_help_and_plugins_import_nothing_heavy(arguments):
    assert imported(*arguments) & HEAVY == set()


def test_the_help_of_run_imports_no_engine():
    assert imported("run", "--help") & HEAVY == set()


def test_listing_data_sets_imports_no_engine():
    assert imported("datasets", "arc2:evaluation") & (HEAVY - {"numpy"}) == set()


def test_importing_a_plugin_module_imports_nothing_heavy():
    modules = "arcsolve_arckit, arcsolve_store, arcsolve_zero, arcsolve_dsl, arcsolve_hrm, arcsolve_ensemble"
    code = f"import sys, {modules}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & HEAVY == set()


def test_help_lists_core_and_plugin_commands():
    done = arcsolve("--help")
    assert done.returncode == 0
    for command in ("run", "show", "check", "doctor", "new-plugin", "plugins", "solvers", "datasets", "dsl", "hrm"):
        assert f"\n  {command} " in done.stdout


def test_every_command_has_help():
    from click.testing import CliRunner

    from arcsolve.cli.main import COMMANDS, cli

    for name in COMMANDS:
        result = CliRunner().invoke(cli, [name, "--help"])
        assert result.exit_code == 0, result.output
        assert "Usage:" in result.output


def test_plugins_limited_by_the_environment():
    done = arcsolve("plugins", "--json", ARCSOLVE_PLUGINS="zero,arckit")
    assert [plugin["name"] for plugin in json.loads(done.stdout)] == ["arckit", "zero"]


def test_a_bug_keeps_its_traceback(tmp_path):
    """Only errors that the user can mend are made short."""
    (tmp_path / "bug.py").write_text(
        "import arcsolve, click\n@click.command()\ndef bug():\n    raise KeyError('x')\n"
        "@arcsolve.hookimpl\ndef register_commands(register):\n    register(bug)\n"
    )
    from click.testing import CliRunner

    from arcsolve import plugins
    from arcsolve.registry import Registry

    registry: Registry = plugins.load([tmp_path / "bug.py"])
    result = CliRunner().invoke(registry.commands["bug"].load())
    assert isinstance(result.exception, KeyError)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [["--help"], ["plugins"]])
def test_a_full_disk_is_told_in_one_line(arguments):
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "arcsolve", *arguments]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "Error: Can't write the output: No space left on device. Free some space.\n"

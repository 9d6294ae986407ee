"""``arcsolve hrm trace`` and ``robustness`` on a tiny checkpoint, and the group's own manners."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from arcsolve.errors import ArcsolveError

pytest.importorskip("torch")

from arcsolve_hrm.cli import hrm

FOLDER = Path(__file__).parent / "fixtures"
TINY = ["--checkpoint", str(FOLDER / "tiny-20"), "--data", str(FOLDER / "known_tasks.json"), "--device", "cpu"]


def invoke(*arguments):
    return CliRunner().invoke(hrm, [*arguments], catch_exceptions=False)


def test_trace_prints_the_strip():
    output = invoke("trace", "3c9b0459", *TINY).output
    assert "segment 1" in output
    assert "the answer is right" in output


def test_trace_writes_pictures_and_json(tmp_path):
    svg, png = tmp_path / "strip.svg", tmp_path / "strip.png"
    result = invoke("trace", "6150a2bd", *TINY, "--svg", str(svg), "--png", str(png), "--json")
    assert svg.read_text().startswith("<svg")
    assert png.read_bytes().startswith(b"\x89PNG")
    frames = json.loads(result.output)["frames"]
    assert frames[0]["segment"] == frames[0]["cycle"] == 1
    assert frames[0]["changed"] == 0


def test_trace_says_what_is_wrong():
    with pytest.raises(ArcsolveError, match="Did you mean: 3c9b0459"):
        invoke("trace", "3c9b0458", *TINY)
    with pytest.raises(ArcsolveError, match="has 1 test inputs"):
        invoke("trace", "3c9b0459", *TINY, "--test", "1")


def test_robustness_reports_all_known_tasks():
    small = ["--recolourings", "1", "--cells", "1"]
    output = invoke("robustness", *TINY, *small).output
    assert "3 tasks, 3 test inputs" in output
    assert "exact on augmented copies" in output
    facts = json.loads(invoke("robustness", "6150a2bd", *TINY, *small, "--json").output)
    assert facts["total"]["originals"] == 1
    assert facts["total"]["symmetries"] == 7
    assert list(facts["tasks"]) == ["6150a2bd"]


def test_help_lists_commands_without_torch():
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom arcsolve_hrm.cli import hrm\n"
        "print(CliRunner().invoke(hrm, ['--help']).output)\nassert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in ("convert", "info", "trace", "robustness", "train"):
        assert name in done.stdout


def test_a_missing_package_is_named(monkeypatch):
    from arcsolve_hrm import cli

    def without_torch(name):
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr(cli, "import_module", without_torch)
    with pytest.raises(ArcsolveError, match=r"'arcsolve hrm info' needs torch.*pip install 'arcsolve\[hrm\]'"):
        hrm.get_command(None, "info")

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from arcsolve_dsl.cli import dsl

TASK = {
    "train": [{"input": [[1, 2], [0, 0]], "output": [[2, 1], [0, 0]]}, {"input": [[3, 0]], "output": [[0, 3]]}],
    "test": [{"input": [[4, 0, 5]], "output": [[5, 0, 4]]}],
}


@pytest.fixture
def folder(tmp_path: Path) -> str:
    (tmp_path / "mirrored.json").write_text(json.dumps(TASK))
    return str(tmp_path)


def test_apply_shows_every_step(folder: str) -> None:
    program = "rotate(flip(input, 'up-down'), 2)"
    result = CliRunner().invoke(dsl, ["apply", program, "mirrored", "--data", folder], catch_exceptions=False)
    assert result.exit_code == 0
    assert "step 1: flip(input, 'up-down')" in result.output
    assert result.output.count("right") == 2


def test_apply_draws_svg(folder: str, tmp_path: Path) -> None:
    file = tmp_path / "steps.svg"
    result = CliRunner().invoke(dsl, ["apply", "input", "mirrored", "--data", folder, "--svg", str(file)])
    assert result.exit_code == 0
    assert file.read_text().startswith("<svg")


def test_a_program_outside_the_language_is_the_users_error(folder: str) -> None:
    result = CliRunner().invoke(dsl, ["apply", "flipp(input, 'up-down')", "mirrored", "--data", folder])
    assert "Did you mean: flip" in str(result.exception)


def test_primitives_lists_words_with_families() -> None:
    result = CliRunner().invoke(dsl, ["primitives"])
    assert "rigid" in result.output
    assert "flip(picture: Picture, axis: str) -> Picture" in result.output


@pytest.mark.slow
def test_explain_finds_the_mirror(folder: str) -> None:
    result = CliRunner().invoke(dsl, ["explain", "mirrored", "--data", folder, "--json"], catch_exceptions=False)
    best = json.loads(result.stdout)[0]
    assert best["grid"] == [[5, 0, 4]]
    assert best["explained"] == [True, True]

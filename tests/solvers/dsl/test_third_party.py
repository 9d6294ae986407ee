from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from arcsolve import plugins
from arcsolve_dsl import search
from arcsolve_dsl.lane import Clock, DslTask, hypothesis_for
from arcsolve_dsl.picture import Picture
from arcsolve_dsl.program import parse
from arcsolve_dsl.registry import REGISTRY, Example, primitive

PLUGIN = """
import arcsolve
from arcsolve_dsl.registry import Example, primitive

@arcsolve.hookimpl
def register_primitives(register):
    register("json")
"""


@pytest.fixture
def knight_moves() -> Iterator[None]:
    """A third party's word that no sequence of the engine's operations makes."""

    def knight_moved(picture: Picture) -> Picture:
        """Every cell jumps like a knight, around the edges."""
        return Picture(np.roll(picture.cells, (1, 2), (0, 1)), picture.row, picture.col)

    primitive("test", Example("knight_moved(input)", "1..\n...", "...\n..1"), searched=True)(knight_moved)
    yield
    del REGISTRY.primitives["knight_moved"]


def jumping() -> DslTask:
    rng = np.random.default_rng(3)
    grids = [(rng.integers(0, 5, (6, 7)) * (rng.random((6, 7)) < 0.6)).astype(np.int8) for _ in range(4)]
    demos = tuple((grid, np.ascontiguousarray(np.roll(grid, (1, 2), (0, 1))[::-1])) for grid in grids[:3])
    return DslTask(demos, (grids[3],))


def test_the_search_starts_from_third_party_words(knight_moves: None) -> None:
    task = jumping()
    best = next(found for found in search.lane(task, Clock()) if found.explains_all)
    assert "knight_moved(input)" in best.program.text
    again = hypothesis_for(parse(best.program.text), task, "again")
    assert again.explains_all
    assert np.array_equal(again.predictions[0], best.predictions[0])


def test_without_the_word_nothing_explains_all() -> None:
    assert not any(found.explains_all for found in search.lane(jumping(), Clock()))


def test_plugins_may_implement_the_hook(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("plugin") / "words_plugin.py"
    file.write_text(PLUGIN)
    asked: list[str] = []
    plugins.load([file]).hooks.call("register_primitives", register=asked.append)
    assert asked == ["json"]

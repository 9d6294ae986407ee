from __future__ import annotations

import numpy as np

from arcsolve_dsl.choice import answers, looks_of, ranking
from arcsolve_dsl.lane import DslTask, Hypothesis
from arcsolve_dsl.picture import from_text
from arcsolve_dsl.program import parse


def _grid(text: str) -> np.ndarray:
    return from_text(text).cells


def _task() -> DslTask:
    """Ones become twos; threes stay."""
    demos = (("1.3", "2.3"), ("..1", "..2"))
    return DslTask(tuple((_grid(a), _grid(b)) for a, b in demos), (_grid("113"),))


def _hypothesis(text: str, cost: float = 1.0, lane: str = "cell-rules", right: int = 2, **facts: float) -> Hypothesis:
    return Hypothesis(parse("input"), (_grid(text),), (True,) * right + (False,) * (2 - right), cost, lane, facts)


def test_odd_grids_are_told_by_their_looks() -> None:
    usual = looks_of(_task(), 0, _grid("213"))
    assert all(value == 0 for name, value in usual.items() if name != "many changes")
    assert looks_of(_task(), 0, _grid("113"))["the input itself"] == 1
    assert looks_of(_task(), 0, _grid("2.3"))["a demonstration's output"] == 1
    assert looks_of(_task(), 0, _grid("713"))["strange colours"] == 1
    assert looks_of(_task(), 0, _grid("222"))["changes what stays"] == 1
    assert looks_of(_task(), 0, _grid("222"))["one colour"] == 1
    assert looks_of(_task(), 0, _grid("113"))["few changes"] > 1


def test_the_odd_and_the_unexplained_rank_lower() -> None:
    found = [_hypothesis("113", lane="pieces"), _hypothesis("223", lane="object-rules"), _hypothesis("213", right=1)]
    ranked = ranking(_task(), found, 0)
    assert np.array_equal(ranked[0].grid, _grid("223"))
    assert all(0 < choice.confidence < 1 for choice in ranked)
    sure, doubtful = (
        ranking(_task(), [_hypothesis("223", **{"unseen keys": unseen})], 0)[0].confidence for unseen in (0.0, 1.0)
    )
    assert doubtful < sure


def test_agreeing_lanes_back_one_answer() -> None:
    found = [_hypothesis("223", lane="pieces"), _hypothesis("223", lane="cell-rules"), _hypothesis("113")]
    backed = answers(_task(), found, 0)[0]
    assert {hypothesis.lane for hypothesis, _ in backed.backers} == {"pieces", "cell-rules"}
    assert backed.rivals == 0

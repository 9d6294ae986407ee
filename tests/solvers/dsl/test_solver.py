from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import pytest

import arcsolve
from arcsolve.data import load
from arcsolve.testing import SolverTestCase
from arcsolve_dsl import assembly, search
from arcsolve_dsl.assembly import LANES, rounds, solve_task
from arcsolve_dsl.lane import Clock, DslTask, Hypothesis, hypothesis_for
from arcsolve_dsl.program import parse
from arcsolve_dsl.solver import DslSolver, as_dsl_task


@pytest.mark.slow
class TestDsl(SolverTestCase):
    solver = DslSolver
    options: ClassVar[dict[str, int]] = {"effort": 1}
    timeout_s = 20.0


def task(seed: int = 0) -> DslTask:
    rng = np.random.default_rng(seed)
    grids = [rng.integers(0, 4, (4, 5)).astype(np.int8) for _ in range(4)]
    return DslTask(tuple((grid, np.ascontiguousarray(grid[::-1])) for grid in grids[:3]), (grids[3],))


def test_a_simple_rule_is_found_with_its_program() -> None:
    asked = task()
    best = solve_task(asked, Clock())[0][0]
    assert np.array_equal(best.grid, asked.test_inputs[0][::-1])
    again = hypothesis_for(parse(best.hypothesis.program.text), asked, "again")
    assert again.explains_all
    assert np.array_equal(again.predictions[0], best.grid)


def test_the_same_steps_give_the_same_answers() -> None:
    first, second = (list(rounds(task(1), Clock(steps_left=20_000))) for _ in range(2))
    shown = [[(c.hypothesis.program.text, c.confidence) for c in ranked] for ranked in first]
    assert shown == [[(c.hypothesis.program.text, c.confidence) for c in ranked] for ranked in second]


def test_a_spent_budget_stops_between_lanes() -> None:
    assert len(list(rounds(task(), Clock(steps_left=0, deadline=0.0)))) == 0
    assert len(list(rounds(task(), Clock()))) == len(LANES)


def test_a_lane_that_fails_takes_nothing_else_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(task: DslTask, clock: Clock) -> Iterator[Hypothesis]:
        yield hypothesis_for(parse("input"), task, "fails")
        raise ZeroDivisionError("in the first lane")

    monkeypatch.setattr(assembly, "LANES", (fails, *LANES))
    asked = task()
    pairs = tuple(arcsolve.Pair(*demo) for demo in asked.demos)
    given = arcsolve.Challenge("t", pairs, asked.test_inputs)
    heard = []

    def listen() -> None:
        for candidate in DslSolver().solve(given, arcsolve.Budget(20.0).started()):
            heard.append(candidate)

    with pytest.raises(ZeroDivisionError, match="in the first lane"):
        listen()
    best = max(heard, key=lambda candidate: candidate.confidence)
    assert np.array_equal(best.grid, asked.test_inputs[0][::-1])
    assert best.confidence > 0.5


@pytest.mark.parametrize(("timeout_s", "option", "effort"), [(10.0, 0, 1), (60.0, 0, 2), (60.0, 1, 1), (5.0, 2, 2)])
def test_more_time_is_spent_on_a_deeper_search(
    monkeypatch: pytest.MonkeyPatch, timeout_s: float, option: int, effort: int
) -> None:
    asked: list[int] = []

    def nothing(task: DslTask, clock: Clock, effort: int) -> Iterator[list[Hypothesis]]:
        asked.append(effort)
        return iter(())

    monkeypatch.setattr(assembly, "hypotheses", nothing)
    challenge = load("arc1:training")["feca6190"].challenge
    solver = DslSolver(DslSolver.Options(effort=option))
    assert list(solver.solve(challenge, arcsolve.Budget(timeout_s=timeout_s))) == []
    assert asked == [effort]


@pytest.mark.parametrize(("timeout_s", "kept_s"), [(10.0, 0.3), (0.6, 0.09)])
def test_a_short_limit_is_searched_for_the_most_part(
    monkeypatch: pytest.MonkeyPatch, timeout_s: float, kept_s: float
) -> None:
    deadlines: list[float | None] = []

    def nothing(task: DslTask, clock: Clock, effort: int) -> Iterator[list[Hypothesis]]:
        deadlines.append(clock.deadline)
        return iter(())

    monkeypatch.setattr(assembly, "hypotheses", nothing)
    budget = arcsolve.Budget(timeout_s=timeout_s).started()
    assert list(DslSolver().solve(load("arc1:training")["feca6190"].challenge, budget)) == []
    assert deadlines == [pytest.approx(budget.deadline - kept_s)]


def test_the_deeper_search_finds_what_the_usual_one_does_not() -> None:
    asked = as_dsl_task(load("arc1:training")["feca6190"].challenge)
    assert not any(found.explains_all for found in search.lane(asked, Clock()))
    assert any(found.explains_all for found in search.deep_lane(asked, Clock()))


def test_importing_the_plugin_loads_nothing_heavy() -> None:
    code = "import sys, arcsolve_dsl; print([m for m in ('numba', 'numpy', 'networkx', 'torch') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

import arcsolve
from arcsolve import Abstain, ArcsolveError, Budget, Candidate, Challenge, Grid, Pair, Solver
from arcsolve.reference import Origin
from arcsolve.registry import Registry
from arcsolve.testing import SolverTestCase
from arcsolve_ensemble.merging.trust import MIN_TASKS
from arcsolve_ensemble.router.model import MemberModel, RouterModel
from arcsolve_ensemble.router.success import SuccessModel
from arcsolve_ensemble.solver import EnsembleSolver, member_names, merge_rules


class Copier(Solver):
    """Copies the input, sure of itself where it is one colour."""

    name = "copier"

    def solve(self, challenge: Challenge, budget: Budget) -> Iterator[Candidate]:
        for index, grid in enumerate(challenge.test_inputs):
            yield Candidate(index, grid, 0.4)


class Prover(Solver):
    """Mirrors, and claims that this reproduces all demonstrations."""

    name = "prover"

    class Options(arcsolve.Options):
        """Options of the prover."""

        demos: int = arcsolve.Option(99, description="How many demonstrations it claims.")

    def solve(self, challenge: Challenge, budget: Budget) -> Iterator[Candidate]:
        for index, grid in enumerate(challenge.test_inputs):
            yield Candidate(
                index, np.fliplr(grid), 0.3, "flip", demos_solved=min(self.options.demos, len(challenge.train))
            )


class Sleeper(Solver):
    """Yields one candidate and then goes on until its slot is over."""

    name = "sleeper"

    def solve(self, challenge: Challenge, budget: Budget) -> Iterator[Candidate]:
        for index, grid in enumerate(challenge.test_inputs):
            yield Candidate(index, np.rot90(grid), 0.2)
        while time.monotonic() < budget.deadline:
            yield Candidate(0, np.rot90(challenge.test_inputs[0]), 0.2)


class Raiser(Solver):
    """Yields something good and then fails."""

    name = "raiser"

    def solve(self, challenge: Challenge, budget: Budget) -> Iterator[Candidate]:
        yield Candidate(0, np.flipud(challenge.test_inputs[0]), 0.5)
        raise RuntimeError("boom")


class Decliner(Solver):
    """Declines everything."""

    name = "decliner"

    def solve(self, challenge: Challenge, budget: Budget) -> Iterator[Candidate]:
        raise Abstain("not for me")
        yield


class Unready(Solver):
    """Declines the whole run."""

    name = "unready"

    def prepare(self, challenges: Sequence[Challenge], budget: Budget) -> None:
        raise Abstain("no checkpoint")


class Judge(Solver):
    """Proposes nothing, but knows that flipping upside down is right."""

    name = "judge"

    def solve(self, challenge: Challenge, budget: Budget) -> Iterator[Candidate]:
        return iter(())

    def score(self, challenge: Challenge, index: int, grids: Sequence[Grid]) -> list[float]:
        right = np.flipud(challenge.test_inputs[index])
        return [0.0 if np.array_equal(grid, right) else -6.0 for grid in grids]


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    made = Registry()
    for cls in (Copier, Prover, Sleeper, Raiser, Decliner, Unready, Judge):
        made.add_solver(Origin("tests", "tests"), cls)
    made.add_solver(Origin("ensemble", "arcsolve"), EnsembleSolver)
    monkeypatch.setattr("arcsolve.plugins.load", lambda *files, **options: made)
    return made


def challenge(tests: int = 1) -> Challenge:
    pairs = tuple(Pair(np.array([[k, 2, 3], [4, 5, 6]]), np.array([[3, 2, k], [6, 5, 4]])) for k in (1, 7))
    return Challenge("t", pairs, tuple(np.array([[1, 2, 3], [4, 5, 6 + i]]) for i in range(tests)))


def answer(
    members: str, seconds: float = 5.0, tests: int = 1, **options: object
) -> tuple[EnsembleSolver, list[Candidate]]:
    solver = EnsembleSolver(EnsembleSolver.Options(members=members, model="none", **options))
    given = challenge(tests)
    solver.prepare([given], Budget(timeout_s=10).started())
    return solver, list(solver.solve(given, Budget(timeout_s=seconds).started()))


def best(candidates: list[Candidate], index: int = 0) -> list[Grid]:
    """The distinct grids as the runner ranks them: by their highest confidence."""
    top: dict[bytes, Candidate] = {}
    for candidate in candidates:
        if candidate.test_index == index:
            key = candidate.grid.tobytes() + bytes(candidate.grid.shape)
            if key not in top or candidate.confidence > top[key].confidence:
                top[key] = candidate
    return [c.grid for c in sorted(top.values(), key=lambda c: -c.confidence)]


def test_two_attempts_from_two_members() -> None:
    _, candidates = answer("copier,prover", tests=2)
    for index in (0, 1):
        first, second = best(candidates, index)
        source = challenge(2).test_inputs[index]
        np.testing.assert_array_equal(first, np.fliplr(source))
        np.testing.assert_array_equal(second, source)
    assert "votes: prover #1" in candidates[-2].explanation
    assert "flip" in candidates[-2].explanation


def test_members_in_any_order_give_the_same_answer() -> None:
    one = best(answer("copier,prover,raiser")[1])
    other = best(answer("raiser,prover,copier")[1])
    assert [grid.tolist() for grid in one] == [grid.tolist() for grid in other]


def test_a_failing_or_declining_member_costs_nothing_else() -> None:
    solver, candidates = answer("copier,raiser,decliner,unready,prover")
    assert [grid.tolist() for grid in best(candidates)[:1]] == [np.fliplr(challenge().test_inputs[0]).tolist()]
    assert any(np.array_equal(c.grid, np.flipud(challenge().test_inputs[0])) for c in candidates)
    assert solver.dropped == {"unready": "no checkpoint"}


def test_it_abstains_when_everybody_does() -> None:
    with pytest.raises(Abstain, match="not for me"):
        answer("decliner")
    with pytest.raises(Abstain, match="no checkpoint"):
        answer("unready")


def test_a_member_that_uses_up_its_slot_leaves_the_others_theirs() -> None:
    _, candidates = answer("sleeper,copier", seconds=0.6)
    found = [grid.tolist() for grid in best(candidates)]
    assert challenge().test_inputs[0].tolist() in found
    assert np.rot90(challenge().test_inputs[0]).tolist() in found


def test_what_was_handed_in_early_counts_if_time_runs_out() -> None:
    solver = EnsembleSolver(EnsembleSolver.Options(members="copier,sleeper", model="none"))
    given = challenge()
    solver.prepare([given], Budget(timeout_s=10).started())
    early = next(iter(solver.solve(given, Budget(timeout_s=5).started())))
    assert 0 < early.confidence < 1e-3


def test_final_confidences_stand_above_provisional_ones_and_fall() -> None:
    _, candidates = answer("copier,prover,sleeper", seconds=0.6)
    final = [c.confidence for c in candidates if c.confidence >= 1e-7]
    assert len(final) == 3
    assert final == sorted(final, reverse=True)
    assert sum(final) <= 1


def test_judges_are_heard() -> None:
    assert best(answer("copier,raiser,judge")[1])[0].tolist() == np.flipud(challenge().test_inputs[0]).tolist()
    copied = best(answer("copier,judge,prover", options={"prover": {"demos": 0}}, without="judged")[1])[0]
    assert copied.tolist() == challenge().test_inputs[0].tolist()


def model_of(folder: Path, **known: tuple[float, float]) -> str:
    """A model file that knows each member's rate of success and the seconds it takes."""
    members = {}
    for name, (rate, seconds) in known.items():
        success = SuccessModel("rate", {}, np.array([1.0, 0.0]), rate)
        members[name] = MemberModel(success, success, (seconds,), MIN_TASKS, "1")
    RouterModel(members).save(folder / "m.npz")
    return str(folder / "m.npz")


def heard(members: str, model: str, seconds: float = 5.0, **options: object) -> set[str]:
    """The members whose votes stand behind the final answers."""
    solver = EnsembleSolver(EnsembleSolver.Options(members=members, model=model, **options))
    given = challenge()
    solver.prepare([given], Budget(timeout_s=10).started())
    found = list(solver.solve(given, Budget(timeout_s=seconds).started()))
    return {name for name in members.split(",") for candidate in found if f"{name} #" in candidate.explanation}


def test_economy_asks_only_whom_it_pays_to_ask(tmp_path: Path) -> None:
    model = model_of(tmp_path, prover=(0.8, 0.1), copier=(0.1, 1.0))
    assert heard("prover,copier", model) == {"prover", "copier"}
    assert heard("prover,copier", model, economy=0.05) == {"prover", "copier"}
    hopeless = model_of(tmp_path, prover=(0.8, 0.1), copier=(0.01, 1.0))
    assert heard("prover,copier", hopeless) == {"prover"}
    assert heard("prover,copier", hopeless, economy=0) == {"prover", "copier"}
    model = model_of(tmp_path, prover=(0.8, 0.1), copier=(0.1, 1.0))
    assert heard("prover,copier", model, economy=0.5) == {"prover"}
    assert len(heard("prover,copier", model, economy=1e9)) == 1  # somebody answers, however little it promises
    assert heard("prover,copier,raiser", model, economy=0.5) == {"prover", "raiser"}  # a newcomer gets its chance


def test_a_member_that_never_was_so_quick_is_not_started(tmp_path: Path) -> None:
    model = model_of(tmp_path, prover=(0.8, 0.1), copier=(0.5, 3.0))
    assert heard("prover,copier", model, seconds=1.0) == {"prover"}
    assert heard("prover,copier", model, seconds=5.0) == {"prover", "copier"}


def test_only_judges_that_are_quick_enough_are_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(Judge, "score", lambda self, challenge, index, grids: asked.append(index))
    for takes_s, seconds, times in ((0.1, 2.0, 1), (1.9, 1.0, 0)):
        model = model_of(tmp_path, copier=(0.5, 0.01), raiser=(0.5, 0.01), judge=(0.5, takes_s))
        asked.clear()
        heard("copier,raiser,judge", model, seconds=seconds)
        assert len(asked) == times
    model = model_of(tmp_path, copier=(0.5, 0.01), raiser=(0.5, 0.01), judge=(0.01, 0.5))
    heard("copier,raiser,judge", model, economy=0.5)
    assert asked == []  # who was not worth asking does not judge either
    solver = EnsembleSolver(EnsembleSolver.Options(members="judge", model=model))
    ready = [list(solver._judges(challenge(), 0, ["judge"], left_s)) for left_s in (0.6, 0.4)]
    assert ready == [["judge"], []]


def test_auto_takes_all_but_itself_and_drops_what_fails() -> None:
    solver, _ = answer("auto", seconds=0.8)
    assert solver.dropped == {"unready": "no checkpoint"}


def test_bad_options() -> None:
    with pytest.raises(ArcsolveError, match="member of itself"):
        member_names("hrm,ensemble", ["hrm"])
    with pytest.raises(ArcsolveError, match="names no solver"):
        member_names(" , ", [])
    with pytest.raises(ArcsolveError, match="Unknown part 'luck'"):
        merge_rules("luck")
    with pytest.raises(ArcsolveError, match="nobody"):
        answer("nobody")
    with pytest.raises(ArcsolveError, match="Cannot read the router model"):
        EnsembleSolver(EnsembleSolver.Options(model="no/such/file"))


class TestContract(SolverTestCase):
    solver = EnsembleSolver
    options = {"members": "copier,prover", "model": "none"}  # noqa: RUF012

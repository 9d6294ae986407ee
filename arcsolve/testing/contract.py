"""The solver contract as checks: run by `arcsolve.testing.SolverTestCase` and by ``arcsolve check``.

A check gets a `Subject` and raises `ContractError` with what is wrong, or `unittest.SkipTest` where it can't be made.
"""

import math
import pickle
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from types import FrameType
from typing import Any
from unittest import SkipTest

from arcsolve.errors import Abstain, ArcsolveError, describe
from arcsolve.grid import as_grid
from arcsolve.options import validate_options
from arcsolve.solver import Budget, Candidate, Solver
from arcsolve.task import Challenge, grids_equal
from arcsolve.testing.tasks import AWKWARD, ORDINARY


class ContractError(AssertionError):
    """The solver breaks its contract: the message says how."""


class _OverrunError(BaseException):
    """Raised inside a solver that goes on long after its deadline."""


@dataclass
class Answer:
    """What a solver did on one challenge."""

    candidates: list[Candidate] = field(default_factory=list)
    abstained: str | None = None
    error: str | None = None
    wall_s: float = 0.0
    is_overrun: bool = False
    """It had to be stopped."""
    is_changed: bool = False
    """The challenge was another one afterwards."""


@dataclass
class Subject:
    """A solver class under examination, with its options and limits."""

    solver_class: type[Solver]
    options: Mapping[str, Any] = field(default_factory=dict)
    timeout_s: float = 5.0
    """Wall seconds per challenge."""
    grace_s: float = 5.0
    """How much longer a solver may take before it counts as ignoring its budget."""
    prepare_timeout_s: float = 120.0
    challenges: Sequence[Challenge] = (*ORDINARY, *AWKWARD)

    @cached_property
    def forward(self) -> dict[str, Answer]:
        """The answers, one instance going through the challenges in their order."""
        return self._go(self.challenges)

    @cached_property
    def backward(self) -> dict[str, Answer]:
        """The same from another instance, in the reverse order."""
        return self._go(tuple(reversed(self.challenges)))

    def make(self) -> Solver:
        """A prepared instance.

        Raises:
            SkipTest: the solver abstains in ``prepare``, e.g. for want of a checkpoint.
        """
        options = validate_options(self.solver_class.name, self.solver_class.Options, self.options)
        self.solver_class.warm_up(options)
        solver = self.solver_class(pickle.loads(pickle.dumps(options)))
        budget = Budget(timeout_s=self.prepare_timeout_s, seed=0).started()
        try:
            solver.prepare([_copy(challenge) for challenge in self.challenges], budget)
        except Abstain as reason:
            raise SkipTest(f"the solver abstains in prepare(): {reason}") from None
        return solver

    def _go(self, challenges: Sequence[Challenge]) -> dict[str, Answer]:
        solver = self.make()
        try:
            return {challenge.id: self._solve(solver, challenge) for challenge in challenges}
        finally:
            solver.close()

    def _solve(self, solver: Solver, challenge: Challenge) -> Answer:
        answer = Answer()
        given = _copy(challenge)
        start = time.monotonic()
        try:
            with _stopped_after(self.timeout_s + self.grace_s):
                for candidate in solver.solve(given, Budget(timeout_s=self.timeout_s, seed=7).started()):
                    answer.candidates.append(candidate)
        except Abstain as reason:
            answer.abstained = str(reason)
        except _OverrunError:
            answer.is_overrun = True
        except Exception as error:
            answer.error = describe(error)
        answer.wall_s = time.monotonic() - start
        answer.is_changed = _copy(given).sha256 != challenge.sha256
        return answer


def _copy(challenge: Challenge) -> Challenge:
    """As a worker process would receive it."""
    copy: Challenge = pickle.loads(pickle.dumps(challenge))
    return copy


@contextmanager
def _stopped_after(seconds: float) -> Iterator[None]:
    """Raise `_OverrunError` in the block after so many seconds, where signals allow (main thread, not Windows)."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise _OverrunError

    previous = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def describes_itself(subject: Subject) -> None:
    """It has a name, a version, a docstring, and describes its options."""
    cls = subject.solver_class
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", getattr(cls, "name", "")):
        raise ContractError(
            f"{cls.__qualname__}.name is {getattr(cls, 'name', None)!r}; use lower-case letters and hyphens."
        )
    if not isinstance(cls.version, str) or not cls.version:
        raise ContractError(f"{cls.__qualname__}.version should be a text, found {cls.version!r}.")
    if not (cls.__doc__ or "").strip() or cls.__doc__ == Solver.__doc__:
        raise ContractError(f"{cls.__qualname__} has no docstring; its first line is what `arcsolve solvers` shows.")
    for name, option in cls.Options.model_fields.items():
        if not option.description:
            raise ContractError(f"The option {name!r} has no description.")


def travels_to_a_worker(subject: Subject) -> None:
    """Its class and its options can be sent to another process."""
    options = validate_options(subject.solver_class.name, subject.solver_class.Options, subject.options)
    for what, value in (("class", subject.solver_class), ("options", options)):
        try:
            copy = pickle.loads(pickle.dumps(value))
        except Exception as error:
            raise ContractError(f"The solver's {what} can't be pickled: {describe(error)}") from error
        if copy != value:
            raise ContractError(f"The solver's {what} changes on its way to another process.")


def survives_awkward_challenges(subject: Subject) -> None:
    """It raises nothing but `Abstain`: 1x1, 30x30, one demonstration, ten colours, grids wider than 30."""
    faults = [f"{key}: {answer.error}" for key, answer in subject.forward.items() if answer.error]
    if faults:
        raise ContractError("It raises: " + "; ".join(faults[:3]))


def candidates_are_well_formed(subject: Subject) -> None:
    """Every candidate names a test input and holds a grid, a confidence in [0, 1] and a text."""
    by_id = {challenge.id: challenge for challenge in subject.challenges}
    for key, answer in subject.forward.items():
        for number, candidate in enumerate(answer.candidates):
            fault = _fault(candidate, by_id[key])
            if fault:
                raise ContractError(f"Challenge {key!r}, candidate {number}: {fault}")


def _fault(candidate: Any, challenge: Challenge) -> str:
    if not isinstance(candidate, Candidate):
        return f"is a {type(candidate).__name__}, not an arcsolve.Candidate."
    if type(candidate.test_index) is not int or not 0 <= candidate.test_index < len(challenge.test_inputs):
        return f"test_index is {candidate.test_index!r}; there are {len(challenge.test_inputs)} test inputs."
    try:
        as_grid(candidate.grid, "grid")
    except ArcsolveError as error:
        return str(error)
    confidence = candidate.confidence
    if not isinstance(confidence, int | float) or not math.isfinite(confidence) or not 0 <= confidence <= 1:
        return f"confidence is {confidence!r}; it lies in [0, 1]."
    if not isinstance(candidate.explanation, str):
        return f"explanation is a {type(candidate.explanation).__name__}, not a text."
    solved = candidate.demos_solved
    if solved is not None and not (isinstance(solved, int) and 0 <= solved <= len(challenge.train)):
        return f"demos_solved is {solved!r}; there are {len(challenge.train)} demonstrations."
    return ""


def leaves_challenges_alone(subject: Subject) -> None:
    """The challenge is the same after solving as before."""
    for key, answer in subject.forward.items():
        if answer.is_changed:
            raise ContractError(f"Challenge {key!r} is changed by solving it. Work on a copy.")


def respects_its_budget(subject: Subject) -> None:
    """It ends by itself soon after the deadline."""
    for key, answer in subject.forward.items():
        if answer.is_overrun or answer.wall_s > subject.timeout_s + subject.grace_s:
            raise ContractError(
                f"Challenge {key!r}: still at work {subject.grace_s:g} s after its limit of {subject.timeout_s:g} s. "
                "Look at budget.remaining_s() now and then."
            )


def same_seed_same_answer(subject: Subject) -> None:
    """A second instance that meets the challenges in another order gives the same candidates."""
    compared = 0
    for key, first in subject.forward.items():
        second = subject.backward[key]
        if max(first.wall_s, second.wall_s) > 0.8 * subject.timeout_s:
            continue  # where the time limit binds, the answers may differ
        compared += 1
        if (first.abstained is None) != (second.abstained is None) or first.error != second.error:
            raise ContractError(f"Challenge {key!r}: it answers, abstains or fails differently the second time.")
        if len(first.candidates) != len(second.candidates):
            counts = f"{len(first.candidates)} and {len(second.candidates)}"
            raise ContractError(f"Challenge {key!r}: {counts} candidates with the same seed.")
        for number, (a, b) in enumerate(zip(first.candidates, second.candidates, strict=True)):
            if a.test_index != b.test_index or not grids_equal(a.grid, b.grid) or a.confidence != b.confidence:
                raise ContractError(
                    f"Challenge {key!r}, candidate {number} differs with the same seed. Take all randomness from "
                    "budget.seed, keep nothing from one challenge to the next, and order sets before walking them."
                )
    if not compared:
        raise SkipTest("the time limit binds on every challenge")


def batches_like_single_challenges(subject: Subject) -> None:
    """`solve_batch` yields well-formed candidates for the challenges it was given."""
    size = subject.solver_class.resources.batch_size
    if size <= 1:
        raise SkipTest("the solver takes one challenge at a time")
    challenges = [_copy(challenge) for challenge in subject.challenges[:size]]
    solver = subject.make()
    try:
        budget = Budget(timeout_s=subject.timeout_s * len(challenges), seed=7).started()
        for index, candidate in solver.solve_batch(challenges, budget):
            if not 0 <= index < len(challenges):
                raise ContractError(f"solve_batch yields the challenge {index}; it was given {len(challenges)}.")
            fault = _fault(candidate, challenges[index])
            if fault:
                raise ContractError(f"solve_batch, challenge {challenges[index].id!r}: {fault}")
    except Abstain as reason:
        raise SkipTest(f"the solver abstains: {reason}") from None
    finally:
        solver.close()


def scores_are_log_probabilities(subject: Subject) -> None:
    """`score` gives None, or one finite number per grid, not above 0."""
    if subject.solver_class.score is Solver.score:
        raise SkipTest("the solver judges no grids")
    challenge = _copy(subject.challenges[0])
    grids = [challenge.test_inputs[0], challenge.train[0].output, challenge.test_inputs[0]]
    solver = subject.make()
    try:
        scores = solver.score(challenge, 0, grids)
    finally:
        solver.close()
    if scores is None:
        return
    if len(scores) != len(grids):
        raise ContractError(f"score() gives {len(scores)} numbers for {len(grids)} grids.")
    if any(math.isnan(score) or score > 1e-6 for score in scores):
        raise ContractError(f"score() gives {scores}; natural logarithms of probabilities are at most 0.")
    if not math.isclose(scores[0], scores[2], rel_tol=1e-6, abs_tol=1e-6):
        raise ContractError(f"score() gives {scores[0]} and {scores[2]} for one and the same grid.")


CHECKS: tuple[Callable[[Subject], None], ...] = (
    describes_itself,
    travels_to_a_worker,
    survives_awkward_challenges,
    candidates_are_well_formed,
    leaves_challenges_alone,
    respects_its_budget,
    same_seed_same_answer,
    batches_like_single_challenges,
    scores_are_log_probabilities,
)
"""Every check, in the order in which ``arcsolve check`` makes them; the first docstring line says what holds."""

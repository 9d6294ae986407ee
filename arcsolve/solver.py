"""The solver's side of the contract: `Solver`, the `Budget` it gets, the candidates it yields."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from arcsolve.grid import Grid
from arcsolve.options import Options
from arcsolve.task import Challenge


@dataclass(frozen=True, eq=False)
class Candidate:
    """One predicted grid for one test input.

    The runner checks it (`arcsolve.run`): a malformed candidate is dropped and reported in the outcome.
    """

    test_index: int
    """Which test input, from 0."""
    grid: Grid
    """(height, width) integer array of colours 0-9."""
    confidence: float = 0.0
    """How likely the solver holds it to be exactly right, in [0, 1]; the two highest become the attempts."""
    explanation: str = ""
    """How it was found: a program text, a trace. Kept up to 64 KiB."""
    demos_solved: int | None = None
    """How many demonstrations the same program reproduces exactly; None where that has no meaning."""


@dataclass(frozen=True)
class Budget:
    """What a solver may spend on a task. Exceeding it is a result (``timeout``, ``out-of-memory``), not an error.

    `deadline` is on this process's `time.monotonic` clock; the runner makes the budget inside the worker.
    """

    timeout_s: float = 10.0
    """Wall-clock seconds for this task."""
    memory_mb: int = 1024
    """Resident MiB of the worker's whole process tree."""
    seed: int = 0
    """Seeds every random choice: the same seed gives the same candidates."""
    device: str = "cpu"
    """``cpu`` or a torch device such as ``cuda``."""
    deadline: float = field(default=float("inf"), compare=False)
    """`time.monotonic` value at which the runner stops the solver."""

    def started(self) -> "Budget":
        """This budget with its clock started now."""
        return replace(self, deadline=time.monotonic() + self.timeout_s)

    def remaining_s(self) -> float:
        """Wall seconds left, never negative; infinite where the clock was not started."""
        return max(0.0, self.deadline - time.monotonic())

    def part(self, timeout_s: float) -> "Budget":
        """A sub-budget of at most `timeout_s` seconds from now, never beyond this budget's deadline."""
        seconds = min(timeout_s, self.remaining_s())
        return replace(self, timeout_s=seconds, deadline=time.monotonic() + seconds)


@dataclass(frozen=True)
class Resources:
    """What one worker of this solver needs, so that the executor can place it."""

    threads: int = 1
    """Compute threads one worker uses; 0 means all cores: one worker then serves the whole run."""
    memory_mb: int | None = None
    """Memory limit of one worker in MiB; None takes the run's ``--memory``."""
    gpu: bool = False
    """Whether a worker occupies the GPU where there is one."""
    batch_size: int = 1
    """How many challenges `Solver.solve_batch` likes at once; 1 means it is not batched."""
    preload: tuple[str, ...] = ()
    """Modules that are slow to import (torch, numba): imported once, before the workers are forked, so that a worker
    that had to be killed is replaced in milliseconds. They must start no threads and touch no GPU on import."""


class Solver:
    """Predicts the test outputs of ARC challenges. Subclass it, name it, register it.

    A solver lives in a worker process of its own: one instance per worker, used by one thread, created with
    validated options. It never sees a solution. The order of calls is ``__init__``, `prepare` once, then
    `solve` (or `solve_batch`) any number of times, then `close`.

    The contract, checked by `arcsolve.testing.SolverTestCase`: the same seed gives the same candidates
    (where the time limit does not bind), challenges are not changed, candidates are well-formed, budgets are
    respected, and what the solver can't take it declines by raising `arcsolve.Abstain` with the reason.
    """

    name: ClassVar[str]
    """``lower-kebab`` name, unique among all installed solvers."""
    version: ClassVar[str] = "0"
    """Changes whenever the answers may change: outcomes are keyed by it."""
    resources: ClassVar[Resources] = Resources()

    class Options(Options):
        """No options."""

    def __init__(self, options: Any = None) -> None:
        """Create the solver in its worker.

        Args:
            options: an instance of this class's ``Options``; None takes the defaults.
        """
        self.options: Any = self.Options() if options is None else options

    @classmethod
    def warm_up(cls, options: Any) -> None:
        """Prepare this machine once, in the parent process, before any worker starts (e.g. fill a compile cache).

        Must be cheap when there is nothing to do. It is called once more in the process that the workers are forked
        from: what it imports and loads there, all workers share from their first moment. There it must leave no
        threads behind, and not touch the GPU.

        Args:
            options: an instance of this class's ``Options``.

        Raises:
            arcsolve.ArcsolveError: the solver can't work here, and what to do about it.
        """

    def prepare(self, challenges: Sequence[Challenge], budget: Budget) -> None:
        """Get ready in the worker, once, before the first task: load a checkpoint, train at test time.

        Args:
            challenges: all challenges of the run, without solutions.
            budget: the per-run limits; `Budget.timeout_s` is the preparation's own limit.

        Raises:
            arcsolve.Abstain: the solver can't serve this run; every task is recorded as abstained.
        """

    def solve(self, challenge: Challenge, budget: Budget) -> Iterable[Candidate]:
        """Yield candidates as they are found; what was yielded before the limit counts.

        Args:
            challenge: demonstrations and test inputs, read-only.
            budget: wall clock, memory, seed, device; stop by yourself a little before the deadline.

        Returns:
            An iterable of candidates, usually by being a generator. Later candidates may repeat a grid with a
            higher confidence.

        Raises:
            arcsolve.Abstain: the solver declines the task, and why.
        """
        raise NotImplementedError(f"{type(self).__name__} has no solve()")

    def solve_batch(self, challenges: Sequence[Challenge], budget: Budget) -> Iterator[tuple[int, Candidate]]:
        """Solve several challenges at once where batching pays (`Resources.batch_size` > 1).

        Args:
            challenges: up to ``resources.batch_size`` challenges.
            budget: for the whole batch.

        Yields:
            (index into `challenges`, candidate).
        """
        for index, challenge in enumerate(challenges):
            for candidate in self.solve(challenge, budget):
                yield index, candidate

    def score(self, challenge: Challenge, index: int, grids: Sequence[Grid]) -> list[float] | None:
        """How likely this solver finds each grid as the output for test input `index` (optional).

        Returns:
            One log-probability per grid (natural logarithm, comparable within the call), or None when the solver
            can't judge.
        """
        return None

    def close(self) -> None:
        """Release what `prepare` took; called once at the end of a worker's life, best effort."""

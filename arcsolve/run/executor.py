"""The interface of an executor: what it is given, what it reports, how it is stopped.

An executor carries out solvers' work somewhere (`arcsolve.run.local`: worker processes on this machine) and reports
raw results. It never sees a solution; judging and recording are the parent's.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from arcsolve.entries import SolverEntry
from arcsolve.grid import Grid
from arcsolve.outcome import Status
from arcsolve.solver import Candidate, Resources
from arcsolve.task import Challenge

MAX_KEPT = 256
"""Distinct candidates kept per test input; beyond that the least confident go."""


@dataclass(frozen=True)
class Settings:
    """The rules of a run that concern its execution."""

    timeout_s: float = 10.0
    """Wall seconds per task."""
    memory_mb: int = 1024
    """Resident MiB of a worker's process tree, where the solver's `Resources` say nothing else."""
    prepare_timeout_s: float = 600.0
    """Wall seconds for creating a solver in its worker and its `Solver.prepare`."""
    seed: int = 0
    device: str = "cpu"
    workers: int = 1
    """Compute threads in use at a time, over all worker processes."""
    plugin_files: tuple[str, ...] = ()
    """Plugin files of the run: a solver that asks the registry in its worker finds them there, too."""


@dataclass(frozen=True, eq=False)
class Work:
    """One solver's part of a run."""

    entry: SolverEntry
    options: dict[str, Any]
    """Options as given, by name; the worker validates them again."""
    resources: Resources
    challenges: tuple[Challenge, ...]
    """All challenges of the run: `Solver.prepare` sees them."""
    pending: tuple[int, ...]
    """Positions in `challenges` of those to solve."""

    def jobs(self) -> list[tuple[int, ...]]:
        """The pending challenges in batches.

        What shares a batch is decided over all challenges, so that neither the number of workers nor an interruption
        changes it.
        """
        size = max(1, self.resources.batch_size)
        pending = set(self.pending)
        batches = (range(start, start + size) for start in range(0, len(self.challenges), size))
        jobs = (tuple(index for index in batch if index in pending) for batch in batches)
        return [job for job in jobs if job]


@dataclass(eq=False)
class Report:
    """What a solver did on one task, before anybody looks at the answer."""

    solver: str
    task_id: str
    status: Status
    detail: str = ""
    candidates: list[Candidate] = field(default_factory=list, repr=False)
    """Distinct grids per test input, in the order in which they came."""
    n_candidates: int = 0
    """How many were yielded, repeated ones included."""
    n_malformed: int = 0
    """How many things that are no candidate were yielded, and dropped."""
    cpu_s: float = 0.0
    wall_s: float = 0.0
    memory_mb: float = 0.0


class Stop:
    """How the outside asks an executor to stop; set from a signal handler or another thread."""

    def __init__(self) -> None:
        self.is_requested = False
        """Give out no more tasks; let those in flight finish."""
        self.is_urgent = False
        """Kill those in flight too; they are not reported."""

    def request(self) -> None:
        """Ask to finish; asked again, to stop at once."""
        self.is_urgent = self.is_requested
        self.is_requested = True


class Executor(Protocol):
    """Carries out work. One instance serves one run.

    A third party's executor is registered by `arcsolve.hookspecs.register_executors`; it is created without arguments.
    """

    def anticipate(self, solvers: Sequence[tuple[SolverEntry, Resources]], settings: Settings) -> None:
        """Told which solvers are likely to come, before data and store are read; may start what is slow to start."""

    def execute(self, works: Sequence[Work], settings: Settings, stop: Stop) -> Iterator[Report]:
        """Carry out the work and yield a report per pending task, in any order, as they come.

        When the iterator ends or is closed, no process of the executor is left. A fault of a solver is a report,
        never an exception. Each task runs under `seed_of` its id, a batch under that of its first task's.

        Raises:
            arcsolve.ArcsolveError: the executor itself can't work here.
        """

    def close(self) -> None:
        """End what `anticipate` started, if `execute` did not need it; called once, in any case."""


class Collector:
    """Gathers the candidates of one task: one entry per distinct grid and test input, the most confident."""

    def __init__(self) -> None:
        self._best: dict[tuple[int, tuple[int, ...], bytes], Candidate] = {}
        self._counts: dict[int, int] = {}
        self.n_candidates = 0

    def add(self, candidate: Candidate) -> bool:
        """Take a candidate in; returns whether it is new or more confident than the same grid before."""
        self.n_candidates += 1
        key = grid_key(candidate.test_index, candidate.grid)
        known = self._best.get(key)
        if known is not None:
            if candidate.confidence <= known.confidence:
                return False
            self._best[key] = candidate
            return True
        if self._counts.get(candidate.test_index, 0) >= MAX_KEPT:
            rivals = [item for item in self._best.items() if item[0][0] == candidate.test_index]
            worst_key, worst = min(reversed(rivals), key=lambda item: item[1].confidence)
            if candidate.confidence <= worst.confidence:
                return False
            del self._best[worst_key]
            self._counts[candidate.test_index] -= 1
        self._best[key] = candidate
        self._counts[candidate.test_index] = self._counts.get(candidate.test_index, 0) + 1
        return True

    @property
    def candidates(self) -> list[Candidate]:
        """What was kept, in the order in which each grid first came."""
        return list(self._best.values())


def grid_key(test_index: int, grid: Grid) -> tuple[int, tuple[int, ...], bytes]:
    """Equal for equal grids (shape and colours) at the same test input."""
    return test_index, grid.shape, grid.tobytes()


def seed_of(seed: int, task_id: str) -> int:
    """A task's own seed, 32 bits, from the run's: the same whatever ran before it, and where."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{task_id}".encode()).digest()[:4], "big")

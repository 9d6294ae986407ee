"""The seam between the runner and a store: what a run is, and what a store must be able to do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from arcsolve.outcome import Outcome


@dataclass(frozen=True)
class SolverSpec:
    """A solver as a run uses it."""

    name: str
    version: str
    distribution: str
    """Distribution and version that brought it, e.g. ``arcsolve 0.1.0``; a file's path for ``--plugin``."""
    options_given: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    """With defaults filled in."""


@dataclass(frozen=True)
class Run:
    """One invocation: data, solvers, limits, seed and environment."""

    id: str
    """Sortable by time and unique, e.g. ``20260102-030405-1a2b3c``."""
    key: str
    """sha256 of what decides the answers: data hash, task ids, solvers with versions and options, seed, limits.
    The same command gives the same key, and so continues the same run."""
    created_at: datetime
    dataset: str
    dataset_sha256: str
    task_ids: tuple[str, ...]
    solvers: tuple[SolverSpec, ...]
    seed: int
    timeout_s: float
    memory_mb: int
    environment: Mapping[str, Any] = field(default_factory=dict)
    """Python, packages, git commit, machine, command line, workers."""
    tests_per_task: tuple[int, ...] = ()
    """Test inputs of each task, in the order of `task_ids`; empty where not known. An export needs it for the tasks
    without an outcome."""


class RunStore(Protocol):
    """What the runner needs of a store; `arcsolve_store` is the implementation that ships.

    A store is opened in the parent process only. Every method is one short transaction.
    """

    def resume_or_start(self, run: Run, *, fresh: bool) -> tuple[Run, frozenset[tuple[str, str]]]:
        """Record a run's start, or take up the last one with the same key.

        Returns:
            The run to continue (the stored one where it resumes), and the (solver, task id) already done.

        Raises:
            arcsolve.ArcsolveError: another live process is working on that run, or the store can't be written.
        """

    def record(self, run: Run, outcome: Outcome) -> None:
        """Commit one outcome, durably, before returning."""

    def record_features(self, rows: Iterable[tuple[str, str, Mapping[str, float]]]) -> None:
        """Store task features: (task sha256, feature set as ``name version``, values)."""

    def featured(self, feature_set: str) -> frozenset[str]:
        """The sha256 of every task that has values of the feature set (``name version``)."""

    def finish(self, run: Run, *, is_complete: bool) -> None:
        """Mark the run finished (or interrupted) and give up its lease."""

    def outcomes_of(self, run: Run) -> list[Outcome]:
        """Every task's latest outcome per solver, with attempts and candidates."""

    def close(self) -> None:
        """Release the connection."""


class RunReader(Protocol):
    """What commands that only read need of a store, opened with ``readonly=True``."""

    def run(self, name: str) -> Run:
        """The run that `name` means: its id, a unique beginning of it, or ``latest``.

        Raises:
            arcsolve.ArcsolveError: none or several runs match.
        """

    def outcomes_of(self, run: Run) -> list[Outcome]:
        """Every task's latest outcome per solver, with attempts and candidates."""

    def close(self) -> None:
        """Release the connection."""

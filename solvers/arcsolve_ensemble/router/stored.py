"""Stored outcomes as the router and the merging see them: challenges, votes, and which votes were right.

What is right comes from the judged outcomes; no solution is read here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from arcsolve import ArcsolveError, Challenge, Outcome
from arcsolve.data.held_out import PREFIX, hold_out
from arcsolve_ensemble.analysis.gather import COMPOSITE, choose_runs, source_of
from arcsolve_ensemble.arrays import Bools, Floats, Ints
from arcsolve_ensemble.features import landmarks, task_features
from arcsolve_ensemble.merging.votes import Vote, collect, grid_key
from arcsolve_ensemble.records import Records, open_records


@dataclass(frozen=True, eq=False)
class StoredTask:
    """One task with everything its solvers proposed.

    Attributes:
        challenge: the challenge.
        outcomes: the newest outcome per solver, ensembles left out.
        votes: by test index, then by solver.
        right: by test index, the key of the right grid where anybody found it, else None.
        held_out: by solver, whether it solved the task's last demonstration given the others; where that was tried.
    """

    challenge: Challenge
    outcomes: dict[str, Outcome]
    votes: dict[int, dict[str, list[Vote]]]
    right: dict[int, str | None]
    held_out: dict[str, bool]

    def seconds_of(self, solver: str) -> float:
        """Return the seconds of one core that *solver* took: members of an ensemble share a worker with one thread."""
        outcome = self.outcomes[solver]
        return max(outcome.wall_s, outcome.cpu_s)

    def votes_of(self, solver: str) -> dict[int, list[Vote]]:
        """Return one solver's votes by test index."""
        return {index: by_solver.get(solver, []) for index, by_solver in self.votes.items()}


@dataclass(frozen=True, eq=False)
class StoredTasks:
    """Tasks, the solvers that ran on them, and the features.

    Attributes:
        name: where they come from, for people.
        tasks: n tasks.
        solvers: names, sorted.
        versions: the newest version seen of each solver.
        features: (n, f) task features.
        landmarks: (n, l) landmarks.
    """

    name: str
    tasks: tuple[StoredTask, ...]
    solvers: tuple[str, ...]
    versions: dict[str, str]
    features: Floats
    landmarks: Floats

    def subset(self, rows: Sequence[int] | Ints | Bools) -> StoredTasks:
        """Return the tasks at *rows* (indices or a mask)."""
        at = np.arange(len(self.tasks))[np.asarray(rows)]
        tasks = tuple(self.tasks[i] for i in at)
        return replace(self, tasks=tasks, features=self.features[at], landmarks=self.landmarks[at])

    def solved(self, solver: str) -> tuple[Bools, Bools]:
        """Return (n,) whether *solver* ran, and whether it solved the task within two attempts."""
        ran = np.array([solver in task.outcomes for task in self.tasks])
        solved = np.array([solver in task.outcomes and task.outcomes[solver].is_solved_at_2 for task in self.tasks])
        return ran, solved

    def solved_held_out(self, solver: str) -> tuple[Bools, Bools]:
        """Return (n,) whether *solver* was asked for the task's held-out demonstration, and whether it solved that."""
        asked = np.array([solver in task.held_out for task in self.tasks])
        solved = np.array([task.held_out.get(solver, False) for task in self.tasks])
        return asked, solved


@dataclass
class _Read:
    """What was read from stores so far: by the challenge's content hash, then by solver."""

    challenges: dict[str, Challenge] = field(default_factory=dict)
    outcomes: dict[str, dict[str, Outcome]] = field(default_factory=dict)
    held_out: dict[str, dict[str, bool]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)


def load_stored(records: Records, runs: Sequence[str]) -> StoredTasks:
    """Read runs with all candidates, and their challenges from the data sets.

    Runs on held-out demonstrations (``--data held-out:…``) become the `StoredTask.held_out` of the tasks themselves.

    Args:
        records: a store.
        runs: runs as for `arcsolve_ensemble.analysis.gather.choose_runs`.

    Raises:
        ArcsolveError: if a run's data set is not at hand or has changed since, or nothing was judged.
    """
    read = _Read()
    _read(read, records, runs)
    return _stored_tasks(read)


def load_named(names: Sequence[str], store: str | None = None) -> StoredTasks:
    """Read runs of one or several stores; of a solver's outcomes on a task the last one read counts.

    Args:
        names: ``RUN``, looked up in *store*, or ``STORE:RUN``; ``STORE:all`` stands for every run of that store.
        store: the store of runs that name none; None takes the usual one.

    Raises:
        ArcsolveError: if a store or run is unknown; see also `load_stored`.
    """
    wanted: dict[str | None, list[str]] = {}
    for name in names:
        place, _, run = name.rpartition(":")
        wanted.setdefault(place or store, []).append(run)
    read = _Read()
    for where, runs in wanted.items():
        with open_records(where) as records:
            every = [row.run for row in records.runs()] if "all" in runs else []
            _read(read, records, every or runs)
    return _stored_tasks(read)


def _read(read: _Read, records: Records, runs: Sequence[str]) -> None:
    from arcsolve.data import load

    ids, _ = choose_runs(records, runs)
    for run_id in ids:
        run = records.run(run_id)
        dataset = load(source_of(run))
        if dataset.sha256 != run.dataset_sha256:
            raise ArcsolveError(
                f"Data set {run.dataset!r} has changed since run {run.id}: its content hash differs. "
                "Run the solvers on it again."
            )
        is_held_out = run.dataset.startswith(PREFIX)
        if not is_held_out:
            read.names.append(run.dataset)
            read.versions |= {spec.name: spec.version for spec in run.solvers if spec.name != COMPOSITE}
        for outcome in records.outcomes_of(run_id):
            if outcome.solver == COMPOSITE or (not outcome.tests and outcome.category is None):
                continue
            challenge = dataset[outcome.task_id].challenge
            if is_held_out:
                read.held_out.setdefault(challenge.sha256, {})[outcome.solver] = outcome.is_solved_at_2
                continue
            read.challenges[challenge.sha256] = challenge
            read.outcomes.setdefault(challenge.sha256, {})[outcome.solver] = outcome


def _stored_tasks(read: _Read) -> StoredTasks:
    if not read.outcomes:
        raise ArcsolveError("The chosen runs hold no judged outcomes. Choose runs on tasks with known solutions.")
    challenges = sorted(read.challenges.values(), key=lambda challenge: (challenge.id, challenge.sha256))
    tasks = []
    for challenge in challenges:
        asked = hold_out(challenge) if read.held_out else None
        held_out = read.held_out.get(asked.challenge.sha256, {}) if asked else {}
        tasks.append(_stored_task(challenge, read.outcomes[challenge.sha256], held_out))
    return StoredTasks(
        name=", ".join(dict.fromkeys(read.names)),
        tasks=tuple(tasks),
        solvers=tuple(sorted({solver for task in tasks for solver in task.outcomes})),
        versions=read.versions,
        features=np.array([list(task_features(challenge).values()) for challenge in challenges]),
        landmarks=np.array([list(landmarks(challenge).values()) for challenge in challenges]),
    )


def _stored_task(challenge: Challenge, outcomes: dict[str, Outcome], held_out: dict[str, bool]) -> StoredTask:
    tests = range(len(challenge.test_inputs))
    votes: dict[int, dict[str, list[Vote]]] = {index: {} for index in tests}
    right: dict[int, str | None] = dict.fromkeys(tests)
    for solver, outcome in sorted(outcomes.items()):
        for index, own in collect(solver, outcome.candidates or outcome.attempts).items():
            if index in votes:
                votes[index][solver] = own
        for result in outcome.tests:
            place = result.rank_of_correct
            ranked = [c for c in (outcome.candidates or outcome.attempts) if c.test_index == result.test_index]
            if place is not None and place <= len(ranked):
                right[result.test_index] = grid_key(ranked[place - 1].grid)
    return StoredTask(challenge, outcomes, votes, right, held_out)

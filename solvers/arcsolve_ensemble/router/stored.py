"""Stored outcomes as the router and the merging see them: challenges, votes, and which votes were right.

What is right comes from the judged outcomes; no solution is read here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from arcsolve import ArcsolveError, Challenge, Outcome
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
    """

    challenge: Challenge
    outcomes: dict[str, Outcome]
    votes: dict[int, dict[str, list[Vote]]]
    right: dict[int, str | None]


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


def load_stored(records: Records, runs: Sequence[str]) -> StoredTasks:
    """Read runs with all candidates, and their challenges from the data sets.

    Args:
        records: a store.
        runs: runs as for `arcsolve_ensemble.analysis.gather.choose_runs`.

    Raises:
        ArcsolveError: if a run's data set is not at hand or has changed since, or nothing was judged.
    """
    from arcsolve.data import load

    ids, _ = choose_runs(records, runs)
    challenges: dict[str, Challenge] = {}
    latest: dict[str, dict[str, Outcome]] = {}
    versions: dict[str, str] = {}
    names: list[str] = []
    for run_id in ids:
        run = records.run(run_id)
        dataset = load(source_of(run))
        if dataset.sha256 != run.dataset_sha256:
            raise ArcsolveError(
                f"Data set {run.dataset!r} has changed since run {run.id}: its content hash differs. "
                "Run the solvers on it again."
            )
        names.append(run.dataset)
        versions |= {spec.name: spec.version for spec in run.solvers if spec.name != COMPOSITE}
        for outcome in records.outcomes_of(run_id):
            if outcome.solver == COMPOSITE or (not outcome.tests and outcome.category is None):
                continue
            challenge = dataset[outcome.task_id].challenge
            challenges[challenge.sha256] = challenge
            latest.setdefault(challenge.sha256, {})[outcome.solver] = outcome
    if not latest:
        raise ArcsolveError("The chosen runs hold no judged outcomes. Choose runs on tasks with known solutions.")
    order = sorted(latest, key=lambda key: (challenges[key].id, key))
    tasks = tuple(_stored_task(challenges[key], latest[key]) for key in order)
    return StoredTasks(
        name=", ".join(dict.fromkeys(names)),
        tasks=tasks,
        solvers=tuple(sorted({solver for task in tasks for solver in task.outcomes})),
        versions=versions,
        features=np.array([list(task_features(task.challenge).values()) for task in tasks]),
        landmarks=np.array([list(landmarks(task.challenge).values()) for task in tasks]),
    )


def load_named(names: Sequence[str], store: str | None = None) -> StoredTasks:
    """Read runs of one or several stores.

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
    parts = []
    for where, runs in wanted.items():
        with open_records(where) as records:
            every = [row.run for row in records.runs()] if "all" in runs else []
            parts.append(load_stored(records, every or runs))
    return together(parts)


def together(parts: Sequence[StoredTasks]) -> StoredTasks:
    """Join what several stores hold; where they share a task, a solver's outcome in the last of them counts."""
    if len(parts) == 1:
        return parts[0]
    found: dict[str, tuple[StoredTask, Floats, Floats]] = {}
    for part in parts:
        for i, task in enumerate(part.tasks):
            key = task.challenge.sha256
            if key in found:
                task = _stored_task(task.challenge, found[key][0].outcomes | task.outcomes)
            found[key] = task, part.features[i], part.landmarks[i]
    order = sorted(found, key=lambda key: (found[key][0].challenge.id, key))
    return StoredTasks(
        name=", ".join(dict.fromkeys(name for part in parts for name in part.name.split(", "))),
        tasks=tuple(found[key][0] for key in order),
        solvers=tuple(sorted({solver for part in parts for solver in part.solvers})),
        versions={solver: version for part in parts for solver, version in part.versions.items()},
        features=np.array([found[key][1] for key in order]),
        landmarks=np.array([found[key][2] for key in order]),
    )


def _stored_task(challenge: Challenge, outcomes: dict[str, Outcome]) -> StoredTask:
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
    return StoredTask(challenge, outcomes, votes, right)

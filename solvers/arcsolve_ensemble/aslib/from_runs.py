"""Stored outcomes as an algorithm selection scenario: tasks are instances, solvers are algorithms.

A task is solved if every test input is right within two attempts; the runtime is the wall time the solver took. A wrong
answer is never ``ok``: its status is ``other``.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from arcsolve import ArcsolveError, Challenge
from arcsolve_ensemble.analysis.gather import choose_runs, source_of
from arcsolve_ensemble.features import FEATURE_NAMES, task_features
from arcsolve_ensemble.records import Records
from arcsolve_ensemble.scenario import FeatureStep, Scenario, spread_folds

STATES = {
    "timeout": "timeout",
    "out-of-memory": "memout",
    "crashed": "crash",
    "error": "crash",
    "abstained": "not_applicable",
    "cancelled": "other",
    "finished": "other",
}
"""The run's status in ASlib's words, where the task was not solved."""


def scenario_of(
    records: Records, names: Sequence[str], name: str, folds: int = 10, seed: int = 0
) -> tuple[Scenario, dict[tuple[int, int], str]]:
    """Build a scenario from runs.

    Args:
        records: a store.
        names: runs as for `choose_runs`; a solver's newest outcome per task counts.
        name: the scenario's name.
        folds: number of cross-validation folds.
        seed: of the folds.

    Returns:
        The scenario, and ASlib's status of every unsolved run by (instance, algorithm) index.

    Raises:
        ArcsolveError: if there are no judged outcomes, or the data sets that tell the features are not at hand.
    """
    from arcsolve.data import load

    ids, datasets = choose_runs(records, names)
    rows = [row for row in records.outcomes(ids) if row.category is not None]
    if not rows:
        raise ArcsolveError("The chosen runs hold no judged outcomes. Choose runs on tasks with known solutions.")
    age = {run_id: position for position, run_id in enumerate(ids)}
    newest: dict[tuple[str, str], Any] = {}
    for row in sorted(rows, key=lambda row: age[row.run]):
        newest[row.task_id, row.solver] = row
    challenges: dict[str, Challenge] = {}
    for dataset in dict.fromkeys(source_of(records.run(run_id)) for run_id in ids):
        challenges |= {task.id: task.challenge for task in load(dataset)}
    instances = tuple(sorted({task for task, _ in newest}))
    unknown = [task for task in instances if task not in challenges]
    if unknown:
        raise ArcsolveError(
            f"Task {unknown[0]!r} is not in {', '.join(datasets)}: the data set has changed since the run."
        )
    solvers = tuple(sorted({solver for _, solver in newest}))
    cutoff_s = max(records.run(run_id).timeout_s for run_id in ids)
    performance = np.full((len(instances), len(solvers)), np.nan)
    solved = np.zeros(performance.shape, dtype=bool)
    states: dict[tuple[int, int], str] = {}
    for i, task in enumerate(instances):
        for j, solver in enumerate(solvers):
            row = newest.get((task, solver))
            if row is None:
                states[i, j] = "not_applicable"
                continue
            performance[i, j] = min(row.wall_s, cutoff_s)
            solved[i, j] = row.is_solved_at_2
            if not row.is_solved_at_2:
                states[i, j] = STATES.get(row.status, "other")
    features = np.zeros((len(instances), len(FEATURE_NAMES)))
    costs = np.zeros((len(instances), 1))
    for i, task in enumerate(instances):
        begun = time.perf_counter()
        features[i] = list(task_features(challenges[task]).values())
        costs[i, 0] = round(time.perf_counter() - begun, 6)
    scenario = Scenario(
        name=name,
        instances=instances,
        algorithms=solvers,
        performance=performance,
        solved=solved,
        features=features,
        feature_names=FEATURE_NAMES,
        folds=spread_folds(len(instances), min(folds, len(instances)), seed),
        cutoff_s=cutoff_s,
        steps=(FeatureStep("task", FEATURE_NAMES),),
        step_costs=costs,
    )
    return scenario, states

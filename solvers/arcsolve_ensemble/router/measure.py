"""How well a router model foresees success on tasks it was not trained on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from arcsolve_ensemble.analysis.calibration import calibration
from arcsolve_ensemble.arrays import Floats
from arcsolve_ensemble.records import Table
from arcsolve_ensemble.router.model import RouterModel
from arcsolve_ensemble.router.recalibrate import shift_to_rate
from arcsolve_ensemble.router.stored import StoredTasks


def success_table(stored: StoredTasks, model: RouterModel) -> Table:
    """Compare predicted with true success, per member and feature step, on the tasks that the probing member tried.

    Recalibration sees predictions for all tasks and answers of the probing member, and no outcome: predictions from
    task features are shifted to the mean of those that know the probing member's answer; without a probing member they
    are adapted as `arcsolve_ensemble.router.recalibrate` says.

    Returns:
        Rows of AUC, true rate, mean prediction before and after recalibration, ECE and Brier score after it.
    """
    answered = np.array([model.probe in task.outcomes for task in stored.tasks])
    if answered.any():
        tasks = tuple(task for task, is_there in zip(stored.tasks, answered, strict=True) if is_there)
        stored = replace(stored, tasks=tasks, features=stored.features[answered])
    challenges = [task.challenge for task in stored.tasks]
    before = model.probabilities(challenges, recalibrate=False)
    steps: dict[str, tuple[dict[str, Floats], dict[str, Floats]]] = {}
    if answered.any():
        sharp = _probed(stored, model)
        steps["task"] = (before, {name: shift_to_rate(p, float(sharp[name].mean())) for name, p in before.items()})
        steps[f"task + {model.probe}'s answer"] = (sharp, sharp)
    else:
        steps["task"] = (before, model.probabilities(challenges))
    rows: list[tuple[object, ...]] = []
    for name in model.members:
        ran, solved = stored.solved(name)
        if not ran.any():
            continue
        for step, (plain, recalibrated) in steps.items():
            first = calibration(plain[name][ran], solved[ran])
            last = calibration(recalibrated[name][ran], solved[ran])
            means = (last.accuracy, first.mean_confidence, last.mean_confidence)
            rows.append((name, step, last.n, last.auc, *means, last.ece, last.brier))
    columns = ("solver", "features", "tasks", "auc", "true_rate", "predicted", "recalibrated", "ece", "brier")
    return Table(columns, rows)


def _probed(stored: StoredTasks, model: RouterModel) -> dict[str, Floats]:
    """Return (tasks,) probabilities per member once the probing member has answered."""
    known = [
        model.probed(task.challenge, {index: by.get(model.probe, []) for index, by in task.votes.items()})
        for task in stored.tasks
    ]
    return {name: np.array([p[name] for p in known]) for name in model.members}

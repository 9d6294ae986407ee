"""How well a router model foresees success on tasks it was not trained on."""

from __future__ import annotations

import numpy as np

from arcsolve_ensemble.analysis.calibration import calibration
from arcsolve_ensemble.records import Table
from arcsolve_ensemble.router.model import RouterModel
from arcsolve_ensemble.router.recalibrate import shift_to_rate
from arcsolve_ensemble.router.stored import StoredTasks


def success_table(stored: StoredTasks, model: RouterModel) -> Table:
    """Compare predicted with true success, per member and feature step, on the tasks that the probing member tried.

    Recalibration sees the probing member's answers to all tasks and no outcome (see
    `arcsolve_ensemble.router.recalibrate`); without a probing member predictions stay as they are.

    Returns:
        Rows of AUC, true rate, mean prediction before and after recalibration, ECE and Brier score after it.
    """
    answered = np.array([model.probe in task.outcomes for task in stored.tasks])
    if answered.any():
        stored = stored.subset(answered)
    challenges = [task.challenge for task in stored.tasks]
    static = {
        "task": model.probabilities(challenges, with_landmarks=False),
        "task + landmarks": model.probabilities(challenges),
    }
    asked = [(t.challenge, {i: by.get(model.probe, []) for i, by in t.votes.items()}) for t in stored.tasks]
    rates = model.expected_rates(asked) if answered.any() else {}
    steps = dict(static)
    if answered.any():
        known = [model.probed(challenge, votes) for challenge, votes in asked]
        steps[f"+ {model.probe}'s answer"] = {name: np.array([p[name] for p in known]) for name in model.members}
    rows: list[tuple[object, ...]] = []
    for name in model.members:
        ran, solved = stored.solved(name)
        if not ran.any():
            continue
        for step, found in steps.items():
            plain = found[name]
            first = calibration(plain[ran], solved[ran])
            last = calibration((shift_to_rate(plain, rates[name]) if name in rates else plain)[ran], solved[ran])
            means = (last.accuracy, first.mean_confidence, last.mean_confidence)
            rows.append((name, step, last.n, last.auc, *means, last.ece, last.brier))
    columns = ("solver", "features", "tasks", "auc", "true_rate", "predicted", "recalibrated", "ece", "brier")
    return Table(columns, rows)

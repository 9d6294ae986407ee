"""How well a router model foresees success on tasks it was not trained on."""

from __future__ import annotations

from arcsolve_ensemble.analysis.calibration import calibration
from arcsolve_ensemble.records import Table
from arcsolve_ensemble.router.model import RouterModel
from arcsolve_ensemble.router.stored import StoredTasks


def success_table(stored: StoredTasks, model: RouterModel) -> Table:
    """Return, per member, AUC, predicted and true rate before and after recalibration, ECE and Brier score after.

    Recalibration sees the predictions for all tasks and no outcome.
    """
    challenges = [task.challenge for task in stored.tasks]
    before = model.probabilities(challenges, recalibrate=False)
    after = model.probabilities(challenges)
    rows: list[tuple[object, ...]] = []
    for name in model.members:
        ran, solved = stored.solved(name)
        if not ran.any():
            continue
        plain = calibration(before[name][ran], solved[ran])
        found = calibration(after[name][ran], solved[ran])
        rows.append(
            (
                name,
                found.n,
                found.auc,
                found.accuracy,
                plain.mean_confidence,
                found.mean_confidence,
                found.ece,
                found.brier,
            )
        )
    columns = ("solver", "tasks", "auc", "true_rate", "predicted", "recalibrated", "ece", "brier")
    return Table(columns, rows)

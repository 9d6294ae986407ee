"""How well a router model foresees success on tasks it was not trained on."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from arcsolve_ensemble.analysis.calibration import calibration
from arcsolve_ensemble.arrays import Bools, Floats
from arcsolve_ensemble.records import Table
from arcsolve_ensemble.router.model import RouterModel
from arcsolve_ensemble.router.recalibrate import MIN_HELD_OUT, rate_from_held_out, shift_to_rate, shifted
from arcsolve_ensemble.router.stored import StoredTasks


def success_table(stored: StoredTasks, model: RouterModel) -> Table:
    """Compare predicted with true success, per member and feature step, on the tasks that the probing member tried.

    Recalibration reads no outcome on these tasks (see `arcsolve_ensemble.router.recalibrate`): the members' success on
    held-out demonstrations where runs on those were given, else the probing member's answers for its own rate. Other
    predictions stay as they are.

    Returns:
        Rows of AUC, true rate, mean prediction before and after recalibration and by what, ECE and Brier score after.
    """
    answered = np.array([model.probe in task.outcomes for task in stored.tasks])
    if answered.any():
        stored = stored.subset(answered)
    challenges = [task.challenge for task in stored.tasks]
    steps = {
        "task": model.probabilities(challenges, with_landmarks=False),
        "task + landmarks": model.probabilities(challenges),
    }
    if answered.any():
        known = [model.probed(task.challenge, task.votes_of(model.probe)) for task in stored.tasks]
        steps[f"+ {model.probe}'s answer"] = {name: np.array([p[name] for p in known]) for name in model.members}
    rows: list[tuple[object, ...]] = []
    for name in model.members:
        ran, solved = stored.solved(name)
        if not ran.any():
            continue
        for step, found in steps.items():
            plain = found[name]
            recalibrated, source = recalibrate(stored, model, name, plain)
            first, last = calibration(plain[ran], solved[ran]), calibration(recalibrated[ran], solved[ran])
            means = (last.accuracy, first.mean_confidence, last.mean_confidence)
            rows.append((name, step, last.n, last.auc, *means, source, last.ece, last.brier))
    columns = ("solver", "features", "tasks", "auc", "true_rate", "predicted", "recalibrated", "by", "ece", "brier")
    return Table(columns, rows)


def recalibrate(stored: StoredTasks, model: RouterModel, member: str, p: Floats) -> tuple[Floats, str]:
    """Return (n,) success probabilities *p* of *member*, recalibrated for these tasks, and what told the rate."""
    asked, solved = stored.solved_held_out(member)
    gap = model.members[member].gap
    if gap is not None and asked.sum() >= MIN_HELD_OUT:
        rate = rate_from_held_out(solved[asked], gap)
        return shifted(p, shift_to_rate(p[asked], rate.expected)), "held-out"
    if member == model.probe:
        told = model.rate_from_answers([(task.challenge, task.votes_of(member)) for task in stored.tasks])
        if told is not None:
            return shifted(p, shift_to_rate(p, told)), "answers"
    return p, "-"


def forecast_table(solved: Mapping[str, Bools], model: RouterModel) -> Table:
    """Tell from held-out demonstrations what share of the tasks themselves each member will solve.

    Args:
        solved: by member, (n,) whether it solved the held-out demonstration of each task of a data set.
        model: knows the members' gaps from its training data.

    Returns:
        Rows of (solver, tasks, held_out, expected, low, high); the last three are None for a member without a gap.
    """
    rows: list[tuple[object, ...]] = []
    for name, found in sorted(solved.items()):
        known = model.members.get(name)
        gap = known.gap if known is not None else None
        rate = rate_from_held_out(found, gap) if gap is not None and len(found) >= MIN_HELD_OUT else None
        rows.append((name, len(found), float(found.mean()), *(rate or (None, None, None))))
    return Table(("solver", "tasks", "held_out", "expected", "low", "high"), rows)

"""Train the router from stored outcomes: success models, solving times, and the trust in every member's votes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from arcsolve_ensemble.arrays import Floats
from arcsolve_ensemble.features.probe import probe_features
from arcsolve_ensemble.merging.invariants import broken
from arcsolve_ensemble.merging.trust import Evidence, MemberTrust, Trust, fit_member, tier_of
from arcsolve_ensemble.merging.votes import grid_key
from arcsolve_ensemble.router.model import MemberModel, RouterModel
from arcsolve_ensemble.router.recalibrate import gap_of
from arcsolve_ensemble.router.stored import StoredTasks
from arcsolve_ensemble.router.success import fit_success

QUANTILES = 100
PROBE_SOLVED = 10
"""Tasks that a member must have solved for its answers to tell something about a task."""


def train(stored: StoredTasks, seed: int = 0) -> RouterModel:
    """Learn a router model.

    Success probabilities that enter the trust are held out: each task's come from models of the other tasks.

    Args:
        stored: training tasks with outcomes.
        seed: seeds folds and forests.

    Returns:
        The model of every solver that ran.
    """
    return learn(stored, seed).model


@dataclass(frozen=True)
class Lesson:
    """A router model and, per member, success probabilities of the training tasks it ran on, held out."""

    model: RouterModel
    held_out: dict[str, Floats]


def learn(stored: StoredTasks, seed: int = 0) -> Lesson:
    """Do what `train` does, and keep the held-out predictions."""
    members: dict[str, MemberModel] = {}
    trusts: dict[str, MemberTrust] = {}
    predictions: dict[str, Floats] = {}
    probe = choose_probe(stored)
    probing = probe_table(stored, probe) if probe else np.zeros((len(stored.tasks), 0))
    for solver in stored.solvers:
        ran, solved = stored.solved(solver)
        seconds = sorted(
            task.seconds_of(solver)
            for task, is_there, is_solved in zip(stored.tasks, ran, solved, strict=True)
            if is_there and is_solved
        )
        own = stored.subset(ran)
        groups = [task.challenge.id for task in own.tasks]
        tables = [own.features, np.concatenate([own.features, own.landmarks], axis=1)]
        if probe:
            tables.append(np.concatenate([tables[-1], probing[ran]], axis=1))
        fits = [fit_success(table, solved[ran], seed, groups) for table in tables]
        answers = fit_success(probing[ran], solved[ran], seed, groups, ("logistic",)) if solver == probe else None
        asked, solved_held_out = stored.solved_held_out(solver)
        both = ran & asked
        members[solver] = MemberModel(
            success=fits[0].model,
            landmarked=fits[1].model,
            times_s=tuple(float(value) for value in _thin(seconds)),
            tasks=int(ran.sum()),
            version=stored.versions.get(solver, ""),
            probed=fits[2].model if probe else None,
            answered=answers.model if answers else None,
            gap=gap_of(solved[both], solved_held_out[both]),
        )
        priors = np.full(len(stored.tasks), 0.5)
        predictions[solver] = fits[1].held_out
        priors[ran] = fits[-1].held_out
        trusts[solver] = _trust(stored, solver, priors)
    model = RouterModel(members, Trust(trusts), f"{len(stored.tasks)} tasks of {stored.name}", probe)
    return Lesson(model, predictions)


def choose_probe(stored: StoredTasks) -> str:
    """Return the member that solved most per second, of those that solved `PROBE_SOLVED` and tried half the tasks.

    Its answer is asked for on every task, so one that was seen on few of them can't probe; empty if nobody can.
    """
    pace = {}
    for solver in stored.solvers:
        ran, solved = stored.solved(solver)
        if solved.sum() >= PROBE_SOLVED and 2 * ran.sum() >= len(ran):
            seconds = sum(task.seconds_of(solver) for task in stored.tasks if solver in task.outcomes)
            pace[solver] = float(solved.sum()) / max(seconds, 1e-6)
    return max(pace, key=lambda solver: (pace[solver], solver)) if pace else ""


def probe_table(stored: StoredTasks, probe: str) -> Floats:
    """Return the (n, 6) probing features of *probe*'s stored votes."""
    rows = []
    for task in stored.tasks:
        challenge = task.challenge
        features = probe_features(task.votes_of(probe), len(challenge.train), len(challenge.test_inputs))
        rows.append(list(features.values()))
    return np.array(rows)


def _trust(stored: StoredTasks, solver: str, priors: Floats) -> MemberTrust:
    evidence, is_right, names = [], [], []
    tasks = 0
    for task, prior in zip(stored.tasks, priors, strict=True):
        outcome = task.outcomes.get(solver)
        if outcome is None:
            continue
        tasks += 1
        demos = len(task.challenge.train)
        for index, by_solver in task.votes.items():
            for vote in by_solver.get(solver, ()):
                evidence.append(
                    Evidence(
                        vote.confidence,
                        vote.rank,
                        tier_of(vote.demos_solved, demos),
                        broken(task.challenge, index, vote.grid),
                        float(prior),
                    )
                )
                is_right.append(task.right[index] == grid_key(vote.grid))
                names.append(task.challenge.id)
    if not evidence:
        return MemberTrust(tasks, 0)
    fitted = fit_member(evidence, is_right, names)
    return MemberTrust(
        tasks, fitted.right, fitted.method, fitted.weights, fitted.intercept, fitted.knots_x, fitted.knots_y
    )


def _thin(values: list[float]) -> list[float]:
    """Return at most `QUANTILES` of the sorted *values*, evenly by rank, the last one included."""
    if len(values) <= QUANTILES:
        return values
    at = np.linspace(0, len(values) - 1, QUANTILES).round().astype(int)
    return [values[i] for i in at]

"""Replay of the schedule: what the router would have solved within a time budget, from stored times and candidates.

A member is heard if its stored run fits into the slot that the router gives it, and not at all otherwise, although an
interrupted member may have handed in something: the figures are a lower bound for members that answer as they go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from arcsolve_ensemble.merging.merge import MergeRules, merge
from arcsolve_ensemble.merging.votes import grid_key
from arcsolve_ensemble.records import Table
from arcsolve_ensemble.router.allocation import next_slot
from arcsolve_ensemble.router.model import RouterModel
from arcsolve_ensemble.router.stored import StoredTask, StoredTasks

BUDGETS_S = (10.0, 5.0, 2.0, 1.0, 0.5)
ECONOMIES = (0.03, 0.1, 0.3)


def replay_table(
    stored: StoredTasks,
    model: RouterModel,
    budgets_s: Sequence[float] = BUDGETS_S,
    economies: Sequence[float] = ECONOMIES,
) -> Table:
    """Return what routing and merging solve, and the time they take, per time budget of a task and per economy.

    Args:
        stored: tasks that the model was not trained on.
        model: the router's model.
        budgets_s: seconds per task.
        economies: values of the solver's option ``economy``, each with the first of *budgets_s*.

    Returns:
        Rows of (seconds, economy, solved, share of the union, mean seconds used, those relative to running every
        member).
    """
    alone = np.array([stored.solved(solver)[1] for solver in stored.solvers])
    union = int(alone.any(axis=0).sum())
    everything = float(np.mean([sum(task.seconds_of(name) for name in task.outcomes) for task in stored.tasks]))
    tables = model.probabilities([task.challenge for task in stored.tasks])
    priors = [{name: float(p[i]) for name, p in tables.items()} for i in range(len(stored.tasks))]
    rows: list[tuple[object, ...]] = []
    for budget_s, economy in [(budget_s, 0.0) for budget_s in budgets_s] + [(budgets_s[0], e) for e in economies]:
        found = [
            replay(task, model, known, budget_s, economy) for task, known in zip(stored.tasks, priors, strict=True)
        ]
        solved, used = sum(is_solved for is_solved, _ in found), float(np.mean([seconds for _, seconds in found]))
        rows.append((budget_s, economy, solved, solved / max(1, union), used, used / max(everything, 1e-9)))
    return Table(("budget_s", "economy", "solved_at_2", "share_of_union", "used_s", "share_of_time"), rows)


def replay(
    task: StoredTask, model: RouterModel, priors: Mapping[str, float], budget_s: float, economy: float = 0.0
) -> tuple[bool, float]:
    """Return whether *task* is solved within *budget_s*, and the seconds used."""
    waiting = sorted(task.outcomes)
    heard: set[str] = set()
    used, known = 0.0, dict(priors)
    while waiting and used < budget_s:
        prospects = [model.prospect(name, known.get(name)) for name in waiting]
        solved = known[model.probe] if model.probe in heard else 0.0
        slot = next_slot(prospects, budget_s - used, solved, economy)
        if slot is None:
            break
        name, slot_s = slot
        waiting.remove(name)
        needed = task.seconds_of(name)
        used += min(needed, slot_s)
        if needed <= slot_s:
            heard.add(name)
            if name == model.probe:
                known |= model.probed(task.challenge, task.votes_of(name))
    for index, by_solver in task.votes.items():
        votes = [vote for name in heard for vote in by_solver.get(name, ())]
        merged = merge(task.challenge, index, votes, trust=model.trust, priors=known, rules=MergeRules(judged=False))
        if task.right[index] is None or task.right[index] not in [grid_key(entry.grid) for entry in merged[:2]]:
            return False, used
    return True, used

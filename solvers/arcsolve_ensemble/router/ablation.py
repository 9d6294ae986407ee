"""Ablation: what each part of the merging adds, replayed on stored candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import NamedTuple

import numpy as np

from arcsolve_ensemble.merging.merge import MergeRules, merge
from arcsolve_ensemble.merging.votes import grid_key
from arcsolve_ensemble.records import Table
from arcsolve_ensemble.router.model import RouterModel
from arcsolve_ensemble.router.stored import StoredTask, StoredTasks

OFF = MergeRules(**{field.name: False for field in fields(MergeRules)})


class Variant(NamedTuple):
    """A way of merging: its name, rules, and whether the model's task priors are used."""

    name: str
    rules: MergeRules
    uses_priors: bool


FULL = replace(OFF, pooled=True, consistent_first=True, calibrated=True, invariants=True)
VARIANTS: Sequence[Variant] = (
    Variant("own confidences", OFF, False),
    Variant("+ votes pooled", replace(OFF, pooled=True), False),
    Variant("+ consistent programs first", replace(OFF, pooled=True, consistent_first=True), False),
    Variant("+ calibrated trust", replace(OFF, pooled=True, consistent_first=True, calibrated=True), False),
    Variant("+ task priors", replace(OFF, pooled=True, consistent_first=True, calibrated=True), True),
    Variant("+ invariants (all)", FULL, True),
    Variant("all but votes pooled", replace(FULL, pooled=False), True),
    Variant("all but calibrated trust", replace(FULL, calibrated=False), True),
    Variant("all but task priors", FULL, False),
    Variant("all but invariants", replace(FULL, invariants=False), True),
)
"""Parts added one after the other, then the full merging less one part each. Judges need the live solvers: compare runs
with and without ``-o ensemble.without=judged``."""


def solved_by_merging(task: StoredTask, variant: Variant, model: RouterModel, priors: dict[str, float]) -> int:
    """Return the attempt (1 or 2) by which merging solves every test input of *task*; 0 if it does not."""
    worst = 1
    for index, by_solver in task.votes.items():
        votes = [vote for own in by_solver.values() for vote in own]
        merged = merge(
            task.challenge,
            index,
            votes,
            trust=model.trust,
            priors=priors if variant.uses_priors else None,
            rules=variant.rules,
        )
        keys = [grid_key(entry.grid) for entry in merged[:2]]
        if task.right[index] is None or task.right[index] not in keys:
            return 0
        worst = max(worst, keys.index(str(task.right[index])) + 1)
    return worst


def ablation(stored: StoredTasks, model: RouterModel) -> Table:
    """Replay every variant on *stored* tasks with a model trained on others.

    Returns:
        Rows of (merging, solved_at_1, solved_at_2, share_of_union): every solver alone, the merging variants, the
        union, and oracle@all.
    """
    n = len(stored.tasks)
    alone = {solver: stored.solved(solver)[1] for solver in stored.solvers}
    union = int(np.array(list(alone.values())).any(axis=0).sum())
    challenges = [task.challenge for task in stored.tasks]
    tables = model.probabilities(challenges)
    priors = [{name: float(p[i]) for name, p in tables.items()} for i in range(n)]
    for task, known in zip(stored.tasks, priors, strict=True):
        if model.probe in task.outcomes:
            known |= model.probed(task.challenge, task.votes_of(model.probe))
    rows: list[tuple[object, ...]] = []

    def add(name: str, at_1: int | None, at_2: int) -> None:
        rows.append((name, at_1, at_2, at_2 / n, at_2 / union if union else 0.0))

    for solver, solved in sorted(alone.items(), key=lambda item: -int(item[1].sum())):
        first = sum(solver in task.outcomes and task.outcomes[solver].is_solved_at_1 for task in stored.tasks)
        add(f"{solver} alone", int(first), int(solved.sum()))
    for variant in VARIANTS:
        ranks = [
            solved_by_merging(task, variant, model, known) for task, known in zip(stored.tasks, priors, strict=True)
        ]
        add(variant.name, ranks.count(1), ranks.count(1) + ranks.count(2))
    add("union of the solvers", None, union)
    add("right grid anywhere", None, sum(all(key is not None for key in task.right.values()) for task in stored.tasks))
    return Table(("merging", "solved_at_1", "solved_at_2", "rate_at_2", "share_of_union"), rows)

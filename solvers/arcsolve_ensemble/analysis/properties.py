"""Success by task property: where each solver is strong."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from arcsolve import ArcsolveError
from arcsolve_ensemble.analysis.portfolio import Portfolio
from arcsolve_ensemble.records import Table


def _band(*edges: float, step: float = 1) -> Callable[[float], str]:
    """Return a function that names a value's band; bands begin at *edges* and end *step* below the next one."""

    def name(value: float) -> str:
        for low, high in itertools.pairwise(edges):
            if value < high:
                last = high - step
                return f"{low:g}-{last:g}" if last > low else f"{low:g}"
        return f"{edges[-1]:g} or more"

    return name


PROPERTIES: Mapping[str, Callable[[Mapping[str, float]], str]] = {
    "output size": lambda f: (
        "as input" if f["same_size"] == 1 else "smaller" if f["out_smaller"] > 0.5 else "larger or mixed"
    ),
    "test area": lambda f: _band(0, 25, 100, 200, 400)(f["test_area"]),
    "colours": lambda f: _band(1, 3, 5, 7)(f["all_colours"]),
    "demonstrations": lambda f: str(int(f["n_train"])) if f["n_train"] < 6 else "6 or more",
    "objects in input": lambda f: _band(0, 2, 5, 15)(f["in_objects"]),
    "cells changed": lambda f: _band(0, 0.1, 0.3, 0.7, step=0)(f["changed"]) if f["same_size"] == 1 else "size changes",
}
"""Property names and how a task's features decide its group."""


def features_of(datasets: Sequence[str], tasks: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return task features by task id for the tasks found in the named data sets.

    A data set that is no longer there gives nothing.
    """
    from arcsolve.data import load
    from arcsolve_ensemble.features import task_features

    wanted, found = set(tasks), dict[str, dict[str, float]]()
    for name in datasets:
        try:
            dataset = load(name)
        except ArcsolveError:
            continue
        found |= {task.id: task_features(task.challenge) for task in dataset if task.id in wanted}
    return found


def success_by_property(portfolio: Portfolio, features: Mapping[str, Mapping[str, float]]) -> Table:
    """Return, per property and group, the number of tasks and how many each solver and the union solved."""
    at = [i for i, task in enumerate(portfolio.tasks) if task in features]
    rows: list[tuple[object, ...]] = []
    for name, group_of in PROPERTIES.items():
        groups: dict[str, list[int]] = {}
        for i in at:
            groups.setdefault(group_of(features[portfolio.tasks[i]]), []).append(i)
        for group in sorted(groups, key=_natural):
            solved = portfolio.solved[np.array(groups[group])]
            rows.append(
                (name, group, len(solved), *(int(c) for c in solved.sum(axis=0)), int(solved.any(axis=1).sum()))
            )
    return Table(("property", "group", "tasks", *portfolio.solvers, "union"), rows)


def _natural(group: str) -> tuple[float, str]:
    head = group.split("-")[0].split(" ")[0]
    try:
        return float(head), group
    except ValueError:
        return -1.0, group

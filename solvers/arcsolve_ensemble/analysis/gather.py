"""From a store's arrays to a portfolio: one column per solver, the newest outcome where there are several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from arcsolve import ArcsolveError, Run
from arcsolve_ensemble.analysis.portfolio import Portfolio
from arcsolve_ensemble.records import Records

COMPOSITE = "ensemble"
"""A solver made of others: reported beside the portfolio, not as a part of it."""


@dataclass(frozen=True)
class Gathered:
    """A portfolio and where it comes from.

    Attributes:
        portfolio: the solvers proper.
        composites: the ensembles, as a portfolio on the same tasks; None if there are none.
        runs: ids of the runs, newest last.
        datasets: names of their data sets.
        sources: where those can be loaded from, as the runs named them.
        label_of: column label by (run, solver).
    """

    portfolio: Portfolio
    composites: Portfolio | None
    runs: tuple[str, ...]
    datasets: tuple[str, ...]
    sources: tuple[str, ...]
    label_of: dict[tuple[str, str], str]


def choose_runs(records: Records, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return run ids, oldest first, and their data sets.

    Args:
        records: the store.
        names: runs by id, beginning of an id, or ``latest``; none takes every run on the newest run's data set.

    Raises:
        ArcsolveError: if a run is unknown, or the store holds none.
    """
    rows = list(records.runs())
    if not rows:
        raise ArcsolveError("The store holds no runs yet. Make one first, e.g.: arcsolve run --solver zero,dsl")
    if names:
        wanted = {records.resolve(name) for name in names}
        chosen = [row for row in rows if row.run in wanted]
    else:
        chosen = [row for row in rows if row.dataset_sha256 == rows[0].dataset_sha256]
    chosen.reverse()
    return [row.run for row in chosen], list(dict.fromkeys(row.dataset for row in chosen))


def source_of(run: Run) -> str:
    """Return what to load a run's data set by: the folder or file that was given, else its name."""
    return str(run.environment.get("data") or run.dataset)


def gather(records: Records, names: Sequence[str] = (), each_run: bool = False) -> Gathered:
    """Read a portfolio from a store.

    Args:
        records: the store.
        names: as for `choose_runs`.
        each_run: keep a solver's runs apart, labelled ``solver@run``, instead of taking its newest outcome per task.

    Raises:
        ArcsolveError: if there is no run, or no outcome.
    """
    runs, datasets = choose_runs(records, names)
    matrix = records.outcome_matrix(runs, with_oracle=True)
    if not len(matrix.tasks) or not matrix.is_present.any():
        raise ArcsolveError("The chosen runs hold no outcomes yet. Choose others: 'arcsolve runs' lists them.")
    label_of = {
        (column.run, column.solver): f"{column.solver}@{column.run}" if each_run else column.solver
        for column in matrix.columns
    }
    labels = list(dict.fromkeys(label_of.values()))
    shape = (len(matrix.tasks), len(labels))
    solved, anywhere = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    wall_s = np.full(shape, np.nan)
    for position, column in enumerate(matrix.columns):  # oldest run first: the newest outcome stays
        target = labels.index(label_of[column.run, column.solver])
        there = matrix.is_present[:, position]
        solved[there, target] = matrix.is_solved_at_2[there, position]
        anywhere[there, target] = matrix.is_right_anywhere[there, position] | matrix.is_solved_at_2[there, position]
        wall_s[there, target] = matrix.wall_s[there, position]
    tasks = tuple(task.task_id for task in matrix.tasks)
    is_composite = np.array([label.partition("@")[0] == COMPOSITE for label in labels])
    if is_composite.all():
        is_composite[:] = False

    def part(mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Portfolio:
        at = np.flatnonzero(mask)
        return Portfolio(tuple(labels[i] for i in at), tasks, solved[:, at], anywhere[:, at], wall_s[:, at])

    return Gathered(
        portfolio=part(~is_composite),
        composites=part(is_composite) if is_composite.any() else None,
        runs=tuple(runs),
        datasets=tuple(datasets),
        sources=tuple(dict.fromkeys(source_of(records.run(run)) for run in runs)),
        label_of=label_of,
    )

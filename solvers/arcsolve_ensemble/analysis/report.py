"""The whole analysis of a portfolio, as tables that print, turn into JSON, or into data frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from arcsolve_ensemble.analysis.calibration import Calibration, calibration
from arcsolve_ensemble.analysis.gather import Gathered, gather
from arcsolve_ensemble.analysis.portfolio import PortfolioFigures, intersections, portfolio_figures
from arcsolve_ensemble.analysis.properties import features_of, success_by_property
from arcsolve_ensemble.records import NearMissLike, Records, Table


@dataclass(frozen=True)
class Analysis:
    """What stored outcomes say about a portfolio. Every table is a `Table`; ``.frame()`` makes it a data frame.

    Attributes:
        gathered: the portfolio.
        figures: its figures.
        calibrations: by solver label, over its attempts; solvers without attempts are left out.
        unsolved: tasks that nobody solved, nearest miss first (at most as many as were asked for).
    """

    gathered: Gathered
    figures: PortfolioFigures
    calibrations: dict[str, Calibration]
    unsolved: tuple[NearMissLike, ...]

    @property
    def summary(self) -> dict[str, Any]:
        """SBS, VBS, gap and oracle@all in one mapping."""
        figures = self.figures
        return {
            "runs": list(self.gathered.runs),
            "datasets": list(self.gathered.datasets),
            "tasks": figures.tasks,
            "sbs": figures.sbs,
            "sbs_solved": figures.sbs_solved,
            "vbs_solved": figures.vbs_solved,
            "oracle_at_all": figures.right_anywhere,
        }

    @cached_property
    def solvers(self) -> Table:
        """Per solver: solved, oracle@all, unique, marginal contribution, Shapley value, seconds, Pareto."""
        return Table(
            ("solver", "tasks", "solved", "oracle_at_all", "marginal", "shapley", "mean_wall_s", "is_pareto"),
            [
                (s.solver, s.tasks, s.solved, s.right_anywhere, s.marginal, s.shapley, s.mean_wall_s, s.is_pareto)
                for s in self.figures.solvers
            ],
        )

    @cached_property
    def composites(self) -> Table:
        """Per ensemble: solved, share of the union, closed gap between SBS and VBS, seconds."""
        found = self.gathered.composites
        rows: list[tuple[Any, ...]] = []
        if found is not None:
            union = max(1, self.figures.vbs_solved)
            for j, label in enumerate(found.solvers):
                solved = int(found.solved[:, j].sum())
                ran = ~np.isnan(found.wall_s[:, j])
                seconds = float(found.wall_s[ran, j].mean()) if ran.any() else 0.0
                rows.append((label, int(ran.sum()), solved, solved / union, self.figures.closed_gap(solved), seconds))
        return Table(("solver", "tasks", "solved", "share_of_union", "closed_gap", "mean_wall_s"), rows)

    @cached_property
    def complementarity(self) -> Table:
        """Tasks that the row's solver solved and the column's did not."""
        names = [figure.solver for figure in self.figures.solvers]
        return Table(
            ("solver", *names),
            [(name, *(int(v) for v in row)) for name, row in zip(names, self.figures.complementarity, strict=True)],
        )

    @cached_property
    def calibration(self) -> Table:
        """Per solver: number of attempts, mean confidence, accuracy, ECE, Brier score, AUC."""
        return Table(
            ("solver", "attempts", "mean_confidence", "accuracy", "ece", "brier", "auc"),
            [
                (name, c.n, c.mean_confidence, c.accuracy, c.ece, c.brier, c.auc)
                for name, c in self.calibrations.items()
            ],
        )

    @cached_property
    def reliability(self) -> Table:
        """The bars of the reliability diagrams."""
        return Table(
            ("solver", "low", "high", "n", "mean_confidence", "accuracy"),
            [
                (name, b.low, b.high, b.n, b.mean_confidence, b.accuracy)
                for name, c in self.calibrations.items()
                for b in c.bins
            ],
        )

    @cached_property
    def overlaps(self) -> Table:
        """Exact sets of solvers by the number of tasks that these and no others solved."""
        return Table(
            ("solvers", "tasks"), [(", ".join(names), count) for names, count in intersections(self.gathered.portfolio)]
        )

    @cached_property
    def near_misses(self) -> Table:
        """Unsolved tasks with the attempt that came nearest."""
        return Table(
            ("task", "solver", "run", "pixel_accuracy_strict", "cells_wrong"),
            [(m.task_id, m.solver, m.run, m.pixel_accuracy_strict, m.cells_wrong) for m in self.unsolved],
        )

    @cached_property
    def by_property(self) -> Table:
        """Success by task property; empty where the data sets are not at hand."""
        portfolio = self.gathered.portfolio
        return success_by_property(portfolio, features_of(self.gathered.sources, portfolio.tasks))

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain data."""
        tables = ("solvers", "composites", "complementarity", "calibration", "reliability", "overlaps", "near_misses")
        return self.summary | {name: getattr(self, name).records() for name in (*tables, "by_property")}


def analyse(records: Records, runs: Sequence[str] = (), each_run: bool = False, misses: int = 20) -> Analysis:
    """Analyse stored outcomes.

    Args:
        records: a store, e.g. ``arcsolve_store.open("arcsolve.db", readonly=True)``.
        runs: runs by id, beginning of an id, or ``latest``; none takes all runs on the newest run's data set.
        each_run: keep a solver's runs apart instead of taking its newest outcome per task.
        misses: how many near misses to report.

    Returns:
        The analysis.

    Raises:
        ArcsolveError: if there is nothing to analyse.
    """
    gathered = gather(records, runs, each_run)
    flat = records.confidences(gathered.runs)
    labels = [gathered.label_of[column.run, column.solver] for column in flat.columns]
    calibrations: dict[str, Calibration] = {}
    distinct = list(dict.fromkeys(labels))
    owner = np.array([distinct.index(label) for label in labels], dtype=np.int16)[flat.column]
    for number, label in enumerate(distinct):
        mine = np.flatnonzero(owner == number)
        if len(mine):
            calibrations[label] = calibration(flat.confidence[mine], flat.is_correct[mine])
    return Analysis(
        gathered,
        portfolio_figures(gathered.portfolio),
        calibrations,
        tuple(records.near_misses(gathered.runs, limit=misses)),
    )

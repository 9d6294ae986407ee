"""A portfolio in figures: single best, virtual best, union, complementarity, marginal contribution, Shapley, Pareto."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from arcsolve_ensemble.analysis.shapley import coverage_shapley
from arcsolve_ensemble.arrays import Bools, Floats


@dataclass(frozen=True)
class Portfolio:
    """What every solver did on the same tasks; t tasks, s solvers.

    Attributes:
        solvers: s labels.
        tasks: t task labels.
        solved: (t, s) solved within two attempts.
        right_anywhere: (t, s) the right grids were among the candidates for every test input (oracle@all).
        wall_s: (t, s) seconds; NaN where the solver did not run on the task.
    """

    solvers: tuple[str, ...]
    tasks: tuple[str, ...]
    solved: Bools
    right_anywhere: Bools
    wall_s: Floats


@dataclass(frozen=True)
class SolverFigures:
    """One solver's place in a portfolio.

    Attributes:
        solver: its label.
        tasks: tasks it ran on.
        solved: tasks solved.
        right_anywhere: tasks with the right answer among its candidates.
        unique: tasks no other solver solved.
        marginal: its marginal contribution, VBS(all) - VBS(all but it); for solved tasks the same as `unique`.
        shapley: its fair share of the union, in tasks.
        mean_wall_s: mean seconds per task.
        is_pareto: no other solver solves at least as much in at most the time, and one of them better.
    """

    solver: str
    tasks: int
    solved: int
    right_anywhere: int
    unique: int
    marginal: int
    shapley: float
    mean_wall_s: float
    is_pareto: bool


@dataclass(frozen=True)
class PortfolioFigures:
    """A portfolio as a whole.

    Attributes:
        tasks: number of tasks (the denominator of every rate).
        sbs: the single best solver's label.
        sbs_solved: tasks it solved.
        vbs_solved: tasks that at least one solver solved (the union).
        right_anywhere: tasks with the right answer among anyone's candidates.
        solvers: per-solver figures, best first.
        complementarity: (s, s) tasks that the row's solver solved and the column's did not, in the order of `solvers`.
    """

    tasks: int
    sbs: str
    sbs_solved: int
    vbs_solved: int
    right_anywhere: int
    solvers: tuple[SolverFigures, ...]
    complementarity: Floats

    def closed_gap(self, solved: int) -> float:
        """Return the part of the gap between SBS and VBS that a method solving *solved* tasks closes."""
        gap = self.vbs_solved - self.sbs_solved
        return (solved - self.sbs_solved) / gap if gap else 0.0


def portfolio_figures(portfolio: Portfolio) -> PortfolioFigures:
    """Compute a portfolio's figures.

    Args:
        portfolio: what every solver did; one column at least.

    Returns:
        The figures; solvers in the order of tasks solved, then time, then label.
    """
    solved = portfolio.solved
    totals = solved.sum(axis=0)
    depth = solved.sum(axis=1)
    unique = (solved & (depth == 1)[:, None]).sum(axis=0)
    shapley = coverage_shapley(solved)
    ran = ~np.isnan(portfolio.wall_s)
    runs = ran.sum(axis=0)
    seconds = np.where(ran, portfolio.wall_s, 0.0).sum(axis=0) / np.maximum(runs, 1)
    order = sorted(range(len(totals)), key=lambda j: (-totals[j], seconds[j], portfolio.solvers[j]))
    pareto = pareto_front(totals.astype(np.float64), seconds)
    figures = tuple(
        SolverFigures(
            solver=portfolio.solvers[j],
            tasks=int(runs[j]),
            solved=int(totals[j]),
            right_anywhere=int(portfolio.right_anywhere[:, j].sum()),
            unique=int(unique[j]),
            marginal=int(unique[j]),
            shapley=float(shapley[j]),
            mean_wall_s=float(seconds[j]),
            is_pareto=bool(pareto[j]),
        )
        for j in order
    )
    counts = solved.astype(np.float64)
    both = (counts.T @ counts)[np.ix_(order, order)]
    return PortfolioFigures(
        tasks=len(portfolio.tasks),
        sbs=figures[0].solver,
        sbs_solved=figures[0].solved,
        vbs_solved=int((depth > 0).sum()),
        right_anywhere=int(portfolio.right_anywhere.any(axis=1).sum()),
        solvers=figures,
        complementarity=np.diag(both)[:, None] - both,
    )


def pareto_front(score: Floats, cost: Floats) -> Bools:
    """Return which entries no other entry beats: at least the score for at most the cost, one of them strictly."""
    better = (score[None, :] >= score[:, None]) & (cost[None, :] <= cost[:, None])
    strictly = (score[None, :] > score[:, None]) | (cost[None, :] < cost[:, None])
    return np.asarray(~(better & strictly).any(axis=1))


def intersections(portfolio: Portfolio, limit: int = 20) -> list[tuple[tuple[str, ...], int]]:
    """Return the exact sets of solvers by the number of tasks that these and no others solved, largest first."""
    patterns, counts = np.unique(portfolio.solved, axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:limit]
    return [
        (tuple(name for name, there in zip(portfolio.solvers, patterns[i], strict=True) if there), int(counts[i]))
        for i in order
    ]

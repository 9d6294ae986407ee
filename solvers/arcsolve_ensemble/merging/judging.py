"""Cross-examination: members that can score a grid (`Solver.score`) judge the grids that others propose.

A judge knows the task with the probability that it is foreseen to solve it; otherwise it is guessing. Its verdict is
the mixture of both: its likelihoods, relative to one another, where it knows, and the same for every grid where it does
not. So a judge that hardly ever solves such tasks says hardly anything, however sure it sounds; and as a mixture is
bounded, one can tell beforehand whether a verdict could change the two attempts, and need not ask where it could not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from arcsolve import Grid
from arcsolve_ensemble.arrays import Bools, Floats

Judge = Callable[[Sequence[Grid]], Sequence[float] | None]
"""Given grids, returns their log-probabilities; None if it can't tell."""

JUDGED = 4
"""Grids put before a judge, the most probable ones: its time goes by their number, and there are two attempts."""
ATTEMPTS = 2
UNFORESEEN = 0.5
"""Probability that a judge knows the task where nobody foresees it."""
SURE = 0.99
"""No judge is taken to know a task for more certain than this."""


def cross_examine(
    grids: Sequence[Grid],
    log_odds: Floats,
    classes: Sequence[tuple[bool, ...]],
    proposers: Sequence[frozenset[str]],
    judges: Mapping[str, Judge],
    knows: Mapping[str, float],
) -> dict[str, Floats]:
    """Ask judges, in the order of their names, as long as a verdict could change the first two places.

    Args:
        grids: n distinct grids.
        log_odds: (n,) of being right; minus infinity where nobody is trusted, which is not put before judges.
        classes: per grid, what comes before the odds when they are ordered, smaller first.
        proposers: per grid, who proposed it; a judge's own grids are none of its business, its vote counts already.
        judges: by name.
        knows: probability per judge that it knows this task; `UNFORESEEN` for those left out.

    Returns:
        (n,) shifts of the log-odds per judge that was asked and could tell; 0 for grids not put before it.
    """
    asked = sorted(i for i in _order(log_odds, classes)[:JUDGED] if np.isfinite(log_odds[i]))
    waiting: dict[str, tuple[Bools, float]] = {}
    for name in sorted(judges):
        foreign = np.zeros(len(grids), dtype=bool)
        foreign[[i for i in asked if name not in proposers[i]]] = True
        if foreign.sum() > 1:
            waiting[name] = foreign, min(knows.get(name, UNFORESEEN), SURE)
    verdicts: dict[str, Floats] = {}
    for name, (foreign, known) in list(waiting.items()):
        bounds = [_bounds(*entry) for entry in waiting.values()]
        low, high = (np.sum([bound[side] for bound in bounds], axis=0) for side in (0, 1))
        if not _is_open(log_odds, classes, low, high):
            break
        del waiting[name]
        scores = judges[name]([grids[i] for i in asked if foreign[i]])
        shifts = None if scores is None else _shifts(scores, foreign, known)
        if shifts is not None:
            verdicts[name] = shifts
            log_odds = log_odds + shifts
    return verdicts


def _order(log_odds: Floats, classes: Sequence[tuple[bool, ...]]) -> list[int]:
    return sorted(range(len(log_odds)), key=lambda i: (*classes[i], -log_odds[i]))


def _bounds(foreign: Bools, known: float) -> tuple[Floats, Floats]:
    """Return (n,) the least and the greatest shift that a verdict can bring."""
    least, greatest = np.log1p(-known), np.log1p(known * (foreign.sum() - 1))
    return np.where(foreign, least, 0.0), np.where(foreign, greatest, 0.0)


def _is_open(log_odds: Floats, classes: Sequence[tuple[bool, ...]], low: Floats, high: Floats) -> bool:
    """Return whether shifts within the bounds could bring another grid to one of the first places."""
    order = _order(log_odds, classes)
    return any(
        classes[j] == classes[i] and log_odds[j] + high[j] > log_odds[i] + low[i]
        for place, i in enumerate(order[:ATTEMPTS])
        for j in order[place + 1 :]
    )


def _shifts(scores: Sequence[float], foreign: Bools, known: float) -> Floats | None:
    """Return (n,) the log-odds' shifts, or None if the scores are unusable.

    Args:
        scores: log-probabilities of the grids that are *foreign* to the judge.
        foreign: (n,) which they are.
        known: probability that the judge knows the task.
    """
    values = np.asarray(scores, dtype=np.float64)
    if values.shape != (foreign.sum(),) or np.isnan(values).any() or not np.isfinite(values.max()):
        return None
    likelihood = np.exp(values - values.max())
    shifts = np.zeros(len(foreign))
    shifts[foreign] = np.log(known * len(values) * likelihood / likelihood.sum() + 1 - known)
    return shifts

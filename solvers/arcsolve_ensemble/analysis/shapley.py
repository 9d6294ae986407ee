"""Shapley values: what each solver is worth to a portfolio, averaged over every order of joining it.

Frechette, Kotthoff, Michalak, Rahwan, Hoos, Leyton-Brown: "Using the Shapley value to analyze algorithm portfolios",
AAAI 2016.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from arcsolve_ensemble.arrays import Bools, Floats

EXACT_UP_TO = 12


def coverage_shapley(solved: Bools) -> Floats:
    """Return each solver's Shapley value in the game "tasks solved by at least one of us".

    A task solved by k solvers is worth 1/k to each of them: the closed form for coverage games, exact for any number of
    solvers.

    Args:
        solved: (tasks, solvers).

    Returns:
        (solvers,) values in tasks; they sum to the union.
    """
    table = np.asarray(solved, dtype=bool)
    sharers = table.sum(axis=1)
    weights = np.divide(1.0, sharers, out=np.zeros(len(table)), where=sharers > 0)
    return np.asarray(weights @ table.astype(np.float64))


def shapley_values(
    value: Callable[[frozenset[int]], float], players: int, permutations: int = 2000, seed: int = 0
) -> Floats:
    """Return the Shapley values of any coalition game.

    Args:
        value: worth of a coalition of player numbers; ``value(frozenset())`` is its base.
        players: how many there are; up to `EXACT_UP_TO` every coalition is evaluated once, above that orders are
            sampled, each together with its reverse.
        permutations: how many orders to sample.
        seed: of the sample.

    Returns:
        (players,) values; they sum to value(all) - value(none), also when sampled.
    """
    result = np.zeros(players)
    if players <= EXACT_UP_TO:
        worth = np.array([value(_members(mask)) for mask in range(1 << players)])
        weights = [
            math.factorial(k) * math.factorial(players - k - 1) / math.factorial(players) for k in range(players)
        ]
        masks = np.arange(1 << players)
        sizes = np.array([mask.bit_count() for mask in range(1 << players)])
        for player in range(players):
            without = masks[(masks >> player) & 1 == 0]
            gains = worth[without | (1 << player)] - worth[without]
            result[player] = float((gains * np.array(weights)[sizes[without]]).sum())
        return result
    rng = np.random.default_rng(seed)
    cache: dict[frozenset[int], float] = {}

    def known(coalition: frozenset[int]) -> float:
        if coalition not in cache:
            cache[coalition] = value(coalition)
        return cache[coalition]

    half = max(1, permutations // 2)
    for _ in range(half):
        order = rng.permutation(players).tolist()
        for way in (order, order[::-1]):
            coalition: frozenset[int] = frozenset()
            before = known(coalition)
            for player in way:
                coalition = coalition | {player}
                after = known(coalition)
                result[player] += after - before
                before = after
    return result / (2 * half)


def _members(mask: int) -> frozenset[int]:
    return frozenset(i for i in range(mask.bit_length()) if mask >> i & 1)

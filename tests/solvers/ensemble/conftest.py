"""Synthetic algorithm selection scenarios with known properties: families, heavy tails, noise, costly features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from arcsolve_ensemble.scenario import FeatureStep, Scenario, spread_folds


@dataclass(frozen=True)
class Recipe:
    """What a synthetic scenario looks like.

    Attributes:
        n, algorithms, features: sizes.
        cutoff_s: time limit.
        families: instances come in families; algorithms have a family-specific offset.
        affinity: spread (log10 s) of that offset: complementarity.
        slope: spread of the algorithms' dependence on the latent variables.
        noise: spread of the log10 runtime that no feature explains.
        tail: share of runs with a heavy tail (x 10..10000).
        hardness: mean log10 seconds.
        spread: spread of log10 hardness over instances.
        informative: share of the features that carry signal.
        cost_s: mean feature cost in seconds (last step ten times the first).
        common: latent difficulty shared by all algorithms.
    """

    n: int = 400
    algorithms: int = 4
    features: int = 30
    cutoff_s: float = 3600.0
    families: int = 25
    affinity: float = 1.0
    slope: float = 0.5
    noise: float = 0.3
    tail: float = 0.02
    hardness: float = 2.0
    spread: float = 1.5
    informative: float = 0.5
    cost_s: float = 0.0
    always_one: bool = False
    leader: float = 0.0


LIKE = {
    "qbf": Recipe(1368, 5, 46, 3600.0, 60, 1.6, 0.6, 0.4, 0.03, 2.5, 1.6, 0.6),
    "maxsat": Recipe(876, 6, 37, 2100.0, 40, 1.5, 0.6, 0.3, 0.02, 1.6, 1.4, 0.6, 0.2),
    "csp": Recipe(2024, 2, 86, 5000.0, 80, 0.9, 0.4, 0.7, 0.04, 1.6, 1.6, 0.3, 2.0, leader=0.9),
    "bnsl": Recipe(1179, 8, 93, 7200.0, 50, 0.8, 1.0, 0.3, 0.01, 2.2, 1.0, 0.6, 3.0, always_one=True),
    "cpmp": Recipe(527, 4, 22, 3600.0, 12, 0.4, 0.5, 0.7, 0.08, 1.6, 0.7, 0.5, 0.1, always_one=True),
}


def make(recipe: Recipe, seed: int = 0, name: str = "synthetic") -> Scenario:
    """Draw a scenario."""
    rng = np.random.default_rng(seed)
    n, a, f = recipe.n, recipe.algorithms, recipe.features
    family = np.minimum((rng.pareto(1.0, n) * 3).astype(int), recipe.families - 1)
    family = rng.permutation(recipe.families)[family]
    latent = 6
    centre = rng.normal(size=(recipe.families, latent))
    z = centre[family] + 0.5 * rng.normal(size=(n, latent))
    hardness = recipe.hardness + recipe.spread * (0.6 * rng.normal(size=recipe.families)[family] + 0.8 * z[:, 0] * 0.8)
    offset = recipe.affinity * rng.normal(size=(recipe.families, a))
    weights = recipe.slope * rng.normal(size=(latent, a))
    bend = recipe.slope * rng.normal(size=(latent, a))
    log_t = hardness[:, None] + offset[family] + z @ weights + np.abs(z) @ bend - (np.abs(z) @ bend).mean(axis=0)
    log_t = log_t + recipe.noise * rng.normal(size=(n, a))
    log_t = log_t + (rng.random((n, a)) < recipe.tail) * rng.uniform(1, 4, size=(n, a))
    log_t[:, 0] -= recipe.leader
    if recipe.always_one:
        excess = np.maximum(log_t.min(axis=1) - (np.log10(recipe.cutoff_s) - 0.2), 0)
        log_t -= excess[:, None]
    times = np.maximum(10.0**log_t, 0.01)
    good = round(recipe.informative * f)
    mix = rng.normal(size=(latent, good)) * (rng.random((latent, good)) < 0.4)
    signal = z @ mix + 0.3 * rng.normal(size=(n, good))
    columns = np.where(
        rng.random(good) < 0.4, np.exp(signal), np.where(rng.random(good) < 0.3, np.round(signal), signal)
    )
    features = np.concatenate([columns, rng.normal(size=(n, f - good))], axis=1)[:, rng.permutation(f)]
    names = tuple(f"f{i}" for i in range(f))
    cut = max(1, f // 3)
    steps = (
        FeatureStep("cheap", names[:cut]),
        FeatureStep("middle", names[cut : 2 * cut], ("cheap",)),
        FeatureStep("dear", names[2 * cut :], ("cheap",)),
    )
    scale = np.array([0.1, 0.3, 1.0]) * recipe.cost_s
    costs = scale * rng.lognormal(0.0, 1.0, size=(n, 3)) * 10 ** (0.3 * z[:, :1])
    solved = times <= recipe.cutoff_s
    return Scenario(
        name=name,
        instances=tuple(f"i{k:04d}" for k in range(n)),
        algorithms=tuple(f"A{j}" for j in range(a)),
        performance=np.where(solved, times, np.nan),
        solved=solved,
        features=features,
        feature_names=names,
        folds=spread_folds(n, 10, seed),
        cutoff_s=recipe.cutoff_s,
        steps=steps,
        step_costs=costs,
    )


@pytest.fixture
def make_scenario() -> Callable[..., Scenario]:
    """Return ``make_scenario(like=None, seed=0, **changes to the recipe)``."""

    def draw(like: str | None = None, seed: int = 0, **changes: Any) -> Scenario:
        return make(replace(LIKE[like] if like else Recipe(), **changes), seed)

    return draw

"""An algorithm selection scenario: what every algorithm did on every instance, and what is known about the instances.

The terms are the field's own (Rice 1976; Bischl et al. 2016, "ASlib"): instances, algorithms, performance, features
that come in costed steps, cross-validation folds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from arcsolve import ArcsolveError
from arcsolve_ensemble.arrays import Bools, Floats, Ints

PAR_FACTOR = 10.0


@dataclass(frozen=True)
class FeatureStep:
    """A group of features that are computed together, at a common cost.

    Attributes:
        name: the step's name.
        provides: names of the features it computes.
        requires: names of the steps that must run before it.
    """

    name: str
    provides: tuple[str, ...]
    requires: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scenario:
    """Instances x algorithms performance with features, costs and folds.

    n instances, a algorithms, f features, s feature steps.

    Attributes:
        name: the scenario's name.
        instances: n instance names.
        algorithms: a algorithm names.
        performance: (n, a) runtime in seconds, or quality; NaN where the run has no value.
        solved: (n, a), True where the run ended well within the cutoff. For quality scenarios: a value is there.
        features: (n, f), NaN where missing.
        feature_names: f names.
        folds: (n,) test fold of each instance, any integers.
        cutoff_s: the runtime limit in seconds; None for quality scenarios.
        is_runtime: True: performance is time to a solution; False: it is the quality of one.
        is_maximised: True if a higher quality is better.
        steps: the feature steps.
        step_costs: (n, s) seconds that each step took.
        presolved: (n, s), True where computing the step's features solved the instance.
        default_steps: the steps that the scenario's authors recommend; empty means all.
        notes: what the reader had to decide, in words.
    """

    name: str
    instances: tuple[str, ...]
    algorithms: tuple[str, ...]
    performance: Floats
    solved: Bools
    features: Floats
    feature_names: tuple[str, ...]
    folds: Ints
    cutoff_s: float | None = None
    is_runtime: bool = True
    is_maximised: bool = False
    steps: tuple[FeatureStep, ...] = ()
    step_costs: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    presolved: Bools = field(default_factory=lambda: np.zeros((0, 0), dtype=bool))
    default_steps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n, a, s = len(self.instances), len(self.algorithms), len(self.steps)
        if self.step_costs.shape != (n, s):
            object.__setattr__(self, "step_costs", np.zeros((n, s)))
        if self.presolved.shape != (n, s):
            object.__setattr__(self, "presolved", np.zeros((n, s), dtype=bool))
        shapes = {
            "performance": (self.performance.shape, (n, a)),
            "solved": (self.solved.shape, (n, a)),
            "features": (self.features.shape, (n, len(self.feature_names))),
            "folds": (self.folds.shape, (n,)),
        }
        for what, (have, want) in shapes.items():
            if have != want:
                raise ArcsolveError(f"Scenario {self.name!r}: {what} has shape {have}, expected {want}.")
        if n == 0 or a == 0:
            raise ArcsolveError(f"Scenario {self.name!r} has {n} instances and {a} algorithms; it needs one of each.")
        if self.is_runtime and (self.cutoff_s is None or not self.cutoff_s > 0):
            raise ArcsolveError(f"Scenario {self.name!r} is about runtimes: it needs a positive cutoff.")

    @property
    def times(self) -> Floats:
        """(n, a) seconds to the solution, infinity where there is none (runtime scenarios)."""
        return np.where(self.solved, self.performance, np.inf)

    @property
    def costs(self) -> Floats:
        """(n, a) what is minimised: PAR10 seconds, or (negated, if maximised) quality."""
        if self.is_runtime:
            assert self.cutoff_s is not None
            return np.where(self.solved, self.performance, PAR_FACTOR * self.cutoff_s)
        quality = -self.performance if self.is_maximised else self.performance
        worst = float(np.nanmax(quality)) if np.isfinite(quality).any() else 0.0
        return np.where(self.solved, quality, worst)

    def subset(self, rows: Sequence[int] | Ints | Bools) -> Scenario:
        """Return the scenario restricted to the instances *rows* (indices or a mask)."""
        at = np.asarray(rows)
        at = np.flatnonzero(at) if at.dtype == bool else at.astype(np.int64)
        return replace(
            self,
            instances=tuple(self.instances[i] for i in at),
            performance=self.performance[at],
            solved=self.solved[at],
            features=self.features[at],
            folds=self.folds[at],
            step_costs=self.step_costs[at],
            presolved=self.presolved[at],
        )

    def restricted(self, algorithms: Ints) -> Scenario:
        """Return the scenario with these algorithms (indices) only."""
        return replace(
            self,
            algorithms=tuple(self.algorithms[i] for i in algorithms),
            performance=self.performance[:, algorithms],
            solved=self.solved[:, algorithms],
        )

    def required_steps(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return *names* together with every step they require, in the scenario's order."""
        requires = {step.name: step.requires for step in self.steps}
        wanted: set[str] = set()
        stack = list(names)
        while stack:
            name = stack.pop()
            if name in wanted or name not in requires:
                continue
            wanted.add(name)
            stack.extend(requires[name])
        return tuple(step.name for step in self.steps if step.name in wanted)

    def feature_columns(self, steps: Sequence[str]) -> Ints:
        """Return the columns that can be computed from *steps*: every step that lists the feature must be there."""
        chosen = set(steps)
        missing = {name for step in self.steps if step.name not in chosen for name in step.provides}
        return np.array([i for i, name in enumerate(self.feature_names) if name not in missing], dtype=np.int64)

    def feature_cost(self, steps: Sequence[str]) -> Floats:
        """Return (n,) seconds that computing *steps* takes on each instance."""
        chosen = [i for i, step in enumerate(self.steps) if step.name in set(steps)]
        return np.asarray(self.step_costs[:, chosen].sum(axis=1))

    def solved_by_features(self, steps: Sequence[str]) -> Bools:
        """Return (n,), True where computing *steps* solves the instance (ASlib's status ``presolved``)."""
        chosen = [i for i, step in enumerate(self.steps) if step.name in set(steps)]
        return np.asarray(self.presolved[:, chosen].any(axis=1))


def spread_folds(count: int, folds: int, seed: int = 0) -> Ints:
    """Return (count,) fold numbers 1..folds, as even as possible, shuffled by *seed*."""
    numbers = np.arange(count) % max(1, folds) + 1
    np.random.default_rng(seed).shuffle(numbers)
    return numbers.astype(np.int64)

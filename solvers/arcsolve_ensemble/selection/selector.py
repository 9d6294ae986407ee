"""The selector: feature steps, presolver, model and style chosen by inner cross-validation, then followed.

The idea of choosing a whole configuration by cross-validation is AutoFolio's (Lindauer, Hoos, Hutter, Schaub 2015);
here the choices are few and enumerated. The estimate of each combination is pulled halfway towards what its parts
(model, style, presolver) achieve on average: with a few hundred instances and PAR10's heavy tail the lowest of a
hundred cross-validated means is otherwise mostly luck.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from arcsolve_ensemble.arrays import Bools, Floats, Ints
from arcsolve_ensemble.metrics import portfolio, single_best
from arcsolve_ensemble.scenario import Scenario, spread_folds
from arcsolve_ensemble.selection.model import TREES, Training
from arcsolve_ensemble.selection.modelset import MODELS, STATIC, ModelSet, Way
from arcsolve_ensemble.selection.plans import Plans, Schedule, Trace, begin, follow, spend

MAX_ALGORITHMS = 12
"""The models choose among so many algorithms at most: those that together make the best VBS on the training folds."""
MANY_PAIRS = 8
"""Algorithms above which feature steps are compared by one forest instead of one forest per pair."""
SHRINKAGE = 0.5
PRESOLVE_SHARES = (0.001, 0.01, 0.03)
CHEAP = 0.003
"""Feature cost, as a share of the gap between SBS and VBS, below which cost is no reason to do without features."""
SBS_MARGIN = 0.25
"""Standard errors by which a choice must beat the single best solver in inner cross-validation."""


class Choice(NamedTuple):
    """A complete configuration of the selector."""

    steps: tuple[str, ...]
    presolver: Schedule
    way: Way


@dataclass(frozen=True)
class Result:
    """What following the selector's plans on n instances cost.

    Attributes:
        costs: (n,) PAR10 or quality cost, as in `Scenario.costs`.
        seconds: (n,) seconds used, the cutoff for failures; quality scenarios repeat `costs`.
        solved: (n,) solved within the cutoff.
    """

    costs: Floats
    seconds: Floats
    solved: Bools


class Selector:
    """Learns from a scenario which algorithms to run for how long on which instance."""

    def __init__(
        self,
        models: Sequence[str] = MODELS,
        inner_folds: int = 4,
        trees: int = TREES,
        inner_trees: int = TREES // 2,
        seed: int = 0,
    ) -> None:
        """Configure the selector.

        Args:
            models: names out of `MODELS` to choose from.
            inner_folds: folds of the inner cross-validation.
            trees: trees per forest in the final models.
            inner_trees: the same during inner cross-validation.
            seed: seeds folds and forests.
        """
        self._models = tuple(models)
        self._inner_folds, self._trees, self._inner_trees, self._seed = inner_folds, trees, inner_trees, seed
        self.choice = Choice((), (), Way("static", "single"))
        self.estimates: dict[Choice, float] = {}
        self._kept: Ints = np.zeros(0, dtype=np.int64)

    def fit(self, scenario: Scenario) -> Selector:
        """Choose a configuration on *scenario* (training instances only) and fit its models; return self."""
        self._kept = portfolio(scenario.costs, MAX_ALGORITHMS)
        scenario = scenario.restricted(self._kept)
        if len(self._models) == 1 and self._models[0] == "static":
            self._finish(scenario, Choice((), (), Way("static", "single")))
            return self
        steps = self._choose_steps(scenario)
        table = self._inner_table(scenario, steps, self._models, self._presolvers(scenario, steps))
        self.estimates = shrunk_means(table)
        self._finish(scenario, self._choose(scenario, table))
        return self

    def plans(self, scenario: Scenario) -> Plans:
        """Return the plan after presolver and features for every instance of *scenario* (its runs are not read)."""
        columns = scenario.feature_columns(self.choice.steps)
        plans = self._fitted.plans(scenario.features[:, columns])[self.choice.way]
        return Plans(np.where(plans.algorithms >= 0, self._kept[plans.algorithms], -1), plans.seconds)

    def run(self, scenario: Scenario) -> Result:
        """Follow the plans on *scenario*; presolver and feature costs are charged."""
        return execute(scenario, self.choice, self.plans(scenario))

    def _finish(self, scenario: Scenario, choice: Choice) -> None:
        presolver = tuple((int(self._kept[algorithm]), seconds) for algorithm, seconds in choice.presolver)
        self.choice = choice._replace(presolver=presolver)
        data = training_data(scenario, choice.steps, choice.presolver)
        self._fitted = ModelSet([choice.way.model], self._trees, self._seed).fit(data)

    def _choose(self, scenario: Scenario, table: dict[Choice, Floats]) -> Choice:
        best = min(self.estimates, key=lambda choice: self.estimates[choice])
        sbs = scenario.costs[:, single_best(scenario.costs)]
        lead = sbs - table[best]
        error = lead.std() / np.sqrt(len(lead))
        if sbs.mean() - self.estimates[best] <= SBS_MARGIN * error:
            return Choice((), (), Way("static", "single"))
        return best

    def _choose_steps(self, scenario: Scenario) -> tuple[str, ...]:
        """Choose the feature steps with one quick model; all of them where they cost next to nothing."""
        options = step_options(scenario)
        if len(options) == 1:
            return options[0]
        quick = ("pairwise",) if len(scenario.algorithms) <= MANY_PAIRS else ("forest",)
        costs = {}
        for steps in options:
            table = self._inner_table(scenario, steps, quick, self._presolvers(scenario, steps))
            costs[steps] = min(shrunk_means(table).values())
        return min(options, key=lambda steps: costs[steps])

    def _presolvers(self, scenario: Scenario, steps: tuple[str, ...]) -> list[Schedule]:
        """Return presolvers to try: none, and where features cost something the best single one for a short time."""
        found: list[Schedule] = [()]
        if not scenario.is_runtime or scenario.cutoff_s is None or features_are_cheap(scenario, steps):
            return found
        for share in PRESOLVE_SHARES:
            allotted = share * scenario.cutoff_s
            counts = (scenario.times <= allotted).sum(axis=0)
            found.append(((int(np.argmax(counts)), allotted),))
        return list(dict.fromkeys(found))

    def _inner_table(
        self, scenario: Scenario, steps: tuple[str, ...], models: Sequence[str], presolvers: Sequence[Schedule]
    ) -> dict[Choice, Floats]:
        """Return every choice's (n,) cost on instances that its models were not fitted on."""
        n = len(scenario.instances)
        folds = spread_folds(n, min(self._inner_folds, n), self._seed)
        table: dict[Choice, Floats] = {}
        for fold in np.unique(folds):
            train, test = scenario.subset(folds != fold), scenario.subset(folds == fold)
            rows = np.flatnonzero(folds == fold)
            models_set = ModelSet(models, self._inner_trees, self._seed).fit(training_data(train, steps, ()))
            for way, plans in models_set.plans(test.features[:, scenario.feature_columns(steps)]).items():
                own_steps = () if way.model in STATIC else steps
                for presolver in presolvers:
                    choice = Choice(own_steps, presolver if own_steps else (), way)
                    costs = table.setdefault(choice, np.full(n, np.nan))
                    costs[rows] = execute(test, choice, plans).costs
        return table


def training_data(scenario: Scenario, steps: Sequence[str], presolver: Schedule) -> Training:
    """Return the models' view of *scenario*, restricted to the features of *steps*."""
    start = scenario.feature_cost(steps) + sum(allotted for _, allotted in presolver)
    return Training(
        scenario.features[:, scenario.feature_columns(steps)], scenario.costs, scenario.times, scenario.cutoff_s, start
    )


def execute(scenario: Scenario, choice: Choice, plans: Plans) -> Result:
    """Run presolver, features and *plans* on every instance and charge all of it."""
    rows: Ints = np.arange(len(scenario.instances))
    if not scenario.is_runtime or scenario.cutoff_s is None:
        first = plans.algorithms[:, 0]
        costs = scenario.costs[rows, first]
        return Result(costs, costs, scenario.solved[rows, first])
    cutoff = scenario.cutoff_s
    trace: Trace = begin(len(rows))
    if choice.presolver:
        trace = follow(trace, scenario.times, Plans.of([choice.presolver] * len(rows)), cutoff)
    if choice.way.model not in STATIC:
        trace = spend(trace, scenario.feature_cost(choice.steps), scenario.solved_by_features(choice.steps), cutoff)
    trace = follow(trace, scenario.times, plans, cutoff)
    return Result(trace.par10(cutoff), np.where(trace.solved, trace.seconds, cutoff), trace.solved)


def features_are_cheap(scenario: Scenario, steps: Sequence[str]) -> bool:
    """Tell whether computing *steps* is negligible against what selection can gain."""
    costs = scenario.costs
    gap = float(costs.mean(axis=0).min() - costs.min(axis=1).mean())
    return float(scenario.feature_cost(steps).mean()) <= CHEAP * gap


def step_options(scenario: Scenario) -> list[tuple[str, ...]]:
    """Return sets of feature steps worth comparing: all; if that is not cheap, the recommended and the cheap ones."""
    every = tuple(step.name for step in scenario.steps)
    options = [every]
    if len(every) < 2 or not scenario.is_runtime or features_are_cheap(scenario, every):
        return options
    if scenario.default_steps:
        options.append(scenario.required_steps(scenario.default_steps))
    mean = {step.name: float(scenario.feature_cost([step.name]).mean()) for step in scenario.steps}
    total = sum(mean.values())
    for share in (0.5, 0.1, 0.01):
        chosen: tuple[str, ...] = ()
        for name in sorted(every, key=lambda name: mean[name]):
            wider = scenario.required_steps([*chosen, name])
            if sum(mean[step] for step in wider) <= share * total:
                chosen = wider
        if chosen:
            options.append(chosen)
    return [steps for steps in dict.fromkeys(options) if len(scenario.feature_columns(steps))] or [()]


def shrunk_means(table: dict[Choice, Floats]) -> dict[Choice, float]:
    """Return every choice's mean cost, pulled towards the sum of its parts' main effects (see the module's docstring).

    Main effects are taken among the models that share a set of styles.
    """
    own = {choice: float(costs.mean()) for choice, costs in table.items()}
    styles: dict[str, set[str]] = {}
    for choice in own:
        styles.setdefault(choice.way.model, set()).add(choice.way.style)
    groups: dict[frozenset[str], list[Choice]] = {}
    for choice in own:
        shared = frozenset(styles[choice.way.model] - {"schedule"})
        groups.setdefault(shared, []).append(choice)
    found: dict[Choice, float] = {}
    for members in groups.values():
        overall = float(np.mean([own[choice] for choice in members]))

        def effect(at: int, value: object, members: list[Choice] = members, overall: float = overall) -> float:
            alike = [own[choice] for choice in members if _parts(choice)[at] == value]
            return float(np.mean(alike)) - overall

        cache: dict[tuple[int, object], float] = {}
        for choice in members:
            total = overall
            for at, value in enumerate(_parts(choice)):
                if (at, value) not in cache:
                    cache[at, value] = effect(at, value)
                total += cache[at, value]
            found[choice] = (1 - SHRINKAGE) * own[choice] + SHRINKAGE * total
    return found


def _parts(choice: Choice) -> tuple[object, ...]:
    return choice.presolver, choice.way.model, choice.way.style

"""Cross-validate the selector on an ASlib scenario with its official folds, feature costs charged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from arcsolve import ArcsolveError
from arcsolve_ensemble.metrics import Measures, measure, pool, single_best
from arcsolve_ensemble.scenario import Scenario
from arcsolve_ensemble.selection.modelset import MODELS
from arcsolve_ensemble.selection.plans import Schedule
from arcsolve_ensemble.selection.selector import Choice, Selector, execute


@dataclass(frozen=True)
class FoldResult:
    """One fold: its number, what the selector chose on the training folds, and its measures on the test fold.

    Attributes:
        fold: the test fold's number.
        choice: the configuration.
        sbs: the single best solver of the training folds.
        measures: on the test fold.
        schedules: per test instance, feature steps (names) and (algorithm, seconds) slots in the order they run.
    """

    fold: int
    choice: Choice
    sbs: str
    measures: Measures
    schedules: dict[str, list[str | tuple[str, float]]]


@dataclass(frozen=True)
class Evaluation:
    """A whole cross-validation.

    Attributes:
        scenario: the scenario's name.
        folds: per-fold results.
        pooled: measures over all test instances together.
    """

    scenario: str
    folds: tuple[FoldResult, ...]
    pooled: Measures


def evaluate_fold(scenario: Scenario, fold: int, models: Sequence[str] = MODELS, seed: int = 0) -> FoldResult:
    """Fit on all folds but *fold*, measure on it; the SBS is that of the training folds."""
    train, test = scenario.subset(scenario.folds != fold), scenario.subset(scenario.folds == fold)
    selector = Selector(models, seed=seed).fit(train)
    plans = selector.plans(test)
    result = execute(test, selector.choice, plans)
    sbs = single_best(train.costs)
    return FoldResult(
        fold,
        selector.choice,
        scenario.algorithms[sbs],
        measure(test, result.costs, result.seconds, result.solved, sbs),
        {name: _schedule(test, selector.choice, plans.schedule(i)) for i, name in enumerate(test.instances)},
    )


def _schedule(scenario: Scenario, choice: Choice, plan: Schedule) -> list[str | tuple[str, float]]:
    limit = scenario.cutoff_s or 0.0
    names = scenario.algorithms
    slots: list[str | tuple[str, float]] = [(names[algorithm], seconds) for algorithm, seconds in choice.presolver]
    slots += choice.steps
    slots += [(names[algorithm], min(seconds, limit)) for algorithm, seconds in plan]
    return slots


def evaluate(
    scenario: Scenario, models: Sequence[str] = MODELS, workers: int = 1, seed: int = 0
) -> Iterator[FoldResult]:
    """Yield every fold's result as it is ready, in the order of folds.

    Args:
        scenario: with two folds at least.
        models: the models to choose from.
        workers: processes; the result does not depend on it.
        seed: seeds inner folds and forests.

    Raises:
        ArcsolveError: if the scenario has fewer than two folds.
    """
    folds = [int(fold) for fold in np.unique(scenario.folds)]
    if len(folds) < 2:
        raise ArcsolveError(f"Scenario {scenario.name!r} has {len(folds)} fold; cross-validation needs two at least.")
    if workers <= 1:
        for fold in folds:
            yield evaluate_fold(scenario, fold, models, seed)
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(min(workers, len(folds)), mp_context=multiprocessing.get_context("spawn")) as pool_:
        futures = [pool_.submit(evaluate_fold, scenario, fold, models, seed) for fold in folds]
        try:
            for future in futures:
                yield future.result()
        except BaseException:
            for future in futures:
                future.cancel()
            raise


def summarise(scenario: Scenario, folds: Sequence[FoldResult]) -> Evaluation:
    """Pool the folds of a finished cross-validation."""
    return Evaluation(scenario.name, tuple(folds), pool([fold.measures for fold in folds]))

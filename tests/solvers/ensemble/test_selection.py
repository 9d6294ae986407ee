import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from arcsolve import ArcsolveError
from arcsolve_ensemble.aslib import write_scenario
from arcsolve_ensemble.cli import ensemble
from arcsolve_ensemble.evaluate import evaluate, evaluate_fold, summarise
from arcsolve_ensemble.metrics import closed_gap, measure, portfolio, single_best
from arcsolve_ensemble.scenario import FeatureStep, Scenario, spread_folds
from arcsolve_ensemble.selection.modelset import MODELS, ModelSet, Way
from arcsolve_ensemble.selection.plans import Plans, begin, follow, schedule_costs, spend
from arcsolve_ensemble.selection.selector import Choice, Selector, execute, step_options

MakeScenario = Callable[..., Scenario]


def table_scenario(times: np.ndarray, features: np.ndarray, cutoff_s: float = 1000.0, folds: int = 4) -> Scenario:
    solved = times <= cutoff_s
    return Scenario(
        name="table",
        instances=tuple(f"i{k}" for k in range(len(times))),
        algorithms=tuple(f"A{k}" for k in range(times.shape[1])),
        performance=np.where(solved, times, np.nan),
        solved=solved,
        features=features,
        feature_names=tuple(f"f{k}" for k in range(features.shape[1])),
        folds=spread_folds(len(times), folds),
        cutoff_s=cutoff_s,
    )


def test_following_a_schedule_is_what_a_stopwatch_says() -> None:
    times = np.array([[5.0, 50.0], [np.inf, 20.0], [np.inf, np.inf], [95.0, 10.0]])
    plans = Plans.of([((0, 10.0), (1, np.inf))] * 4)
    trace = follow(begin(4), times, plans, 100.0)
    assert trace.seconds.tolist() == [5.0, 30.0, 100.0, 20.0]
    assert trace.solved.tolist() == [True, True, False, True]
    assert trace.par10(100.0).tolist() == [5.0, 30.0, 1000.0, 20.0]
    late = spend(begin(4), np.full(4, 75.0), np.zeros(4, dtype=bool), 100.0)
    assert follow(late, times, plans, 100.0).solved.tolist() == [True, False, False, True]
    solved_by_features = spend(begin(4), np.full(4, 7.0), np.array([True, False, False, False]), 100.0)
    assert follow(solved_by_features, times, plans, 100.0).seconds[0] == 7.0


@pytest.mark.parametrize("seed", range(5))
def test_schedule_costs_agree_with_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    times = np.where(rng.random((20, 3)) < 0.3, np.inf, rng.exponential(40, (20, 3)))
    schedules = [
        tuple((int(a), float(s)) for a, s in zip(p, (30.0, np.inf), strict=False))
        for p in itertools.permutations(range(3), 2)
    ]
    start = rng.exponential(10, 20)
    table = schedule_costs(times, schedules, 100.0, start)
    for i, j in itertools.product(range(20), range(len(schedules))):
        clock, answer = start[i], 1000.0
        for algorithm, seconds in schedules[j]:
            slot = min(seconds, 100.0 - clock)
            if slot > 0 and times[i, algorithm] <= slot:
                answer = clock + times[i, algorithm]
                break
            clock += max(slot, 0.0)
        assert table[i, j] == pytest.approx(answer)


def test_closed_gap() -> None:
    assert closed_gap(5.0, 10.0, 0.0) == 0.5
    assert closed_gap(12.0, 10.0, 0.0) == pytest.approx(-0.2)
    assert closed_gap(3.0, 3.0, 3.0) == 0.0
    assert closed_gap(2.0, 3.0, 3.0) == 1.0
    assert closed_gap(4.0, 3.0, 3.0) == float("-inf")


def test_a_perfect_feature_closes_the_gap() -> None:
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 3, 90)
    times = np.full((90, 3), 5000.0)
    times[np.arange(90), kind] = 10.0
    features = np.stack([kind + 0.0, rng.normal(size=90), np.full(90, np.nan)], axis=1)
    scenario = table_scenario(times, features, folds=2)
    pooled = summarise(scenario, list(evaluate(scenario))).pooled
    assert pooled.closed_gap == pytest.approx(1.0)
    assert pooled.solved == 1.0
    assert pooled.mcp == pytest.approx(0.0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_pure_noise_is_no_loss(seed: int) -> None:
    """Which algorithm solves an instance is a coin toss, and takes nearly all the time: nothing can be gained."""
    rng = np.random.default_rng(seed)
    times = np.where(rng.random((300, 3)) < 0.6, 900.0, 5000.0)
    scenario = table_scenario(times, rng.normal(size=(300, 10)))
    pooled = summarise(scenario, list(evaluate(scenario))).pooled
    assert -0.15 < pooled.closed_gap < 0.25  # luck may help, choices must not harm


def test_dear_useless_features_are_not_computed() -> None:
    rng = np.random.default_rng(1)
    kind = rng.integers(0, 2, 300)
    times = np.full((300, 2), 5000.0)
    times[np.arange(300), kind] = 10.0
    scenario = table_scenario(times, np.stack([kind + 0.0, rng.normal(size=300)], axis=1))
    steps = (FeatureStep("cheap", ("f0",)), FeatureStep("dear", ("f1",)))
    costs = np.stack([np.full(300, 0.1), np.full(300, 400.0)], axis=1)
    scenario = replace(scenario, steps=steps, step_costs=costs, presolved=np.zeros((300, 2), dtype=bool))
    assert step_options(scenario)[0] == ("cheap", "dear")
    fold = evaluate_fold(scenario, 1)
    assert fold.choice.steps == ("cheap",)
    assert fold.measures.closed_gap > 0.99


def test_feature_costs_are_charged() -> None:
    scenario = table_scenario(np.full((8, 1), 10.0), np.zeros((8, 1)))
    scenario = replace(
        scenario,
        steps=(FeatureStep("s", ("f0",)),),
        step_costs=np.full((8, 1), 7.0),
        presolved=np.zeros((8, 1), dtype=bool),
    )
    plans = Plans.single(np.zeros(8, dtype=np.int64))
    assert execute(scenario, Choice(("s",), (), Way("pairwise", "single")), plans).costs.tolist() == [17.0] * 8
    assert execute(scenario, Choice((), (), Way("static", "single")), plans).costs.tolist() == [10.0] * 8
    late = replace(scenario, step_costs=np.full((8, 1), 995.0))
    assert not execute(late, Choice(("s",), (), Way("pairwise", "single")), plans).solved.any()
    presolved = replace(scenario, presolved=np.ones((8, 1), dtype=bool))
    assert execute(presolved, Choice(("s",), (), Way("pairwise", "single")), plans).costs.tolist() == [7.0] * 8


@pytest.mark.slow
@pytest.mark.parametrize(("like", "at_least"), [("maxsat", 0.6), ("cpmp", 0.3)])
def test_realistic_scenarios(make_scenario: MakeScenario, like: str, at_least: float) -> None:
    scenario = make_scenario(like, seed=0, n=360)
    parts = [evaluate_fold(scenario, fold) for fold in (1, 2, 3)]
    assert summarise(scenario, parts).pooled.closed_gap > at_least


def test_the_figures_do_not_depend_on_processes_or_repetition(make_scenario: MakeScenario) -> None:
    scenario = make_scenario(n=120, features=8, seed=2)
    scenario = replace(scenario, folds=scenario.folds % 2)
    models = ("static", "pairwise", "forest")
    one = list(evaluate(scenario, models))
    assert list(evaluate(scenario, models, workers=2)) == one
    assert list(evaluate(scenario, models)) == one


def test_every_model_plans_every_instance(make_scenario: MakeScenario) -> None:
    scenario = make_scenario(n=80, features=6, algorithms=3, seed=4)
    selector = Selector(trees=10, inner_trees=5).fit(scenario)
    assert {choice.way.model for choice in selector.estimates} == set(MODELS)
    assert len(selector.plans(scenario).algorithms) == 80
    with pytest.raises(ArcsolveError, match="Unknown selection model 'magic'"):
        ModelSet(["magic"])


def test_quality_scenarios_choose_single_algorithms() -> None:
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 2, 200)
    quality = rng.random((200, 2)) * 0.1
    quality[np.arange(200), kind] += 0.5
    scenario = replace(table_scenario(quality, kind[:, None] + 0.0), is_runtime=False, cutoff_s=None, is_maximised=True)
    pooled = summarise(scenario, list(evaluate(scenario))).pooled
    assert pooled.closed_gap == pytest.approx(1.0)
    assert single_best(scenario.costs) == int(np.argmax(quality.mean(axis=0)))


@pytest.mark.parametrize("algorithms", [1, 2])
def test_tiny_portfolios(make_scenario: MakeScenario, algorithms: int) -> None:
    scenario = make_scenario(n=40, features=4, algorithms=algorithms, seed=1)
    fold = evaluate_fold(scenario, 1)
    assert fold.measures.n == int((scenario.folds == 1).sum())


def test_measures_know_the_virtual_best() -> None:
    scenario = table_scenario(np.array([[1.0, 5000.0], [5000.0, 2.0]]), np.zeros((2, 1)), folds=2)
    costs = scenario.costs.min(axis=1)
    result = measure(scenario, costs, costs, scenario.solved.any(axis=1), sbs=0)
    assert result.closed_gap == 1.0
    assert result.mcp == 0.0
    assert (result.sbs, result.vbs) == (5000.5, 1.5)


def test_command_prints_per_fold_and_pooled(make_scenario: MakeScenario, tmp_path: Path) -> None:
    scenario = make_scenario(n=60, features=4, seed=1)
    write_scenario(replace(scenario, folds=scenario.folds % 3), tmp_path / "s")
    arguments = ["evaluate", "--aslib", str(tmp_path / "s"), "--models", "static,pairwise", "--workers", "1"]
    plain = CliRunner().invoke(ensemble, arguments)
    assert plain.exit_code == 0, plain.output
    assert "pooled" in plain.stdout
    assert "closed gap" in plain.stdout
    record = json.loads(CliRunner().invoke(ensemble, [*arguments, "--json"]).stdout)
    assert len(record["folds"]) == 3
    assert record["pooled"]["n"] == 60
    weighted = sum(fold["n"] * fold["par10"] for fold in record["folds"]) / 60
    assert record["pooled"]["par10"] == pytest.approx(weighted)
    assert {"mcp", "solved", "sbs", "vbs", "closed_gap"} <= set(record["pooled"])


def test_asf_agrees_about_the_cost_of_our_schedules(make_scenario: MakeScenario, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    baselines = pytest.importorskip("asf.metrics.baselines")
    scenario = make_scenario(n=90, features=6, cost_s=20.0, seed=5)
    scenario = replace(scenario, folds=scenario.folds % 2)
    write_scenario(scenario, tmp_path / "s")
    arguments = ["evaluate", "--aslib", str(tmp_path / "s"), "--models", "static,pairwise,static-schedule", "--json"]
    result = CliRunner().invoke(ensemble, [*arguments, "--workers", "1", "--schedules", str(tmp_path / "x.json")])
    assert result.exit_code == 0, result.output
    ours = json.loads(result.stdout)["pooled"]["par10"]
    plans = json.loads((tmp_path / "x.json").read_text())["synthetic"]
    steps = [step.name for step in scenario.steps]
    theirs = baselines.running_time_selector_performance(
        {name: [tuple(slot) if isinstance(slot, list) else slot for slot in plan] for name, plan in plans.items()},
        pandas.DataFrame(scenario.costs, index=scenario.instances, columns=scenario.algorithms),
        scenario.cutoff_s,
        pandas.DataFrame(
            scenario.step_costs if any(s in p for p in plans.values() for s in steps) else 0.0 * scenario.step_costs,
            index=scenario.instances,
            columns=steps,
        ),
    )
    assert theirs / 90 == pytest.approx(ours)


def test_many_algorithms_are_cut_to_a_portfolio_that_keeps_the_indices(make_scenario: MakeScenario) -> None:
    small = make_scenario(n=120, algorithms=3, features=6)
    rng = np.random.default_rng(0)
    useless = np.full((120, 20), np.nan)
    order = rng.permutation(23)
    wide = replace(
        small,
        algorithms=tuple(f"B{i}" for i in range(23)),
        performance=np.concatenate([useless, small.performance], axis=1)[:, order],
        solved=np.concatenate([np.zeros((120, 20), dtype=bool), small.solved], axis=1)[:, order],
    )
    kept = portfolio(wide.costs, 12)
    assert len(kept) == 12
    assert set(np.flatnonzero(order >= 20)) <= set(kept.tolist())
    assert single_best(wide.costs) in kept
    selector = Selector(("regression",), inner_folds=2, trees=10, inner_trees=5).fit(wide)
    used = selector.plans(wide).algorithms
    assert set(np.unique(used).tolist()) <= {-1, *kept.tolist()}
    assert selector.run(wide).costs.mean() <= wide.costs.mean(axis=0).min()

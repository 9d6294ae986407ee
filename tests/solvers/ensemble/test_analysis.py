import itertools
import json
import random
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import arcsolve_store
from arcsolve import ArcsolveError, Outcome, Run
from arcsolve_ensemble.analysis.calibration import auc, calibration
from arcsolve_ensemble.analysis.plots import write_plots
from arcsolve_ensemble.analysis.portfolio import Portfolio, intersections, pareto_front, portfolio_figures
from arcsolve_ensemble.analysis.properties import success_by_property
from arcsolve_ensemble.analysis.report import analyse
from arcsolve_ensemble.analysis.shapley import coverage_shapley, shapley_values
from arcsolve_ensemble.cli import ensemble
from arcsolve_ensemble.features import FEATURE_NAMES
from arcsolve_store.synthetic import make_outcome, make_run


def random_solved(seed: int, tasks: int = 40, solvers: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.random((tasks, solvers)) < rng.random(solvers)


def brute_force_shapley(solved: np.ndarray) -> np.ndarray:
    players = solved.shape[1]
    total = np.zeros(players)
    orders = list(itertools.permutations(range(players)))
    for order in orders:
        before = 0
        for position, player in enumerate(order):
            after = int(solved[:, order[: position + 1]].any(axis=1).sum())
            total[player] += after - before
            before = after
    return total / len(orders)


@pytest.mark.parametrize("seed", range(8))
def test_shapley_by_every_way_of_computing_it(seed: int) -> None:
    solved = random_solved(seed)

    def union(coalition: frozenset[int]) -> float:
        return float(solved[:, sorted(coalition)].any(axis=1).sum()) if coalition else 0.0

    truth = brute_force_shapley(solved)
    assert coverage_shapley(solved) == pytest.approx(truth)
    assert shapley_values(union, 5) == pytest.approx(truth)
    assert coverage_shapley(solved).sum() == pytest.approx(solved.any(axis=1).sum())


def test_sampled_shapley_is_near_and_sums_to_the_union() -> None:
    solved = random_solved(3, tasks=60, solvers=14)

    def union(coalition: frozenset[int]) -> float:
        return float(solved[:, sorted(coalition)].any(axis=1).sum()) if coalition else 0.0

    sampled = shapley_values(union, 14, permutations=600)
    assert sampled.sum() == pytest.approx(solved.any(axis=1).sum())
    assert sampled == pytest.approx(coverage_shapley(solved), abs=0.6)


def portfolio_of(solved: np.ndarray, seconds: np.ndarray | None = None) -> Portfolio:
    tasks, solvers = solved.shape
    return Portfolio(
        tuple(f"s{j}" for j in range(solvers)),
        tuple(f"t{i}" for i in range(tasks)),
        solved,
        solved,
        np.ones(solved.shape) if seconds is None else np.broadcast_to(seconds, solved.shape),
    )


@pytest.mark.parametrize("seed", range(5))
def test_portfolio_figures_agree_with_brute_force(seed: int) -> None:
    solved = random_solved(seed)
    figures = portfolio_figures(portfolio_of(solved))
    assert figures.vbs_solved == int(solved.any(axis=1).sum())
    assert figures.sbs_solved == int(solved.sum(axis=0).max())
    for row, mine in enumerate(figures.solvers):
        j = int(mine.solver[1:])
        others = np.delete(solved, j, axis=1).any(axis=1)
        assert mine.marginal == figures.vbs_solved - int(others.sum())
        assert mine.solved == int(solved[:, j].sum())
        for column, other in enumerate(figures.solvers):
            k = int(other.solver[1:])
            assert figures.complementarity[row, column] == int((solved[:, j] & ~solved[:, k]).sum())
    assert figures.closed_gap(figures.sbs_solved) == 0
    assert sum(count for _, count in intersections(portfolio_of(solved), 100)) == len(solved)


def test_a_useless_solver_changes_nothing_but_its_own_row() -> None:
    solved = random_solved(1)
    with_idle = np.concatenate([solved, np.zeros((len(solved), 1), dtype=bool)], axis=1)
    before, after = portfolio_figures(portfolio_of(solved)), portfolio_figures(portfolio_of(with_idle))
    assert after.vbs_solved == before.vbs_solved
    assert after.solvers[: len(before.solvers)] == before.solvers
    assert after.solvers[-1].shapley == 0


def test_pareto() -> None:
    score, cost = np.array([5.0, 5.0, 3.0, 9.0]), np.array([1.0, 2.0, 0.5, 7.0])
    assert pareto_front(score, cost).tolist() == [True, False, True, True]


def test_calibration_of_known_confidences() -> None:
    rng = np.random.default_rng(0)
    p = rng.random(20_000)
    honest = calibration(p, rng.random(20_000) < p)
    assert honest.ece < 0.02
    assert honest.brier == pytest.approx(1 / 6, abs=0.01)
    boastful = calibration(np.full(100, 0.9), np.arange(100) < 50)
    assert boastful.ece == pytest.approx(0.4)
    assert boastful.auc == 0.5
    assert calibration(np.zeros(0), np.zeros(0, dtype=bool)).n == 0
    assert auc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])) == 0.75


def test_success_by_property_counts_tasks() -> None:
    solved = np.array([[True, False], [False, False], [False, True]])
    base = dict.fromkeys(FEATURE_NAMES, 1.0)
    table = success_by_property(portfolio_of(solved), {"t0": base, "t1": base, "t2": base | {"same_size": 0.0}})
    rows = {(row[0], row[1]): row[2:] for row in table.rows}
    assert rows["output size", "as input"] == (2, 1, 0, 1)
    assert sum(row[2] for row in table.rows if row[0] == "test area") == 3


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with two runs: dsl and zero on six tasks, then hrm and an ensemble on the same."""
    path = tmp_path / "s.db"
    with arcsolve_store.open(path) as opened:
        for run_id, solvers, solved in (
            ("20260101-000000-aaaaaa", ("dsl", "zero"), {"dsl": {0, 1, 2}, "zero": set()}),
            ("20260102-000000-bbbbbb", ("hrm", "ensemble"), {"hrm": {2, 3}, "ensemble": {0, 1, 2}}),
        ):
            run, _ = opened.resume_or_start(make_run(run_id, key=run_id * 2, n_tasks=6, solvers=solvers), fresh=False)
            for solver in solvers:
                for task in range(6):
                    record(opened, run, solver, task, task in solved[solver])
            opened.finish(run, is_complete=True)
    return path


def record(opened: "arcsolve_store.store.Store", run: Run, solver: str, task: int, is_solved: bool) -> None:
    ranks = (1, 2) if is_solved else (3, 3) if task == 5 else (None, 1)
    opened.record(
        run,
        make_outcome(solver, f"task{task:04}", seed=random.Random(f"{solver}{task}").randrange(10**6), solved=ranks),
    )


def test_analysis_of_a_store(store: Path) -> None:
    with arcsolve_store.open(store, readonly=True) as records:
        found = analyse(records)
        assert found.summary["sbs"] == "dsl"
        assert (found.figures.sbs_solved, found.figures.vbs_solved, found.figures.tasks) == (3, 4, 6)
        assert {s.solver: s.shapley for s in found.figures.solvers} == {"dsl": 2.5, "hrm": 1.5, "zero": 0.0}
        assert {s.solver: s.right_anywhere for s in found.figures.solvers} == {"dsl": 4, "hrm": 3, "zero": 1}
        (row,) = found.composites.records()
        assert (row["solver"], row["solved"], row["closed_gap"]) == ("ensemble", 3, 0.0)
        assert row["share_of_union"] == 0.75
        assert {row[0] for row in found.near_misses.rows} == {"task0004", "task0005"}
        assert len(found.solvers.frame()) == 3
        one = analyse(records, ["20260101"])
        assert {s.solver for s in one.figures.solvers} == {"dsl", "zero"}
        apart = analyse(records, each_run=True)
        assert apart.summary["sbs"] == "dsl@20260101-000000-aaaaaa"


def test_command_prints_tables_json_and_plots(store: Path, tmp_path: Path) -> None:
    plots = tmp_path / "plots"
    result = CliRunner().invoke(ensemble, ["analyse", "--store", str(store), "--plots", str(plots)])
    assert result.exit_code == 0, result.output
    for words in ("SBS dsl: 3 (50.0%)", "VBS (union): 4 (66.7%)", "Complementarity", "Calibration", "nearest misses"):
        assert words in result.stdout
    assert sorted(path.name for path in plots.iterdir()) == [
        "complementarity.png",
        "pareto.png",
        "reliability.png",
        "shapley.png",
        "upset.png",
    ]
    record = json.loads(CliRunner().invoke(ensemble, ["analyse", "--store", str(store), "--json"]).stdout)
    assert record["vbs_solved"] == 4
    assert sum(row["shapley"] for row in record["solvers"]) == pytest.approx(4)


def test_an_empty_or_missing_store_is_a_message(tmp_path: Path) -> None:
    missing = CliRunner().invoke(ensemble, ["analyse", "--store", str(tmp_path / "none.db")])
    assert isinstance(missing.exception, ArcsolveError)
    with arcsolve_store.open(tmp_path / "empty.db"):
        pass
    empty = CliRunner().invoke(ensemble, ["analyse", "--store", str(tmp_path / "empty.db")])
    assert isinstance(empty.exception, ArcsolveError)
    assert "no runs" in str(empty.exception)


def test_plots_of_a_lone_solver_that_solved_nothing(tmp_path: Path) -> None:
    path = tmp_path / "one.db"
    with arcsolve_store.open(path) as opened:
        run, _ = opened.resume_or_start(make_run(n_tasks=2, solvers=("zero",)), fresh=False)
        outcome: Outcome = make_outcome("zero", "task0000", solved=(None, None))
        opened.record(run, outcome)
    with arcsolve_store.open(path, readonly=True) as records:
        assert len(write_plots(analyse(records), tmp_path / "p")) == 5

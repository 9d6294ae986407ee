import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import arcsolve_store
from arcsolve import ArcsolveError, Candidate, Dataset, Run, SolverSpec, Status, Task
from arcsolve.data import load
from arcsolve.run.executor import Report
from arcsolve.score.judge import judge
from arcsolve_ensemble.aslib import read_scenario
from arcsolve_ensemble.aslib.arff import read_arff
from arcsolve_ensemble.cli import ensemble
from arcsolve_ensemble.cli.export import export_aslib
from arcsolve_ensemble.features import FEATURE_NAMES, task_features
from arcsolve_ensemble.router.ablation import VARIANTS, ablation
from arcsolve_ensemble.router.measure import success_table
from arcsolve_ensemble.router.model import RouterModel
from arcsolve_ensemble.router.replay import replay_table
from arcsolve_ensemble.router.stored import StoredTask, StoredTasks, load_stored
from arcsolve_ensemble.router.train import train

SOLVERS = ("good", "neural", "never")


def write_tasks(folder: Path, count: int, seed: int) -> Dataset:
    """Tasks that copy or mirror the input; small ones copy."""
    rng = np.random.default_rng(seed)
    folder.mkdir()
    for number in range(count):
        side = 3 if number % 2 else 9

        def pair(side: int = side) -> dict[str, list[list[int]]]:
            grid = rng.integers(0, 6, (side, side + int(rng.integers(0, 3))))
            output = grid if side == 3 else grid[:, ::-1]
            return {"input": grid.tolist(), "output": output.tolist()}

        task = {"train": [pair() for _ in range(3)], "test": [pair()]}
        (folder / f"{folder.name}{number:03}.json").write_text(json.dumps(task))
    return load(folder)


def answers(solver: str, task: Task, rng: np.random.Generator) -> list[Candidate]:
    """``good`` proves small tasks, ``neural`` is often right on large ones, ``never`` is sure and wrong."""
    source = task.challenge.test_inputs[0]
    copied, mirrored = source, source[:, ::-1]
    if solver == "good":
        is_small = source.shape[0] == 3
        proven = is_small and rng.random() < 0.9
        return [
            Candidate(0, copied if proven else mirrored * 0, 0.8 if proven else 0.3, demos_solved=3 if proven else 0)
        ]
    if solver == "neural":
        wrong = np.where(source == 0, 1, 0)
        first, second = (mirrored, wrong) if rng.random() < 0.7 else (wrong, mirrored)
        return [Candidate(0, first, 0.6), Candidate(0, second, 0.4)]
    return [Candidate(0, np.full_like(source, k), 0.99 - 0.1 * k, demos_solved=3) for k in (0, 1)]


def record_run(store: Path, dataset: Dataset, name: str, run_id: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    run = Run(
        id=run_id,
        key=run_id * 3,
        created_at=datetime(2026, 1, 1, seed, tzinfo=UTC),
        dataset=name,
        dataset_sha256=dataset.sha256,
        task_ids=tuple(task.id for task in dataset),
        solvers=tuple(SolverSpec(solver, "1", "tests 1") for solver in SOLVERS),
        seed=0,
        timeout_s=10.0,
        memory_mb=1024,
    )
    with arcsolve_store.open(store) as opened:
        started, _ = opened.resume_or_start(run, fresh=False)
        for task in dataset:
            for solver in SOLVERS:
                found = answers(solver, task, rng)
                seconds = float(rng.random())
                report = Report(
                    solver, task.id, Status.FINISHED, candidates=found, n_candidates=len(found), wall_s=seconds
                )
                opened.record(started, judge(report, task))
        opened.finish(started, is_complete=True)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("training")
    for number, name in enumerate(("learn", "test")):
        record_run(base / "s.db", write_tasks(base / name, 60, number), str(base / name), f"run-{name}", number + 1)
    return base / "s.db"


@pytest.fixture(scope="module")
def learnt(store: Path) -> tuple[StoredTasks, StoredTasks, RouterModel]:
    with arcsolve_store.open(store, readonly=True) as records:
        stored, others = load_stored(records, ["run-learn"]), load_stored(records, ["run-test"])
    return stored, others, train(stored)


def test_stored_tasks_know_votes_and_what_is_right(store: Path) -> None:
    with arcsolve_store.open(store, readonly=True) as records:
        stored = load_stored(records, ["run-learn"])
    assert len(stored.tasks) == 60
    assert stored.solvers == SOLVERS
    assert all(set(task.votes[0]) == set(SOLVERS) for task in stored.tasks)
    assert stored.solved("good")[1].sum() >= 25
    assert not stored.solved("never")[1].any()
    assert sum(task.right[0] is not None for task in stored.tasks) >= 55


def test_times_count_in_seconds_of_one_core(learnt: tuple[StoredTasks, StoredTasks, RouterModel]) -> None:
    task = learnt[0].tasks[0]
    alone = task.outcomes["good"]
    assert task.seconds_of("good") == alone.wall_s
    threaded = replace(task, outcomes={"good": replace(alone, cpu_s=3 * alone.wall_s)})
    assert threaded.seconds_of("good") == 3 * alone.wall_s
    model = train(replace(learnt[0], tasks=tuple(slowed(each) for each in learnt[0].tasks)))
    np.testing.assert_allclose(model.members["good"].times_s, 2 * np.array(learnt[2].members["good"].times_s))


def slowed(task: StoredTask) -> StoredTask:
    """The same task as solvers with two busy threads would have left it."""
    outcomes = {name: replace(outcome, cpu_s=2 * outcome.wall_s) for name, outcome in task.outcomes.items()}
    return replace(task, outcomes=outcomes)


def test_merging_learns_whom_to_trust(learnt: tuple[StoredTasks, StoredTasks, RouterModel]) -> None:
    _, others, model = learnt
    assert model.trust.members["never"].right == 0
    assert model.members["good"].success.kind != "rate"
    rows = {row["merging"]: row for row in ablation(others, model).records()}
    union = rows["union of the solvers"]["solved_at_2"]
    assert rows["own confidences"]["solved_at_2"] < 10  # the one that is never right is the surest
    assert rows[VARIANTS[5].name]["solved_at_2"] >= 0.97 * union
    assert rows[VARIANTS[5].name]["solved_at_2"] >= rows["neural alone"]["solved_at_2"]
    foreseen = {row["solver"]: row for row in success_table(others, model).records() if row["features"] == "task"}
    assert foreseen["good"]["auc"] > 0.95
    assert abs(foreseen["good"]["recalibrated"] - foreseen["good"]["true_rate"]) < 0.08


def test_a_cheap_members_answer_sharpens_the_prediction(learnt: tuple[StoredTasks, StoredTasks, RouterModel]) -> None:
    _, others, model = learnt
    assert model.probe in ("good", "neural")
    rows = {(row["solver"], row["features"][:6]): row for row in success_table(others, model).records()}
    assert rows["good", "task +"]["brier"] <= rows["good", "task"]["brier"] + 0.01


def test_adding_the_never_right_member_loses_no_task(learnt: tuple[StoredTasks, StoredTasks, RouterModel]) -> None:
    _, others, model = learnt

    def solved(drop: frozenset[str]) -> int:
        fewer = tuple(
            replace(
                task,
                votes={i: {s: v for s, v in by.items() if s not in drop} for i, by in task.votes.items()},
            )
            for task in others.tasks
        )
        table = ablation(replace(others, tasks=fewer), model).records()
        return int(next(row["solved_at_2"] for row in table if row["merging"] == VARIANTS[5].name))

    assert solved(frozenset()) == solved(frozenset({"never"}))


def test_predictions_never_see_test_outcomes(
    store: Path, tmp_path: Path, learnt: tuple[StoredTasks, StoredTasks, RouterModel]
) -> None:
    """Other outcomes on the test tasks, the same predictions for them."""
    base = store.parent
    record_run(tmp_path / "t.db", load(base / "test"), str(base / "test"), "run-test", 9)
    _, others, model = learnt
    before = success_table(others, model).records()
    with arcsolve_store.open(tmp_path / "t.db", readonly=True) as records:
        after = success_table(load_stored(records, ["run-test"]), model).records()
    before, after = ([row for row in rows if row["features"] == "task"] for rows in (before, after))
    assert [row["predicted"] for row in before] == [row["predicted"] for row in after]
    assert [row["brier"] for row in before] != [row["brier"] for row in after]


def test_training_and_features_never_read_a_solution(
    store: Path, monkeypatch: pytest.MonkeyPatch, learnt: tuple[StoredTasks, StoredTasks, RouterModel]
) -> None:
    want = learnt[2]
    loaded = {name: load(store.parent / name) for name in ("learn", "test")}
    with arcsolve_store.open(store, readonly=True) as records:

        class Sealed:
            """A data set whose tasks have no solution to read."""

            def __init__(self, dataset: Dataset) -> None:
                self.sha256 = dataset.sha256
                self._tasks = {task.id: Task(task.challenge) for task in dataset}

            def __getitem__(self, task_id: str) -> Task:
                return self._tasks[task_id]

        monkeypatch.setattr("arcsolve.data.load", lambda name: Sealed(loaded[Path(name).name]))
        got = train(load_stored(records, ["run-learn"]))
    assert got.trust == want.trust
    challenges = [task.challenge for task in loaded["test"]]
    for solver in SOLVERS:
        np.testing.assert_array_equal(got.probabilities(challenges)[solver], want.probabilities(challenges)[solver])
    assert task_features(challenges[0]) == task_features(
        Task(challenges[0], loaded["test"].tasks[0].solution).challenge
    )


def test_commands(store: Path, tmp_path: Path) -> None:
    model = tmp_path / "m.npz"
    trained = CliRunner().invoke(ensemble, ["train", "--runs", "run-learn", "--store", str(store), "-O", str(model)])
    assert trained.exit_code == 0, trained.output
    assert model.stat().st_size < 300_000
    arguments = ["ablate", "--train", "run-learn", "--test", "run-test", "--store", str(store), "--json"]
    record = json.loads(CliRunner().invoke(ensemble, arguments).stdout)
    assert record["tasks"] == 60
    assert {row["solver"] for row in record["success"]} == set(SOLVERS)
    same = CliRunner().invoke(
        ensemble, ["ablate", "--train", "run-learn", "--test", "run-learn", "--store", str(store)]
    )
    assert isinstance(same.exception, ArcsolveError)
    assert "training tasks" in str(same.exception)


def test_changed_data_are_refused(store: Path, tmp_path: Path) -> None:
    changed = write_tasks(tmp_path / "learn", 60, seed=77)
    record_run(tmp_path / "c.db", changed, str(store.parent / "learn"), "run-learn", 1)
    with (
        arcsolve_store.open(tmp_path / "c.db", readonly=True) as records,
        pytest.raises(ArcsolveError, match="has changed"),
    ):
        load_stored(records, ["run-learn"])


def test_export_to_aslib_and_back(store: Path, tmp_path: Path) -> None:
    folder = tmp_path / "scenario"
    result = CliRunner().invoke(export_aslib, ["run-learn", str(folder), "--store", str(store), "--name", "OURS"])
    assert result.exit_code == 0, result.output
    scenario = read_scenario(folder)
    assert (scenario.name, scenario.algorithms, len(scenario.instances)) == ("OURS", SOLVERS, 60)
    assert scenario.feature_names == FEATURE_NAMES
    assert scenario.cutoff_s == 10
    assert not scenario.solved[:, SOLVERS.index("never")].any()
    runs = read_arff(folder / "algorithm_runs.arff")
    states = set(zip(runs.text("algorithm"), runs.text("runstatus"), strict=True))
    assert ("never", "other") in states  # wrong answers are not ok
    assert ("never", "ok") not in states
    reader = pytest.importorskip("asf.scenario.aslib_reader")
    features, performance, *_ = reader.read_aslib_scenario(str(folder))
    assert features.shape == (60, len(FEATURE_NAMES))
    np.testing.assert_allclose(performance[list(SOLVERS)].to_numpy(), scenario.costs)
    again = CliRunner().invoke(export_aslib, ["run-learn", str(folder), "--store", str(store)])
    assert isinstance(again.exception, ArcsolveError)


def test_a_replay_loses_nothing_with_time_enough_and_spends_no_more_than_it_has(
    learnt: tuple[StoredTasks, StoredTasks, RouterModel],
) -> None:
    _, others, model = learnt
    rows = {row["budget_s"]: row for row in replay_table(others, model, (100.0, 1.0, 0.0), ()).records()}
    full = {row["merging"]: row["solved_at_2"] for row in ablation(others, model).records()}
    assert rows[100.0]["solved_at_2"] == full[VARIANTS[5].name]
    assert rows[100.0]["share_of_time"] == pytest.approx(1.0)
    assert rows[1.0]["used_s"] <= 1.0
    assert 0 < rows[1.0]["solved_at_2"] <= rows[100.0]["solved_at_2"]
    assert rows[0.0]["solved_at_2"] == 0
    assert rows[0.0]["used_s"] == 0


def test_economy_asks_fewer_members_and_never_a_probe_less(
    learnt: tuple[StoredTasks, StoredTasks, RouterModel],
) -> None:
    _, others, model = learnt
    free, thrifty, miserly = replay_table(others, model, (10.0,), (0.5, 1e6)).records()
    assert free["used_s"] > thrifty["used_s"] > 0
    assert thrifty["solved_at_2"] > 0.8 * free["solved_at_2"]
    assert (miserly["used_s"], miserly["solved_at_2"]) == (0.0, 0)


def held_out_run(store: Path, data: Path, run_id: str, share: float, hour: int) -> None:
    """``good`` solves *share* of the held-out demonstrations, ``neural`` was not asked."""
    dataset = load(f"held-out:{data}")
    run = Run(
        id=run_id,
        key=run_id * 3,
        created_at=datetime(2026, 1, 2, hour, tzinfo=UTC),
        dataset=dataset.name,
        dataset_sha256=dataset.sha256,
        task_ids=tuple(task.id for task in dataset),
        solvers=(SolverSpec("good", "1", "tests 1"),),
        seed=0,
        timeout_s=10.0,
        memory_mb=1024,
        environment={"data": f"held-out:{data}"},
    )
    with arcsolve_store.open(store) as opened:
        started, _ = opened.resume_or_start(run, fresh=False)
        for number, task in enumerate(dataset):
            assert task.solution is not None
            is_right = number < share * len(dataset)
            found = [Candidate(0, task.solution[0] if is_right else task.solution[0] * 0 + 9, 0.5)]
            report = Report("good", task.id, Status.FINISHED, candidates=found, n_candidates=1, wall_s=0.1)
            opened.record(started, judge(report, task))
        opened.finish(started, is_complete=True)


def test_held_out_demonstrations_tell_the_rate_without_outcomes(store: Path, tmp_path: Path) -> None:
    base = store.parent
    path = tmp_path / "s.db"
    for number, name in enumerate(("learn", "test")):
        record_run(path, load(base / name), str(base / name), f"run-{name}", number + 1)
    held_out_run(path, base / "learn", "held-learn", 0.4, 1)
    held_out_run(path, base / "test", "held-test", 0.2, 2)
    with arcsolve_store.open(path, readonly=True) as records:
        model = train(load_stored(records, ["run-learn", "held-learn"]))
        rows = success_table(load_stored(records, ["run-test", "held-test"]), model).records()
        without = success_table(load_stored(records, ["run-test"]), model).records()
    solved = model.members["good"].success.rate
    odds = (0.2 / 0.8) * (solved / (1 - solved)) / (0.4 / 0.6)
    for row in rows:
        if row["solver"] == "good":
            assert row["by"] == "held-out"
            assert row["recalibrated"] == pytest.approx(odds / (1 + odds), abs=0.01)  # whatever the true rate is
        else:
            assert row["by"] == ("answers" if row["solver"] == model.probe else "-")
    assert {row["by"] for row in without} == {"answers", "-"}

    saved = tmp_path / "m.npz"
    model.save(saved)
    assert RouterModel.load(saved).members["good"].gap == model.members["good"].gap
    shown = CliRunner().invoke(
        ensemble, ["forecast", "held-test", "--store", str(path), "--model", str(saved), "--json"]
    )
    assert shown.exit_code == 0, shown.output
    (row,) = json.loads(shown.stdout)["forecast"]
    assert (row["solver"], row["tasks"], row["held_out"]) == ("good", 60, pytest.approx(0.2))
    assert row["low"] < row["expected"] < row["high"]
    assert row["expected"] == pytest.approx(odds / (1 + odds), abs=0.01)


def test_a_forecast_needs_held_out_demonstrations_and_a_record_of_them(store: Path, tmp_path: Path) -> None:
    refused = CliRunner().invoke(ensemble, ["forecast", "run-test", "--store", str(store), "--model", "none"])
    assert isinstance(refused.exception, ArcsolveError)
    assert "--data held-out:" in str(refused.exception)
    held_out_run(tmp_path / "h.db", store.parent / "test", "held", 0.5, 3)
    nothing = CliRunner().invoke(ensemble, ["forecast", "held", "--store", str(tmp_path / "h.db"), "--model", "none"])
    assert nothing.exit_code == 0
    assert "No forecast" in nothing.stderr

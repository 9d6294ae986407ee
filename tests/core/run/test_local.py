"""What the local executor promises besides surviving faults."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from arcsolve.outcome import Status
from arcsolve.registry import Registry
from arcsolve.run.executor import Report, Settings, Stop, Work
from arcsolve.run.lane import threads_of
from arcsolve.run.local import LocalExecutor
from arcsolve.run.plan import choose_solvers
from arcsolve.solver import Resources
from arcsolve.task import Challenge, Pair

Run = Callable[..., dict[str, Report]]
FAULTS = Path(__file__).with_name("faults.py")
DEMO = Pair(np.array([[1]]), np.array([[2]]))


def challenges(n: int) -> tuple[Challenge, ...]:
    return tuple(Challenge(f"t{i}", (DEMO,), (np.array([[i % 10]]),)) for i in range(n))


def answers(reports: dict[str, Report]) -> dict[str, list[tuple[bytes, float, str]]]:
    return {
        task_id: [(c.grid.tobytes(), c.confidence, c.explanation) for c in report.candidates]
        for task_id, report in reports.items()
    }


def test_same_seed_same_answers_whatever_the_number_of_workers(run: Run) -> None:
    tasks = challenges(12)
    one = answers(run("seeded", challenges=tasks, workers=1, seed=5))
    assert one == answers(run("seeded", challenges=tasks[::-1], workers=3, seed=5))
    assert one["t0"] != one["t1"]
    assert one != answers(run("seeded", challenges=tasks, workers=1, seed=6))


def test_batches_do_not_depend_on_what_is_done_already() -> None:
    work = Work(None, {}, Resources(batch_size=3), challenges(8), (0, 4, 5, 7))  # type: ignore[arg-type]
    assert work.jobs() == [(0,), (4, 5), (7,)]


def test_solver_that_takes_all_threads_has_one_worker_prepared_once(run: Run) -> None:
    reports = run("prepared", challenges=challenges(5), workers=3, device="meta", timeout_s=9.0)
    facts = [json.loads(report.candidates[0].explanation) for report in reports.values()]
    assert len({fact.pop("pid") for fact in facts}) == 1
    assert facts[0] == {
        "seen": [5],
        "threads": "3",
        "device": "meta",
        "memory_mb": 300,
        "timeout_s": 9.0,
        "is_writeable": False,
        "stdin": "",
        "has_terminal": False,
    }


def test_solvers_come_in_their_order_however_long_one_takes_to_get_up(
    registry: Registry, no_process_left: None
) -> None:
    works = [
        Work(choice.entry, {}, choice.solver.resources, challenges(4), (0, 1, 2, 3))
        for choice in choose_solvers(registry, ["imports", "seeded"], [])
    ]
    reports = list(LocalExecutor().execute(works, Settings(workers=2), Stop()))
    assert [report.solver for report in reports] == ["imports"] * 4 + ["seeded"] * 4


def test_peak_memory_and_times_are_told(run: Run) -> None:
    for report in run("segfault", challenges=challenges(3)).values():
        assert 10 < report.memory_mb < 300
        assert 0 <= report.cpu_s <= report.wall_s + 0.01


class Interrupted:
    """Runs a solver of faults.py and stops after the first report."""

    def __init__(self, registry: Registry, solver: str) -> None:
        (choice,) = choose_solvers(registry, [solver], [])
        self.stop = Stop()
        work = Work(choice.entry, {}, choice.solver.resources, challenges(40), tuple(range(40)))
        self.reports = LocalExecutor().execute([work], Settings(workers=2), self.stop)


def test_request_to_stop_lets_the_tasks_in_flight_finish(registry: Registry, no_process_left: None) -> None:
    running = Interrupted(registry, "seeded")
    next(running.reports)
    running.stop.request()
    rest = list(running.reports)
    assert len(rest) <= 3
    assert {report.status for report in rest} <= {Status.FINISHED}


def test_second_request_kills_the_tasks_in_flight(registry: Registry, no_process_left: None) -> None:
    running = Interrupted(registry, "loop")
    next(running.reports)
    running.stop.request()
    running.stop.request()
    assert len(list(running.reports)) <= 3


def test_closing_early_leaves_nothing(registry: Registry, no_process_left: None) -> None:
    running = Interrupted(registry, "seeded")
    next(running.reports)
    running.reports.close()  # type: ignore[attr-defined]


def test_store_that_fails_leaves_no_process(registry: Registry, no_process_left: None) -> None:
    from arcsolve.run.plan import make_plan
    from arcsolve.run.runner import carry_out
    from arcsolve.run.unrecorded import Unrecorded
    from arcsolve.task import Dataset, Task

    class Full(Unrecorded):
        def record(self, run: object, outcome: object) -> None:
            raise OSError("disk full")

    dataset = Dataset("d", tuple(Task(challenge) for challenge in challenges(20)))
    plan = make_plan(dataset, dataset.tasks, choose_solvers(registry, ["seeded"], []), Settings())
    with pytest.raises(OSError, match="disk full") as caught:
        carry_out(plan, Full(), LocalExecutor())
    del caught


@pytest.mark.parametrize("is_planted", [False, True])
def test_solutions_never_reach_a_worker(registry: Registry, no_process_left: None, is_planted: bool) -> None:
    """A solver that searches its whole memory for a solution finds it only where it was put among the challenges."""
    from arcsolve.run.plan import make_plan
    from arcsolve.run.runner import carry_out
    from arcsolve.run.unrecorded import Unrecorded
    from arcsolve.task import Dataset, Task

    solution = np.random.default_rng(1).integers(0, 10, (20, 20)).astype(np.int8)
    train = (DEMO, Pair(np.array([[1]]), solution)) if is_planted else (DEMO,)
    dataset = Dataset("secret", (Task(Challenge("t", train, (np.array([[3]]),)), (solution,)),))
    complement = (solution.view(np.uint8) ^ 0xFF).tobytes().hex()
    choices = choose_solvers(registry, ["spy"], [f"spy.complement={complement}"])
    plan = make_plan(dataset, dataset.tasks, choices, Settings())
    (outcome,) = carry_out(plan, Unrecorded(), LocalExecutor()).outcomes
    assert outcome.status is Status.FINISHED, outcome.detail
    facts = json.loads(outcome.attempts[0].explanation)
    assert (facts["hits"] > 0) == is_planted
    assert not {"arcsolve.data", "arcsolve_store", "arcsolve_arckit", "sqlalchemy", "rich"} & set(facts["modules"])


def test_gpu_solver_leaves_threads_to_others() -> None:
    hungry = Resources(threads=0, gpu=True)
    assert threads_of(hungry, Settings(workers=16, device="cuda")) == 4
    assert threads_of(hungry, Settings(workers=16, device="cpu")) == 16
    assert threads_of(Resources(threads=8), Settings(workers=2)) == 2
    assert threads_of(Resources(), Settings(workers=2)) == 1


def test_registry_in_a_worker_knows_the_runs_plugin_files(run: Run) -> None:
    reports = run("member", challenges=challenges(1), plugin_files=(str(FAULTS),))
    assert "member" in json.loads(reports["t0"].candidates[0].explanation)

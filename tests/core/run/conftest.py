import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from arcsolve import plugins
from arcsolve.registry import Registry
from arcsolve.run.executor import Report, Settings, Stop, Work
from arcsolve.run.local import LocalExecutor
from arcsolve.run.plan import choose_solvers
from arcsolve.task import Challenge, Pair

FAULTS = Path(__file__).with_name("faults.py")
MARK = "ARCSOLVE_TEST_MARK"


@pytest.fixture(scope="session")
def registry() -> Registry:
    return plugins.load([FAULTS])


@pytest.fixture
def no_process_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Mark this test's processes by an environment variable; none may live when it ends."""
    mark = uuid.uuid4().hex
    monkeypatch.setenv(MARK, mark)
    yield
    left = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(MARK) == mark:
                left.append(process.cmdline())
        except psutil.Error:
            continue
    assert left == []


def make_challenges(n: int = 6) -> tuple[Challenge, ...]:
    """The guilty one is the third."""
    demo = Pair(np.array([[1]]), np.array([[2]]))
    ids = ["guilty" if i == 2 else f"task{i}" for i in range(n)]
    return tuple(Challenge(task_id, (demo,), (np.array([[i % 10, 1]]),)) for i, task_id in enumerate(ids))


class Runs:
    """Runs one of the faulty solvers."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def __call__(
        self, name: str, *options: str, challenges: tuple[Challenge, ...] | None = None, **settings: Any
    ) -> dict[str, Report]:
        (choice,) = choose_solvers(self._registry, [name], [f"{name}.{option}" for option in options])
        challenges = challenges or make_challenges()
        work = Work(
            choice.entry,
            dict(choice.options_given),
            choice.solver.resources,
            challenges,
            tuple(range(len(challenges))),
        )
        values = {"timeout_s": 20.0, "workers": 2, "memory_mb": 300} | settings
        reports = list(LocalExecutor().execute([work], Settings(**values), Stop()))
        assert sorted(report.task_id for report in reports) == sorted(challenge.id for challenge in challenges)
        return {report.task_id: report for report in reports}


@pytest.fixture
def run(registry: Registry, no_process_left: None) -> Runs:
    return Runs(registry)

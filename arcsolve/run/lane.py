"""A solver's lane through a run: its jobs, its workers, its failures to start."""

import os
from collections import deque

from arcsolve.outcome import Status
from arcsolve.run.executor import Report, Settings, Work
from arcsolve.run.host import Host, Worker
from arcsolve.solver import Resources

MAX_FAILED_STARTS = 2
"""In a row, with no worker of the solver alive: then its remaining tasks are reported as failed."""


class Lane:
    """One solver's share of the executor's state."""

    def __init__(self, work: Work, settings: Settings) -> None:
        self.work = work
        self.jobs = deque(work.jobs())
        self.workers: list[Worker] = []
        self.host: Host | None = None
        self.failed_starts = 0
        resources = work.resources
        self.threads = threads_of(resources, settings)
        """Compute threads of one worker."""
        self.memory_mb = resources.memory_mb or settings.memory_mb
        fitting = settings.workers // self.threads
        in_memory = _physical_mb() // self.memory_mb
        self.max_workers = (
            1 if occupies_device(resources, settings) else max(1, min(fitting, in_memory, len(self.jobs)))
        )

    @property
    def name(self) -> str:
        """The solver's name."""
        return self.work.entry.name

    def fail_all(self, status: Status, detail: str) -> list[Report]:
        """Give up on the remaining jobs: a report for each task."""
        reports = [
            Report(self.name, self.work.challenges[task].id, status, detail) for job in self.jobs for task in job
        ]
        self.jobs.clear()
        return reports


def threads_of(resources: Resources, settings: Settings) -> int:
    """Compute threads of one worker: what the solver asks for, at most what the run may use.

    A solver that wants all of them but does its work on a GPU gets a quarter, so that others can run beside it.
    """
    wanted = resources.threads or settings.workers
    if occupies_device(resources, settings):
        wanted = min(wanted, max(1, settings.workers // 4))
    return min(wanted, settings.workers)


def occupies_device(resources: Resources, settings: Settings) -> bool:
    """Whether a worker has the GPU to itself."""
    return resources.gpu and settings.device != "cpu"


def _physical_mb() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20

"""Who works on a run: a lease by process identity and heartbeat, so that abandoned is never taken for failed."""

import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import psutil

from arcsolve_store.location import host_name

HEARTBEAT_S = 20.0
"""Seconds between two signs of life."""
STALE_S = 120.0
"""A lease of another machine without a sign of life for so long is abandoned."""


class Holder(NamedTuple):
    """A process, named so that a reused pid is not taken for it."""

    host: str
    pid: int
    process_started: float
    """Seconds since the epoch."""


def this_process() -> Holder:
    """The process that calls."""
    return Holder(host_name(), os.getpid(), psutil.Process().create_time())


def is_alive(holder: Holder, heartbeat_at: datetime, *, now: datetime | None = None) -> bool:
    """Whether the holder of a lease may still be at work.

    On this machine the process itself is looked up; on another only its heartbeat can tell.
    """
    if holder.host == host_name():
        try:
            process = psutil.Process(holder.pid)
            if process.status() == psutil.STATUS_ZOMBIE:  # dead, its parent has only not asked yet
                return False
            started = process.create_time()
        except psutil.NoSuchProcess:
            return False
        return abs(started - holder.process_started) < 1.0
    return (now or datetime.now(UTC)) - heartbeat_at < timedelta(seconds=STALE_S)


class Heartbeat:
    """Calls `beat` every `HEARTBEAT_S` seconds in a thread until it is stopped."""

    def __init__(self, beat: Callable[[], None]) -> None:
        self._beat = beat
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="arcsolve-store-heartbeat", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        while not self._stopped.wait(HEARTBEAT_S):
            self._beat()

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._stopped.set()
        self._thread.join()

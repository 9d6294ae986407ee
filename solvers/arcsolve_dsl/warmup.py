"""Compile the engine before it is needed, with a word about it."""

from __future__ import annotations

import sys
import time

import numpy as np

from arcsolve_dsl.lane import Clock, DslTask

SOON_S = 2.0
"""After this many seconds without an end it is worth saying what takes so long."""


def warm_up() -> None:
    """Run a small task through every compiled function; prints to stderr if the cache is cold."""
    from arcsolve_dsl import search

    before = np.array([[1, 0, 0], [0, 2, 0], [0, 0, 0]], np.int8)
    task = DslTask(((before, before[::-1].copy()), (before.T.copy(), before.T[::-1].copy())), (before[:, ::-1].copy(),))
    is_cold = not search.is_compiled()
    if is_cold and sys.stderr.isatty():
        _with_progress(task)
        return
    if is_cold:
        print("arcsolve dsl: compiling the search engine, once for this machine (up to a minute) ...", file=sys.stderr)
    for _ in search.lane(task, Clock()):
        pass


def _with_progress(task: DslTask) -> None:
    """Compile in a thread beside a progress line (the compiler does not say how far it is)."""
    from threading import Thread

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from arcsolve_dsl import search

    thread = Thread(target=lambda: list(search.lane(task, Clock())), daemon=True)
    thread.start()
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("compiling the DSL's search engine, once for this machine", total=45)
        began = time.monotonic()
        while thread.is_alive():
            thread.join(SOON_S / 10)
            progress.update(bar, completed=min(44.0, time.monotonic() - began))

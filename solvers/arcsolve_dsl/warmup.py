"""Compile the engine before it is needed, with a word about it."""

from __future__ import annotations

import subprocess
import sys
import time
from importlib import import_module

import numpy as np

from arcsolve_dsl.lane import Clock, DslTask

LANES = "arcsolve_dsl.assembly"
"""The module whose import compiles the rule lanes."""
REFRESH_S = 0.2
"""Between two updates of the progress line."""


def warm_up() -> None:
    """Compile everything the solver uses; prints to stderr if the cache is cold, costs little if it is not.

    The rule lanes compile when they are imported: on a cold cache a second process does that beside the engine here.
    """
    from arcsolve_dsl import search

    is_cold = not search.is_compiled()
    beside = subprocess.Popen([sys.executable, "-c", f"import {LANES}"]) if is_cold else None
    if is_cold and sys.stderr.isatty():
        _with_progress()
    else:
        if is_cold:
            print(
                "arcsolve dsl: compiling the search engine, once for this machine (up to a minute) ...", file=sys.stderr
            )
        _compile()
    if beside is not None:
        beside.wait()
    import_module(LANES)


def _compile() -> None:
    """Run a small task through every compiled function of the engine."""
    from arcsolve_dsl import search

    before = np.array([[1, 0, 0], [0, 2, 0], [0, 0, 0]], np.int8)
    task = DslTask(((before, before[::-1].copy()), (before.T.copy(), before.T[::-1].copy())), (before[:, ::-1].copy(),))
    for _ in search.lane(task, Clock()):
        pass


def _with_progress() -> None:
    """Compile in a thread beside a progress line (the compiler does not say how far it is)."""
    from threading import Thread

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    thread = Thread(target=_compile, daemon=True)
    thread.start()
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("compiling the DSL's search engine, once for this machine", total=45)
        began = time.monotonic()
        while thread.is_alive():
            thread.join(REFRESH_S)
            progress.update(bar, completed=min(44.0, time.monotonic() - began))

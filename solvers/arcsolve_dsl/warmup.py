"""Compile the engine and the rule lanes before they are needed, with a word about it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

LANES = "arcsolve_dsl.assembly"
"""The module that imports everything the solver uses."""
COLD = "arcsolve dsl: compiling the search engine, once for this machine (half a minute) ..."
UNCACHED = """\
arcsolve dsl: the compiled search engine cannot be kept, so every start compiles it again: {why}
Set NUMBA_CACHE_DIR to a directory that can be written to."""


def warm_up() -> None:
    """Compile everything the solver uses; tells so on stderr if the cache is cold, costs little if it is not."""
    import_module(LANES)
    from arcsolve_dsl.engine.compile import ENTRIES, KERNELS, lines

    cold = [entry for entry in ENTRIES if not entry.is_ready]
    if not cold:
        _compile(ENTRIES, lambda done: None)
        return
    modules = {module for entry in cold for module in entry.depends}
    total = sum(lines(entry.python) for entry in ENTRIES)
    total += sum(lines(function.py_func) for module, function, _ in KERNELS if module in modules)
    if sys.stderr.isatty():
        _with_progress(ENTRIES, total)
    else:
        print(COLD, file=sys.stderr)
        _compile(ENTRIES, lambda done: None)
    reasons = {entry.uncached for entry in ENTRIES if entry.uncached}
    if reasons:
        print(UNCACHED.format(why=min(reasons)), file=sys.stderr)


def _compile(entries: list[Any], report: Callable[[int], None]) -> None:
    for entry in entries:
        entry.compile(report)


def _with_progress(entries: list[Any], total: int) -> None:
    """Compile beside a progress bar that counts the lines of source done."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("compiling the DSL's search engine, once for this machine", total=total)
        _compile(entries, lambda done: progress.advance(bar, done))

"""Measure what starting the DSL solver costs: CPU seconds on a cold and on a warm cache, and which functions take them.

    python tests/benchmarks/dsl_startup.py

Each start is a process of its own with a cache directory of its own; CPU seconds count, as the machine may be shared.
Aims: 45 cold, 1.5 warm.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections import Counter

START = "from arcsolve_dsl.warmup import warm_up; warm_up()"


def cpu_s(code: str, cache: str) -> float:
    """CPU seconds of a Python process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], env=os.environ | {"NUMBA_CACHE_DIR": cache}, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def shares() -> None:
    """Compile everything here, and print each module's CPU seconds and the dearest functions."""
    import time

    from numba.core import event

    spent: Counter[str] = Counter()
    open_since: list[list[float]] = []

    class Watch(event.Listener):  # type: ignore[misc]  # numba has no types
        def on_start(self, event: object) -> None:
            open_since.append([time.process_time(), 0.0])

        def on_end(self, event: object) -> None:
            began, inner = open_since.pop()
            took = time.process_time() - began
            function = event.data["dispatcher"].py_func  # type: ignore[attr-defined]
            spent[f"{function.__module__}.{function.__qualname__}"] += took - inner
            if open_since:
                open_since[-1][1] += took

    event.register("numba:compile", Watch())
    exec(START)
    modules: Counter[str] = Counter()
    for name, seconds in spent.items():
        modules[name.rpartition(".")[0]] += seconds
    for title, counter in (("module", modules), ("function", spent)):
        print(f"\n{title:44} CPU s")
        for name, seconds in counter.most_common(12):
            print(f"{name:44} {seconds:5.2f}")


def main() -> None:
    """Print the figures."""
    if sys.argv[1:] == ["shares"]:
        shares()
        return
    with tempfile.TemporaryDirectory() as cache:
        print(f"cold: {cpu_s(START, cache):.1f} CPU s")
        warm = sorted(cpu_s(START, cache) for _ in range(5))
        print(f"warm: {warm[2]:.2f} CPU s ({warm[0]:.2f}-{warm[-1]:.2f} of 5)")
        print(f"of which importing numba: {cpu_s('import numba', cache):.2f}", flush=True)
    with tempfile.TemporaryDirectory() as cache:
        subprocess.run([sys.executable, __file__, "shares"], env=os.environ | {"NUMBA_CACHE_DIR": cache}, check=True)


if __name__ == "__main__":
    main()

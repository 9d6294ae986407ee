"""What is compiled, how often, and what happens where the result cannot be kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numba
import pytest
from rich.progress import Progress

from arcsolve_dsl.engine import compile as compiling
from arcsolve_dsl.warmup import LANES, warm_up

COUNT = """
import json
from numba.core import event
from arcsolve_dsl.warmup import LANES, warm_up

compiled = []

class Watch(event.Listener):
    def on_start(self, event):
        pass

    def on_end(self, event):
        compiled.append(event.data["dispatcher"].py_func.__module__.partition(".")[0])

event.register("numba:compile", Watch())
warm_up()
from arcsolve_dsl.engine.compile import ENTRIES, KERNELS

print(json.dumps({
    "ours": compiled.count("arcsolve_dsl"),
    "others": len(compiled) - compiled.count("arcsolve_dsl"),
    "functions": len(KERNELS) + len(ENTRIES),
    "versions": max([len(f.signatures) for _, f, _ in KERNELS] + [e.versions for e in ENTRIES]),
    "uncached": [e.uncached for e in ENTRIES if e.uncached],
}))
"""


def start(code: str, cache: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache)}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)


@pytest.mark.slow
def test_each_function_is_compiled_once_and_only_on_a_cold_start(tmp_path: Path) -> None:
    cold = start(COUNT, tmp_path)
    found = json.loads(cold.stdout)
    assert "once for this machine" in cold.stderr
    assert found["ours"] == found["functions"] <= 63
    assert found["versions"] == 1
    assert found["others"] <= 8, "numba compiles helpers of its own for what the kernels use"
    warm = start(COUNT, tmp_path)
    again = json.loads(warm.stdout)
    assert warm.stderr == ""
    assert again["ours"] == again["others"] == 0


def double(number: int) -> int:
    return 2 * number


@pytest.mark.parametrize(
    ("method", "failure"),
    [("save_overload", OSError("No space left on device")), ("__init__", RuntimeError("no locator available"))],
)
def test_compiled_code_that_cannot_be_kept_works_and_is_told(
    method: str, failure: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import_module(LANES)  # or its functions would be compiled here, too
    monkeypatch.setattr(compiling, "ENTRIES", [])
    monkeypatch.setattr(numba.core.config, "CACHE_DIR", str(tmp_path))

    def fail(*_: object) -> None:
        raise failure

    monkeypatch.setattr(numba.core.caching.FunctionCache, method, fail)
    entry = compiling.Entry(double, ())
    warm_up()
    told = capsys.readouterr().err
    assert "compiling" in told
    assert str(failure) in told
    assert "NUMBA_CACHE_DIR" in told
    assert entry(21) == 42


def test_the_progress_bar_ends_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import_module(LANES)
    monkeypatch.setattr(compiling, "ENTRIES", [])
    monkeypatch.setattr(numba.core.config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    for _ in range(3):
        compiling.Entry(double, ())
    totals: list[float] = []
    advances: list[float] = []
    add_task = Progress.add_task
    monkeypatch.setattr(
        Progress,
        "add_task",
        lambda self, text, total: totals.append(total) or add_task(self, text, total=total),  # type: ignore[func-returns-value]
    )
    monkeypatch.setattr(Progress, "advance", lambda self, task, lines: advances.append(lines))
    warm_up()
    assert sum(advances) == sum(totals) > 0
    assert len(advances) == 3

"""Every hook a plugin may implement. Each ``register`` raises `arcsolve.ArcsolveError` on a bad or doubled name."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from arcsolve.outcome import Outcome
    from arcsolve.recording import Run

hookspec = pluggy.HookspecMarker("arcsolve")


@hookspec
def register_hooks(register: Callable[..., None]) -> None:
    """Call ``register(module)`` with a module of your own ``@arcsolve.hookspecs.hookspec`` functions."""


@hookspec
def register_solvers(register: Callable[..., None]) -> None:
    """Call ``register(SolverClass)`` or, lazily, ``register("module:SolverClass", name="my-solver")``."""


@hookspec
def register_datasets(register: Callable[..., None]) -> None:
    """Call ``register("name", load, description="…")``; ``load()`` returns an `arcsolve.Dataset`."""


@hookspec
def register_stores(register: Callable[..., None]) -> None:
    """Call ``register("scheme", "module:open")``; ``open(url, readonly=False)`` returns an `arcsolve.RunStore`."""


@hookspec
def register_executors(register: Callable[..., None]) -> None:
    """Call ``register("name", "module:Executor")``; the class implements `arcsolve.run.executor.Executor`."""


@hookspec
def register_features(register: Callable[..., None]) -> None:
    """Call ``register("name", compute, version="1")``; ``compute(challenge)`` returns ``{feature: float}``."""


@hookspec
def register_commands(register: Callable[..., None]) -> None:
    """Call ``register(command)`` or, lazily, ``register("module:command", name="…", help="…")``."""


@hookspec
def run_started(run: "Run") -> None:
    """Told once when a run starts or resumes."""


@hookspec
def task_finished(run: "Run", outcome: "Outcome") -> None:
    """Told after each outcome is recorded, in the parent process."""


@hookspec
def run_finished(run: "Run") -> None:
    """Told once when a run ends, complete or interrupted."""

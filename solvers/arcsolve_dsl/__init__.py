"""The DSL solver: synthesises programs that explain the demonstrations, and that one can read."""

from __future__ import annotations

from collections.abc import Callable

from arcsolve import hookimpl


@hookimpl
def register_hooks(register: Callable[..., None]) -> None:
    """Open the hook ``register_primitives``."""
    from arcsolve_dsl import hookspecs

    register(hookspecs)


@hookimpl
def register_solvers(register: Callable[..., None]) -> None:
    """Register the solver ``dsl``."""
    register("arcsolve_dsl.solver:DslSolver", name="dsl")


@hookimpl
def register_commands(register: Callable[..., None]) -> None:
    """Register ``arcsolve dsl``."""
    register("arcsolve_dsl.cli:dsl", name="dsl", help="Explain tasks by programs, apply programs, list primitives.")

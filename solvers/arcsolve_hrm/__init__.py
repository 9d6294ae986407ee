"""The HRM solver: hierarchical reasoning with two recurrent modules, cycles and adaptive halting."""

from collections.abc import Callable

from pluggy import HookimplMarker

# The same marker as arcsolve.hookimpl; a bare GPU machine trains without the rest of arcsolve.
hookimpl = HookimplMarker("arcsolve")


@hookimpl
def register_commands(register: Callable[..., None]) -> None:
    """Register ``arcsolve hrm``."""
    register("arcsolve_hrm.cli:hrm", name="hrm", help="Train, convert, inspect and trace HRM models.")


@hookimpl
def register_solvers(register: Callable[..., None]) -> None:
    """Register the solver ``hrm``."""
    register("arcsolve_hrm.solver:HrmSolver", name="hrm")

"""arcsolve: run many kinds of ARC solver under the same rules, record every outcome, learn whom to trust.

The public API for plugin authors and analysts. Names are imported on first use, so that ``import arcsolve``
(and with it ``arcsolve --help``) costs neither numpy nor pydantic.
"""

from importlib import import_module
from typing import TYPE_CHECKING

import pluggy

__version__ = "0.1.0"

hookimpl = pluggy.HookimplMarker("arcsolve")
"""Marks a plugin's function as the implementation of the hook of the same name (see `arcsolve.hookspecs`)."""

if TYPE_CHECKING:
    from arcsolve.errors import Abstain as Abstain
    from arcsolve.errors import ArcsolveError as ArcsolveError
    from arcsolve.grid import Grid as Grid
    from arcsolve.grid import as_grid as as_grid
    from arcsolve.options import Option as Option
    from arcsolve.options import Options as Options
    from arcsolve.outcome import Category as Category
    from arcsolve.outcome import Outcome as Outcome
    from arcsolve.outcome import Status as Status
    from arcsolve.outcome import TestResult as TestResult
    from arcsolve.recording import Run as Run
    from arcsolve.recording import RunStore as RunStore
    from arcsolve.recording import SolverSpec as SolverSpec
    from arcsolve.solver import Budget as Budget
    from arcsolve.solver import Candidate as Candidate
    from arcsolve.solver import Resources as Resources
    from arcsolve.solver import Solver as Solver
    from arcsolve.task import Challenge as Challenge
    from arcsolve.task import Dataset as Dataset
    from arcsolve.task import Pair as Pair
    from arcsolve.task import Task as Task

_HOME = {
    "Abstain": "errors",
    "ArcsolveError": "errors",
    "Budget": "solver",
    "Candidate": "solver",
    "Category": "outcome",
    "Challenge": "task",
    "Dataset": "task",
    "Grid": "grid",
    "Option": "options",
    "Options": "options",
    "Outcome": "outcome",
    "Pair": "task",
    "Resources": "solver",
    "Run": "recording",
    "RunStore": "recording",
    "Solver": "solver",
    "SolverSpec": "recording",
    "Status": "outcome",
    "Task": "task",
    "TestResult": "outcome",
    "as_grid": "grid",
}

__all__ = ["__version__", "hookimpl", *sorted(_HOME)]


def __getattr__(name: str) -> object:
    """Import a public name from its module on first use."""
    if name not in _HOME:
        raise AttributeError(f"module 'arcsolve' has no attribute {name!r}")
    value = getattr(import_module(f"arcsolve.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

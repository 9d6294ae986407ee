"""The ensemble: knows whom to trust on which task, and says from the record who adds what.

Importing this module imports no scikit-learn, pandas or matplotlib.
"""

from collections.abc import Callable

import arcsolve

__all__ = ["register_commands", "register_features", "register_solvers"]


@arcsolve.hookimpl
def register_solvers(register: Callable[..., None]) -> None:
    """Offer the ensemble as a solver."""
    register("arcsolve_ensemble.solver:EnsembleSolver", name="ensemble")


@arcsolve.hookimpl
def register_features(register: Callable[..., None]) -> None:
    """Offer the static task features."""
    register("task", "arcsolve_ensemble.features.task:task_features", version="1")


@arcsolve.hookimpl
def register_commands(register: Callable[..., None]) -> None:
    """Add ``arcsolve ensemble`` and ``arcsolve export aslib``."""
    register(
        "arcsolve_ensemble.cli:ensemble",
        name="ensemble",
        help="Analyse a portfolio of solvers, train the router, evaluate it on ASlib scenarios.",
    )
    register("arcsolve_ensemble.cli.export:export_aslib", name="export-aslib", help="Write runs as an ASlib scenario.")

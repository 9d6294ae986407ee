"""The plugin 'flip': registers its solver by reference, so that listing plugins does not import it."""

from collections.abc import Callable

import arcsolve


@arcsolve.hookimpl
def register_solvers(register: Callable[..., None]) -> None:
    """Offer the solver to arcsolve."""
    register("arcsolve_flip.solver:Flip", name="flip")

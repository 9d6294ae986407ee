"""The baselines everything is measured against: Agent Zero, the identity, the most common colour."""

from collections.abc import Callable

import arcsolve


@arcsolve.hookimpl
def register_solvers(register: Callable[..., None]) -> None:
    """Register ``zero``, ``identity`` and ``most-common``."""
    register("arcsolve_zero.baselines:AgentZero", name="zero")
    register("arcsolve_zero.baselines:Identity", name="identity")
    register("arcsolve_zero.baselines:MostCommon", name="most-common")

"""For plugin authors: the solver contract as a test class, and small tasks to try a solver on."""

from arcsolve.testing.case import SolverTestCase
from arcsolve.testing.tasks import AWKWARD, ORDINARY, make_challenge

__all__ = ["AWKWARD", "ORDINARY", "SolverTestCase", "make_challenge"]

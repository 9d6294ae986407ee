"""The solver 'flip' for arcsolve."""

from arcsolve_flip.solver import Flip, register_solvers

__all__ = ["Flip", "register_solvers"]

"""What can go wrong in the DSL."""

from __future__ import annotations

from arcsolve.errors import ArcsolveError


class DslError(ArcsolveError):
    """Base class of the DSL's errors: the message says what, why and what to do."""


class ProgramError(DslError):
    """A program text that is not in the language."""


class EvaluationError(DslError):
    """A program that fails on a grid: a primitive does not apply there."""

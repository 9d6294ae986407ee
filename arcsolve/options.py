"""Solver options: a pydantic model whose fields describe and validate themselves."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """Base of a solver's inner ``Options`` class.

    Each field is declared with `Option`; unknown names are an error. Values given on the command line
    (``-o dsl.depth=3``) arrive as text and are converted by pydantic.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def Option(default: Any = ..., *, description: str, **constraints: Any) -> Any:  # noqa: N802 (reads as a declaration)
    """Declare one option.

    Args:
        default: the value when none is given; leave out to make the option required.
        description: one line for ``arcsolve solvers NAME``.
        constraints: pydantic's field constraints (``ge``, ``le``, ``pattern``, …).
    """
    return Field(default, description=description, **constraints)

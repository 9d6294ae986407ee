"""Solver options: a pydantic model whose fields describe and validate themselves."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from arcsolve.errors import ArcsolveError, did_you_mean


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


def validate_options(name: str, model: type[Options], options: Mapping[str, Any]) -> Any:
    """Make a solver's ``Options`` from values or command-line text.

    Text that a field refuses as it is, is tried as JSON: ``-o hrm.heads=[1,2]``.

    Raises:
        ArcsolveError: names solver, option, the value given and what is allowed.
    """
    values = dict(options)
    try:
        return model.model_validate(values)
    except ValidationError as first:
        error = first
    for problem in error.errors():
        key = problem["loc"][0] if problem["loc"] else None
        if isinstance(key, str) and isinstance(values.get(key), str):
            try:
                values[key] = json.loads(values[key])
            except ValueError:
                continue
    try:
        return model.model_validate(values)
    except ValidationError:
        raise ArcsolveError(_options_message(name, model, error)) from error


def _options_message(name: str, model: type[Options], error: ValidationError) -> str:
    known = list(model.model_fields)
    listing = f"Options: {', '.join(known)}." if known else "It has no options."
    parts = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            parts.append(f"Solver {name!r} has no option {key!r}.{did_you_mean(key, known)} {listing}")
        elif problem["type"] == "missing":
            parts.append(f"Solver {name!r} needs the option {key!r}. Give it: -o {name}.{key}=VALUE")
        else:
            given = f" Given: {problem['input']!r}." if problem["loc"] else ""
            parts.append(f"Solver {name!r}, option {key!r}: {problem['msg']}.{given}")
    return "\n".join(parts[:3])

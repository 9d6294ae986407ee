"""The hook this plugin opens: others may add words to the language."""

from __future__ import annotations

from collections.abc import Callable

from arcsolve.hookspecs import hookspec


@hookspec
def register_primitives(register: Callable[..., None]) -> None:
    """Call ``register("package.words")``: a module that declares words with `arcsolve_dsl.registry.primitive`."""

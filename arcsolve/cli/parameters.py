"""Parameters that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from arcsolve.recording import RunReader
    from arcsolve.registry import Registry

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_DATA = "arc1:evaluation"
"""The data set of commands that are given none."""


def plugin_option(function: F) -> F:
    """``--plugin FILE``, repeatable: the parameter `plugin`, a tuple of paths."""
    decorate = click.option(
        "--plugin",
        multiple=True,
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Load this plugin file too (repeatable).",
    )
    return decorate(function)


def data_option(default: str | None = DEFAULT_DATA) -> Callable[[F], F]:
    """``--data NAME``: a registered data set, a folder or a file."""
    return click.option(
        "--data",
        default=default,
        show_default=True,
        envvar="ARCSOLVE_DATA",
        metavar="NAME|PATH",
        help="Data set: a name (see `arcsolve datasets`), a folder of task files, or a file.",
    )


def store_option(function: F) -> F:
    """``--store FILE|URL``."""
    decorate = click.option(
        "--store",
        default="arcsolve.db",
        show_default=True,
        envvar="ARCSOLVE_STORE",
        show_envvar=True,
        metavar="FILE|URL",
        help="The store: an SQLite file or a database URL.",
    )
    return decorate(function)


def json_option(function: F) -> F:
    """``--json``: the parameter `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")(function)


def open_for_reading(registry: "Registry", url: str) -> "RunReader":
    """Open a store for reading, through the plugin registered for its URL's scheme (a plain path is ``sqlite``).

    Args:
        registry: where stores are registered.
        url: a path or a URL such as ``postgresql://…``.

    Raises:
        ArcsolveError: no plugin for that scheme, no such store, or it can't be read.
    """
    scheme = url.partition("://")[0].partition("+")[0] if "://" in url else "sqlite"
    reader: RunReader = registry.find(registry.stores, scheme).load()(url, readonly=True)
    return reader

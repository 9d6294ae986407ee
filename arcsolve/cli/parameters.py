"""Parameters that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from arcsolve.errors import ArcsolveError
from arcsolve.registry import did_you_mean

if TYPE_CHECKING:
    from arcsolve.registry import Registry
    from arcsolve.task import Dataset, Task

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


def solver_options(texts: tuple[str, ...], solvers: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Sort ``-o SOLVER.OPTION=VALUE`` by solver.

    Args:
        texts: what was given; ``OPTION=VALUE`` alone is for the only solver, where there is one only.
        solvers: the solvers of the command.

    Returns:
        For each solver its options as text, validated later by `Registry.make_solver`.

    Raises:
        ArcsolveError: not of that form, or for a solver that doesn't take part.
    """
    options: dict[str, dict[str, str]] = {name: {} for name in solvers}
    for text in texts:
        key, equals, value = text.partition("=")
        solver, dot, option = key.partition(".")
        if not dot and len(solvers) == 1:
            solver, option = solvers[0], key
        if not equals or not option:
            example = f"{solvers[0] if solvers else 'dsl'}.depth=3"
            raise ArcsolveError(f"-o {text}: not of the form SOLVER.OPTION=VALUE, e.g. -o {example}.")
        if solver not in options:
            raise ArcsolveError(
                f"-o {text}: the solver {solver!r} doesn't take part.{did_you_mean(solver, solvers)} "
                f"Solvers: {', '.join(solvers)}."
            )
        if option in options[solver]:
            raise ArcsolveError(f"-o {text}: {solver}.{option} is given twice.")
        options[solver][option] = value
    return options


def find_task(dataset: "Dataset", task_id: str) -> "Task":
    """The task with this id.

    Raises:
        ArcsolveError: the data set has none; suggests near ids.
    """
    if task_id not in dataset:
        hint = did_you_mean(task_id, [task.id for task in dataset])
        raise ArcsolveError(f"Data set {dataset.name!r} has no task {task_id!r}.{hint} It has {len(dataset)} tasks.")
    return dataset[task_id]


def open_store(registry: "Registry", url: str, *, must_exist: bool = False) -> Any:
    """Open a store through the plugin registered for its URL's scheme (a plain path is ``sqlite``).

    Args:
        registry: where stores are registered.
        url: a path or a URL such as ``postgresql://…``.
        must_exist: refuse a path where there is no file, for commands that only read.

    Raises:
        ArcsolveError: no plugin for that scheme, no such file, or it can't be opened.
    """
    scheme, colon, _ = url.partition("://")
    if not colon:
        scheme = "sqlite"
        if must_exist and not Path(url).exists():
            raise ArcsolveError(
                f"There is no store {url}. Run `arcsolve run` first, or name one: --store or ARCSOLVE_STORE."
            )
    entry = registry.find(registry.stores, scheme.partition("+")[0])
    return entry.load()(url)

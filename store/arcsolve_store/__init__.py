"""The store that ships with arcsolve: runs and outcomes in SQLite or any database SQLAlchemy knows.

``arcsolve_store.open("arcsolve.db")`` is the Python API. SQLAlchemy is imported when a store is opened, alembic only
when its schema has to change.
"""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, overload

import arcsolve

if TYPE_CHECKING:
    from arcsolve_store.reader import Reader
    from arcsolve_store.store import Store

__all__ = ["open", "register_commands", "register_stores"]


@overload
def open(  # noqa: A001
    url_or_path: str | os.PathLike[str] | None = ..., *, readonly: Literal[False] = ..., timeout_s: float = ...
) -> "Store": ...


@overload
def open(  # noqa: A001
    url_or_path: str | os.PathLike[str] | None = ..., *, readonly: Literal[True], timeout_s: float = ...
) -> "Reader": ...


def open(  # noqa: A001
    url_or_path: str | os.PathLike[str] | None = None,
    *,
    readonly: bool = False,
    timeout_s: float = 30.0,
) -> "Store | Reader":
    """Open a store.

    Args:
        url_or_path: a file, or a database URL of SQLAlchemy's; None takes ``ARCSOLVE_STORE``, else ``./arcsolve.db``.
        readonly: open for reading only. Otherwise the store is made where there is none, and upgraded (after a backup)
            where it is of an older version.
        timeout_s: how long to wait for another process's transaction.

    Raises:
        arcsolve.ArcsolveError: it can't be opened, made or upgraded; the message says why and what to do.
    """
    if readonly:
        from arcsolve_store.reader import Reader

        return Reader(url_or_path, timeout_s=timeout_s)
    from arcsolve_store.store import Store

    return Store(url_or_path, timeout_s=timeout_s)


@arcsolve.hookimpl
def register_stores(register: Callable[..., None]) -> None:
    """Offer SQLite files and database servers."""
    for scheme in ("sqlite", "postgresql"):
        register(scheme, "arcsolve_store:open")


@arcsolve.hookimpl
def register_commands(register: Callable[..., None]) -> None:
    """Add the commands that read the store."""
    for name, line in _COMMANDS.items():
        register(f"arcsolve_store.cli.{name}:{name}", name=name, help=line)


_COMMANDS = {
    "runs": "List the runs in the store.",
    "results": "Show a run's scores, Agent Zero's beside them.",
    "compare": "Compare two runs task by task: flips, McNemar's test, interval.",
    "query": "Run read-only SQL over the documented views.",
    "export": "Write stored results as CSV, Parquet or a Kaggle submission.",
}

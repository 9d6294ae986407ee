"""One SQL statement of the user's, on a connection that can't write whatever the statement says."""

import sqlite3
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from arcsolve_store.location import StoreError
from arcsolve_store.rows import VIEWS

_ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_ALLOWED_PRAGMAS = {"table_info", "table_list", "table_xinfo", "index_list", "index_info", "function_list"}
_DENIED_FUNCTIONS = {"load_extension", "writefile", "edit", "fts3_tokenizer"}
_STEPS_BETWEEN_SIGNALS = 100_000


class Table(NamedTuple):
    """A query's answer."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def run(connection: Connection, sql: str) -> Table:
    """Run one statement and fetch its rows.

    The connection itself is read-only; under SQLite an authorizer also forbids everything but reading, so that no
    other file can be attached and no setting changed.

    Raises:
        StoreError: the statement is wrong, is more than one, or does more than read.
    """
    driver: Any = connection.connection.driver_connection
    is_sqlite = connection.dialect.name == "sqlite"
    if not is_sqlite:
        connection = connection.execution_options(postgresql_readonly=True)
    connection.begin()
    if is_sqlite:
        driver.set_authorizer(_authorize)
        driver.set_progress_handler(lambda: None, _STEPS_BETWEEN_SIGNALS)  # lets Ctrl-C through
    try:
        result = connection.exec_driver_sql(sql)
        if not result.returns_rows:
            raise StoreError("The statement gives no rows. 'arcsolve query' takes one SELECT.")
        return Table(tuple(result.keys()), [tuple(row) for row in result])
    except (DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise StoreError(_message(str(cause).strip().rstrip("."))) from error
    except SQLAlchemyError as error:
        raise StoreError(_message(str(error))) from error
    finally:
        if is_sqlite:
            driver.set_authorizer(None)
            driver.set_progress_handler(None, 0)
        connection.rollback()


def _message(cause: str) -> str:
    if "not authorized" in cause or "prohibited" in cause or "readonly" in cause or "read-only" in cause:
        return f"The query may only read ({cause}). Give one SELECT statement."
    if "one statement" in cause:
        return "The query holds more than one statement. Give one SELECT statement."
    if "no such" in cause:
        return f"The query failed: {cause}. Views: {', '.join(VIEWS)}; 'arcsolve query' alone lists their columns."
    return f"The query failed: {cause}. Give one SELECT statement; 'arcsolve query' alone lists views and columns."


def _authorize(action: int, first: str | None, second: str | None, database: str | None, trigger: str | None) -> int:
    if action == sqlite3.SQLITE_FUNCTION:
        return sqlite3.SQLITE_DENY if second in _DENIED_FUNCTIONS else sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA:
        return sqlite3.SQLITE_OK if first in _ALLOWED_PRAGMAS else sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY

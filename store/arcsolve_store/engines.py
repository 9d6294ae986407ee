"""Database engines: one that writes, one that can only read, and the translation of database errors.

Under SQLite a writer takes the write lock at BEGIN (``BEGIN IMMEDIATE``): a transaction that reads first and writes
later fails at once when another process wrote in between, and no timeout helps.
"""

import random
import sqlite3
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.pool import QueuePool

from arcsolve_store.location import Location, NetworkFileSystemWarning, StoreError, check_file, network_file_system

_READER_CACHE_KIB = 65536
_READER_MMAP_BYTES = 1 << 30
_RETRY_S = (0.0005, 0.003)


def writer(location: Location, *, timeout_s: float) -> Engine:
    """An engine whose every transaction holds the write lock from its start.

    Args:
        location: where the store is.
        timeout_s: how long a transaction waits for other writers.
    """
    if location.path is None:
        return _other_database(location)
    path = location.path.absolute()
    check_file(path, for_writing=True)
    kind = network_file_system(path.parent)
    if kind is not None:
        warnings.warn(
            f"Store {path} lies on a network file system ({kind}), where SQLite's locks can't be trusted: "
            f"write from one machine only, or use a database server.",
            NetworkFileSystemWarning,
            stacklevel=2,
        )
    journal = "WAL" if kind is None else "DELETE"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=timeout_s, isolation_level=None, check_same_thread=False)
        try:
            _set_journal(connection, journal, timeout_s)
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA foreign_keys=ON")
        except BaseException:
            connection.close()
            raise
        return connection

    def begin(connection: sqlite3.Connection) -> None:
        _begin_writing(connection, timeout_s)

    return _sqlite_engine(connect, begin)


def _begin_writing(connection: sqlite3.Connection, timeout_s: float) -> None:
    """Take the write lock, asking often: SQLite's own waiting sleeps up to 0.1 s a time, and the unlucky starve."""
    deadline = time.monotonic() + timeout_s
    connection.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(random.uniform(*_RETRY_S))
            else:
                return
    finally:
        connection.execute(f"PRAGMA busy_timeout={int(timeout_s * 1000)}")


def reader(location: Location, *, timeout_s: float) -> Engine:
    """An engine that can't write and never makes a writer wait."""
    if location.path is None:
        return _other_database(location)
    path = location.path.absolute()
    check_file(path, for_writing=False)
    uri = f"file:{quote(str(path))}?mode=ro"

    def connect() -> sqlite3.Connection:
        connection = _open_read_only(path, uri, timeout_s)
        connection.execute("PRAGMA query_only=ON")
        connection.execute(f"PRAGMA cache_size=-{_READER_CACHE_KIB}")
        connection.execute(f"PRAGMA mmap_size={_READER_MMAP_BYTES}")
        connection.execute("PRAGMA temp_store=MEMORY")
        return connection

    def begin(connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN")

    return _sqlite_engine(connect, begin)


def _open_read_only(path: Path, uri: str, timeout_s: float) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, timeout=timeout_s, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        if path.with_name(path.name + "-wal").exists():
            raise
        # A WAL database in a folder we can't write to: nobody else writes there either, so it is safe as it lies.
        return sqlite3.connect(f"{uri}&immutable=1", uri=True, isolation_level=None, check_same_thread=False)
    except BaseException:
        connection.close()
        raise
    return connection


def _set_journal(connection: sqlite3.Connection, journal: str, timeout_s: float) -> None:
    """Switch the journal; SQLite does not wait by itself when several processes make the same file at once."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            connection.execute(f"PRAGMA journal_mode={journal}")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.005)
        else:
            return


def _sqlite_engine(connect: Callable[[], sqlite3.Connection], begin: Callable[[Any], None]) -> Engine:
    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=2)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        begin(connection.connection.driver_connection)

    return engine


def _other_database(location: Location) -> Engine:
    try:
        return create_engine(str(location.url), pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise StoreError(
            f"Store {location} is not a database URL that SQLAlchemy can use ({type(error).__name__}). "
            f"Give a path, or a URL such as postgresql+psycopg://user@host/arcsolve."
        ) from error
    except ModuleNotFoundError as error:
        raise StoreError(
            f"Store {location} needs the Python package {error.name!r}, which is not installed. "
            f"Run: pip install {error.name}."
        ) from error


_REASONS = {
    "SQLITE_BUSY": "another process has held its write lock too long. Wait for that process, or end it, and try again.",
    "SQLITE_LOCKED": "another connection holds a lock on it. Wait for it, and try again.",
    "SQLITE_NOTADB": "it is not an SQLite database (or is encrypted). Name another file with --store.",
    "SQLITE_CORRUPT": "the file is damaged. Restore it from a copy, or rescue what is left with sqlite3's .recover.",
    "SQLITE_READONLY": "it is read-only. Make the file and its folder writable, or use another with --store.",
    "SQLITE_CANTOPEN": "it can't be opened. Check that the folder exists and that you may read and write it.",
    "SQLITE_FULL": "the disk is full. Free some space and give the same command again; nothing recorded is lost.",
    "SQLITE_IOERR": "reading or writing the file failed. Check the disk, then give the same command again.",
    "SQLITE_PERM": "permission denied. Ask the file's owner for access.",
}


@contextmanager
def explained(location: Location) -> Iterator[None]:
    """Turn the database's errors that the user can mend into `StoreError`."""
    try:
        yield
    except DBAPIError as error:
        reason = _reason(error.orig)
        if reason is None and isinstance(error, OperationalError):
            reason = f"the database says: {str(error.orig).strip()}. Check the server, its address and your access."
        if reason is None:
            raise
        raise StoreError(f"Store {location}: {reason}") from error
    except sqlite3.Error as error:
        reason = _reason(error)
        if reason is None:
            raise
        raise StoreError(f"Store {location}: {reason}") from error


def _reason(error: BaseException | None) -> str | None:
    if not isinstance(error, sqlite3.Error):
        return None
    name = getattr(error, "sqlite_errorname", "")
    for code, reason in _REASONS.items():
        if name == code or name.startswith(code + "_"):
            return reason
    return None

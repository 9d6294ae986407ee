"""The schema's version: made, checked and upgraded when a store is opened for writing.

Migrations are the only definition. A new SQLite store runs ``schema.sql``, the migrations' own result written down
(a test holds the two equal), because importing alembic costs more than the rest of opening a store.
"""

import sqlite3
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect

from arcsolve_store.location import Location, StoreError

VERSIONS = ("0001", "0002", "0003")
"""Every schema version in order; the last is the one this package reads and writes."""
HEAD = VERSIONS[-1]
_POSTGRESQL_LOCK = 0x61726373
"""Any number, the same for everyone: "arcs"."""


def prepare(engine: Engine, location: Location) -> Path | None:
    """Make or upgrade the schema where needed.

    Args:
        engine: one whose transactions hold the write lock, so that of several processes one does the work.
        location: for messages and for the place of the backup.

    Returns:
        The backup made before an upgrade of an SQLite store, else None.

    Raises:
        StoreError: written by a newer arcsolve, or a database that is not a store.
    """
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":  # SQLite's writer holds the lock already
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_POSTGRESQL_LOCK})")
        version = _version(connection, location)
        if version == HEAD:
            return None
        if version is None and connection.dialect.name == "sqlite":
            for statement in schema_sql().split(";\n\n"):
                connection.exec_driver_sql(statement)
            return None
        backup = None if version is None or location.path is None else _back_up(location.path, version)
        migrate(connection, HEAD)
        return backup


def is_current(engine: Engine, location: Location) -> bool:
    """Whether nothing has to be made or upgraded.

    Raises:
        StoreError: written by a newer arcsolve, or a database that is not a store.
    """
    with engine.connect() as connection:
        return _version(connection, location) == HEAD


def require_current(engine: Engine, location: Location) -> None:
    """Check that the store is of this package's version, changing nothing.

    Raises:
        StoreError: older, newer, or not a store.
    """
    with engine.connect() as connection:
        version = _version(connection, location)
    if version is None:
        raise StoreError(f"Store {location} is empty. Record something with 'arcsolve run' first.")
    if version != HEAD:
        raise StoreError(
            f"Store {location} has schema {version}, this arcsolve reads {HEAD}. "
            f"Upgrade it (a backup is kept) with: arcsolve runs --upgrade --store {location}"
        )


def schema_sql() -> str:
    """The statements that make an empty SQLite database a store of version `HEAD`."""
    return files("arcsolve_store").joinpath("schema.sql").read_text(encoding="utf-8").strip().removesuffix(";")


def migrate(connection: Connection, version: str) -> None:
    """Run the migrations up to `version` inside the connection's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "arcsolve_store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, version)


def _version(connection: Connection, location: Location) -> str | None:
    """The store's schema version, or None for an empty database."""
    tables = _tables(connection)
    if "alembic_version" not in tables:
        if tables:
            raise StoreError(
                f"{location} is a database, but not an arcsolve store (it holds {', '.join(sorted(tables)[:3])}). "
                f"Name another with --store; this one was left as it was."
            )
        return None
    row = connection.exec_driver_sql("SELECT version_num FROM alembic_version").first()
    version = None if row is None else str(row[0])
    if version not in VERSIONS or "runs" not in tables:
        raise StoreError(_strange(version, location))
    return version


def _tables(connection: Connection) -> list[str]:
    if connection.dialect.name != "sqlite":
        return inspect(connection).get_table_names()
    rows = connection.exec_driver_sql(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    return [row[0] for row in rows]


def _strange(version: str | None, location: Location) -> str:
    if version is not None and version.isdecimal() and version > HEAD:
        return (
            f"Store {location} was written by a newer arcsolve (schema {version}; this one knows up to {HEAD}). "
            f"Run: pip install --upgrade arcsolve."
        )
    return (
        f"{location} is a database of another program (its schema version is {version!r}, arcsolve's are "
        f"{VERSIONS[0]} to {HEAD}). Name another with --store; this one was left as it was."
    )


def _back_up(path: Path, version: str) -> Path:
    """Copy the store beside itself, consistently, while others may read it."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    backup = path.with_name(f"{path.name}.schema-{version}.{stamp}.bak")
    source = sqlite3.connect(path)
    target = sqlite3.connect(backup)
    try:
        source.backup(target)
    except sqlite3.Error as error:
        raise StoreError(
            f"Store {path} needs an upgrade from schema {version} to {HEAD}, but its backup {backup} could not be "
            f"written: {error}. Free some space there; the store was left as it was."
        ) from error
    finally:
        source.close()
        target.close()
    return backup

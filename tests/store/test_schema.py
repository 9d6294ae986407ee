"""The schema: made by migrations, equal to the models and to the short cut for new files."""

import sqlite3
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

import arcsolve_store
from arcsolve_store import schema
from arcsolve_store.migrations.write_schema import migrated_sql
from arcsolve_store.tables import metadata


def test_the_short_cut_equals_the_migrations() -> None:
    assert files("arcsolve_store").joinpath("schema.sql").read_text(encoding="utf-8") == migrated_sql()


def test_the_models_equal_the_migrations() -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        schema.migrate(connection, schema.HEAD)
        differences = compare_metadata(MigrationContext.configure(connection, {"compare_type": True}), metadata)
    engine.dispose()
    assert differences == []


def test_a_new_store_is_at_the_newest_version(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    arcsolve_store.open(path).close()
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(schema.HEAD,)]
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


HEAVY = ("alembic", "sqlalchemy.orm", "sqlalchemy.dialects.postgresql", "polars", "pandas")


def test_importing_and_opening_stay_light(tmp_path: Path) -> None:
    script = f"""
import sys
import arcsolve_store
assert "sqlalchemy" not in sys.modules
arcsolve_store.open({str(tmp_path / "a.db")!r}).close()
assert not (loaded := set(sys.modules) & set({HEAVY!r})), loaded
"""
    subprocess.run([sys.executable, "-c", script], check=True)

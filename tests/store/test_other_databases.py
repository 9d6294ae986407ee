"""Other databases than SQLite, as far as that can be told without a server: what would be sent to PostgreSQL."""

import io
from importlib import import_module

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import select
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from arcsolve_store import matrix, tables
from arcsolve_store.recorder import _insert_ignoring


def _ddl() -> str:
    """The migrations' statements for PostgreSQL."""
    out = io.StringIO()
    context = MigrationContext.configure(dialect_name="postgresql", opts={"as_sql": True, "output_buffer": out})
    with Operations.context(context):
        for version in ("v0001_tables", "v0002_views", "v0003_errors"):
            import_module(f"arcsolve_store.migrations.versions.{version}").upgrade()
    return out.getvalue()


def test_the_migrations_speak_postgresql() -> None:
    ddl = _ddl()
    for table in tables.metadata.tables:
        assert f"CREATE TABLE {table} (" in ddl
    assert "string_agg(n.solver, ', ')" in ddl
    assert "json_each_text" in ddl
    assert "WITHOUT ROWID" not in ddl
    assert "WHERE is_latest;" in ddl


def test_the_tables_and_inserts_compile_for_postgresql() -> None:
    dialect = postgresql.dialect()
    for table in tables.metadata.tables.values():
        assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=dialect))
    sent = str(_insert_ignoring(tables.grids, "postgresql").compile(dialect=dialect))
    assert sent.endswith("ON CONFLICT DO NOTHING")
    joined = str(select(matrix._joined(tables.outcomes.c.task_pk)).compile(dialect=dialect))
    assert "string_agg(CAST(outcomes.task_pk AS VARCHAR)" in joined

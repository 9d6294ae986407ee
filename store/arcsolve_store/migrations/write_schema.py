"""Write ``schema.sql``, what the migrations make of an empty database.

Run it after adding a version: ``python -m arcsolve_store.migrations.write_schema``.
"""

from pathlib import Path

from sqlalchemy import create_engine

from arcsolve_store import schema


def migrated_sql() -> str:
    """The statements of a store made by running every migration, its version row included."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        schema.migrate(connection, schema.HEAD)
        rows = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid").all()
    engine.dispose()
    lines = (row[0].replace(" \n", "\n").strip() for row in rows)
    version = f"INSERT INTO alembic_version (version_num) VALUES ('{schema.HEAD}')"
    return ";\n\n".join([*lines, version]) + ";\n"


if __name__ == "__main__":
    Path(schema.__file__).with_name("schema.sql").write_text(migrated_sql(), encoding="utf-8")

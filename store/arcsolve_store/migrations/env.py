"""Alembic's environment: migrates the connection that `arcsolve_store.schema` hands over, inside its transaction."""

from alembic import context

from arcsolve_store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()

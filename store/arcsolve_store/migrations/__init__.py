"""Alembic environment and the schema's versions."""

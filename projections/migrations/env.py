"""Runs the migrations of the fixed tables against the connection that `projections.engine.migrate` hands over."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table="culm_schema_version")
with context.begin_transaction():
    context.run_migrations()

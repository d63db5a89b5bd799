"""Positions, live tables, problems and the hint for task ids: what stays when read models are rebuilt."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

FIRST_TASK_ID = 10_000_000


def upgrade() -> None:
    """Make the fixed tables."""
    op.create_table(
        "projection_position",
        sa.Column("projection", sa.Text, primary_key=True),
        sa.Column("topic", sa.Text, primary_key=True),
        sa.Column("partition", sa.Integer, primary_key=True),
        sa.Column("next_offset", sa.BigInteger, nullable=False),
        sa.Column("writer_epoch", sa.BigInteger, nullable=False),
        sa.Column("generation", sa.BigInteger, nullable=False),
        # Every batch updates the same few rows: leave room for the new versions beside the old ones.
        postgresql_with={"fillfactor": "20"},
    )
    op.create_table(
        "projection_live",
        sa.Column("projection", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("tables_in", sa.Text, nullable=False),
    )
    op.create_table(
        "projection_problem",
        sa.Column("topic", sa.Text, primary_key=True),
        sa.Column("partition", sa.Integer, primary_key=True),
        sa.Column("log_offset", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
    )
    op.execute(f"CREATE SEQUENCE IF NOT EXISTS task_id_seq START {FIRST_TASK_ID} MINVALUE {FIRST_TASK_ID}")

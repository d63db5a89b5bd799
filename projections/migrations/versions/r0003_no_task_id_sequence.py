"""Ids of tasks come from the log: the sequence that gave them is dropped."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop the sequence."""
    op.execute("DROP SEQUENCE IF EXISTS task_id_seq")

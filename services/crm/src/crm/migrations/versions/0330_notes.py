"""Notes on records and orders.

Revision ID: 0330
Revises: 0320
"""

from alembic import op

from records.notes.tables import DDL

revision = "0330"
down_revision = "0320"


def upgrade() -> None:
    """Create their table."""
    for statement in DDL:
        op.execute(statement)


def downgrade() -> None:
    """Drop it."""
    op.execute("drop table note")

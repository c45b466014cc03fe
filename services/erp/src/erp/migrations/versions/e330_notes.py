"""Notes on records and documents.

Revision ID: e330
Revises: e320
"""

from alembic import op

from records.notes.tables import DDL

revision = "e330"
down_revision = "e320"


def upgrade() -> None:
    """Create their table."""
    for statement in DDL:
        op.execute(statement)


def downgrade() -> None:
    """Drop it."""
    op.execute("drop table note")

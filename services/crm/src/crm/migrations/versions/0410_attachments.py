"""Files attached to records and documents.

Revision ID: 0410
Revises: 0430
"""

from alembic import op

from records.attachments.tables import DDL, DROP

revision = "0410"
down_revision = "0430"


def upgrade() -> None:
    """Create their tables."""
    for statement in DDL:
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    for statement in DROP:
        op.execute(statement)

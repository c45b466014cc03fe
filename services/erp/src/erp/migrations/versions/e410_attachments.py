"""Files attached to records and documents.

Revision ID: e410
Revises: e430
"""

from alembic import op

from records.attachments.tables import DDL, DROP

revision = "e410"
down_revision = "e430"


def upgrade() -> None:
    """Create their tables."""
    for statement in DDL:
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    for statement in DROP:
        op.execute(statement)

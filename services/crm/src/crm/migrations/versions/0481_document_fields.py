"""Custom fields of documents.

Revision ID: 0481
Revises: 0480
"""

from alembic import op

from records.document_fields.tables import DDL, DROP

revision = "0481"
down_revision = "0480"


def upgrade() -> None:
    """Create their table."""
    for statement in DDL:
        op.execute(statement)


def downgrade() -> None:
    """Drop it."""
    for statement in DROP:
        op.execute(statement)

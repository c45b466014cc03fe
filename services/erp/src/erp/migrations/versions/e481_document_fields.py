"""Custom fields of documents.

Revision ID: e481
Revises: e480
"""

from alembic import op

from records.document_fields.tables import DDL, DROP

revision = "e481"
down_revision = "e480"


def upgrade() -> None:
    """Create their table."""
    for statement in DDL:
        op.execute(statement)


def downgrade() -> None:
    """Drop it."""
    for statement in DROP:
        op.execute(statement)

"""Tags, on records and documents.

Revision ID: 0400
Revises: 0420
"""

from alembic import op

from records.tags.tables import DDL, TABLES

revision = "0400"
down_revision = "0420"


def upgrade() -> None:
    """Create their tables."""
    for statement in DDL:
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    for table in TABLES:
        op.execute(f"drop table {table}")

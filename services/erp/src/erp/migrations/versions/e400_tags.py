"""Tags, on records and documents.

Revision ID: e400
Revises: e450
"""

from alembic import op

from records.tags.tables import DDL, TABLES

revision = "e400"
down_revision = "e450"


def upgrade() -> None:
    """Create their tables."""
    for statement in DDL:
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    for table in TABLES:
        op.execute(f"drop table {table}")

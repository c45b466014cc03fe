"""Imports, their rows, what undoing them did, and saved mappings.

Revision ID: 0441
Revises: 0440
"""

from alembic import op

from records.imports.tables import DDL, DROP

revision = "0441"
down_revision = "0440"


def upgrade() -> None:
    """Create their tables."""
    for statement in DDL:
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    for statement in DROP:
        op.execute(statement)

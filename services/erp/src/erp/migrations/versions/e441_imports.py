"""Imports, their rows, what undoing them did, and saved mappings.

Revision ID: e441
Revises: e440
"""

from alembic import op

from records.imports.tables import DDL, DROP

revision = "e441"
down_revision = "e440"


def upgrade() -> None:
    """Create their tables."""
    for statement in DDL:
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    for statement in DROP:
        op.execute(statement)

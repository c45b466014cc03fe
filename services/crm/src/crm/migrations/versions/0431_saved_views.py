"""Saved views, and which one everybody begins with.

Revision ID: 0431
Revises: 0400
"""

from alembic import op

from records.saved_views.tables import DDL

revision = "0431"
down_revision = "0400"


def upgrade() -> None:
    """Create their tables."""
    for statement in DDL:
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    op.execute("drop table default_view")
    op.execute("drop table saved_view")

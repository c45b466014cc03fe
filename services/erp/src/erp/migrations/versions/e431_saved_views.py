"""Saved views, and which one everybody begins with.

Revision ID: e431
Revises: e400
"""

from alembic import op

from records.saved_views.tables import DDL

revision = "e431"
down_revision = "e400"


def upgrade() -> None:
    """Create their tables."""
    for statement in DDL:
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    op.execute("drop table default_view")
    op.execute("drop table saved_view")

"""Levels are told apart in lists, also where an item lies at many places.

Revision ID: e550
Revises: e560
"""

from alembic import op

revision = "e550"
down_revision = "e560"


def upgrade() -> None:
    """Add the index; it is of columns that never change, so bookings write nothing more."""
    op.execute(
        "create unique index uq_stock_level_key"
        " on stock_level ((md5(item_id::text || location_id::text || lot)::uuid))"
    )


def downgrade() -> None:
    """Take it away."""
    op.execute("drop index uq_stock_level_key")

"""Open items are asked for, and sorted by, what is left of them.

Revision ID: e551
Revises: e550
"""

from alembic import op

revision = "e551"
down_revision = "e550"


def upgrade() -> None:
    """Add the index; rows move in their indexes with what is left of them anyway."""
    op.execute("create index ix_open_item_open_amount on open_item (open_amount, id)")


def downgrade() -> None:
    """Take it away."""
    op.execute("drop index ix_open_item_open_amount")

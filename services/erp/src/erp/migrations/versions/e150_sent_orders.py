"""What another system sent of an order last, to tell what it changes from what it repeats.

Revision ID: e150
Revises: e130
"""

from alembic import op

revision = "e150"
down_revision = "e130"


def upgrade() -> None:
    """Add it; of the orders that are there it is not known."""
    op.execute("alter table sales_order add sent jsonb")


def downgrade() -> None:
    """Drop it."""
    op.execute("alter table sales_order drop sent")

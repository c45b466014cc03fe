"""When more was ordered with a purchase order last, which approval rules ask (E71).

Revision ID: e871
Revises: e870
"""

from alembic import op

revision = "e871"
down_revision = "e870"


def upgrade() -> None:
    """Add the column, empty: nothing was asked about orders before."""
    op.execute("alter table purchase_order add column enlarged_at timestamptz")
    op.execute(
        """create index ix_purchase_order_supplier_id_enlarged_at
          on purchase_order (supplier_id, enlarged_at)"""
    )


def downgrade() -> None:
    """Take the column away, with its index."""
    op.execute("alter table purchase_order drop column enlarged_at")

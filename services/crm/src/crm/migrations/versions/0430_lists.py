"""Lists of orders are asked for totals and days, and sorted by them.

Revision ID: 0430
Revises: 0310
"""

from alembic import op

revision = "0430"
down_revision = "0310"

INDEXES = {
    "ix_customer_order_ordered_on": "customer_order (ordered_on, id)",
    "ix_customer_order_total": "customer_order (total, id)",
}


def upgrade() -> None:
    """Index what the list is asked for."""
    for name, place in INDEXES.items():
        op.execute(f"create index {name} on {place}")


def downgrade() -> None:
    """Drop the indexes."""
    for name in INDEXES:
        op.execute(f"drop index {name}")

"""Bills are found by their supplier, and what came of an order's line by that line.

Revision ID: e302
Revises: e301
"""

from alembic import op

revision = "e302"
down_revision = "e301"

INDEXES = {
    "ix_bill_supplier_id": "bill (supplier_id, created_at, id)",
    "ix_purchase_receipt_line_order_line_id": "purchase_receipt_line (order_line_id)",
}


def upgrade() -> None:
    """Index both columns."""
    for name, columns in INDEXES.items():
        op.execute(f"create index {name} on {columns}")


def downgrade() -> None:
    """Drop the indexes."""
    for name in INDEXES:
        op.execute(f"drop index {name}")

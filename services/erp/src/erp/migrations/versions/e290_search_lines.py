"""Documents are found by the items of their lines.

Nothing is written anew; who writes to a table waits while its index is made.

Revision ID: e290
Revises: e222
"""

from alembic import op

revision = "e290"
down_revision = "e222"

INDEXES = {
    "ix_shipment_line_order_line_id": "shipment_line (order_line_id)",
    "ix_invoice_line_item_id": "invoice_line (item_id)",
    "ix_purchase_receipt_line_item_id": "purchase_receipt_line (item_id)",
}


def upgrade() -> None:
    """Index the columns that lead from items to documents."""
    for name, columns in INDEXES.items():
        op.execute(f"create index {name} on {columns}")


def downgrade() -> None:
    """Drop the indexes."""
    for name in INDEXES:
        op.execute(f"drop index {name}")

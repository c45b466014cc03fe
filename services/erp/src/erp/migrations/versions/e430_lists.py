"""Lists are asked for totals, days and last changes, and sorted by number.

Revision ID: e430
Revises: e330
"""

from alembic import op

revision = "e430"
down_revision = "e330"

INDEXES = {
    "ix_sales_order_total": "sales_order ((net + charges), id)",
    "ix_invoice_effective_on": "invoice (effective_on, id)",
    "ix_invoice_gross": "invoice (gross, id)",
    "ix_invoice_number_printed": (
        "invoice_number (((series || '-') || lpad(number::text, 6, '0')))"
    ),
    "ix_opening_receivable_amount": "opening_receivable (amount, id)",
    "ix_bill_effective_on": "bill (effective_on, id)",
    "ix_bill_gross": "bill (gross, id)",
    "ix_payment_effective_on": "payment (effective_on, id)",
    "ix_payment_amount": "payment (amount, id)",
    "ix_open_item_amount": "open_item (amount, id)",
    "ix_open_item_updated_at": "open_item (updated_at, id)",
    "ix_journal_entry_recorded_at": "journal_entry (recorded_at, id)",
    "ix_purchase_order_updated_at": "purchase_order (updated_at, id)",
    "ix_purchase_order_ordered_on": "purchase_order (ordered_on, id)",
    "ix_purchase_receipt_updated_at": "purchase_receipt (updated_at, id)",
    "ix_purchase_return_updated_at": "purchase_return (updated_at, id)",
    "ix_purchase_suggestion_updated_at": "purchase_suggestion (updated_at, id)",
}
CHANGED = ("open_item", "purchase_receipt", "purchase_return")
"""Their rows did not keep when they changed: they count as changed by the upgrade."""


def upgrade() -> None:
    """Keep when open items, receipts and returns changed; index what lists are asked for."""
    for table in CHANGED:
        op.execute(f"alter table {table} add column updated_at timestamptz not null default now()")
    for name, place in INDEXES.items():
        op.execute(f"create index {name} on {place}")


def downgrade() -> None:
    """Drop what was added."""
    for name in INDEXES:
        op.execute(f"drop index {name}")
    for table in CHANGED:
        op.execute(f"alter table {table} drop column updated_at")

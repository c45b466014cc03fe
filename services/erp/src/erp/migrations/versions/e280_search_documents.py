"""Documents are found by words: their numbers, memos and references, and whom they concern.

Nothing is written anew; who writes to a table waits while its index is made.

Revision ID: e280
Revises: e263
"""

from alembic import op

revision = "e280"
down_revision = "e263"

NUMBER = (
    "(((({0} || ' ') || replace({0}, '-', '')) || ' ')"
    " || ltrim(regexp_replace({0}, '^.*-', ''), '0'))"
)
SEARCHED = {
    "sales_order": NUMBER.format("number"),
    "shipment": f"(({NUMBER.format('number')} || ' ') || tracking_number)",
    "invoice_number": NUMBER.format("((series || '-') || lpad((number)::text, 6, '0'))"),
    "purchase_order": NUMBER.format("number"),
    "purchase_receipt": NUMBER.format("number"),
    "purchase_return": NUMBER.format("number"),
    "bill": NUMBER.format("supplier_number"),
    "payment": f"(({NUMBER.format('number')} || ' ') || reference)",
    "open_item": NUMBER.format("document_number"),
    "serial": NUMBER.format("number"),
    "stock_move": "memo",
    "journal_entry": "memo",
    "journal_number": "number::text",
}
INDEXES = {
    "ix_open_item_party_id": "open_item (party_id)",
    "ix_approval_subject_id": "approval (subject_id)",
    "ix_purchase_suggestion_item_id": "purchase_suggestion (item_id)",
    "ix_purchase_suggestion_supplier_id": "purchase_suggestion (supplier_id)",
}


def upgrade() -> None:
    """Index the pieces of words, and the columns that lead from names to documents."""
    for table, text in SEARCHED.items():
        indexed = f"search_grams(search_fold({text}))"
        op.execute(f"create index ix_{table}_search on {table} using gin ({indexed})")
    for name, columns in INDEXES.items():
        op.execute(f"create index {name} on {columns}")


def downgrade() -> None:
    """Drop the indexes."""
    for name in (*INDEXES, *(f"ix_{table}_search" for table in SEARCHED)):
        op.execute(f"drop index {name}")

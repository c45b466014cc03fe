"""Whatever a list is sorted by has an index, also the time of the last change.

Revision ID: e360
Revises: e350
"""

from alembic import op

revision = "e360"
down_revision = "e350"

INDEXES = (
    ("account", "created_at"),
    ("account", "updated_at"),
    ("approval", "updated_at"),
    ("bill", "updated_at"),
    ("invoice", "updated_at"),
    ("open_item", "due_on"),
    ("opening_receivable", "updated_at"),
    ("payment", "updated_at"),
    ("price_list", "updated_at"),
    ("sales_order", "ordered_on"),
    ("sales_order", "updated_at"),
    ("shipment", "updated_at"),
    ("supplier_price", "updated_at"),
    ("warehouse", "created_at"),
    ("warehouse", "updated_at"),
)


def upgrade() -> None:
    """Index what lists are sorted by; the id decides between equals."""
    for table, column in INDEXES:
        op.execute(f"create index ix_{table}_{column} on {table} ({column}, id)")


def downgrade() -> None:
    """Drop the indexes."""
    for table, column in INDEXES:
        op.execute(f"drop index ix_{table}_{column}")

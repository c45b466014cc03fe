"""Whatever a list is sorted by has an index, also the time of the last change.

Revision ID: 0360
Revises: 0351
"""

from alembic import op

revision = "0360"
down_revision = "0351"

INDEXES = (
    ("customer_order", "updated_at"),
    ("price_list", "updated_at"),
    ("team", "created_at"),
    ("team", "updated_at"),
)


def upgrade() -> None:
    """Index what lists are sorted by; the id decides between equals."""
    for table, column in INDEXES:
        op.execute(f"create index ix_{table}_{column} on {table} ({column}, id)")


def downgrade() -> None:
    """Drop the indexes."""
    for table, column in INDEXES:
        op.execute(f"drop index ix_{table}_{column}")

"""Orders are found by words: parts of their numbers.

Nothing is written anew; who writes an order waits while the index is made.

Revision ID: 0280
Revises: 0265
"""

from alembic import op

revision = "0280"
down_revision = "0265"

NUMBER = (
    "number || ' ' || replace(number, '-', '') || ' '"
    " || ltrim(regexp_replace(number, '^.*-', ''), '0')"
)


def upgrade() -> None:
    """Index the pieces of numbers."""
    indexed = f"search_grams(search_fold({NUMBER}))"
    op.execute(f"create index ix_customer_order_search on customer_order using gin ({indexed})")


def downgrade() -> None:
    """Drop the index."""
    op.execute("drop index ix_customer_order_search")

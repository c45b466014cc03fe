"""Opening receivables are found by words of their numbers, and by the customer.

Revision ID: e281
Revises: e243
"""

from alembic import op

revision = "e281"
down_revision = "e243"

NUMBER = (
    "((((number || ' ') || replace(number, '-', '')) || ' ')"
    " || ltrim(regexp_replace(number, '^.*-', ''), '0'))"
)


def upgrade() -> None:
    """Index the pieces of words."""
    op.execute(
        "create index ix_opening_receivable_search on opening_receivable"
        f" using gin (search_grams(search_fold({NUMBER})))"
    )


def downgrade() -> None:
    """Drop the index."""
    op.execute("drop index ix_opening_receivable_search")

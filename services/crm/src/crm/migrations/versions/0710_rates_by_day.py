"""Exchange rates are listed by day by an index.

Revision ID: 0710
Revises: 0700
"""

from alembic import op

revision = "0710"
down_revision = "0700"


def upgrade() -> None:
    """Make the index that gives the order."""
    op.execute("create index ix_exchange_rate_day on exchange_rate (day, id)")


def downgrade() -> None:
    """Take the index away."""
    op.execute("drop index ix_exchange_rate_day")

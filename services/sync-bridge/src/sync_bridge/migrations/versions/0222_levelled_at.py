"""Marks of levelled states are forgotten with the events they are of.

Revision ID: 0222
Revises: 0250
"""

from alembic import op

revision = "0222"
down_revision = "0250"


def upgrade() -> None:
    """Note when each was made; the table is small."""
    op.execute("set lock_timeout = '5s'")
    op.execute("alter table levelled_state add column at timestamptz not null default now()")


def downgrade() -> None:
    """Keep them."""
    op.execute("alter table levelled_state drop column at")

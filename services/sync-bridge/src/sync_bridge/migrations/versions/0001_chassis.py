"""The chassis' tables: events, keys, users, jobs.

Revision ID: 0001
Revises:
"""

from alembic import op

from chassis.schema import tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create them."""
    tables.create(op)


def downgrade() -> None:
    """Drop them."""
    tables.drop(op)

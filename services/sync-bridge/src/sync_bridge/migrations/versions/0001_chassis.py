"""The chassis' tables: events, keys, users, jobs.

Revision ID: 0001
Revises:
"""

from alembic import op

from chassis.storage import schema

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create them."""
    schema.create(op)


def downgrade() -> None:
    """Drop them."""
    schema.drop(op)

"""The chassis' tables: events, keys, users, jobs.

Revision ID: 0001
Revises:
"""

from alembic import op

from chassis.schema import tables
from identity import schema as identity

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create them."""
    tables.create(op, identity.DDL)


def downgrade() -> None:
    """Drop them."""
    tables.drop(op, identity.DDL)

"""The chassis' tables: events, keys, users, jobs, links to other systems.

Revision ID: 0001
Revises:
"""

from alembic import op

from chassis.schema import tables
from identity import schema as identity

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create them, and the extensions that indexes and constraints of later tables use."""
    op.execute("create extension if not exists pg_trgm")
    op.execute("create extension if not exists btree_gist")
    tables.create(op, identity.DDL)


def downgrade() -> None:
    """Drop them; extensions stay, they may have been there before."""
    tables.drop(op, identity.DDL)

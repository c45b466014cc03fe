"""The history may name merges as the way of a change.

Revision ID: e640
Revises: e586
"""

from alembic import op

from records.merging import tables

revision = "e640"
down_revision = "e586"


def upgrade() -> None:
    """Let the history say that a change came by a merge."""
    for statement in tables.widen_ways():
        op.execute(statement)


def downgrade() -> None:
    """The word stays allowed: rows of the history are never changed."""

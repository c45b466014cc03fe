"""Records are merged: the table of merges, and a way of its own in the history.

Revision ID: 0640
Revises: 0633
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS
from records.merging import tables

revision = "0640"
down_revision = "0633"


def upgrade() -> None:
    """Add the table, and let the history say that a change came by a merge."""
    for statement in (*tables.widen_ways(), *tables.DDL, PIN_FUNCTIONS):
        op.execute(statement)


def downgrade() -> None:
    """Take merges away; their word stays allowed: rows of the history are never changed."""
    for statement in tables.DROP:
        op.execute(statement)

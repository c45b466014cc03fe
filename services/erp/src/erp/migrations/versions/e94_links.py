"""Links are found by our record's id first.

Revision ID: e94
Revises: e93
"""

from alembic import op

from chassis.storage import external_tables

revision = "e94"
down_revision = "e93"


def upgrade() -> None:
    """Take the one index for both ways of asking."""
    for statement in external_tables.ENTITY_FIRST:
        op.execute(statement)


def downgrade() -> None:
    """Have two again."""
    for statement in external_tables.ENTITY_LAST:
        op.execute(statement)

"""Approvals by rules: questions, steps, people, decisions, delegations.

Revision ID: 0720
Revises: 0710
"""

from alembic import op

from approvals import tables
from chassis.schema.rights import PIN_FUNCTIONS

revision = "0720"
down_revision = "0710"


def upgrade() -> None:
    """Add the tables with what the database itself promises."""
    for statement in (*tables.APPROVAL, *tables.DDL, *tables.FUNCTIONS, PIN_FUNCTIONS):
        op.execute(statement)


def downgrade() -> None:
    """Take approvals away."""
    for statement in (*tables.DROP, PIN_FUNCTIONS):
        op.execute(statement)

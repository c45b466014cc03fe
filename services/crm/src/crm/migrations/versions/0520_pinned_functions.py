"""Functions name tables of the schema, whatever the session has under the same names.

Revision ID: 0520
Revises: 0530
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS

revision = "0520"
down_revision = "0530"


def upgrade() -> None:
    """Pin what functions name to the schema."""
    op.execute(PIN_FUNCTIONS)


def downgrade() -> None:
    """Nothing to take back: the release before runs with pinned functions too."""

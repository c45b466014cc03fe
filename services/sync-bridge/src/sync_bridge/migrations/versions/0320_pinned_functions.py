"""Functions name tables of the schema, whatever the session has under the same names.

Revision ID: 0320
Revises: 0330
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS

revision = "0320"
down_revision = "0330"


def upgrade() -> None:
    """Pin what functions name to the schema."""
    op.execute(PIN_FUNCTIONS)


def downgrade() -> None:
    """Nothing to take back: the release before runs with pinned functions too."""

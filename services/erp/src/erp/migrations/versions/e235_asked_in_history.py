"""The version of the sender that asked for a change counts in a history of its database.

What was asked for before has none: it is compared by its version alone, as until now.

Revision ID: e235
Revises: e300
"""

from alembic import op

revision = "e235"
down_revision = "e300"


def upgrade() -> None:
    """Add the column; no row is written."""
    op.execute("alter table change_request add column source_history integer")


def downgrade() -> None:
    """Take it away."""
    op.execute("alter table change_request drop column source_history")

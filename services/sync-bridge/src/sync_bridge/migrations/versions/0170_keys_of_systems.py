"""API keys have the systems they may speak for; the bridge itself reserves none.

Revision ID: 0170
Revises: 0003
"""

from alembic import op

from chassis.identity import schema

revision = "0170"
down_revision = "0003"


def upgrade() -> None:
    """Add the column that every service's keys have."""
    op.execute(schema.KEY_SYSTEMS)


def downgrade() -> None:
    """Take it away."""
    op.execute("alter table api_key drop column systems")

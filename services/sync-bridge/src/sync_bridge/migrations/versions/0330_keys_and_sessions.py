"""Secrets that API keys had before they were rotated.

Revision ID: 0330
Revises: 0310
"""

from alembic import op

from identity import schema

revision = "0330"
down_revision = "0310"


def upgrade() -> None:
    """Add the table."""
    for statement in schema.FORMER_SECRETS:
        op.execute(statement)


def downgrade() -> None:
    """Take it away."""
    op.execute("drop table api_key_former_secret")

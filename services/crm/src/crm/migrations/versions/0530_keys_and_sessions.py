"""Secrets that API keys had before they were rotated.

Revision ID: 0530
Revises: 0510
"""

from alembic import op

from identity import schema

revision = "0530"
down_revision = "0510"


def upgrade() -> None:
    """Add the table."""
    for statement in schema.FORMER_SECRETS:
        op.execute(statement)


def downgrade() -> None:
    """Take it away."""
    op.execute("drop table api_key_former_secret")

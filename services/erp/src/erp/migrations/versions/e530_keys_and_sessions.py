"""Secrets that API keys had before they were rotated.

Revision ID: e530
Revises: e510
"""

from alembic import op

from identity import schema

revision = "e530"
down_revision = "e510"


def upgrade() -> None:
    """Add the table."""
    for statement in schema.FORMER_SECRETS:
        op.execute(statement)


def downgrade() -> None:
    """Take it away."""
    op.execute("drop table api_key_former_secret")

"""Secrets that API keys had before they were rotated; from where sessions are used.

Revision ID: 0530
Revises: 0510
"""

from alembic import op

from identity import schema

revision = "0530"
down_revision = "0510"


def upgrade() -> None:
    """Add the table and the columns."""
    for statement in (*schema.FORMER_SECRETS, *schema.SESSION_PLACES):
        op.execute(statement)


def downgrade() -> None:
    """Take both away."""
    op.execute("drop index ix_user_session_created_at")
    op.execute(
        "alter table user_session drop column source, drop column user_agent,"
        " drop column last_used_at"
    )
    op.execute("drop table api_key_former_secret")

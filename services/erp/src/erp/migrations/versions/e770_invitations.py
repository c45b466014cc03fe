"""Invitations to set a password or to enrol a second factor; when a session's person proved it.

Revision ID: e770
Revises: e750
"""

from alembic import op

from identity import schema
from identity.audit import schema as audit

revision = "e770"
down_revision = "e750"


def upgrade() -> None:
    """Nobody is invited yet; of sessions that go on the log-in counts as proof."""
    for statement in (*schema.INVITATIONS, *audit.AUDIT_OF_INVITATIONS):
        op.execute(statement)


def downgrade() -> None:
    """Take invitations away: who has no password yet cannot log in."""
    for statement in (*audit.DROP_AUDIT_OF_INVITATIONS, *schema.DROP_INVITATIONS):
        op.execute(statement)

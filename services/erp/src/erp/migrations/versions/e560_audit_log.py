"""The audit log, and the triggers by which keys, people and sessions are in it.

Revision ID: e560
Revises: e520
"""

from alembic import op

from identity.audit import schema

revision = "e560"
down_revision = "e520"


def upgrade() -> None:
    """Make the log; what was done before is not in it."""
    for statement in (*schema.AUDIT, *schema.AUDIT_OF_CALLERS):
        op.execute(statement)


def downgrade() -> None:
    """Take the log away with all its entries."""
    for statement in (*schema.DROP_AUDIT_OF_CALLERS, *schema.DROP_AUDIT):
        op.execute(statement)

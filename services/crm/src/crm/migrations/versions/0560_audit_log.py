"""The audit log, and the triggers by which keys, people and sessions are in it.

Revision ID: 0560
Revises: 0520
"""

from alembic import op

from identity.audit import schema

revision = "0560"
down_revision = "0520"


def upgrade() -> None:
    """Make the log; what was done before is not in it."""
    for statement in (*schema.AUDIT, *schema.AUDIT_OF_CALLERS):
        op.execute(statement)


def downgrade() -> None:
    """Take the log away with all its entries."""
    for statement in (*schema.DROP_AUDIT_OF_CALLERS, *schema.DROP_AUDIT):
        op.execute(statement)

"""Used idempotency keys are not deleted within a day, by whomever.

Revision ID: 0586
Revises: 0585
"""

from alembic import op

from identity.kept_keys import DROP_KEPT_KEYS, KEPT_KEYS

revision = "0586"
down_revision = "0585"


def upgrade() -> None:
    """Refuse to delete younger ones."""
    for statement in KEPT_KEYS:
        op.execute(statement)


def downgrade() -> None:
    """Let them be deleted."""
    for statement in DROP_KEPT_KEYS:
        op.execute(statement)

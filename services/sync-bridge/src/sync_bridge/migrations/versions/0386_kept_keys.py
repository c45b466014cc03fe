"""Used idempotency keys are not deleted within a day, by whomever.

Revision ID: 0386
Revises: 0385
"""

from alembic import op

from identity.kept_keys import DROP_KEPT_KEYS, KEPT_KEYS

revision = "0386"
down_revision = "0385"


def upgrade() -> None:
    """Refuse to delete younger ones."""
    for statement in KEPT_KEYS:
        op.execute(statement)


def downgrade() -> None:
    """Let them be deleted."""
    for statement in DROP_KEPT_KEYS:
        op.execute(statement)

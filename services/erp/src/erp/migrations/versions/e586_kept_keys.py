"""Used idempotency keys are not deleted within a day, by whomever.

Revision ID: e586
Revises: e585
"""

from alembic import op

from identity.kept_keys import DROP_KEPT_KEYS, KEPT_KEYS

revision = "e586"
down_revision = "e585"


def upgrade() -> None:
    """Refuse to delete younger ones."""
    for statement in KEPT_KEYS:
        op.execute(statement)


def downgrade() -> None:
    """Let them be deleted."""
    for statement in DROP_KEPT_KEYS:
        op.execute(statement)

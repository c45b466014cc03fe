"""Versions of other systems count in a history of their database.

Revision ID: e200
Revises: e262
"""

from alembic import op

from chassis.events.schema import BEGAN_AT
from chassis.storage.source_versions import HISTORY

revision = "e200"
down_revision = "e262"


def upgrade() -> None:
    """Add the column; what is known was told in the first history."""
    op.execute(BEGAN_AT)
    op.execute(HISTORY)


def downgrade() -> None:
    """Drop it."""
    op.execute("alter table external_reference drop column source_history")
    op.execute("alter table installation drop column began_at")

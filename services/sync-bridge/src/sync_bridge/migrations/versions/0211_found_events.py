"""Events are found by their type and by what rare ones came to.

Revision ID: 0211
Revises: 0200
"""

from alembic import op

revision = "0211"
down_revision = "0200"


def upgrade() -> None:
    """What most events come to is left out: the newest of those are found at once."""
    op.execute("create index ix_inbox_type on inbox (type, received_at, event_id)")
    op.execute(
        """create index ix_inbox_outcome on inbox (outcome, received_at, event_id)
            where outcome <> all
              (array['applied', 'unchanged', 'superseded', 'stale', 'not_carried'])"""
    )


def downgrade() -> None:
    """Drop them."""
    op.execute("drop index ix_inbox_outcome")
    op.execute("drop index ix_inbox_type")

"""For each question that lots ask of the inbox there is one index.

A plan that is made while a table is empty, or while nothing waits, took any index that holds few
rows then. Open events of a lane are asked for by not being settled, those of a source by their
state, one event by its key only.

Revision ID: 0240
Revises: 0220
"""

from alembic import op

revision = "0240"
down_revision = "0220"


def upgrade() -> None:
    """Replace the index of positions and that of lanes."""
    op.execute("drop index ix_inbox_position, ix_inbox_lane")
    op.execute("create index ix_inbox_position on inbox (history, source, feed_seq)")
    op.execute(
        "create index ix_inbox_lane on inbox (lane, history, aggversion) where settled_at is null"
    )


def downgrade() -> None:
    """Put them back as they were."""
    op.execute("drop index ix_inbox_position, ix_inbox_lane")
    op.execute("create index ix_inbox_position on inbox (source, history, feed_seq)")
    op.execute(
        "create index ix_inbox_lane on inbox (lane, history, aggversion) where state = 'received'"
    )

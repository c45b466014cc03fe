"""What happens now is carried beside a backlog; the mark of a feed that is read in order.

Revision ID: 0250
Revises: 0221
"""

from alembic import op

revision = "0250"
down_revision = "0221"


def upgrade() -> None:
    """The columns have a default, so that no row is written."""
    op.execute("alter table lane add late boolean not null default false")
    op.execute("alter table position add in_order boolean not null default false")
    op.execute("create index ix_lane_due on lane (kind, late, next_at) where state = 'ready'")
    op.execute("drop index ix_lane_kind_due")
    op.execute(
        """create index ix_inbox_waiting on inbox (source, received_at, feed_seq)
            where state = 'received'"""
    )
    op.execute("drop index ix_inbox_open")


def downgrade() -> None:
    """As before."""
    op.execute("create index ix_inbox_open on inbox (source, feed_seq) where state = 'received'")
    op.execute("drop index ix_inbox_waiting")
    op.execute("create index ix_lane_kind_due on lane (kind, next_at) where state = 'ready'")
    op.execute("drop index ix_lane_due")
    op.execute("alter table position drop in_order")
    op.execute("alter table lane drop late")

"""Lanes of what is told of records that do not cross.

Revision ID: 0400
Revises: 0395
"""

from alembic import op

revision = "0400"
down_revision = "0395"


def upgrade() -> None:
    """For want of which record a lane was left; lanes that wait for it now are looked at anew."""
    op.execute("alter table lane add column left_for text")
    op.execute("create index ix_lane_left_for on lane (left_for) where left_for is not null")
    op.execute(
        """update lane set state = 'ready', waits_for = null, reason = null, next_at = now(),
          since = now() where state = 'waiting' and reason = 'missing_dependency'
          and kind in ('erp.availability', 'erp.price', 'erp.debt')"""
    )


def downgrade() -> None:
    """What was left stays so until its next event."""
    op.execute("alter table lane drop column left_for")

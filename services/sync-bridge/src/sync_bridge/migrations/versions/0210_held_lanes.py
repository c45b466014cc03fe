"""Lanes are found by what holds them, and those that fail for long are counted.

Revision ID: 0210
Revises: 0110
"""

from alembic import op

revision = "0210"
down_revision = "0110"


def upgrade() -> None:
    """Both indexes hold only the few lanes that something holds."""
    op.execute("create index ix_lane_reason on lane (reason, since, id) where reason is not null")
    op.execute(
        "create index ix_lane_failing on lane (failing_since) where failing_since is not null"
    )


def downgrade() -> None:
    """Drop them."""
    op.execute("drop index ix_lane_failing")
    op.execute("drop index ix_lane_reason")

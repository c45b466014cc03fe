"""Reviews and quarantine are listed by their last change, acts and holes by their lane.

Revision ID: 0350
Revises: 0360
"""

from alembic import op

revision = "0350"
down_revision = "0360"

INDEXES = {
    "ix_review_created_at": "review (created_at, id)",
    "ix_review_updated_at": "review (updated_at, id)",
    "ix_quarantine_updated_at": "quarantine (coalesce(decided_at, received_at), id)",
    "ix_hole_lane": "hole (lane, at, id)",
    "ix_lane_act_lane": "lane_act (lane, at, id)",
}


def upgrade() -> None:
    """Add the indexes; what they are of is decided by persons, and is few."""
    for name, of in INDEXES.items():
        op.execute(f"create index {name} on {of}")


def downgrade() -> None:
    """Take them away."""
    for name in INDEXES:
        op.execute(f"drop index {name}")

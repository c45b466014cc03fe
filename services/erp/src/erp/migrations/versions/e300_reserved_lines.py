"""Who has an item reserved is found: whoever was promised last gives way to goods that go back.

Revision ID: e300
Revises: e273
"""

from alembic import op

revision = "e300"
down_revision = "e273"


def upgrade() -> None:
    op.execute(
        """create index ix_demand_reserved on demand (item_id, promised_on, place)
             where reserved > 0"""
    )


def downgrade() -> None:
    op.drop_index("ix_demand_reserved", "demand")

"""Versions of other systems count in a history of their database.

Revision ID: 0200
Revises: 0290
"""

from alembic import op

from chassis.events.schema import BEGAN_AT
from chassis.storage.source_versions import HISTORY

revision = "0200"
down_revision = "0290"


def upgrade() -> None:
    """Add the columns; what is known was told in the first history."""
    op.execute(BEGAN_AT)
    op.execute(HISTORY)
    op.execute("alter table customer_order add column erp_history integer not null default 1")
    op.execute(
        "alter table product_availability add column source_history integer not null default 1"
    )


def downgrade() -> None:
    """Drop them."""
    op.execute("alter table product_availability drop column source_history")
    op.execute("alter table customer_order drop column erp_history")
    op.execute("alter table external_reference drop column source_history")
    op.execute("alter table installation drop column began_at")

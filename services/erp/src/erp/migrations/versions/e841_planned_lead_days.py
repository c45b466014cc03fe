"""Planned orders keep their own lead time, and requirements what their orders want in all.

With a routing the lead time depends on the quantity.

Revision ID: e841
Revises: e840
"""

from alembic import op

revision = "e841"
down_revision = "e840"

_UPGRADE = (
    "alter table planned_order add column lead_days integer",
    """update planned_order o set lead_days = t.lead_days from planned_item t
      where t.plan_id = o.plan_id and t.item_id = o.item_id""",
    "update planned_order set lead_days = 0 where lead_days is null",
    "alter table planned_order alter column lead_days set not null",
    "alter table plan_requirement add column wanted numeric(20, 6)",
)


def upgrade() -> None:
    """Add the columns; of the current plan the lead time is that of the item."""
    for statement in _UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    """Take them away."""
    op.execute("alter table plan_requirement drop column wanted")
    op.execute("alter table planned_order drop column lead_days")

"""Planned orders that became production orders.

Revision ID: e790
Revises: e770
"""

from alembic import op

revision = "e790"
down_revision = "e770"

_UPGRADE = (
    """alter table planned_order add column production_order_id uuid
        constraint fk_planned_order_production_order_id_production_order
        references production_order (id)""",
    """alter table planned_order add constraint uq_planned_order_production_order_id
        unique (production_order_id)""",
    "alter table planned_order drop constraint ck_planned_order_ordered_by_a_line",
    """alter table planned_order add constraint ck_planned_order_ordered_once
        check ((state = 'ordered') = (num_nonnulls(order_line_id, production_order_id) = 1)
          and num_nonnulls(order_line_id, production_order_id) < 2)""",
)
_DOWNGRADE = (
    # The next plan makes the rows anew; those that were made cannot be said to be ordered.
    "delete from planned_order where production_order_id is not null",
    "alter table planned_order drop constraint ck_planned_order_ordered_once",
    "alter table planned_order drop column production_order_id",
    """alter table planned_order add constraint ck_planned_order_ordered_by_a_line
        check ((state = 'ordered') = (order_line_id is not null))""",
)


def upgrade() -> None:
    """Let a planned order name the production order that it became."""
    for statement in _UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    """Forget which production orders were planned."""
    for statement in _DOWNGRADE:
        op.execute(statement)

"""The order that was placed when a deal was won, or why there is none.

Revision ID: 0671
Revises: 0670
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS

revision = "0671"
down_revision = "0670"

_STATEMENTS = (
    """alter table opportunity add column order_id uuid,
      add column no_order_reason text,
      add constraint fk_opportunity_order_id_customer_order
        foreign key (order_id) references customer_order (id),
      add constraint ck_opportunity_no_order_reason_known
        check (no_order_reason in ('no_products', 'history', 'other_currency')),
      add constraint ck_opportunity_order_or_reason
        check (order_id is null or no_order_reason is null)""",
    """create unique index uq_opportunity_order_id on opportunity (order_id)
      where order_id is not null""",
    """create function opportunity_order_stays() returns trigger language plpgsql as $$
    begin
      raise exception 'the order of opportunity % stays', old.id
        using errcode = 'check_violation', constraint = 'ck_opportunity_order_stays',
          table = 'opportunity';
    end $$""",
    """create trigger opportunity_order_stays before update of order_id on opportunity
      for each row when (old.order_id is not null and old.order_id is distinct from new.order_id)
      execute function opportunity_order_stays()""",
)


def upgrade() -> None:
    """Add the columns; deals won before have no order, and count as deals of the past."""
    for statement in _STATEMENTS:
        op.execute(statement)
    op.execute(PIN_FUNCTIONS)


def downgrade() -> None:
    """Drop the columns and what keeps the order."""
    op.execute("drop trigger opportunity_order_stays on opportunity")
    op.execute("drop function opportunity_order_stays()")
    op.execute("alter table opportunity drop column order_id, drop column no_order_reason")

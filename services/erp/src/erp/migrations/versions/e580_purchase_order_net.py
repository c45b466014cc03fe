"""Purchase orders keep what their lines cost; lists are asked for it, and sorted by it.

Revision ID: e580
Revises: e570
"""

from uuid import UUID

from alembic import context, op
from sqlalchemy import text

from chassis.schema.rights import PIN_FUNCTIONS
from values.money import digits_of

revision = "e580"
down_revision = "e570"

_BATCH = 2_000
SUM_UP = """with batch as (
    select id from purchase_order where id > :after order by id limit :batch),
  changed as (update purchase_order o
    set net = (select coalesce(sum(round(l.quantity * l.unit_price, :decimals)), 0)
      from purchase_order_line l where l.purchase_order_id = o.id)
    from batch where batch.id = o.id returning o.id)
  select id from changed order by id desc limit 1"""

# E44: how finely the company counts money is not known here, but one of these it is.
_PROOF = (
    """create function purchase_order_comes_to_its_lines() returns trigger language plpgsql as $$
    declare its purchase_order;
    begin
      select * into its from purchase_order o where o.id = new.id;
      if found and not exists (
        select from purchase_order_line l where l.purchase_order_id = its.id
        having its.net in (coalesce(sum(round(l.quantity * l.unit_price, 0)), 0),
          coalesce(sum(round(l.quantity * l.unit_price, 2)), 0),
          coalesce(sum(round(l.quantity * l.unit_price, 3)), 0),
          coalesce(sum(round(l.quantity * l.unit_price, 4)), 0))) then
        raise exception 'purchase order % does not come to its lines', its.id
          using errcode = 'check_violation', constraint = 'ck_purchase_order_net';
      end if;
      return null;
    end $$""",
    """create constraint trigger purchase_order_comes_to_its_lines after insert or update
      on purchase_order deferrable initially deferred for each row
      execute function purchase_order_comes_to_its_lines()""",
)


def upgrade() -> None:
    """Add the column with what lines cost now, prove it, and index it."""
    op.execute("alter table purchase_order add column net numeric(20, 4) not null default 0")
    connection = op.get_bind()
    decimals = digits_of(context.config.attributes["service"].settings().currency)
    after: UUID | None = UUID(int=0)
    while after:
        given = {"after": after, "batch": _BATCH, "decimals": decimals}
        after = connection.execute(text(SUM_UP), given).scalar()
    op.execute("alter table purchase_order alter column net drop default")
    op.execute(
        "alter table purchase_order add constraint ck_purchase_order_net_not_negative"
        " check (net >= 0)"
    )
    op.execute("create index ix_purchase_order_net on purchase_order (net, id)")
    for statement in _PROOF:
        op.execute(statement)
    op.execute(PIN_FUNCTIONS)


def downgrade() -> None:
    """Take the column away."""
    op.execute("drop trigger purchase_order_comes_to_its_lines on purchase_order")
    op.execute("drop function purchase_order_comes_to_its_lines()")
    op.execute("alter table purchase_order drop column net")

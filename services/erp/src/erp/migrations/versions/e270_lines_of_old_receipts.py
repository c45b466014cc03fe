"""Old receipts of orders that name an item twice know their lines, so goods of them can go back.

Which of the lines came with which receipt was not kept. The goods are counted in the order in
which they came, and the lines in theirs: each line takes what it received, beginning with the
first. Where moves and lines do not agree, nothing is made up.

Revision ID: e270
Revises: e290
"""

from alembic import op
from sqlalchemy import text

revision = "e270"
down_revision = "e290"

_BATCH = 500

_WITHOUT = """from purchase_receipt r where not exists (
  select from purchase_receipt_line l where l.purchase_receipt_id = r.id)"""
_ORDERS = f"""select distinct r.purchase_order_id {_WITHOUT} and r.purchase_order_id > :after
  order by r.purchase_order_id limit :batch"""
DECIMALS = f"""select coalesce(max(min_scale(m.value)), 0) from stock_move m
  where m.source_id in (select r.id {_WITHOUT})"""
"""How finely the company counts money, as far as these receipts tell."""

LINES_OF_BEFORE = """insert into purchase_receipt_line (id, purchase_receipt_id, position,
    order_line_id, item_id, quantity, value, serials, returned, returned_value)
with came as (
    select r.id as receipt_id, r.purchase_order_id as order_id, m.item_id, m.quantity, m.value,
        m.serial, m.id, sum(m.quantity) over (partition by r.purchase_order_id, m.item_id
          order by r.recorded_at, r.id, m.id) as till
      from purchase_receipt r join stock_move m on m.source_id = r.id
     where r.purchase_order_id = any(cast(:ids as uuid[]))
       and not exists (
         select from purchase_receipt_line l where l.purchase_receipt_id = r.id)),
  known as (
    select l.order_line_id, sum(l.quantity - l.returned) as quantity
      from purchase_receipt_line l join purchase_receipt r on r.id = l.purchase_receipt_id
     where r.purchase_order_id = any(cast(:ids as uuid[])) group by l.order_line_id),
  lines as (
    select l.id, l.purchase_order_id as order_id, l.item_id, l.position,
        l.received - coalesce(k.quantity, 0) as quantity,
        sum(l.received - coalesce(k.quantity, 0)) over (
          partition by l.purchase_order_id, l.item_id order by l.position) as till
      from purchase_order_line l left join known k on k.order_line_id = l.id
     where l.purchase_order_id = any(cast(:ids as uuid[]))),
  disagree as (
    select coalesce(c.order_id, l.order_id) as order_id
      from (select order_id, item_id, sum(quantity) as quantity from came
          group by order_id, item_id) c
      full join (select order_id, item_id, sum(quantity) as quantity, min(quantity) as least
          from lines group by order_id, item_id) l
        on l.order_id = c.order_id and l.item_id = c.item_id
     where coalesce(c.quantity, 0) <> coalesce(l.quantity, 0) or l.least < 0),
  parts as (
    select c.receipt_id, c.item_id, c.id, c.serial, l.id as line_id, l.position,
        c.quantity, c.value,
        greatest(c.till - c.quantity, l.till - l.quantity) - (c.till - c.quantity) as first,
        least(c.till, l.till) - (c.till - c.quantity) as last
      from came c join lines l on l.order_id = c.order_id and l.item_id = c.item_id
        and greatest(c.till - c.quantity, l.till - l.quantity) < least(c.till, l.till)
     where c.order_id not in (select order_id from disagree))
select gen_random_uuid(), p.receipt_id,
    row_number() over (partition by p.receipt_id order by p.position), p.line_id, p.item_id,
    sum(p.last - p.first),
    sum(round(p.value * p.last / p.quantity, cast(:decimals as integer))
      - round(p.value * p.first / p.quantity, cast(:decimals as integer))),
    coalesce(array_agg(p.serial order by p.id) filter (where p.serial is not null), '{}'), 0, 0
  from parts p group by p.receipt_id, p.item_id, p.line_id, p.position"""
"""Moves and lines lie end to end on one scale; where they overlap, the move came for the line."""


def upgrade() -> None:
    sql, after = op.get_bind(), "00000000-0000-0000-0000-000000000000"
    decimals = sql.scalar(text(DECIMALS))
    while ids := sql.scalars(text(_ORDERS), {"after": after, "batch": _BATCH}).all():
        sql.execute(text(LINES_OF_BEFORE), {"ids": ids, "decimals": decimals})
        after = ids[-1]


def downgrade() -> None:
    """The lines stay: the release before knows them too."""

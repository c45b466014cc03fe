"""Material is reserved for production orders in work; those that are there wait for it.

Revision ID: e844
Revises: e843
"""

from alembic import op

revision = "e844"
down_revision = "e843"

# What is free is reserved for them by the next act on the item, or by the hourly job.
_WAITING = """insert into demand (order_line_id, order_id, item_id, location_id, wanted, reserved,
    shipped, needed_on, promised_on)
  select c.id, o.id, c.item_id, l.id, c.required, 0, least(c.issued, c.required), o.start_on,
    o.start_on
    from production_order o join production_order_component c on c.production_order_id = o.id
    join item i on i.id = c.item_id and i.kind = 'goods'
    join location l on l.code = 'MAIN-STOCK'
   where o.state in ('released', 'started') and c.required > 0
   order by o.start_on, o.id, c.position"""
_FREED = (
    """update lot_stock b set reserved = b.reserved - t.quantity
      from (select lot_id, location_id, least(reserved, greatest(freed - before, 0)) as quantity
        from (select b.lot_id, b.location_id, b.reserved, d.freed,
            coalesce(sum(b.reserved) over (partition by b.item_id, b.location_id
              order by b.usable_until desc, b.lot_id
              rows between unbounded preceding and 1 preceding), 0) as before
          from lot_stock b join location l on l.id = b.location_id and l.code = 'MAIN-STOCK'
          join (select d.item_id, sum(d.reserved) as freed from demand d
              join production_order o on o.id = d.order_id group by d.item_id) d
            on d.item_id = b.item_id
          where b.owner = 'own' and b.reserved > 0) queued) t
     where b.lot_id = t.lot_id and b.location_id = t.location_id and t.quantity > 0
""",
    """update stock_level s set reserved = s.reserved - d.reserved
      from (select d.item_id, sum(d.reserved) as reserved from demand d
          join production_order o on o.id = d.order_id group by d.item_id) d
      join location l on l.code = 'MAIN-STOCK'
     where s.item_id = d.item_id and s.location_id = l.id and d.reserved > 0
""",
    "delete from demand d using production_order o where o.id = d.order_id",
)


def upgrade() -> None:
    """Let orders in work wait for their material."""
    op.execute(_WAITING)


def downgrade() -> None:
    """Reserve nothing for production."""
    for statement in _FREED:
        op.execute(statement)

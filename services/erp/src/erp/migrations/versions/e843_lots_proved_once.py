"""Lots of an item are added up once for each change of its level, not once for each lot moved.

Revision ID: e843
Revises: e842
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS

revision = "e843"
down_revision = "e842"

_FUNCTION = """create or replace function {name}() returns trigger language plpgsql as $$
    begin
      {guard}if exists (select from stock_level v cross join lateral (
            select coalesce(sum(s.on_hand), 0) as on_hand, coalesce(sum(s.reserved), 0) as reserved,
                coalesce(sum(s.on_hand) filter (where s.quality <> 'released'), 0) as restricted
              from lot_stock s where s.item_id = v.item_id and s.location_id = v.location_id
                and s.owner = 'own' and s.on_hand > 0) s
          where v.item_id = new.item_id and v.location_id = new.location_id
            and v.tracking = 'lot' and (v.on_hand <> s.on_hand or v.reserved <> s.reserved
              or v.restricted < s.restricted)) then
        raise exception 'lots of item % are not what lies of it', new.item_id
          using errcode = 'check_violation', constraint = 'ck_lot_stock_adds_up';
      end if;
      return null;
    end $$"""
# The level's own trigger proves the same at COMMIT where the level was written by this transaction.
_GUARD = """if exists (select from stock_level v where v.item_id = new.item_id
          and v.location_id = new.location_id and v.xmin = pg_current_xact_id()::xid) then
        return null;
      end if;
      """
_DROP = "drop trigger lot_stock_adds_up on lot_stock"
_TRIGGER = """create constraint trigger lot_stock_adds_up after insert or update on lot_stock
  deferrable initially deferred for each row execute function {name}()"""


def upgrade() -> None:
    """Let rows of lots rely on the proof of their level, where there is one."""
    op.execute(_FUNCTION.format(name="lot_of_level_adds_up", guard=_GUARD))
    op.execute(_DROP)
    op.execute(_TRIGGER.format(name="lot_of_level_adds_up"))
    op.execute(PIN_FUNCTIONS)


def downgrade() -> None:
    """Add up for each row again."""
    op.execute(_DROP)
    op.execute(_TRIGGER.format(name="lots_are_on_hand"))
    op.execute("drop function lot_of_level_adds_up()")

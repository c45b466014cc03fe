"""Lots: records, their stock, and what the database promises of both.

Revision ID: e700
Revises: e670
"""

from alembic import op

from chassis.ids import uuid7
from chassis.schema.rights import PIN_FUNCTIONS
from chassis.storage.states import transition_trigger
from records.imports.deletions import deletion_trigger

revision = "e700"
down_revision = "e670"

_ITEMS = (
    "alter table item drop constraint ck_item_tracking_known",
    """alter table item add constraint ck_item_tracking_known
      check (tracking in ('none', 'serial', 'lot'))""",
    """alter table item add column picking text default 'fefo' not null
      constraint ck_item_picking_known check (picking in ('fefo', 'fifo'))""",
    """alter table item add column shelf_life_days integer
      constraint ck_item_shelf_life_days_positive check (shelf_life_days > 0)""",
)
_LOCATIONS = (
    "alter table location drop constraint ck_location_kind_known",
    """alter table location add constraint ck_location_kind_known check
      (kind in ('internal', 'supplier', 'customer', 'opening', 'loss', 'repacking', 'foreign'))""",
)
_LEVELS = (
    "alter table stock_level add column restricted numeric(20, 6) default 0 not null",
    "alter table stock_level drop constraint ck_stock_level_reserved_on_hand",
    """alter table stock_level add constraint ck_stock_level_reserved_on_hand
      check (reserved >= 0 and restricted >= 0 and reserved + restricted <= on_hand)""",
    """alter table stock_level add constraint ck_stock_level_lots_restricted
      check (restricted = 0 or tracking = 'lot')""",
)
_TABLES = (
    """create table lot (
      item_id uuid not null,
      tracking text default 'lot' not null
        constraint ck_lot_tracked_by_lot check (tracking = 'lot'),
      number text not null constraint ck_lot_number_given check (number <> ''),
      owner text not null
        constraint ck_lot_owner_known check (owner in ('own', 'customer', 'supplier')),
      owner_id uuid,
      owner_customer_id uuid generated always as
        (case when owner = 'customer' then owner_id end) stored
        constraint fk_lot_owner_customer_id_customer references customer (id),
      owner_supplier_id uuid generated always as
        (case when owner = 'supplier' then owner_id end) stored
        constraint fk_lot_owner_supplier_id_supplier references supplier (id),
      supplier_id uuid constraint fk_lot_supplier_id_supplier references supplier (id),
      supplier_lot text not null,
      made_on date,
      expires_on date,
      usable_until date not null generated always as
        (coalesce(expires_on, date 'infinity')) stored,
      quality text not null constraint ck_lot_quality_known
        check (quality in ('released', 'inspection', 'quarantine', 'blocked')),
      quality_reason text not null,
      note text not null,
      custom jsonb default '{}' not null constraint ck_lot_custom_object
        check (jsonb_typeof(custom) = 'object'),
      id uuid not null constraint pk_lot primary key,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      constraint fk_lot_item_id_tracking_item
        foreign key (item_id, tracking) references item (id, tracking),
      constraint ck_lot_others_named check ((owner = 'own') = (owner_id is null)),
      constraint ck_lot_expires_after_made check (expires_on >= made_on),
      constraint uq_lot_item_id_number_owner_id
        unique nulls not distinct (item_id, number, owner_id),
      constraint uq_lot_id_item_id unique (id, item_id),
      constraint uq_lot_id_item_id_owner_quality_usable_until
        unique (id, item_id, owner, quality, usable_until))""",
    "create index ix_lot_created_at on lot (created_at, id)",
    "create index ix_lot_updated_at on lot (updated_at, id)",
    "create index ix_lot_number on lot (number, id)",
    "create index ix_lot_usable_until on lot (usable_until, id)",
    "create index ix_lot_quality_created_at on lot (quality, created_at, id)",
    "create index ix_lot_item_id_created_at on lot (item_id, created_at, id)",
    "create index ix_lot_supplier_id on lot (supplier_id)",
    "create index ix_lot_owner_customer_id on lot (owner_customer_id)",
    "create index ix_lot_owner_supplier_id on lot (owner_supplier_id)",
    "create index ix_lot_custom on lot using gin (custom jsonb_path_ops) where custom <> '{}'",
    """create index ix_lot_search on lot using gin (search_grams(search_fold((((((number
      || ' ') || replace(number, '-', '')) || ' ')
      || ltrim(regexp_replace(number, '^.*-', ''), '0')) || ' ') || supplier_lot)))""",
    """create table lot_stock (
      lot_id uuid not null,
      location_id uuid not null
        constraint fk_lot_stock_location_id_location references location (id),
      item_id uuid not null,
      owner text not null,
      quality text not null,
      usable_until date not null,
      on_hand numeric(20, 6) not null,
      reserved numeric(20, 6) not null,
      reserved_on date,
      received_on date not null,
      constraint pk_lot_stock primary key (lot_id, location_id),
      constraint fk_lot_stock_lot_id_item_id_owner_quality_usable_until_lot
        foreign key (lot_id, item_id, owner, quality, usable_until)
        references lot (id, item_id, owner, quality, usable_until) on update cascade,
      constraint ck_lot_stock_reserved_on_hand check (reserved >= 0 and reserved <= on_hand),
      constraint ck_lot_stock_reserved_is_usable check (reserved = 0 or owner = 'own'
        and quality = 'released' and reserved_on is not null and reserved_on <= usable_until))""",
    "create index ix_lot_stock_item_id on lot_stock (item_id, location_id) where on_hand > 0",
    """create table lot_proof (
      lot_id uuid not null constraint fk_lot_proof_lot_id_lot references lot (id),
      location_id uuid not null
        constraint fk_lot_proof_location_id_location references location (id),
      quantity numeric(20, 6) not null,
      constraint pk_lot_proof primary key (lot_id, location_id))""",
)
_DOCUMENTS = (
    "alter table opening_stock add column lots jsonb default '[]' not null",
    "alter table purchase_receipt_line add column lots jsonb default '[]' not null",
    "alter table purchase_return_line add column lots jsonb default '[]' not null",
)
_MOVES = (
    "alter table stock_move add column lot_id uuid",
    # No column is written anew: the version before leaves it out, and a trigger gives it then.
    "alter table stock_move alter column tracking drop expression",
    "alter table stock_move alter column tracking set default 'none'",
    """create function tracking_of_move() returns trigger language plpgsql as $$
    begin
      new.tracking := case when new.serial is not null then 'serial'
        when new.lot_id is not null then 'lot' else 'none' end;
      return new;
    end $$""",
    """create trigger stock_move_is_tracked before insert on stock_move
      for each row when (new.tracking = 'none' and (new.serial is not null
        or new.lot_id is not null)) execute function tracking_of_move()""",
    """alter table stock_move add constraint ck_stock_move_tracked check (tracking =
      case when serial is not null then 'serial' when lot_id is not null then 'lot'
        else 'none' end and (serial is null or lot_id is null)) not valid""",
    """alter table stock_move add constraint fk_stock_move_lot_id_item_id_lot
      foreign key (lot_id, item_id) references lot (id, item_id) not valid""",
)

_MOVED = """select m.item_id, l.warehouse_id, m.effective_on as day, m.quantity, m.value
      from added m
      join location l on l.id = m.to_location_id and l.kind = 'internal'
    union all
    select m.item_id, l.warehouse_id, m.effective_on, -m.quantity, -m.value from added m
      join location l on l.id = m.from_location_id and l.kind = 'internal'"""
_COUNTED = f"""create or replace function count_moves() returns trigger language plpgsql as $$
    begin
      insert into stock_proof as p
          (item_id, warehouse_id, quantity, value, booked, moved_on, changed_from)
        select s.item_id, s.warehouse_id, sum(s.quantity), sum(s.value), 0, max(s.day), min(s.day)
          from ({_MOVED}) s
         group by s.item_id, s.warehouse_id order by s.item_id, s.warehouse_id
        on conflict (item_id, warehouse_id) do update
          set quantity = p.quantity + excluded.quantity, value = p.value + excluded.value,
            moved_on = greatest(p.moved_on, excluded.moved_on),
            changed_from = excluded.changed_from;
      {{lots}}return null;
    end $$"""
_COUNTED_LOTS = """if exists (select from added where lot_id is not null) then
        insert into lot_proof as p (lot_id, location_id, quantity)
          select s.lot_id, s.location_id, sum(s.quantity)
            from (select lot_id, to_location_id as location_id, quantity from added
                where lot_id is not null
              union all select lot_id, from_location_id, -quantity from added
                where lot_id is not null) s
            join location l on l.id = s.location_id and l.kind in ('internal', 'foreign')
           group by s.lot_id, s.location_id order by s.lot_id, s.location_id
          on conflict (lot_id, location_id) do update set quantity = p.quantity + excluded.quantity;
      end if;
      """
_PROMISES = (
    # E40: what is ours lies at places of ours, goods of others at theirs, and those have no worth.
    """create function lot_moves_at_its_places() returns trigger language plpgsql as $$
    begin
      if exists (select from lot t join location l on l.id in
            (new.from_location_id, new.to_location_id)
          where t.id = new.lot_id and (l.kind = 'foreign' and t.owner = 'own'
            or l.kind = 'internal' and t.owner <> 'own' or t.owner <> 'own' and new.value <> 0))
      then
        raise exception 'lot % does not lie there, or has no worth', new.lot_id
          using errcode = 'check_violation', constraint = tg_name;
      end if;
      return null;
    end $$""",
    """create trigger stock_move_keeps_lots_apart after insert on stock_move
      for each row when (new.lot_id is not null) execute function lot_moves_at_its_places()""",
    """create trigger lot_proof_is_counted_only before insert or update on lot_proof
      for each row when (pg_trigger_depth() = 0) execute function refuse_change()""",
    """create trigger lot_proof_is_kept before delete on lot_proof
      for each row execute function refuse_change()""",
    """create trigger lot_proof_is_not_emptied before truncate on lot_proof
      for each statement execute function refuse_change()""",
    """create trigger lot_stock_is_kept before delete on lot_stock
      for each row execute function refuse_change()""",
    # E24: at COMMIT what lies of a lot is what its moves say.
    """create function lot_stock_agrees() returns trigger language plpgsql as $$
    begin
      if coalesce((select s.on_hand from lot_stock s
            where (s.lot_id, s.location_id) = (new.lot_id, new.location_id)), 0)
          <> coalesce((select p.quantity from lot_proof p
            where (p.lot_id, p.location_id) = (new.lot_id, new.location_id)), 0) then
        raise exception 'stock of lot % is not what its moves say', new.lot_id
          using errcode = 'check_violation', constraint = 'ck_lot_stock_agrees';
      end if;
      return null;
    end $$""",
    """create constraint trigger lot_stock_agrees after insert or update on lot_stock
      deferrable initially deferred for each row execute function lot_stock_agrees()""",
    """create constraint trigger lot_proof_agrees after insert or update on lot_proof
      deferrable initially deferred for each row execute function lot_stock_agrees()""",
    # At COMMIT all lots of ours together are what lies of the item, and what is reserved of it.
    """create function lots_are_on_hand() returns trigger language plpgsql as $$
    begin
      if exists (select from stock_level v cross join lateral (
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
    end $$""",
    """create constraint trigger stock_level_adds_up after insert or update on stock_level
      deferrable initially deferred for each row when (new.tracking = 'lot')
      execute function lots_are_on_hand()""",
    """create constraint trigger lot_stock_adds_up after insert or update on lot_stock
      deferrable initially deferred for each row execute function lots_are_on_hand()""",
)
_FOLLOWING = {
    "released": ("inspection", "quarantine", "blocked"),
    "inspection": ("released", "quarantine", "blocked"),
    "quarantine": ("inspection", "released", "blocked"),
    "blocked": ("inspection", "quarantine"),
}
_FUNCTIONS = (
    "tracking_of_move",
    "lot_moves_at_its_places",
    "lot_stock_agrees",
    "lots_are_on_hand",
)


def upgrade() -> None:
    """Add lots; items that are there have none."""
    for statement in (*_ITEMS, *_LOCATIONS, *_LEVELS, *_TABLES, *_DOCUMENTS, *_MOVES):
        op.execute(statement)
    op.execute(_COUNTED.replace("{lots}", _COUNTED_LOTS))
    for statement in (*_PROMISES, PIN_FUNCTIONS):
        op.execute(statement)
    op.execute(transition_trigger("lot", "quality", _FOLLOWING))
    op.execute(deletion_trigger("lot"))
    for code, name, kind in (
        ("REPACKING", "Repacking", "repacking"),
        ("FOREIGN", "Stock of others", "foreign"),
    ):
        op.execute(
            "insert into location (id, version, created_at, updated_at, code, name, kind)"
            f" values ('{uuid7()}', 1, now(), now(), '{code}', '{name}', '{kind}')"
        )


def downgrade() -> None:
    """Take lots away; it is refused where items have some."""
    op.execute(_COUNTED.replace("{lots}", ""))
    op.execute("drop table lot_proof, lot_stock")
    op.execute("drop trigger stock_move_keeps_lots_apart on stock_move")
    op.execute("drop trigger stock_move_is_tracked on stock_move")
    op.execute("drop trigger stock_level_adds_up on stock_level")
    op.execute("alter table stock_move drop constraint ck_stock_move_tracked")
    op.execute("alter table stock_move drop column tracking, drop column lot_id")
    op.execute(
        """alter table stock_move add column tracking text not null
          generated always as (case when serial is null then 'none' else 'serial' end) stored"""
    )
    op.execute(
        """alter table stock_move add constraint fk_stock_move_item_id_tracking_item
          foreign key (item_id, tracking) references item (id, tracking)"""
    )
    op.execute("drop table lot")
    for table in ("opening_stock", "purchase_receipt_line", "purchase_return_line"):
        op.execute(f"alter table {table} drop column lots")
    op.execute("delete from location where kind in ('repacking', 'foreign')")
    op.execute("alter table location drop constraint ck_location_kind_known")
    op.execute(
        """alter table location add constraint ck_location_kind_known
          check (kind in ('internal', 'supplier', 'customer', 'opening', 'loss'))"""
    )
    op.execute("alter table stock_level drop constraint ck_stock_level_reserved_on_hand")
    op.execute("alter table stock_level drop column restricted")
    op.execute(
        """alter table stock_level add constraint ck_stock_level_reserved_on_hand
          check (reserved >= 0 and reserved <= on_hand)"""
    )
    op.execute("alter table item drop column picking, drop column shelf_life_days")
    op.execute("alter table item drop constraint ck_item_tracking_known")
    op.execute(
        """alter table item add constraint ck_item_tracking_known
          check (tracking in ('none', 'serial'))"""
    )
    for function in _FUNCTIONS:
        op.execute(f"drop function {function}()")

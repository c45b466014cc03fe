"""Warehouses, locations, levels, serials, moves, valuation, demand and incoming goods.

Revision ID: e20
Revises: e10
"""

from alembic import context, op

from chassis.ids import uuid7

revision = "e20"
down_revision = "e10"

_TABLES = (
    """create table warehouse (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      code text not null,
      name text not null,
      constraint pk_warehouse primary key (id),
      constraint uq_warehouse_code unique (code)
    )""",
    """create table location (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      warehouse_id uuid,
      code text not null,
      name text not null,
      kind text not null,
      constraint pk_location primary key (id),
      constraint uq_location_code unique (code),
      constraint fk_location_warehouse_id_warehouse
        foreign key (warehouse_id) references warehouse (id),
      constraint ck_location_kind_known
        check (kind in ('internal', 'supplier', 'customer', 'opening', 'loss')),
      constraint ck_location_inside_a_warehouse
        check ((kind = 'internal') = (warehouse_id is not null))
    )""",
    "create index ix_location_warehouse_id on location (warehouse_id)",
    "create unique index uq_location_outside on location (kind) where kind <> 'internal'",
    """create table stock_level (
      item_id uuid not null,
      location_id uuid not null,
      tracking text not null,
      lot text not null,
      owner text not null,
      quality text not null,
      on_hand numeric(20, 6) not null,
      reserved numeric(20, 6) not null,
      constraint pk_stock_level primary key (item_id, location_id, lot, owner, quality),
      constraint fk_stock_level_item_id_tracking_item foreign key (item_id, tracking)
        references item (id, tracking) on update cascade,
      constraint fk_stock_level_location_id_location
        foreign key (location_id) references location (id),
      constraint ck_stock_level_reserved_on_hand
        check (reserved >= 0 and reserved <= on_hand),
      constraint ck_stock_level_own_good_stock check (owner = 'own' and quality = 'good')
    )""",
    "create index ix_stock_level_location_id on stock_level (location_id)",
    """create table serial (
      id uuid not null,
      item_id uuid not null,
      number text not null,
      location_id uuid not null,
      move_id uuid not null,
      constraint pk_serial primary key (id),
      constraint uq_serial_item_id_number unique (item_id, number),
      constraint fk_serial_item_id_item foreign key (item_id) references item (id),
      constraint fk_serial_location_id_location
        foreign key (location_id) references location (id),
      constraint ck_serial_number_given check (number <> '')
    )""",
    "create index ix_serial_item_id_location_id on serial (item_id, location_id, id)",
    "create index ix_serial_number on serial (number, id)",
    """create table stock_move (
      id uuid not null,
      item_id uuid not null,
      from_location_id uuid not null,
      to_location_id uuid not null,
      lot text not null,
      serial text,
      tracking text not null
        generated always as (case when serial is null then 'none' else 'serial' end) stored,
      quantity numeric(20, 6) not null,
      value numeric(20, 4) not null,
      effective_on date not null,
      recorded_at timestamptz not null,
      source_type text not null,
      source_id uuid not null,
      memo text not null,
      order_line_id uuid,
      actor text not null,
      constraint pk_stock_move primary key (id),
      constraint fk_stock_move_item_id_tracking_item
        foreign key (item_id, tracking) references item (id, tracking),
      constraint fk_stock_move_item_id_serial_serial
        foreign key (item_id, serial) references serial (item_id, number),
      constraint fk_stock_move_from_location_id_location
        foreign key (from_location_id) references location (id),
      constraint fk_stock_move_to_location_id_location
        foreign key (to_location_id) references location (id),
      constraint ck_stock_move_two_ends check (from_location_id <> to_location_id),
      constraint ck_stock_move_quantity_positive check (quantity > 0),
      constraint ck_stock_move_serial_is_one check (serial is null or quantity = 1),
      constraint ck_stock_move_value_not_negative check (value >= 0)
    )""",
    """alter table serial add constraint fk_serial_move_id_stock_move
      foreign key (move_id) references stock_move (id)""",
    "create index ix_stock_move_item_id_recorded_at on stock_move (item_id, recorded_at, id)",
    "create index ix_stock_move_recorded_at on stock_move (recorded_at, id)",
    "create index ix_stock_move_source_id on stock_move (source_id)",
    """create index ix_stock_move_order_line_id on stock_move (order_line_id)
      where order_line_id is not null""",
    """create index ix_stock_move_serial on stock_move (item_id, serial, recorded_at, id)
      where serial is not null""",
    """create index ix_stock_move_serial_source_id on stock_move (source_id, item_id, id)
      where serial is not null""",
    """create table item_valuation (
      item_id uuid not null,
      warehouse_id uuid not null,
      quantity numeric(20, 6) not null,
      value numeric(20, 4) not null,
      constraint pk_item_valuation primary key (item_id, warehouse_id),
      constraint fk_item_valuation_item_id_item foreign key (item_id) references item (id),
      constraint fk_item_valuation_warehouse_id_warehouse
        foreign key (warehouse_id) references warehouse (id),
      constraint ck_item_valuation_not_negative check (quantity >= 0 and value >= 0),
      constraint ck_item_valuation_nothing_is_worth_nothing check (quantity > 0 or value = 0)
    )""",
    """create table demand (
      order_line_id uuid not null,
      order_id uuid not null,
      item_id uuid not null,
      location_id uuid not null,
      wanted numeric(20, 6) not null,
      reserved numeric(20, 6) not null,
      shipped numeric(20, 6) not null,
      needed_on date not null,
      promised_on date,
      place bigint generated always as identity,
      constraint pk_demand primary key (order_line_id),
      constraint fk_demand_item_id_item foreign key (item_id) references item (id),
      constraint fk_demand_location_id_location
        foreign key (location_id) references location (id),
      constraint ck_demand_within_wanted
        check (reserved >= 0 and shipped >= 0 and reserved + shipped <= wanted)
    )""",
    """create index ix_demand_waiting on demand (item_id, promised_on, place)
      where reserved + shipped < wanted""",
    "create index ix_demand_order_id on demand (order_id)",
    """create table incoming (
      source_line_id uuid not null,
      item_id uuid not null,
      quantity numeric(20, 6) not null,
      due_on date not null,
      constraint pk_incoming primary key (source_line_id),
      constraint fk_incoming_item_id_item foreign key (item_id) references item (id),
      constraint ck_incoming_quantity_positive check (quantity > 0)
    )""",
    "create index ix_incoming_item_id on incoming (item_id, due_on)",
    """create table opening_stock (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      item_id uuid not null,
      quantity numeric(20, 6) not null,
      value numeric(20, 4) not null,
      effective_on date not null,
      serials text[] not null,
      constraint pk_opening_stock primary key (id),
      constraint fk_opening_stock_item_id_item foreign key (item_id) references item (id),
      constraint ck_opening_stock_something check (quantity > 0 and value >= 0)
    )""",
    "create index ix_opening_stock_item_id on opening_stock (item_id)",
    """create table availability (
      id uuid not null,
      item_id uuid not null,
      version integer not null,
      constraint pk_availability primary key (id),
      constraint uq_availability_item_id unique (item_id),
      constraint fk_availability_item_id_item foreign key (item_id) references item (id)
    )""",
)

_LOCATIONS = (
    ("SUPPLIERS", "Suppliers", "supplier"),
    ("CUSTOMERS", "Customers", "customer"),
    ("OPENING", "Opening stock", "opening"),
    ("LOSS", "Gains and losses", "loss"),
)


_PROMISES = (
    # E24: moves are written once.
    """create trigger stock_move_is_kept before update or delete on stock_move
      for each row execute function refuse_change()""",
    """create trigger stock_move_is_not_emptied before truncate on stock_move
      for each statement execute function refuse_change()""",
    # E28: a serial is in one place; a move takes it from there, and nothing but a move does.
    """create function serial_goes_along() returns trigger language plpgsql as $$
    begin
      update serial set location_id = new.to_location_id, move_id = new.id
       where (item_id, number, location_id) = (new.item_id, new.serial, new.from_location_id);
      if not found then
        raise exception 'serial % of item % does not lie where the move takes it from',
          new.serial, new.item_id using errcode = 'check_violation';
      end if;
      return null;
    end $$""",
    """create trigger stock_move_takes_its_serial after insert on stock_move
      for each row when (new.serial is not null) execute function serial_goes_along()""",
    """create trigger serial_is_moved_only before update on serial
      for each row when (pg_trigger_depth() = 0) execute function refuse_change()""",
    """create trigger serial_is_kept before delete on serial
      for each row execute function refuse_change()""",
    """create trigger serial_is_not_emptied before truncate on serial
      for each statement execute function refuse_change()""",
    # E28: at COMMIT a new serial lies where a move brought it.
    """create function serial_has_moved() returns trigger language plpgsql as $$
    begin
      if not exists (select from serial s join stock_move m
          on (m.id, m.item_id, m.serial, m.to_location_id)
            = (s.move_id, s.item_id, s.number, s.location_id)
         where s.id = new.id) then
        raise exception 'no move brought serial % of item % to its place', new.number,
          new.item_id using errcode = 'check_violation';
      end if;
      return null;
    end $$""",
    """create constraint trigger serial_came_by_a_move after insert on serial
      deferrable initially deferred for each row execute function serial_has_moved()""",
    # E28: at COMMIT as many pieces of a tracked item are on hand as serials lie there. Of many
    # pieces that a document moves, the last one counts for all.
    """create function serials_are_on_hand() returns trigger language plpgsql as $$
    declare places uuid[];
    begin
      if tg_table_name = 'stock_level' then
        places := array[new.location_id];
      elsif exists (select from stock_move m where m.source_id = new.source_id
          and m.item_id = new.item_id and m.serial is not null and m.id > new.id) then
        return null;
      else
        places := array[new.from_location_id, new.to_location_id];
      end if;
      perform from location l where l.id = any(places) and l.kind = 'internal'
        and (select count(*) from serial s
          where s.item_id = new.item_id and s.location_id = l.id)
         <> (select coalesce(sum(v.on_hand), 0) from stock_level v
          where v.item_id = new.item_id and v.location_id = l.id);
      if found then
        raise exception 'on hand of item % are not as many pieces as serials', new.item_id
          using errcode = 'check_violation';
      end if;
      return null;
    end $$""",
    """create constraint trigger stock_level_counts_serials after insert or update on stock_level
      deferrable initially deferred for each row when (new.tracking = 'serial')
      execute function serials_are_on_hand()""",
    """create constraint trigger stock_move_counts_serials after insert on stock_move
      deferrable initially deferred for each row when (new.serial is not null)
      execute function serials_are_on_hand()""",
)


def upgrade() -> None:
    for statement in (*_TABLES, *_PROMISES):
        op.execute(statement)
    if not context.is_offline_mode():
        _seed()


def _seed() -> None:
    main = uuid7()
    op.execute(
        "insert into warehouse (id, version, created_at, updated_at, code, name)"
        f" values ('{main}', 1, now(), now(), 'MAIN', 'Main warehouse')"
    )
    rows = [f"('{uuid7()}', 1, now(), now(), '{main}', 'MAIN-STOCK', 'Main stock', 'internal')"]
    rows += [
        f"('{uuid7()}', 1, now(), now(), null, '{code}', '{name}', '{kind}')"
        for code, name, kind in _LOCATIONS
    ]
    op.execute(
        "insert into location (id, version, created_at, updated_at, warehouse_id, code, name,"
        f" kind) values {', '.join(rows)}"
    )

    _open_items()


def _open_items() -> None:
    """Each item of goods has its level, worth and availability from the start: none of all."""
    main = "(select id from location where code = 'MAIN-STOCK')"
    goods = "from item where kind = 'goods'"
    op.execute(
        "insert into stock_level (item_id, location_id, tracking, lot, owner, quality, on_hand,"
        f" reserved) select id, {main}, tracking, '', 'own', 'good', 0, 0 {goods}"
    )
    op.execute(
        "insert into item_valuation (item_id, warehouse_id, quantity, value)"
        f" select id, (select id from warehouse), 0, 0 {goods}"
    )
    op.execute(
        f"insert into availability (id, item_id, version) select gen_random_uuid(), id, 0 {goods}"
    )


def downgrade() -> None:
    op.execute("alter table serial drop constraint fk_serial_move_id_stock_move")
    op.execute(
        "drop table opening_stock, availability, incoming, demand, item_valuation, stock_move,"
        " serial, stock_level, location, warehouse"
    )
    for function in ("serial_goes_along", "serial_has_moved", "serials_are_on_hand"):
        op.execute(f"drop function {function}")

"""Warehouses, locations, stock levels, moves, valuation, demand and incoming goods.

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
      lot text not null,
      owner text not null,
      quality text not null,
      on_hand numeric(20, 6) not null,
      reserved numeric(20, 6) not null,
      constraint pk_stock_level primary key (item_id, location_id, lot, owner, quality),
      constraint fk_stock_level_item_id_item foreign key (item_id) references item (id),
      constraint fk_stock_level_location_id_location
        foreign key (location_id) references location (id),
      constraint ck_stock_level_reserved_on_hand
        check (reserved >= 0 and reserved <= on_hand),
      constraint ck_stock_level_own_good_stock check (owner = 'own' and quality = 'good')
    )""",
    "create index ix_stock_level_location_id on stock_level (location_id)",
    """create table stock_move (
      id uuid not null,
      item_id uuid not null,
      from_location_id uuid not null,
      to_location_id uuid not null,
      lot text not null,
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
      constraint fk_stock_move_item_id_item foreign key (item_id) references item (id),
      constraint fk_stock_move_from_location_id_location
        foreign key (from_location_id) references location (id),
      constraint fk_stock_move_to_location_id_location
        foreign key (to_location_id) references location (id),
      constraint ck_stock_move_two_ends check (from_location_id <> to_location_id),
      constraint ck_stock_move_quantity_positive check (quantity > 0),
      constraint ck_stock_move_value_not_negative check (value >= 0)
    )""",
    "create index ix_stock_move_item_id_recorded_at on stock_move (item_id, recorded_at, id)",
    "create index ix_stock_move_recorded_at on stock_move (recorded_at, id)",
    "create index ix_stock_move_source_id on stock_move (source_id)",
    """create index ix_stock_move_order_line_id on stock_move (order_line_id)
      where order_line_id is not null""",
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


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)
    op.execute(
        """create trigger stock_move_is_kept before update or delete on stock_move
          for each row execute function refuse_change()"""
    )
    op.execute(
        """create trigger stock_move_is_not_emptied before truncate on stock_move
          for each statement execute function refuse_change()"""
    )
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
        "insert into stock_level (item_id, location_id, lot, owner, quality, on_hand, reserved)"
        f" select id, {main}, '', 'own', 'good', 0, 0 {goods}"
    )
    op.execute(
        "insert into item_valuation (item_id, warehouse_id, quantity, value)"
        f" select id, (select id from warehouse), 0, 0 {goods}"
    )
    op.execute(
        f"insert into availability (id, item_id, version) select gen_random_uuid(), id, 0 {goods}"
    )


def downgrade() -> None:
    op.execute(
        "drop table opening_stock, availability, incoming, demand, item_valuation, stock_move,"
        " stock_level, location, warehouse"
    )

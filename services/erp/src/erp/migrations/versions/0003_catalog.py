"""Units, item categories, items, price lists and prices.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import context, op

from chassis.ids import uuid7

revision = "0003"
down_revision = "0002"

_UNITS = (
    ("C62", "piece", 0),
    ("PR", "pair", 0),
    ("SET", "set", 0),
    ("DZN", "dozen", 0),
    ("BX", "box", 0),
    ("CT", "carton", 0),
    ("PK", "pack", 0),
    ("PF", "pallet", 0),
    ("BG", "bag", 0),
    ("BO", "bottle", 0),
    ("CA", "can", 0),
    ("RO", "roll", 0),
    ("KGM", "kilogram", 6),
    ("GRM", "gram", 3),
    ("TNE", "tonne", 6),
    ("LBR", "pound", 6),
    ("LTR", "litre", 6),
    ("MLT", "millilitre", 3),
    ("MTQ", "cubic metre", 6),
    ("MTR", "metre", 6),
    ("CMT", "centimetre", 3),
    ("MMT", "millimetre", 3),
    ("MTK", "square metre", 6),
    ("HUR", "hour", 4),
    ("MIN", "minute", 2),
    ("DAY", "day", 4),
    ("MON", "month", 4),
    ("KWH", "kilowatt hour", 6),
)
"""Codes of UN/ECE Recommendation 20 (packages: 21), and how finely each is counted."""

_TABLES = (
    """create table unit (
      code text not null,
      name text not null,
      decimals smallint not null,
      constraint pk_unit primary key (code),
      constraint ck_unit_code_form check (code ~ '^[A-Z0-9]{2,3}$'),
      constraint ck_unit_decimals_range check (decimals between 0 and 6)
    )""",
    """create table item_category (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      code text not null,
      name text not null,
      sort_key text collate "C" not null,
      parent_id uuid,
      constraint pk_item_category primary key (id),
      constraint uq_item_category_code unique (code),
      constraint fk_item_category_parent_id_item_category
        foreign key (parent_id) references item_category (id),
      constraint ck_item_category_name_given check (name <> ''),
      constraint ck_item_category_parent_is_another check (parent_id <> id)
    )""",
    "create index ix_item_category_parent_id on item_category (parent_id)",
    "create index ix_item_category_created_at on item_category (created_at, id)",
    "create index ix_item_category_updated_at on item_category (updated_at, id)",
    "create index ix_item_category_sort_key on item_category (sort_key, id)",
    """create table item (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      sku text not null,
      name text not null,
      sort_key text collate "C" not null,
      description text not null,
      category_id uuid,
      kind text not null,
      tracking text not null,
      unit text not null,
      barcode text not null,
      sold boolean not null,
      bought boolean not null,
      discontinued_on date,
      status text not null,
      search text not null generated always as (
        lower(sku || ' ' || name || ' ' || barcode || ' ' || replace(sort_key, ' ', ''))) stored,
      constraint pk_item primary key (id),
      constraint uq_item_sku unique (sku),
      constraint uq_item_id_tracking unique (id, tracking),
      constraint fk_item_category_id_item_category
        foreign key (category_id) references item_category (id),
      constraint fk_item_unit_unit foreign key (unit) references unit (code),
      constraint ck_item_named check (sku <> '' and name <> ''),
      constraint ck_item_kind_known check (kind in ('goods', 'service')),
      constraint ck_item_tracking_known check (tracking in ('none', 'serial')),
      constraint ck_item_goods_tracked check (tracking = 'none' or kind = 'goods'),
      constraint ck_item_status_known check (status in ('active', 'archived'))
    )""",
    "create index ix_item_created_at on item (created_at, id)",
    "create index ix_item_status_created_at on item (status, created_at, id)",
    "create index ix_item_updated_at on item (updated_at, id)",
    "create index ix_item_sort_key on item (sort_key, id)",
    "create index ix_item_category_id_created_at on item (category_id, created_at, id)",
    "create index ix_item_barcode on item (barcode) where barcode <> ''",
    "create index ix_item_search on item using gin (search gin_trgm_ops)",
    """create table item_unit (
      item_id uuid not null,
      unit text not null,
      numerator bigint not null,
      denominator bigint not null,
      constraint pk_item_unit primary key (item_id, unit),
      constraint fk_item_unit_item_id_item
        foreign key (item_id) references item (id) on delete cascade,
      constraint fk_item_unit_unit_unit foreign key (unit) references unit (code),
      constraint ck_item_unit_ratio_positive check (numerator > 0 and denominator > 0)
    )""",
    """create table price_list (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      code text not null,
      name text not null,
      sort_key text collate "C" not null,
      currency text not null,
      is_default boolean not null,
      constraint pk_price_list primary key (id),
      constraint uq_price_list_code unique (code),
      constraint ck_price_list_name_given check (name <> '')
    )""",
    "create index ix_price_list_created_at on price_list (created_at, id)",
    "create index ix_price_list_sort_key on price_list (sort_key, id)",
    "create unique index uq_price_list_is_default on price_list (is_default) where is_default",
    """create table price (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      item_id uuid not null,
      price_list_id uuid not null,
      min_quantity numeric(20, 6) not null,
      valid_from date,
      valid_to date,
      amount numeric(20, 6) not null,
      status text not null,
      constraint pk_price primary key (id),
      constraint fk_price_item_id_item foreign key (item_id) references item (id),
      constraint fk_price_price_list_id_price_list
        foreign key (price_list_id) references price_list (id),
      constraint ck_price_min_quantity_positive check (min_quantity > 0),
      constraint ck_price_amount_not_negative check (amount >= 0),
      constraint ck_price_period_in_order check (valid_to >= valid_from),
      constraint ck_price_status_known check (status in ('active', 'withdrawn')),
      constraint ex_price_overlap exclude using gist (
        item_id with =, price_list_id with =, min_quantity with =,
        daterange(valid_from, valid_to, '[]') with &&) where (status = 'active')
    )""",
    "create index ix_price_item_id_price_list_id on price (item_id, price_list_id)",
    "create index ix_price_price_list_id_created_at on price (price_list_id, created_at, id)",
    "create index ix_price_created_at on price (created_at, id)",
    "create index ix_price_updated_at on price (updated_at, id)",
)


def upgrade() -> None:
    """Create the tables, the usual units, and the standard price list."""
    for statement in _TABLES:
        op.execute(statement)
    unit = sa.table("unit", sa.column("code"), sa.column("name"), sa.column("decimals"))
    op.bulk_insert(
        unit, [{"code": code, "name": name, "decimals": digits} for code, name, digits in _UNITS]
    )
    settings = context.config.attributes["service"].settings()
    op.execute(
        sa.text(
            """insert into price_list
                (id, version, created_at, updated_at, code, name, sort_key, currency, is_default)
              values (:id, 1, now(), now(), 'standard', 'Standard', 'standard', :currency, true)"""
        ).bindparams(id=uuid7(), currency=settings.currency)
    )


def downgrade() -> None:
    """Drop the tables."""
    op.execute("drop table price, price_list, item_unit, item, item_category, unit")

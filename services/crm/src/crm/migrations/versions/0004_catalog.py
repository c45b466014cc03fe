"""Products and their prices.

Revision ID: 0004
Revises: 0003
"""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create both tables."""
    op.execute(
        """create table product (
          id uuid not null,
          version integer not null,
          created_at timestamptz not null,
          updated_at timestamptz not null,
          code text not null,
          name text not null,
          sort_key text collate "C" not null,
          description text not null,
          category text not null,
          unit text not null,
          active boolean not null,
          discontinued_on date,
          currency text not null,
          list_price numeric(20, 6),
          master text not null,
          search text not null generated always as (
            lower(code || ' ' || name || ' ' || category
              || ' ' || replace(sort_key, ' ', ''))) stored,
          constraint pk_product primary key (id),
          constraint uq_product_code unique (code),
          constraint ck_product_code_given check (code <> ''),
          constraint ck_product_name_given check (name <> ''),
          constraint ck_product_master_known check (master in ('own', 'erp')),
          constraint ck_product_list_price_not_negative check (list_price >= 0)
        )"""
    )
    for columns in ("created_at", "active, created_at", "category, created_at", "updated_at"):
        name = columns.replace(", ", "_")
        op.execute(f"create index ix_product_{name} on product ({columns}, id)")
    op.execute("create index ix_product_sort_key on product (sort_key, id)")
    op.execute("create index ix_product_search on product using gin (search gin_trgm_ops)")
    op.execute(
        """create table product_price (
          id uuid not null,
          version integer not null,
          created_at timestamptz not null,
          updated_at timestamptz not null,
          product_id uuid not null,
          price_list text not null,
          min_quantity numeric(20, 6) not null,
          valid_from date,
          valid_to date,
          amount numeric(20, 6) not null,
          currency text not null,
          status text not null,
          master text not null,
          constraint pk_product_price primary key (id),
          constraint fk_product_price_product_id_product
            foreign key (product_id) references product (id),
          constraint ck_product_price_min_quantity_positive check (min_quantity > 0),
          constraint ck_product_price_amount_not_negative check (amount >= 0),
          constraint ck_product_price_period_in_order check (valid_to >= valid_from),
          constraint ck_product_price_status_known check (status in ('active', 'withdrawn')),
          constraint ck_product_price_master_known check (master in ('own', 'erp')),
          constraint ex_product_price_period exclude using gist (
            product_id with =, price_list with =, min_quantity with =,
            daterange(valid_from, valid_to, '[]') with &&
          ) where (status = 'active' and master = 'own')
        )"""
    )
    op.execute("create index ix_product_price_created_at on product_price (created_at, id)")
    op.execute("create index ix_product_price_updated_at on product_price (updated_at, id)")
    op.execute(
        """create index ix_product_price_product_id_created_at
            on product_price (product_id, created_at, id)"""
    )


def downgrade() -> None:
    """Drop both tables."""
    op.execute("drop table product_price, product")

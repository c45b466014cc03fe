"""Customers and suppliers.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"

_COMMON = """
  id uuid not null,
  version integer not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  number text not null,
  name text not null,
  sort_key text collate "C" not null,
  legal_name text not null,
  tax_id text not null,
  email text not null,
  phone text not null,
  website text not null,
  language text not null,
  currency text not null,
  payment_terms_days integer not null,
  status text not null,
  search text not null generated always as (
    lower(number || ' ' || name || ' ' || legal_name || ' ' || email || ' ' || tax_id
      || ' ' || replace(sort_key, ' ', ''))) stored,"""

_RULES = """
  constraint pk_{table} primary key (id),
  constraint uq_{table}_number unique (number),
  constraint ck_{table}_name_given check (name <> ''),
  constraint ck_{table}_status_known check (status in ('active', 'archived')),
  constraint ck_{table}_payment_terms_days_range check (payment_terms_days between 0 and 3650)"""

_INDEXES = (
    "create index ix_{table}_created_at on {table} (created_at, id)",
    "create index ix_{table}_status_created_at on {table} (status, created_at, id)",
    "create index ix_{table}_updated_at on {table} (updated_at, id)",
    "create index ix_{table}_sort_key on {table} (sort_key, id)",
    "create index ix_{table}_tax_id on {table} (tax_id) where tax_id <> ''",
    "create index ix_{table}_email on {table} (lower(email)) where email <> ''",
    "create index ix_{table}_search on {table} using gin (search gin_trgm_ops)",
)


def upgrade() -> None:
    """Create both tables and the sequences of their numbers."""
    op.execute("create sequence customer_number_seq")
    op.execute("create sequence supplier_number_seq")
    op.execute(
        f"""create table customer ({_COMMON}
          bill_to jsonb not null,
          ship_to jsonb not null,
          credit_limit numeric(20, 4),
          dunning_block boolean not null,
          constraint ck_customer_credit_limit_not_negative check (credit_limit >= 0),
          {_RULES.format(table="customer")})"""
    )
    op.execute(
        f"""create table supplier ({_COMMON}
          address jsonb not null,
          {_RULES.format(table="supplier")})"""
    )
    for statement in _INDEXES:
        op.execute(statement.format(table="customer"))
        op.execute(statement.format(table="supplier"))
    op.execute(
        """create unique index uq_customer_tax_id on customer (tax_id)
            where status = 'active' and tax_id <> ''"""
    )


def downgrade() -> None:
    """Drop both tables and their sequences."""
    op.execute("drop table supplier, customer")
    op.execute("drop sequence supplier_number_seq")
    op.execute("drop sequence customer_number_seq")

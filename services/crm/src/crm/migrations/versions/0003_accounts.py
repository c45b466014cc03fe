"""Accounts and contacts.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"

_COMMON = """
  id uuid not null,
  version integer not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  name text not null,
  sort_key text collate "C" not null,
  email text not null,
  email_key text not null,
  phone_raw text not null,
  phone_e164 text not null,
  phone_digits text not null,
  status text not null,"""

_SEARCH = """
  search text not null generated always as (
    lower(name || ' ' || email || ' ' || phone_raw || ' ' || phone_digits
      || ' ' || replace(sort_key, ' ', ''){more})) stored,"""

_RULES = """
  constraint pk_{table} primary key (id),
  constraint ck_{table}_name_given check (name <> ''),
  constraint ck_{table}_status_known check (status in ('active', 'archived'))"""

_INDEXES = (
    "create index ix_{table}_created_at on {table} (created_at, id)",
    "create index ix_{table}_status_created_at on {table} (status, created_at, id)",
    "create index ix_{table}_updated_at on {table} (updated_at, id)",
    "create index ix_{table}_sort_key on {table} (sort_key, id)",
    "create index ix_{table}_email_key on {table} (email_key) where email_key <> ''",
    """create index ix_{table}_phone_tail on {table} (right(phone_digits, 8))
        where phone_digits <> ''""",
    "create index ix_{table}_search on {table} using gin (search gin_trgm_ops)",
)


def upgrade() -> None:
    """Create both tables."""
    searched = " || ' ' || tax_id || ' ' || coalesce(erp_customer_number, '')"
    op.execute(
        f"""create table account ({_COMMON}
          kind text not null,
          stage text not null,
          tax_id text not null,
          website text not null,
          industry text not null,
          segment text not null,
          owner_id uuid,
          language text not null,
          currency text not null,
          billing_address jsonb not null,
          shipping_address jsonb not null,
          erp_customer_number text,
          erp_credit_limit numeric(20, 4),
          erp_payment_terms_days integer,
          erp_dunning_block boolean not null,
          {_SEARCH.format(more=searched)}
          constraint fk_account_owner_id_staff_member
            foreign key (owner_id) references staff_member (id),
          constraint ck_account_kind_known check (kind in ('company', 'person')),
          constraint ck_account_stage_known check (stage in ('prospect', 'customer')),
          constraint ck_account_erp_credit_limit_not_negative check (erp_credit_limit >= 0),
          {_RULES.format(table="account")})"""
    )
    op.execute("create index ix_account_stage_created_at on account (stage, created_at, id)")
    op.execute("create index ix_account_owner_id_created_at on account (owner_id, created_at, id)")
    op.execute("create index ix_account_tax_id on account (tax_id) where tax_id <> ''")
    op.execute(
        f"""create table contact ({_COMMON}
          account_id uuid not null,
          title text not null,
          consent_email text not null,
          consent_phone text not null,
          is_primary boolean not null,
          {_SEARCH.format(more=" || ' ' || title")}
          constraint fk_contact_account_id_account
            foreign key (account_id) references account (id),
          constraint ck_contact_consent_email_known
            check (consent_email in ('unknown', 'granted', 'refused')),
          constraint ck_contact_consent_phone_known
            check (consent_phone in ('unknown', 'granted', 'refused')),
          {_RULES.format(table="contact")})"""
    )
    op.execute(
        """create index ix_contact_account_id_created_at
            on contact (account_id, created_at, id)"""
    )
    op.execute(
        """create unique index uq_contact_primary on contact (account_id)
            where is_primary and status = 'active'"""
    )
    for statement in _INDEXES:
        op.execute(statement.format(table="account"))
        op.execute(statement.format(table="contact"))


def downgrade() -> None:
    """Drop both tables."""
    op.execute("drop table contact, account")

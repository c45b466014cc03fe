"""Persons among customers and suppliers are erased, and imports do not bring them back.

Revision ID: e470
Revises: e481
"""

from alembic import op

from records.erasure import outbox, tables

revision = "e470"
down_revision = "e481"

_PARTIES = ("customer", "supplier")
_EMPTY = (
    "name = '[erased]' and kind = 'person' and status = 'archived' and legal_name = ''"
    " and tax_id = '' and email = '' and phone = '' and website = ''"
)
_RETAINED = """create table retained_party (
  record_type text not null,
  record_id uuid not null,
  name text not null,
  legal_name text not null,
  tax_id text not null,
  address jsonb not null,
  retained_until date not null,
  constraint pk_retained_party primary key (record_type, record_id),
  constraint ck_retained_party_record_type_known check (record_type in ('customer', 'supplier'))
)"""


def upgrade() -> None:
    """Add the columns and tables, and let events be redacted."""
    for table in _PARTIES:
        op.execute(f"alter table {table} add column kind text not null default 'company'")
        op.execute(f"alter table {table} add column erased_at timestamptz")
        for name, rule in (
            ("kind_known", "kind in ('company', 'person')"),
            ("erased_is_empty", f"erased_at is null or ({_EMPTY})"),
        ):
            named = f"ck_{table}_{name}"
            op.execute(f"alter table {table} add constraint {named} check ({rule}) not valid")
            op.execute(f"alter table {table} validate constraint {named}")
        op.execute(
            f"create index ix_{table}_erased_at on {table} (erased_at) where erased_at is not null"
        )
    op.execute(_RETAINED)
    op.execute("create index ix_retained_party_retained_until on retained_party (retained_until)")
    for statement in (tables.ERASED_USERS, *tables.DDL, *outbox.DDL):
        op.execute(statement)


def downgrade() -> None:
    """Take them back."""
    for statement in (*outbox.DROP, *tables.DROP):
        op.execute(statement)
    op.execute("drop table retained_party")
    op.execute("alter table local_user drop constraint ck_local_user_erased")
    for table in _PARTIES:
        op.execute(f"alter table {table} drop column kind, drop column erased_at")

"""Persons are erased: their records are marked, and imports do not bring them back.

Revision ID: 0411
Revises: 0431
"""

from alembic import op

from records.erasure import outbox, tables

revision = "0411"
down_revision = "0431"

_EMPTY = (
    "name = '[erased]' and email = '' and phone_raw = '' and phone_e164 = ''"
    " and status = 'archived'"
)
_RULES = {
    "account": f"{_EMPTY} and kind = 'person' and tax_id = '' and website = ''",
    "contact": f"{_EMPTY} and title = '' and not is_primary",
}


def upgrade() -> None:
    """Add the columns and tables, and let events be redacted."""
    for table, rule in _RULES.items():
        op.execute(f"alter table {table} add column erased_at timestamptz")
        name = f"ck_{table}_erased_is_empty"
        check = f"check (erased_at is null or ({rule}))"
        op.execute(f"alter table {table} add constraint {name} {check} not valid")
        op.execute(f"alter table {table} validate constraint {name}")
    for statement in (*tables.DDL, *outbox.DDL):
        op.execute(statement)


def downgrade() -> None:
    """Take them back."""
    for statement in (*outbox.DROP, *tables.DROP):
        op.execute(statement)
    for table in _RULES:
        op.execute(f"alter table {table} drop column erased_at")

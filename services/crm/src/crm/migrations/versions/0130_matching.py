"""Records of one firm are found however each was written.

Revision ID: 0130
Revises: 0160
"""

from collections.abc import Iterator
from typing import Any

import orjson
from alembic import op
from sqlalchemy import text

from values.address import Address
from values.matching import match_keys

revision = "0130"
down_revision = "0160"

BATCH = 1_000

_COLUMNS = """alter table {0}
  add column match_email text not null default '',
  add column match_phone text not null default ''"""
_OF_ACCOUNTS = """alter table account
  add column match_tax_id text not null default '',
  add column match_name text not null default '',
  add column match_places text[] not null default '{}'"""

_READ = {
    "account": """select id, name, tax_id, email, coalesce(nullif(phone_e164, ''), phone_raw) phone,
        billing_address, shipping_address from account where id > :after order by id limit :many""",
    "contact": """select id, email, coalesce(nullif(phone_e164, ''), phone_raw) phone
        from contact where id > :after order by id limit :many""",
}
_WRITE = {
    "account": """update account a set match_tax_id = k.tax_id, match_email = k.email,
        match_phone = k.phone, match_name = k.name,
        match_places = array(select jsonb_array_elements_text(k.places))
      from jsonb_to_recordset(cast(:keys as jsonb)) as
        k(id uuid, tax_id text, email text, phone text, name text, places jsonb)
      where a.id = k.id""",
    "contact": """update contact c set match_email = k.email, match_phone = k.phone
      from jsonb_to_recordset(cast(:keys as jsonb)) as k(id uuid, email text, phone text)
      where c.id = k.id""",
}
_INDEXES = (
    *(
        f"create index ix_account_{key} on account ({key}, id) where {key} <> ''"
        for key in ("match_tax_id", "match_name")
    ),
    *(
        statement.format(table)
        for table in ("account", "contact")
        for statement in (
            "create index ix_{0}_match_email on {0} (match_email, id) where match_email <> ''",
            """create index ix_{0}_match_phone on {0} (right(match_phone, 8))
              where match_phone <> ''""",
        )
    ),
)


def upgrade() -> None:
    """Add what is compared, in batches for the records that are there, and index it."""
    op.execute(_OF_ACCOUNTS)
    for table in ("account", "contact"):
        op.execute(_COLUMNS.format(table))
        for rows in _batches(_READ[table]):
            keys = orjson.dumps([_keys(row) for row in rows]).decode()
            op.get_bind().execute(text(_WRITE[table]), {"keys": keys})
    for statement in _INDEXES:
        op.execute(statement)


def downgrade() -> None:
    """Compare no more."""
    op.execute("alter table account drop match_tax_id, drop match_name, drop match_places")
    for table in ("account", "contact"):
        op.execute(f"alter table {table} drop match_email, drop match_phone")


def _batches(statement: str) -> Iterator[list[dict[str, Any]]]:
    after = "00000000-0000-0000-0000-000000000000"
    read = text(statement)
    while rows := op.get_bind().execute(read, {"after": after, "many": BATCH}).mappings().all():
        yield [dict(row) for row in rows]
        after = rows[-1]["id"]


def _keys(row: dict[str, Any]) -> dict[str, Any]:
    addresses = [row.get("billing_address"), row.get("shipping_address")]
    keys = match_keys(
        tax_id=row.get("tax_id", ""),
        email=row["email"],
        phone=row["phone"],
        name=row.get("name", ""),
        addresses=[Address.model_validate(one) for one in addresses if one],
    )
    return {
        "id": str(row["id"]),
        "tax_id": keys.tax_id,
        "email": keys.email,
        "phone": keys.phone,
        "name": keys.name,
        "places": keys.places,
    }

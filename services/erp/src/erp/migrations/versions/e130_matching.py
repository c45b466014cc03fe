"""Records of one firm are found however each was written.

Revision ID: e130
Revises: e191
"""

from collections.abc import Iterator
from typing import Any

import orjson
from alembic import op
from sqlalchemy import text

from values.address import Address
from values.matching import match_keys

revision = "e130"
down_revision = "e191"

BATCH = 1_000

_COLUMNS = """alter table customer
  add column match_tax_id text not null default '',
  add column match_email text not null default '',
  add column match_phone text not null default '',
  add column match_name text not null default '',
  add column match_legal_name text not null default '',
  add column match_places text[] not null default '{}'"""
_READ = """select id, name, legal_name, tax_id, email, phone, bill_to, ship_to from customer
  where id > :after order by id limit :many"""
_WRITE = """update customer c set match_tax_id = k.tax_id, match_email = k.email,
    match_phone = k.phone, match_name = k.name, match_legal_name = k.legal_name,
    match_places = array(select jsonb_array_elements_text(k.places))
  from jsonb_to_recordset(cast(:keys as jsonb)) as k(
    id uuid, tax_id text, email text, phone text, name text, legal_name text, places jsonb)
  where c.id = k.id"""
_INDEXES = (
    *(
        f"create index ix_customer_{key} on customer ({key}, id) where {key} <> ''"
        for key in ("match_tax_id", "match_email", "match_name", "match_legal_name")
    ),
    """create index ix_customer_match_phone on customer (right(match_phone, 8))
      where match_phone <> ''""",
)


def upgrade() -> None:
    """Add what is compared, in batches for the records that are there, and index it."""
    op.execute(_COLUMNS)
    for rows in _batches():
        keys = orjson.dumps([_keys(row) for row in rows]).decode()
        op.get_bind().execute(text(_WRITE), {"keys": keys})
    for statement in _INDEXES:
        op.execute(statement)


def downgrade() -> None:
    """Compare no more."""
    op.execute(
        """alter table customer drop match_tax_id, drop match_email, drop match_phone,
          drop match_name, drop match_legal_name, drop match_places"""
    )


def _batches() -> Iterator[list[dict[str, Any]]]:
    after = "00000000-0000-0000-0000-000000000000"
    read = text(_READ)
    while rows := op.get_bind().execute(read, {"after": after, "many": BATCH}).mappings().all():
        yield [dict(row) for row in rows]
        after = rows[-1]["id"]


def _keys(row: dict[str, Any]) -> dict[str, Any]:
    keys = match_keys(
        tax_id=row["tax_id"],
        email=row["email"],
        phone=row["phone"],
        name=row["name"],
        legal_name=row["legal_name"],
        addresses=[Address.model_validate(row[one]) for one in ("bill_to", "ship_to")],
    )
    return {
        "id": str(row["id"]),
        "tax_id": keys.tax_id,
        "email": keys.email,
        "phone": keys.phone,
        "name": keys.name,
        "legal_name": keys.legal_name,
        "places": keys.places,
    }

"""Traces of a person: in which tables of a service something of it still stands."""

from collections.abc import Collection
from typing import Any

import asyncpg

from identity.testing.service import ServiceUnderTest
from records.types import RecordType

__all__ = ["impersonal_columns", "traces"]

_TELL_NOTHING = {
    *("UUID", "Uuid", "DateTime", "Integer", "BigInteger", "Boolean", "Numeric", "TIMESTAMP")
}


async def traces(half: ServiceUnderTest, words: Collection[str]) -> set[tuple[str, str]]:
    """Tables of the service that still hold one of the words, and which; every table is read."""
    address = half.settings.migration_database_url
    assert address is not None
    owner = await asyncpg.connect(address.get_secret_value())
    try:
        tables = await owner.fetch(
            """select relname from pg_class c join pg_namespace n on n.oid = relnamespace
                where nspname = 'public' and relkind = 'r'"""
        )
        found = set()
        for table in tables:
            rows = await owner.fetch(f'select t::text as row from "{table["relname"]}" t')
            text = " ".join(row["row"] for row in rows)
            hidden = [one for one in words if one in text or one.encode().hex() in text]
            found |= {(table["relname"], one) for one in hidden}
        return found
    finally:
        await owner.close()


def impersonal_columns(kind: RecordType[Any, Any]) -> frozenset[str]:
    """Columns of the type that hold text, but for those that are marked as personal."""
    columns = kind.entity.__table__.columns
    text = {one.name for one in columns if type(one.type).__name__ not in _TELL_NOTHING}
    assert kind.personal is not None
    assert kind.personal.columns <= text
    return frozenset(text - kind.personal.columns)

"""Where the CRM names a person beside the person's own record."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.storage.reading import Reading

__all__ = ["events_of", "orders_of", "places_of"]

_ORDERS = """select id, number, ordered_on, ship_to, note from customer_order
  where account_id = $1 and ($2::text[] is null or ship_to->>'contact' = any($2))
  order by ordered_on, id"""
_PLACES = """select count(*) from account where id = $1
  and (billing_address->>'contact' = any($2) or shipping_address->>'contact' = any($2))"""
_EVENTS = """select o.type, o.occurred_at, {data} as data
  from outbox_version v join outbox o on o.id = v.outbox_id {parts}
  where v.aggregate_id = any($1::uuid[]) {only} order by o.occurred_at, o.id"""
_OWN = _EVENTS.format(data="o.payload", parts="", only="")
_OF_CONTACTS = _EVENTS.format(
    data="part.value",
    parts="cross join lateral jsonb_array_elements(o.payload->'contacts') part(value)",
    only="and (part.value->>'id')::uuid = any($2::uuid[])",
)


async def orders_of(
    at: Reading, account_id: UUID, names: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """What orders of the account say of persons; only those that go to one of the names."""
    rows = await at.sql.fetch(_ORDERS, account_id, names)
    return [dict(row) | {"document_type": "order"} for row in rows]


async def places_of(at: Reading, account_id: UUID, names: Sequence[str]) -> int:
    """1 where an address of the account names one of the persons, else 0."""
    return int(await at.sql.fetchval(_PLACES, account_id, names))


async def events_of(
    at: Reading, aggregates: Sequence[UUID], *, account_id: UUID, contact_ids: Sequence[UUID]
) -> list[dict[str, Any]]:
    """What was published of records, and by their account of its contacts, as far as it is kept."""
    own = await at.sql.fetch(_OWN, aggregates)
    # Accounts published their contacts themselves before contacts had events of their own.
    parts = await at.sql.fetch(_OF_CONTACTS, [account_id], contact_ids)
    return sorted(map(dict, [*own, *parts]), key=lambda one: one["occurred_at"])

"""Where the CRM names a person beside the person's own record."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work

__all__ = ["events_of_contacts", "orders_of", "places_of", "wipe_approval_notes"]

_ORDERS = """select id, number, ordered_on, ship_to, note from customer_order
  where account_id = $1 and ($2::text[] is null or ship_to->>'contact' = any($2))
  order by ordered_on, id"""
_NO_NOTES = """with of_person as (
    select a.id from approval a join quote q on q.id = a.subject_id and a.kind = 'quote'
     where q.account_id = $1 or q.contact_id = any($2::uuid[])),
  said as (
    update approval_decision d set reason = '' from of_person
     where d.approval_id = of_person.id and d.reason <> '' returning d.approval_id),
  emptied as (
    update approval a set note = '' from of_person
     where a.id = of_person.id and a.note <> '')
  select count(distinct approval_id) from said"""
_PLACES = """select count(*) from account where id = $1
  and (billing_address->>'contact' = any($2) or shipping_address->>'contact' = any($2))"""
_OF_CONTACTS = """select o.type, o.occurred_at, part.value as data
  from outbox_version v join outbox o on o.id = v.outbox_id
    cross join lateral jsonb_array_elements(o.payload->'contacts') part(value)
  where v.aggregate_id = $1 and (part.value->>'id')::uuid = any($2::uuid[])"""


async def orders_of(
    at: Reading, account_id: UUID, names: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """What orders of the account say of persons; only those that go to one of the names."""
    rows = await at.sql.fetch(_ORDERS, account_id, names)
    return [dict(row) | {"document_type": "order"} for row in rows]


async def places_of(at: Reading, account_id: UUID, names: Sequence[str]) -> int:
    """1 where an address of the account names one of the persons, else 0."""
    return int(await at.sql.fetchval(_PLACES, account_id, names))


async def wipe_approval_notes(
    work: Work, account_id: UUID | None, contact_ids: Collection[UUID]
) -> int:
    """Empty what was said at decisions about quotes for the persons; of how many approvals."""
    return int(await work.sql.fetchval(_NO_NOTES, account_id, list(contact_ids)))


async def events_of_contacts(
    at: Reading, account_id: UUID, contact_ids: Sequence[UUID]
) -> list[dict[str, Any]]:
    """What an account published of contacts before contacts had events of their own."""
    rows = await at.sql.fetch(_OF_CONTACTS, account_id, list(contact_ids))
    return [dict(row) for row in rows]

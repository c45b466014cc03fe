"""A person who was erased in one half is erased in the other, and in all that the bridge keeps.

What the bridge still receives of the record is not kept and does not cross: so no older event, from
whichever source and however late, brings the person back.
"""

from collections.abc import Collection
from uuid import UUID

from chassis.work.unit_of_work import Work
from sync_bridge.lanes.deliveries import Delivered, Delivery
from sync_bridge.messages.erasure import PersonErased
from sync_bridge.states import EventOutcome

__all__ = ["deliver_erasure", "forget_persons"]

_TWINS = """select crm_id, erp_id from pair
  where entity = 'customer' and (crm_id = any($1::uuid[]) or erp_id = any($1::uuid[]))"""
_ERASED = """insert into erased_subject (subject, erased_at)
  select subject, $2 from unnest($1::uuid[]) as n(subject) order by subject
  on conflict (subject) do nothing"""
_LANES = """select key from lane where subject = any($1::uuid[])
    and kind in ('crm.customer', 'erp.customer') order by key for update"""
_PENDING = """update inbox set state = 'ignored', outcome = 'not_carried', settled_at = $2
  where lane = any($1::text[]) and settled_at is null"""
_IDLE = """update lane set pending = 0, state = 'idle', since = $2, waits_for = null,
    reason = null, detail = null, blocked_version = null, failing_since = null, attempts = 0,
    refusals = 0, lease_until = null, lease_epoch = lease_epoch + 1, version = version + 1,
    name = '', name_key = ''
  where key = any($1::text[])"""
_IDS = "select convert_to(n.id, 'UTF8') as id from unnest($1::text[]) n(id)"
_INBOX = f"""update inbox i set data = '{{}}' where settled_at is not null and data <> '{{}}'
  and (subject = any($2::uuid[]) or exists (
    select from ({_IDS}) n where position(n.id in i.data) > 0))"""
_QUARANTINE = f"""update quarantine q set raw = '{{}}', headers = '{{}}', note = ''
  where subject = any($2::uuid[]) or exists (
    select from ({_IDS}) n where position(n.id in q.raw) > 0)"""
_REPLIES = f"""update idempotency_key k set reply = '{{}}' where exists (
    select from ({_IDS}) n where position(n.id in k.reply) > 0)"""
_REVIEWS = """update review r set
    candidates = (select coalesce(jsonb_agg(
        case when r.subject = any($1::uuid[]) or (c.value->>'id')::uuid = any($1::uuid[])
          then c.value || '{"label": "", "number": "", "name": ""}' else c.value end
        order by c.place), '[]')
      from jsonb_array_elements(r.candidates) with ordinality c(value, place)),
    note = '', version = version + 1, updated_at = $3,
    state = case when state = 'open' and subject = any($1::uuid[])
      then 'withdrawn' else state end
  where subject = any($1::uuid[]) or candidates @> any($2::jsonb[])"""
_DIFFERENCES = """update difference set number = '', name = '', reason = '',
    fields = case when fields = '[]' then fields else '["erased"]' end
  where crm_id = any($1::uuid[]) or erp_id = any($1::uuid[])"""
_BY_SUBJECT = (
    "delete from creation where entity = 'customer' and id = any($1::uuid[])",
    "delete from shadow where entity = 'customer' and id = any($1::uuid[])",
    "delete from compared_record where entity = 'customer' and id = any($1::uuid[])",
    _DIFFERENCES,
)
_BY_LANE = (
    "update lane_act set note = '' where lane = any($1::text[])",
    "update hole set note = '' where lane = any($1::text[])",
)


async def deliver_erasure(delivery: Delivery) -> Delivered:
    """Erase across what crosses of the person; safe to repeat. Raises DeliveryStopped."""
    message, calls = delivery.message, delivery.calls
    if not isinstance(message, PersonErased):
        raise TypeError(type(message).__name__)
    crossing = [one for one in message.records if one.record_type == calls.flow.erases]
    for one in crossing:
        await calls.erase(one.record_id)
    erased = tuple(one.record_id for one in message.records)
    outcome = EventOutcome.APPLIED if crossing else EventOutcome.NOT_CARRIED
    return Delivered(outcome, delivery.version, erased=erased)


async def forget_persons(work: Work, subjects: Collection[UUID]) -> None:
    """Take the persons out of all that is kept, and keep what comes from coming back.

    Lanes are locked first and in key order, as everywhere; who delivers one just now loses it.
    """
    rows = await work.sql.fetch(_TWINS, list(subjects))
    ids = sorted({*subjects, *(one for row in rows for one in row.values())})
    texts = [str(one) for one in ids]
    keys = [row["key"] for row in await work.sql.fetch(_LANES, ids)]
    await work.sql.execute(_ERASED, ids, work.now)
    await work.sql.execute(_PENDING, keys, work.now)
    await work.sql.execute(_IDLE, keys, work.now)
    for sql in (_INBOX, _QUARANTINE):
        await work.sql.execute(sql, texts, ids)
    await work.sql.execute(_REPLIES, texts)
    named = [f'[{{"id": "{one}"}}]' for one in texts]
    await work.sql.execute(_REVIEWS, ids, named, work.now)
    for sql in _BY_SUBJECT:
        await work.sql.execute(sql, ids)
    for sql in _BY_LANE:
        await work.sql.execute(sql, keys)

"""Reads that find records which may be of the person that a lead is."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from crm import reach
from crm.sql import Sql
from values.matching import PHONE_TAIL
from values.persons import PersonKeys

__all__ = ["Distinct", "candidates", "dismiss", "dismissed"]

MOST_COMPARED = 200

_PHONE = "case when {0}.phone_e164 <> '' then {0}.phone_e164 else {0}.phone_raw end as phone"
_SAME = f"""({{0}}.match_email = $1 and {{0}}.match_email <> ''
    or right({{0}}.match_phone, {PHONE_TAIL}) = right($2, {PHONE_TAIL})
      and {{0}}.match_phone <> ''
    or a.match_name = $3 and a.match_name <> '')"""
_LEADS = f"""select 'lead' as record_type, l.id, null::uuid as account_id, l.name, l.email,
    l.company, l.address, {_PHONE.format("l")}
  from lead l where l.blocks && $1::text[] and l.id <> $2 and l.erased_at is null{{seen}}
  order by l.id limit {MOST_COMPARED}"""
_CONTACTS = f"""select 'contact' as record_type, c.id, c.account_id, c.name, c.email,
    a.name as company, a.billing_address as address, {_PHONE.format("c")}
  from contact c join account a on a.id = c.account_id
  where c.status = 'active' and {_SAME.format("c")}{{seen}}
  order by c.id limit {MOST_COMPARED}"""
_ACCOUNTS = f"""select 'account' as record_type, a.id, null::uuid as account_id,
    case when a.kind = 'person' then a.name else '' end as name, a.email,
    case when a.kind = 'person' then '' else a.name end as company,
    a.billing_address as address, {_PHONE.format("a")}
  from account a where a.status = 'active' and {_SAME.format("a")}{{seen}}
  order by a.id limit {MOST_COMPARED}"""
_DISMISS = """insert into lead_distinct (lead_id, record_type, record_id, fingerprint,
    dismissed_at, dismissed_by) values ($1, $2, $3, $4, $5, $6)
  on conflict (lead_id, record_type, record_id) do update set fingerprint = excluded.fingerprint,
    dismissed_at = excluded.dismissed_at, dismissed_by = excluded.dismissed_by"""


class Distinct(NamedTuple):
    """A pair that somebody said is of two persons, as both were then."""

    lead_id: UUID
    record_type: str
    record_id: UUID
    fingerprint: bytes
    dismissed_at: datetime
    dismissed_by: str


async def candidates(at: Reading, lead_id: UUID, keys: PersonKeys) -> list[Mapping[str, Any]]:
    """Leads, contacts and accounts in the actor's reach that have a key in common with the lead."""
    whom = (keys.email, keys.phone, keys.company)
    of_account = reach.of_account(at, "read", account="a")
    asked: tuple[tuple[str, Sequence[Filter], tuple[Any, ...]], ...] = (
        (_LEADS, reach.of_lead(at, "read", lead="l"), (keys.blocks, lead_id)),
        (_CONTACTS, of_account, whom),
        (_ACCOUNTS, of_account, whom),
    )
    found: list[Mapping[str, Any]] = []
    for sql, conditions, values in asked:
        seen = "".join(f" and {one.condition.format(f'${len(values) + 1}')}" for one in conditions)
        given = [*values, *(one.value for one in conditions)]
        found += await at.sql.fetch(sql.format(seen=seen), *given)
    return found


async def dismissed(sql: Sql, lead_id: UUID) -> dict[tuple[str, UUID], bytes]:
    """What the lead is not, with how both were when that was said."""
    rows = await sql.fetch(
        """select record_type, record_id, fingerprint from lead_distinct where lead_id = $1""",
        lead_id,
    )
    return {(row["record_type"], row["record_id"]): row["fingerprint"] for row in rows}


async def dismiss(sql: Sql, pairs: Sequence[Distinct]) -> None:
    """Keep that pairs are of two persons."""
    await sql.executemany(_DISMISS, pairs)

"""Reads that find the accounts which are, or may be, firms known elsewhere."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import orjson

from chassis.storage.base import version_columns
from chassis.storage.reading import Reading
from crm import reach
from crm.accounts.models import Account
from records.links import references
from values.matching import PHONE_TAIL, MatchKeys

__all__ = ["MOST_FOUND", "Wanted", "candidates", "matches"]

Sql: TypeAlias = "asyncpg.Connection[Any]"

MOST_FOUND = 20
"""Candidates that are shown for one probe."""


def _same_phone(row: str) -> str:
    """The row ends in the probe's digits. A valid number is not that of another valid one."""
    return f"""right({row}.match_phone, {PHONE_TAIL}) = right(p.phone, {PHONE_TAIL})
            and {row}.match_phone <> '' and not (starts_with(p.phone, '+')
              and starts_with({row}.match_phone, '+') and {row}.match_phone <> p.phone)"""


def _matches_sql(at: Reading) -> tuple[str, list[Any]]:
    """What finds matches among the accounts that the actor may see, and the values it takes."""
    found = {
        "a": reach.of_account(at, "read", account="a"),
        "r": reach.of_account(at, "read", account="r"),
        "c": reach.through_account(at, "read", account_id="c.account_id"),
        "l": reach.through_account(at, "read", account_id="r.entity_id"),
    }
    seen = {
        name: "".join(f" and {one.condition.format('$9')}" for one in conditions)
        for name, conditions in found.items()
    }
    return _MATCHES.format(**seen), [one.value for one in found["a"]]


_MATCHES = f"""with probe as (
    select at::int, tax_id, email, phone
      from unnest($1::text[], $2::text[], $3::text[])
        with ordinality as p(tax_id, email, phone, at)),
  named as (
    select (n->>'at')::int as at, n->>'name' as name,
        array(select jsonb_array_elements_text(n->'places')) as places
      from jsonb_array_elements($4::jsonb) as n),
  linked as (select * from unnest($5::int[], $6::text[], $8::text[]) as l(at, system, external_id)),
  hit as (
    select l.at, 'external_id' as reason, r.entity_id as id from linked l
      join external_reference r on r.entity_type = 'account'
        and r.system = l.system and r.external_id = l.external_id{{l}}
    union all
    select p.at, 'tax_id', f.id from probe p cross join lateral (
      select r.id from account r where r.match_tax_id = p.tax_id and r.match_tax_id <> ''{{r}}
       order by r.id limit $7) f
    union all
    select p.at, 'email', f.id from probe p cross join lateral (
      select id from (
          (select a.id from account a
            where a.match_email = p.email and a.match_email <> ''{{a}} order by a.id limit $7)
          union
          (select c.account_id from contact c where c.match_email = p.email
              and c.match_email <> '' and c.status = 'active'{{c}} order by c.id limit $7)) u
        order by id limit $7) f where p.email <> ''
    union all
    select p.at, 'phone', f.id from probe p cross join lateral (
      select id from (
          (select a.id from account a where {_same_phone("a")}{{a}} order by a.id limit $7)
          union
          (select c.account_id from contact c
            where {_same_phone("c")} and c.status = 'active'{{c}} order by c.id limit $7)) u
        order by id limit $7) f where p.phone <> ''
    union all
    select p.at, 'name_and_address', f.id from named p cross join lateral (
      select r.id from account r where r.match_name = p.name and r.match_name <> ''
          and r.match_places && p.places{{r}} order by r.id limit $7) f)
  select at, id, array_agg(distinct reason) as reasons from hit group by at, id"""

_CANDIDATES = f"""select id, {version_columns(Account.__table__)}, name, tax_id, email,
  case when phone_e164 <> '' then phone_e164 else phone_raw end as phone,
  array[billing_address, shipping_address] as addresses, status, {references("account")}
  from account where id = any($1::uuid[])"""


@dataclass(frozen=True)
class Wanted:
    """What is looked for by one probe: its keys, and its ids in other systems."""

    keys: MatchKeys
    external_refs: Sequence[tuple[str, str]]


async def matches(at: Reading, wanted: Sequence[Wanted]) -> list[dict[UUID, list[str]]]:
    """Records that have something in common with each probe, and what, in the order asked.

    Only those that the actor may see. Of one kind no more are found for a probe than one more than
    are shown.
    """
    keys = [one.keys for one in wanted]
    named = [
        {"at": number, "name": name, "places": one.places}
        for number, one in enumerate(keys, 1)
        for name in {one.name, one.legal_name} - {""}
        if one.places
    ]
    linked = [(number, *link) for number, one in enumerate(wanted, 1) for link in one.external_refs]
    sql, reached = _matches_sql(at)
    rows = await at.sql.fetch(
        sql,
        [one.tax_id for one in keys],
        [one.email for one in keys],
        [one.phone for one in keys],
        orjson.dumps(named).decode(),
        [number for number, _, _ in linked],
        [system for _, system, _ in linked],
        MOST_FOUND + 1,
        [external_id for _, _, external_id in linked],
        *reached,
    )
    found: list[dict[UUID, list[str]]] = [{} for _ in wanted]
    for row in rows:
        found[row["at"] - 1][row["id"]] = row["reasons"]
    return found


async def candidates(sql: Sql, ids: Collection[UUID]) -> dict[UUID, Mapping[str, Any]]:
    """What those who compare see of the records."""
    rows = await sql.fetch(_CANDIDATES, list(ids))
    return {row["id"]: dict(row) for row in rows}

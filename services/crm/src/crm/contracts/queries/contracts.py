"""Named reads of contracts, their numbers, and the tasks of their renewals."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from crm import reach, searched
from crm.accounts.schemas import AccountView, ContactView
from crm.contracts.models import Contract
from crm.contracts.schemas import ContractQuery, ContractTemplateView, ContractView
from crm.opportunities.schemas.deals import OpportunityView
from crm.quotes.schemas import QuoteView
from crm.sql import Sql
from crm.staff.schemas import MemberView, TeamView
from records.filters import among, between
from records.includes import Include
from records.reads import Reads, columns_of, record_filters, sorts_of

__all__ = [
    "CONTRACTS",
    "all_naming",
    "due_to_end",
    "due_to_renew",
    "fixed_naming",
    "forget_texts",
    "keep_renewals",
    "loose_texts",
    "next_numbers",
    "with_loose_texts",
]

_OWN = (
    *("template_id", "account_id", "contact_id", "opportunity_id", "quote_id"),
    *("owner_id", "team_id", "number"),
)
_NUMBERS = """insert into contract_number as n (year, last_number) values ($1, $2)
  on conflict (year) do update set last_number = n.last_number + $2 returning last_number"""
_ENDING = """select id from contract where state = 'signed' and ends_on < $1
  order by ends_on, id limit $2 for no key update skip locked"""
_RENEWED = """select c.id, c.number, c.name, c.owner_id, c.team_id, c.renewal_on, c.notice_on
  from contract c
  where c.state = 'signed' and c.status = 'active' and c.notice_on <= $1
    and not exists (select from contract_renewal r
      where r.contract_id = c.id and r.renewal_on = c.renewal_on)
  order by c.notice_on, c.id limit $2 for no key update of c skip locked"""
_KEEP = """insert into contract_renewal (contract_id, renewal_on, activity_id, made_at)
  select r.contract_id, r.renewal_on, r.activity_id, $4
    from unnest($1::uuid[], $2::date[], $3::uuid[]) as r(contract_id, renewal_on, activity_id)"""
_NAMING = "(contact_id = any($1::uuid[]) or account_id = any($2::uuid[]))"
_TEXT_NAMING = "(t.contact_id = any($1::uuid[]) or t.account_id = any($2::uuid[]))"
_LOOSE_TEXTS = f"""from contract_text t join contract c on c.id = t.contract_id
  where {_TEXT_NAMING} and (c.sent_on is null or t.contract_version <> c.contract_version)"""


def _filters(_at: Reading, query: ContractQuery) -> Sequence[Filter]:
    return [
        *record_filters("contract", query),
        *(Filter(f"contract.{one} = {{}}", getattr(query, one)) for one in _OWN),
        among("contract.state", query.state),
        *between("contract.renewal_on", query.renewal_on_gte, query.renewal_on_lte),
    ]


def _visible(at: Reading) -> Sequence[Filter]:
    return reach.of_owner_and_team(at, "read", table="contract")


def _changeable(at: Reading) -> Sequence[Filter]:
    return reach.of_owner_and_team(at, "write", table="contract")


CONTRACTS = Reads(
    name="contract",
    view=ContractView,
    columns=columns_of(ContractView, Contract.__table__),
    source="contract",
    visible=_visible,
    changeable=_changeable,
    change_scope=reach.CHANGE_ALL,
    query=ContractQuery,
    filters=_filters,
    searched=searched.CONTRACTS,
    title="contract.name",
    subtitle="contract.number",
    includes={
        "template": Include(ContractTemplateView, "template_id"),
        "quote": Include(QuoteView, "quote_id"),
        "opportunity": Include(OpportunityView, "opportunity_id"),
        "account": Include(AccountView, "account_id"),
        "contact": Include(ContactView, "contact_id"),
        "owner": Include(MemberView, "owner_id"),
        "team": Include(TeamView, "team_id"),
    },
    sorts={
        **sorts_of("contract", texts=("number",)),
        "ends_on": Sort("coalesce(contract.ends_on, 'infinity')", "date"),
        "renewal_on": Sort("coalesce(contract.renewal_on, 'infinity')", "date"),
    },
    key="contract.id",
)


async def next_numbers(sql: Sql, day: date, count: int) -> list[str]:
    """So many numbers of the day's year; others wait for them until the act ends."""
    last: int = await sql.fetchval(_NUMBERS, day.year, count)
    return [f"C-{day.year}-{one:05}" for one in range(last - count + 1, last + 1)]


async def due_to_end(sql: Sql, today: date, most: int) -> list[UUID]:
    """Signed contracts whose last day is over, locked; what is in use is left out."""
    return [row["id"] for row in await sql.fetch(_ENDING, today, most)]


async def due_to_renew(sql: Sql, day: date, most: int) -> list[asyncpg.Record]:
    """Signed contracts of which notice is to be given by the day, and whose renewal made no task.

    Locked; what is in use is left out.
    """
    return list(await sql.fetch(_RENEWED, day, most))


async def keep_renewals(sql: Sql, made: Sequence[tuple[UUID, date, UUID]], now: datetime) -> None:
    """Keep which task a renewal of a contract made."""
    contracts, days, activities = ([one[at] for one in made] for at in range(3))
    await sql.execute(_KEEP, contracts, days, activities, now)


async def with_loose_texts(
    sql: Sql, contact_ids: Sequence[UUID], account_ids: Sequence[UUID]
) -> list[UUID]:
    """Contracts with texts that name these contacts or accounts, and that nobody agreed to."""
    rows = await sql.fetch(
        f"select distinct t.contract_id as id {_LOOSE_TEXTS} order by t.contract_id",
        list(contact_ids),
        list(account_ids),
    )
    return [row["id"] for row in rows]


async def loose_texts(
    sql: Sql, contact_ids: Sequence[UUID], account_ids: Sequence[UUID]
) -> list[tuple[UUID, int]]:
    """Such texts, by contract and version."""
    rows = await sql.fetch(
        f"select t.contract_id, t.contract_version {_LOOSE_TEXTS}",
        list(contact_ids),
        list(account_ids),
    )
    return [(row["contract_id"], row["contract_version"]) for row in rows]


async def forget_texts(sql: Sql, wanted: Sequence[tuple[UUID, int]]) -> None:
    """Delete texts, by contract and version."""
    await sql.execute(
        """delete from contract_text t using unnest($1::uuid[], $2::smallint[]) as w(id, version)
           where t.contract_id = w.id and t.contract_version = w.version""",
        [one for one, _ in wanted],
        [version for _, version in wanted],
    )


async def fixed_naming(sql: Sql, contact_ids: Sequence[UUID], account_ids: Sequence[UUID]) -> int:
    """How many contracts that were sent are made with these contacts or accounts."""
    return int(
        await sql.fetchval(
            f"""select count(*) from (
              select id from contract where sent_on is not null and {_NAMING}
              union select c.id from contract_text t join contract c on c.id = t.contract_id
                and c.contract_version = t.contract_version
                where c.sent_on is not null and {_TEXT_NAMING}) c""",
            list(contact_ids),
            list(account_ids),
        )
    )


async def all_naming(
    sql: Sql, contact_ids: Sequence[UUID], account_ids: Sequence[UUID]
) -> list[dict[str, Any]]:
    """What contracts with these contacts or accounts say, each with its texts that name them."""
    rows = await sql.fetch(
        f"""select id, number, state, case when {_NAMING} then signer else '' end as signer,
             signed_on, case when {_NAMING} then note else '' end as note,
             array(select t.text from contract_text t where t.contract_id = contract.id
               and {_TEXT_NAMING} order by t.contract_version) as texts
           from contract where id in (select id from contract where {_NAMING}
             union select t.contract_id from contract_text t where {_TEXT_NAMING})
           order by number""",
        list(contact_ids),
        list(account_ids),
    )
    return [dict(row) for row in rows]

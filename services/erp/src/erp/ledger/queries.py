"""Reads and set-based writes of the ledger."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from erp import searched
from erp.base import Base
from erp.ledger.models import Account
from erp.ledger.schemas import (
    AccountQuery,
    AccountView,
    BalanceQuery,
    EntryQuery,
    EntryView,
    PeriodView,
    RoleView,
    YearView,
)
from erp.sql import Sql
from records.document_types import DocumentType, custom_of
from records.filters import among, between
from records.includes import Include
from records.reads import BY_TIME, Reads, columns_of, everybody, sorts_of_postings

__all__ = [
    "ACCOUNTS",
    "CHART",
    "ENTRIES",
    "ENTRY_FIELDS",
    "balances",
    "entries_of_document",
    "find_control_account",
    "find_same_opening",
    "has_entries",
    "insert_entries",
    "insert_lines",
    "named_accounts",
    "period_on",
    "period_states",
    "periods_of",
    "roles",
    "share_chart",
    "unexisting_parties",
    "years",
]


def _filters(_at: Reading, query: AccountQuery) -> list[Filter]:
    """The conditions that the query puts on accounts."""
    return [among("kind", query.kind)]


ACCOUNTS = Reads(
    name="account",
    view=AccountView,
    columns=columns_of(AccountView, Account.__table__),
    source="account",
    visible=everybody,
    query=AccountQuery,
    filters=_filters,
    searched=searched.ACCOUNTS,
    sorts={**BY_TIME, "code": Sort("code", "text")},
    default_sort="code",
)

_ENTRY = f"""e.id, e.effective_on, e.recorded_at, n.number, y.name as fiscal_year, e.source_type,
  e.source_id, e.memo, e.reverses_id, e.actor,
  (select r.id from journal_entry r where r.reverses_id = e.id) as reversed_by_id,
  {custom_of("journal_entry", "e.id")} as custom,
  (select coalesce(jsonb_agg(jsonb_build_object('account', a.code, 'account_name', a.name,
      'debit', l.debit::text, 'credit', l.credit::text, 'party_id', l.party_id,
      'item_id', l.item_id, 'warehouse_id', l.warehouse_id) order by l.position), '[]')
    from journal_line l join account a on a.id = l.account_id where l.entry_id = e.id) as lines"""
_ENTRIES = """journal_entry e join journal_number n on n.entry_id = e.id
  join fiscal_year y on y.id = n.fiscal_year_id"""
_OF_ACCOUNT = """exists (select from journal_line l join account a on a.id = l.account_id
  where l.entry_id = e.id and a.code = {})"""


def _entry_filters(_at: Reading, query: EntryQuery) -> list[Filter]:
    return [
        Filter("e.source_id = {}", query.source_id),
        *between("e.effective_on", query.effective_on_gte, query.effective_on_lte),
        Filter(_OF_ACCOUNT, query.account),
    ]


ENTRIES = Reads(
    name="journal_entry",
    view=EntryView,
    columns=_ENTRY,
    source=_ENTRIES,
    key="e.id",
    visible=everybody,
    query=EntryQuery,
    filters=_entry_filters,
    searched=searched.ENTRIES,
    title="y.name || '-' || n.number",
    subtitle="e.memo",
    sorts=sorts_of_postings("e") | {"effective_on": Sort("e.effective_on", "date")},
    default_sort="-effective_on",
    includes={"accounts": Include(AccountView, "lines.account", many=True, by="code")},
)
ENTRY_FIELDS = DocumentType(ENTRIES, Base)

_PERIOD_STATES = """select d.day, p.state from unnest($1::date[]) as d(day)
  left join period p on d.day between p.starts_on and p.ends_on"""

CHART = "chart_of_accounts"
"""What is locked while roles move, and shared while something is posted."""

_SHARE_CHART = f"select pg_advisory_xact_lock_shared(hashtextextended('{CHART}', 1))"

_INSERT_ENTRIES = f"""with chart as materialized ({_SHARE_CHART})
  insert into journal_entry (id, effective_on, recorded_at, period_id,
    source_type, source_id, memo, reverses_id, actor)
  select n.id, n.effective_on, $7, p.id, n.source_type, n.source_id, n.memo, n.reverses_id, $8
    from chart cross join
      unnest($1::uuid[], $2::date[], $3::text[], $4::uuid[], $5::text[], $6::uuid[])
      as n(id, effective_on, source_type, source_id, memo, reverses_id)
    left join period p on n.effective_on between p.starts_on and p.ends_on
    order by n.effective_on"""

_INSERT_LINES = """insert into journal_line (id, entry_id, position, account_id, debit, credit,
    party_id, item_id, warehouse_id)
  select n.id, n.entry_id, n.position, a.id, n.debit, n.credit, n.party_id, n.item_id,
      n.warehouse_id
    from unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::text[], $5::numeric[], $6::numeric[],
      $7::uuid[], $8::uuid[], $9::uuid[])
      as n(id, entry_id, position, account, debit, credit, party_id, item_id, warehouse_id)
    join account a on a.role = n.account or a.code = n.account"""

_CONTROL = """select code from account
  where (code = any($1::text[]) or role = any($1::text[]))
    and role in ('receivable', 'payable', 'inventory', 'work_in_progress') order by code limit 1"""

_SAME_OPENING = """with opened as (
    select e.id, array_agg((l.account_id, l.debit, l.credit, l.party_id)::text
        order by l.account_id, l.debit, l.credit, l.party_id) as lines
      from journal_entry e join journal_line l on l.entry_id = e.id
     where e.effective_on = (select effective_on from journal_entry where id = $1)
       and e.source_type = 'opening' and e.reverses_id is null
       and not exists (select from journal_entry r where r.reverses_id = e.id)
     group by e.id)
  select x.external_id from opened o join external_reference x
      on x.entity_type = 'journal_entry' and x.entity_id = o.id
   where o.id <> $1 and o.lines = (select lines from opened where id = $1) limit 1"""

_UNKNOWN = """select n.account from unnest($1::text[]) as n(account)
  where not exists (select from account a where n.account in (a.code, a.role)) order by 1"""

_UNKNOWN_PARTIES = """select n.id from unnest($1::uuid[]) as n(id)
  where not exists (select from customer c where c.id = n.id)
    and not exists (select from supplier s where s.id = n.id) order by 1"""

_BALANCES = """select a.code, a.name, a.name_zh, a.kind, a.role,
    coalesce(sum(l.debit), 0) as debit, coalesce(sum(l.credit), 0) as credit
  from account a
  left join (journal_line l join journal_entry e on e.id = l.entry_id and e.effective_on <= $1)
    on l.account_id = a.id and ($2::uuid is null or l.party_id = $2)
      and ($3::uuid is null or l.item_id = $3) and ($4::uuid is null or l.warehouse_id = $4)
  group by a.id order by a.code"""


async def period_states(sql: Sql, days: Sequence[date]) -> dict[date, str | None]:
    """The state of the period of each day; None for a day in no fiscal year."""
    return {row["day"]: row["state"] for row in await sql.fetch(_PERIOD_STATES, days)}


async def insert_entries(work: Work, columns: Sequence[Sequence[Any]]) -> None:
    """Write entries, each in the period of its day; from now on no role moves until the act ends.

    So lines that are written afterwards find the account that has the role when they are committed.
    """
    await work.sql.execute(_INSERT_ENTRIES, *columns, work.now, work.actor.reference)


async def insert_lines(work: Work, columns: Sequence[Sequence[Any]]) -> int:
    """Write lines on accounts named by role or code; how many found their account."""
    done = await work.sql.execute(_INSERT_LINES, *columns)
    return int(done.split()[-1])


async def unexisting_parties(sql: Sql, party_ids: Sequence[UUID]) -> list[UUID]:
    """Ids that neither a customer nor a supplier has."""
    return [row[0] for row in await sql.fetch(_UNKNOWN_PARTIES, party_ids)]


async def share_chart(sql: Sql) -> None:
    """Let no role move to another account until the act ends; others may post meanwhile."""
    await sql.execute(_SHARE_CHART)


async def find_control_account(sql: Sql, accounts: Sequence[str]) -> str | None:
    """One of the accounts (codes or roles) that documents keep; None: there is none."""
    found: str | None = await sql.fetchval(_CONTROL, accounts)
    return found


async def find_same_opening(sql: Sql, entry_id: UUID) -> str | None:
    """The id elsewhere of another opening with the entry's day and lines; None: there is none."""
    found: str | None = await sql.fetchval(_SAME_OPENING, entry_id)
    return found


async def unknown_accounts(sql: Sql, accounts: Iterable[str]) -> list[str]:
    """Those of the accounts (codes or roles) that the chart has not, in order."""
    return [row["account"] for row in await sql.fetch(_UNKNOWN, list(accounts))]


async def balances(sql: Sql, on: date, wanted: BalanceQuery) -> list[dict[str, Any]]:
    """Every account with the sums of its lines up to the day, planned anew each time."""
    of = (wanted.party_id, wanted.item_id, wanted.warehouse_id)
    async with sql.transaction(readonly=True):
        await sql.execute("set local plan_cache_mode = force_custom_plan")
        return [dict(row) for row in await sql.fetch(_BALANCES, on, *of)]


async def named_accounts(sql: Sql, names: Sequence[str]) -> list[str]:
    """Those of the names that are the code or the role of an account."""
    rows = await sql.fetch(
        """select n.name from unnest($1::text[]) as n(name)
            where exists (select from account a where n.name in (a.code, a.role)) order by 1""",
        names,
    )
    return [row["name"] for row in rows]


async def roles(sql: Sql) -> list[RoleView]:
    """Each role and its account, by role."""
    rows = await sql.fetch(
        """select role, code as account, name as account_name from account
            where role is not null order by role"""
    )
    return [RoleView.model_validate(dict(row)) for row in rows]


async def has_entries(sql: Sql, account_id: UUID | None = None) -> bool:
    """Whether anything is posted, or posted to the account."""
    found: bool = await sql.fetchval(
        """select case when $1::uuid is null then exists (select from journal_line)
            else exists (select from journal_line where account_id = $1) end""",
        account_id,
    )
    return found


async def years(sql: Sql) -> list[YearView]:
    """Every fiscal year, the newest first."""
    rows = await sql.fetch("select * from fiscal_year order by starts_on desc")
    return [YearView.model_validate(dict(row)) for row in rows]


async def periods_of(sql: Sql, year_id: UUID | None) -> list[PeriodView]:
    """The periods of a fiscal year, or of all, in order."""
    rows = await sql.fetch(
        "select p.* from period p where $1::uuid is null or p.fiscal_year_id = $1"
        " order by p.starts_on",
        year_id,
    )
    return [PeriodView.model_validate(dict(row)) for row in rows]


async def entries_of_document(sql: Sql, source_id: UUID) -> list[UUID]:
    """The entries that a document posted, without those that reverse one."""
    rows = await sql.fetch(
        "select id from journal_entry where source_id = $1 and reverses_id is null order by id",
        source_id,
    )
    return [row["id"] for row in rows]


async def period_on(sql: Sql, day: date) -> str | None:
    """The state of the day's period; None when it lies in no fiscal year."""
    return (await period_states(sql, [day])).get(day)

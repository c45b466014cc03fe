"""Paths of the ledger."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response, status

from chassis.actor import Actor
from chassis.clock import business_day
from chassis.http.batch import BatchReply
from chassis.http.dependencies import IfMatch, InReading, InWork, Needs, OnlyOnce, OnlyOnceUnlessDry
from chassis.http.etag import reply_with
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import (
    CurrencyNotSupported,
    MissingReference,
    NotFound,
)
from chassis.storage.paging import Page, PageQuery
from chassis.storage.reading import Reading
from erp.ledger import queries
from erp.ledger.errors import (
    AccountHasEntries,
    AccountHasRole,
    AlreadyReversed,
    ChartIncomplete,
    ChartInUse,
    ControlAccount,
    DuplicateAccount,
    EntryUnbalanced,
    NoPeriod,
    PeriodClosed,
    PeriodLocked,
    RoleInUse,
    YearOverlaps,
)
from erp.ledger.schemas import (
    BalanceQuery,
    BalanceView,
    ChangePeriod,
    ChartView,
    GiveRole,
    LedgerOpenings,
    NewAccount,
    NewEntry,
    NewYear,
    PeriodView,
    Posted,
    ReplaceChart,
    ReverseEntry,
    RoleView,
    SentEntries,
    TrialBalance,
    YearView,
)
from erp.ledger.service.accounts import ACCOUNT
from erp.ledger.service.charts import give_role, replace_chart
from erp.ledger.service.entries import (
    post_manual_entry,
    reverse_manual_entry,
    trial_balance,
)
from erp.ledger.service.sent import upsert_entries, upsert_openings
from erp.ledger.service.years import change_period, open_year
from erp.ledger.states import AccountRole
from records.annotations import annotate
from records.paths import RecordPaths
from records.read_routes import get_route, list_route
from records.routes import RecordRoutes
from records.senders import InBatch
from records.sheets.at_once import add_export
from records.sheets.kinds import RecordSheet
from records.sheets.reports import Report

__all__ = [
    "LISTS",
    "account_router",
    "chart_router",
    "entry_router",
    "ledger_report_router",
    "period_router",
    "role_router",
    "year_router",
]

READ, WRITE = "ledger.read", "ledger.write"
Accountant = Annotated[Actor, Needs(WRITE)]
Closer = Annotated[Actor, Needs("ledger.close")]
Reader = Annotated[Actor, Needs(READ)]


year_router = api_router(prefix="/v1/fiscal-years", tag="fiscal-years")
period_router = api_router(prefix="/v1/periods", tag="periods")
entry_router = api_router(prefix="/v1/journal-entries", tag="journal-entries")
ledger_report_router = api_router(prefix="/v1/reports/trial-balance", tag="reports")

_BOOKED = (ControlAccount, NoPeriod, PeriodClosed)


account_router = api_router(prefix="/v1/accounts", tag="accounts")
account = RecordRoutes(
    account_router, ACCOUNT, one="account", many="accounts", read=READ, write=WRITE
)
account.list("The chart of accounts, by code.")
account.create(NewAccount, "Open an account.", refuses=(DuplicateAccount,))
account.csv(key="code")
account.get()
account.history()
annotate(account.paths)

chart_router = api_router(prefix="/v1/chart-of-accounts", tag="accounts")
role_router = api_router(prefix="/v1/account-roles", tag="accounts")


@chart_router.put("", responses=refuses(ChartIncomplete, ChartInUse, DuplicateAccount))
async def chart_of_accounts_update(
    command: ReplaceChart, _by: Accountant, work: InWork
) -> ChartView:
    """Take another chart of accounts, as long as nothing is posted."""
    return await replace_chart(work, command)


@role_router.get("")
async def account_role_list(_by: Reader, at: InReading) -> Page[RoleView]:
    """What documents post to, and the account that it is."""
    return Page(items=await queries.roles(at.sql))


@role_router.put(
    "/{role}",
    responses=refuses(MissingReference, AccountHasRole, RoleInUse, AccountHasEntries),
)
async def account_role_update(
    role: Annotated[AccountRole, Path(description="What documents post to.")],
    command: GiveRole,
    _by: Accountant,
    work: InWork,
) -> RoleView:
    """Let documents post to another account from now on."""
    return await give_role(work, role, command)


@year_router.get("")
async def fiscal_year_list(_by: Reader, at: InReading) -> Page[YearView]:
    """Every fiscal year, the newest first."""
    return Page(items=await queries.years(at.sql))


@year_router.post("", status_code=status.HTTP_201_CREATED, responses=refuses(YearOverlaps))
async def fiscal_year_create(
    command: NewYear, _by: Closer, _once: OnlyOnce, work: InWork
) -> YearView:
    """Open a fiscal year with a period for each month."""
    return await open_year(work, command)


@period_router.get("")
async def period_list(
    _by: Reader, at: InReading, fiscal_year_id: UUID | None = None
) -> Page[PeriodView]:
    """The periods of a fiscal year, or of all."""
    return Page(items=await queries.periods_of(at.sql, fiscal_year_id))


@period_router.patch("/{period_id}", responses=refuses(NotFound, PeriodLocked))
async def period_update(
    period_id: UUID,
    command: ChangePeriod,
    revision: IfMatch,
    _by: Closer,
    work: InWork,
    response: Response,
) -> PeriodView:
    """Open, close or lock a period."""
    period = await change_period(work, period_id, command, revision=revision)
    reply_with(response, period)
    return period


ENTRY = RecordPaths(
    entry_router, queries.ENTRIES, "entry", READ, WRITE, documents=queries.ENTRY_FIELDS
)
list_route(ENTRY, "Journal entries with their lines, the newest day first.")
get_route(ENTRY)
annotate(ENTRY)


@entry_router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(MissingReference, CurrencyNotSupported, EntryUnbalanced, *_BOOKED),
)
async def journal_entry_create(
    command: NewEntry, _by: Accountant, _once: OnlyOnce, work: InWork
) -> Posted:
    """Post an entry by hand; its number is given when it is committed."""
    return Posted(id=await post_manual_entry(work, command))


@entry_router.post("/by-external/{system}/batch")
async def journal_entry_upsert_batch(
    asked: InBatch, command: SentEntries, _by: Accountant, _once: OnlyOnceUnlessDry, work: InWork
) -> BatchReply:
    """Post entries as another system tells them, each once; each item is judged alone."""
    return await upsert_entries(work, asked, command.items)


@entry_router.post("/openings/by-external/{system}/batch")
async def journal_entry_opening_upsert_batch(
    asked: InBatch,
    command: LedgerOpenings,
    _by: Accountant,
    _once: OnlyOnceUnlessDry,
    work: InWork,
) -> BatchReply:
    """Post opening balances, each once; each item is judged alone."""
    return await upsert_openings(work, asked, command.items)


@entry_router.post(
    "/{entry_id}/reverse",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(NotFound, AlreadyReversed, *_BOOKED),
)
async def journal_entry_reverse(
    entry_id: UUID, command: ReverseEntry, _by: Accountant, _once: OnlyOnce, work: InWork
) -> Posted:
    """Post the opposite of an entry, linked to it."""
    return Posted(id=await reverse_manual_entry(work, entry_id, command))


@ledger_report_router.get("")
async def trial_balance_get(
    _by: Reader, at: InReading, request: Request, wanted: Annotated[BalanceQuery, Query()]
) -> TrialBalance:
    """What every account holds at the end of a day, by default of today."""
    known = request.app.state.settings
    on = wanted.on or business_day(known.time_zone)
    return await trial_balance(at.sql, wanted, on=on, currency=known.currency)


async def _balances(at: Reading, wanted: BalanceQuery, _asked: PageQuery) -> Page[BalanceView]:
    on, currency = wanted.on or at.today(), at.setting.currency
    return Page(items=(await trial_balance(at.sql, wanted, on=on, currency=currency)).accounts)


LISTS = (
    add_export(
        entry_router,
        RecordSheet(
            name="journal_entry",
            reads=queries.ENTRIES,
            read=READ,
            lines=("lines",),
        ),
        "journal entries",
    ),
    add_export(
        ledger_report_router,
        RecordSheet(
            name="trial_balance",
            reads=Report(view=BalanceView, query=BalanceQuery, rows=_balances),
            read=READ,
            tagged=False,
        ),
        "balances of the accounts",
    ),
)
"""What leaves as files; the lines of an entry are rows."""

"""Posting entries, reversing them, and summing them up."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from uuid import UUID

import asyncpg

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference
from chassis.work.company_rules import business_day_of, require_supported_currency
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from erp.ledger import queries
from erp.ledger.errors import (
    AlreadyReversed,
    ControlAccount,
    EntryUnbalanced,
    NoPeriod,
    OpeningRepeated,
    PeriodClosed,
)
from erp.ledger.posting import Posting, PostingLine, credit, reversed_lines, totals
from erp.ledger.schemas import (
    BalanceQuery,
    BalanceView,
    LedgerOpening,
    NewEntry,
    NewEntryLine,
    ReverseEntry,
    TrialBalance,
)
from erp.ledger.states import AccountRole, PeriodState
from erp.sql import Sql
from records.document_fields.service import keep_fields_of_new
from values.amounts import amount_facts
from values.decimals import rounded
from values.money import digits_of

__all__ = [
    "in_open_periods",
    "post",
    "post_manual_entry",
    "post_opening",
    "require_no_control_account",
    "require_open_period",
    "reverse",
    "reverse_document",
    "reverse_manual_entry",
    "trial_balance",
]


async def post(work: Work, postings: Sequence[Posting]) -> None:
    """Post entries, all or none; lines of zero are left out, an entry of nothing as well.

    Raises EntryUnbalanced, NoPeriod, PeriodClosed, and MissingReference for an unknown account.
    The database judges balance and period once more at COMMIT.
    """
    real = [(one, [line for line in one.lines if line.debit or line.credit]) for one in postings]
    real = [(one, lines) for one, lines in real if lines]
    if not real:
        return
    for _, lines in real:
        _require_balanced(lines, work.setting.currency)
    await _write_entries(work, [one for one, _ in real])
    await _write_lines(work, real)


def _require_balanced(lines: Sequence[PostingLine], currency: str) -> None:
    debits, credits_ = totals(lines)
    if debits != credits_:
        raise EntryUnbalanced(**amount_facts(currency, debits=debits, credits=credits_))


async def _write_entries(work: Work, postings: Sequence[Posting]) -> None:
    columns = (
        [one.id for one in postings],
        [one.effective_on for one in postings],
        [one.source_type for one in postings],
        [one.source_id for one in postings],
        [one.memo for one in postings],
        [one.reverses_id for one in postings],
    )
    with in_open_periods([one.effective_on for one in postings]):
        try:
            await queries.insert_entries(work, columns)
        except asyncpg.UniqueViolationError as duplicate:
            raise AlreadyReversed(entry_id=postings[0].reverses_id) from duplicate


@contextmanager
def in_open_periods(days: Sequence[date]) -> Iterator[None]:
    """Write what is dated on these days. Raises NoPeriod, PeriodClosed, as the database finds."""
    try:
        yield
    except asyncpg.CheckViolationError as refused:
        if not (refused.constraint_name or "").endswith("_period_open"):
            raise
        raise _refusal(refused, days) from refused


async def require_open_period(work: Work, day: date) -> None:
    """Let an act of a past day be refused for its period before anything else of it is refused.

    Raises NoPeriod, PeriodClosed. What is written is judged again as it is written.
    """
    state = await queries.period_on(work.sql, day)
    if state is None:
        raise NoPeriod(effective_on=day)
    if state != PeriodState.OPEN:
        raise PeriodClosed(effective_on=day, state=state)


def _refusal(refused: asyncpg.CheckViolationError, days: Sequence[date]) -> Exception:
    """Which day was refused, and why: the trigger says both."""
    message = str(refused)
    day = next((str(one) for one in days if str(one) in message), "?")
    if message.endswith("missing"):
        return NoPeriod(effective_on=day)
    return PeriodClosed(effective_on=day, state=message.rsplit(" ", 1)[-1])


async def _write_lines(work: Work, real: Sequence[tuple[Posting, Sequence[PostingLine]]]) -> None:
    lines = [
        (one.id, position, line)
        for one, account in real
        for position, line in enumerate(account, 1)
    ]
    found = await queries.insert_lines(
        work,
        (
            [uuid7() for _ in lines],
            [entry_id for entry_id, _, _ in lines],
            [position for _, position, _ in lines],
            [line.account for _, _, line in lines],
            [line.debit for _, _, line in lines],
            [line.credit for _, _, line in lines],
            [line.party_id for _, _, line in lines],
            [line.item_id for _, _, line in lines],
            [line.warehouse_id for _, _, line in lines],
        ),
    )
    if found != len(lines):
        unknown = await queries.unknown_accounts(work.sql, {line.account for _, _, line in lines})
        raise MissingReference(entity="account", reference=", ".join(unknown))


async def post_manual_entry(work: Work, command: NewEntry, entry_id: UUID | None = None) -> UUID:
    """Post what an accountant wrote, under the id given.

    Raises as `post`, Forbidden (a past day), ControlAccount, InvalidInput (parts of a cent, custom
    fields), MissingReference (neither a customer nor a supplier).
    """
    entry_id = entry_id or uuid7()
    lines = await _lines_by_hand(work, command.lines)
    day = business_day_of(work, command.effective_on)
    await post(work, [Posting(entry_id, day, "manual", entry_id, command.memo, lines)])
    await keep_fields_of_new(work, queries.ENTRY_FIELDS, {entry_id: command.custom})
    return entry_id


async def post_opening(work: Work, command: LedgerOpening, entry_id: UUID) -> UUID:
    """Post what accounts held when the books were opened, against the opening balances.

    Raises as `post_manual_entry`: accounts that documents keep are opened by their documents; and
    OpeningRepeated: the same was opened before, under another id, and not reversed.
    """
    await advisory_lock(work, "opening_balances")
    lines = await _lines_by_hand(work, command.lines)
    day = business_day_of(work, command.effective_on)
    debits, credits_ = totals(lines)
    lines += (credit(AccountRole.EQUITY_OPENING, debits - credits_),)
    await post(work, [Posting(entry_id, day, "opening", entry_id, command.memo, lines)])
    opened_as = await queries.find_same_opening(work.sql, entry_id)
    if opened_as:
        raise OpeningRepeated(opened_as=opened_as)
    return entry_id


async def _lines_by_hand(work: Work, lines: Sequence[NewEntryLine]) -> tuple[PostingLine, ...]:
    """Raises CurrencyNotSupported, ControlAccount, InvalidInput, MissingReference (party)."""
    require_supported_currency(work, *(one.currency for one in lines if one.currency))
    _require_cents(lines, digits_of(work.setting.currency))
    await require_no_control_account(work, [line.account for line in lines])
    await _require_parties(work, {line.party_id for line in lines if line.party_id})
    return tuple(PostingLine(one.account, one.debit, one.credit, one.party_id) for one in lines)


async def _require_parties(work: Work, party_ids: Collection[UUID]) -> None:
    unknown = await queries.unexisting_parties(work.sql, list(party_ids)) if party_ids else []
    if unknown:
        raise MissingReference(entity="party", reference=", ".join(map(str, unknown)))


def _require_cents(lines: Sequence[NewEntryLine], decimals: int) -> None:
    """No amount has more decimals than the currency: what is booked is what was written (E3)."""
    wrong = [
        FieldError(
            f"/lines/{at}/{side}",
            "too_many_decimals",
            "This amount has more decimals than its currency.",
        )
        for at, line in enumerate(lines)
        for side, amount in (("debit", line.debit), ("credit", line.credit))
        if rounded(amount, decimals) != amount
    ]
    if wrong:
        raise InvalidInput(errors=wrong)


async def require_no_control_account(work: Work, accounts: Sequence[str]) -> None:
    """Receivables, payables and inventory agree with their documents (E14, E29), always.

    `accounts` are codes or roles, as a person named them. What is no control account stays none
    until the act ends. Raises ControlAccount.
    """
    await queries.share_chart(work.sql)
    account = await queries.find_control_account(work.sql, accounts)
    if account:
        raise ControlAccount(account=account)


async def reverse(work: Work, entry_id: UUID, *, effective_on: date, memo: str) -> UUID:
    """Post the opposite of an entry, on a day of an open period. Raises AlreadyReversed (E7)."""
    entry = await queries.ENTRIES.get(work, entry_id)
    if entry.reversed_by_id:
        raise AlreadyReversed(entry_id=entry_id)
    lines = tuple(
        PostingLine(
            line.account,
            line.debit,
            line.credit,
            line.party_id,
            line.item_id,
            line.warehouse_id,
        )
        for line in entry.lines
    )
    reversal = Posting(
        id=uuid7(),
        effective_on=effective_on,
        source_type=entry.source_type,
        source_id=entry.source_id,
        memo=memo,
        lines=reversed_lines(lines),
        reverses_id=entry_id,
    )
    await post(work, [reversal])
    return reversal.id


async def reverse_document(work: Work, source_id: UUID, *, effective_on: date, memo: str) -> None:
    """Post the opposite of what a document posted; nothing where that was nothing.

    Raises AlreadyReversed, NoPeriod, PeriodClosed.
    """
    for entry_id in await queries.entries_of_document(work.sql, source_id):
        await reverse(work, entry_id, effective_on=effective_on, memo=memo)


async def reverse_manual_entry(work: Work, entry_id: UUID, command: ReverseEntry) -> UUID:
    """Reverse what was posted by mistake.

    Raises as `reverse`, Forbidden (a past day), and ControlAccount: what a document posted is put
    right by the document.
    """
    entry = await queries.ENTRIES.get(work, entry_id)
    await require_no_control_account(work, [line.account for line in entry.lines])
    day = business_day_of(work, command.effective_on)
    return await reverse(work, entry_id, effective_on=day, memo=command.memo)


async def trial_balance(sql: Sql, wanted: BalanceQuery, *, on: date, currency: str) -> TrialBalance:
    """What every account holds at the end of a day, of all or of one party or item (E5)."""
    rows = await queries.balances(sql, on, wanted)
    accounts = [
        BalanceView.model_validate(row | {"balance": row["debit"] - row["credit"]}) for row in rows
    ]
    return TrialBalance(
        on=on,
        currency=currency,
        accounts=accounts,
        debit=sum((one.debit for one in accounts), Decimal(0)),
        credit=sum((one.credit for one in accounts), Decimal(0)),
    )

"""What is posted: entries and their lines, as the acts of other modules ask for them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

__all__ = ["Posting", "PostingLine", "credit", "debit", "months_of", "reversed_lines", "totals"]

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class PostingLine:
    """One side of an entry, on an account named by its role (or its code)."""

    account: str
    debit: Decimal = _ZERO
    credit: Decimal = _ZERO
    party_id: UUID | None = None
    item_id: UUID | None = None
    warehouse_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Posting:
    """An entry to be posted. `id` is drawn by the caller, so that documents can name it."""

    id: UUID
    effective_on: date
    source_type: str
    source_id: UUID
    memo: str
    lines: tuple[PostingLine, ...]
    reverses_id: UUID | None = None


def debit(
    account: str, amount: Decimal, *, party_id: UUID | None = None, item_id: UUID | None = None
) -> PostingLine:
    """A debit; of a negative amount, the credit of its opposite."""
    if amount < 0:
        return PostingLine(account, credit=-amount, party_id=party_id, item_id=item_id)
    return PostingLine(account, debit=amount, party_id=party_id, item_id=item_id)


def credit(
    account: str, amount: Decimal, *, party_id: UUID | None = None, item_id: UUID | None = None
) -> PostingLine:
    """A credit; of a negative amount, the debit of its opposite."""
    return debit(account, -amount, party_id=party_id, item_id=item_id)


def totals(lines: Iterable[PostingLine]) -> tuple[Decimal, Decimal]:
    """The sum of the debits and that of the credits."""
    both = list(lines)
    return sum((one.debit for one in both), _ZERO), sum((one.credit for one in both), _ZERO)


def reversed_lines(lines: Iterable[PostingLine]) -> tuple[PostingLine, ...]:
    """The same lines with their sides exchanged."""
    return tuple(
        PostingLine(one.account, one.credit, one.debit, one.party_id, one.item_id, one.warehouse_id)
        for one in lines
    )


def months_of(starts_on: date, ends_on: date) -> list[tuple[date, date]]:
    """The calendar months between two days, the first and the last cut to them."""
    found, start = [], starts_on
    while start <= ends_on:
        after = date(start.year + start.month // 12, start.month % 12 + 1, 1)
        end = min(date.fromordinal(after.toordinal() - 1), ends_on)
        found.append((start, end))
        start = after
    return found

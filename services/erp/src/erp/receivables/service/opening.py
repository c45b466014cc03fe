"""Opening receivables: what customers owed, or had paid ahead, when the books were opened."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.work.company_rules import business_day_of, require_supported_currency
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from erp.ledger.posting import Posting, credit, debit
from erp.ledger.service.entries import post
from erp.receivables.events import OpeningReceivableChanged
from erp.receivables.models import OpeningReceivable
from erp.receivables.queries import openings as openings_queries
from erp.receivables.schemas import (
    NewOpening,
    NewOpenings,
)
from erp.settlement.errors import OpeningDiffers
from erp.settlement.schemas import OpeningResult, OpeningsReply
from erp.settlement.service.items import OPENING, NewOpenItem, open_items
from erp.settlement.service.payments import NewCredit, add_unallocated_credits
from erp.settlement.states import OpeningKind, Side
from values.comparing import same_when_read

__all__ = ["open_receivables", "publish_settled_openings"]

_Customers = Mapping[UUID | str, Mapping[str, Any]]

_ALL_FIELDS = sorted(OpeningReceivableChanged.model_fields.keys() - {"id", "version", "changed"})


async def open_receivables(work: Work, command: NewOpenings) -> OpeningsReply:
    """Take over what customers owed or had paid ahead, all or none; each once.

    Dr receivable, Cr opening equity, on the day the books were opened, and a credit the other way
    round: no tax and no goods. What archived customers owe is taken over too. Raises InvalidInput
    (customers, days, numbers), OpeningDiffers, CurrencyNotSupported, NoPeriod, PeriodClosed.
    """
    require_supported_currency(work, *(one.amount.currency for one in command.items))
    day = business_day_of(work, command.effective_on)
    customers = await openings_queries.find_customers(
        work.sql,
        [one.customer_id for one in command.items if one.customer_id],
        [one.customer_number for one in command.items if one.customer_number],
    )
    _validate_items(command.items, customers, day)
    await advisory_lock(work, "opening-receivables")
    openings = [_opening(work, one, customers, day) for one in command.items]
    existing = await openings_queries.existing_openings(
        work.sql, [one.number_key for one in openings]
    )
    new = [one for one in openings if one.number_key not in existing]
    for one in openings:
        if one.number_key in existing:
            _require_same(one, existing[one.number_key], command.effective_on)
    await _take_over(work, new)
    ids = {key: row["id"] for key, row in existing.items()} | {
        one.number_key: one.id for one in new
    }
    return OpeningsReply(
        items=[
            OpeningResult(
                number=one.number,
                id=ids[one.number_key],
                status="unchanged" if one.number_key in existing else "created",
            )
            for one in openings
        ]
    )


def _validate_items(items: Sequence[NewOpening], customers: _Customers, day: date) -> None:
    """Raises InvalidInput with every item that is wrong."""
    times = Counter(same_when_read(one.number) for one in items)
    wrong = []
    for at, one in enumerate(items):
        if (one.customer_id or one.customer_number) not in customers:
            name = "customer_id" if one.customer_id else "customer_number"
            wrong.append(FieldError(f"/items/{at}/{name}", "unknown", "There is no such customer."))
        if one.issued_on > day:
            pointer = f"/items/{at}/issued_on"
            wrong.append(
                FieldError(pointer, "after_opening", "It was written after the books were opened.")
            )
        if times[same_when_read(one.number)] > 1:
            pointer = f"/items/{at}/number"
            wrong.append(FieldError(pointer, "twice", "This number stands twice in the list."))
    if wrong:
        raise InvalidInput(errors=wrong)


def _opening(work: Work, new: NewOpening, customers: _Customers, day: date) -> OpeningReceivable:
    return OpeningReceivable(
        id=uuid7(),
        version=1,
        created_at=work.now,
        updated_at=work.now,
        customer_id=customers[new.customer_id or new.customer_number or ""]["id"],
        number=new.number,
        number_key=same_when_read(new.number),
        issued_on=new.issued_on,
        due_on=new.due_on or new.issued_on,
        effective_on=day,
        currency=work.setting.currency,
        amount=new.amount.amount,
        kind=new.kind,
    )


def _require_same(
    sent: OpeningReceivable, existing: Mapping[str, Any], effective_on: date | None
) -> None:
    """Raises OpeningDiffers."""
    names = ("customer_id", "kind", "issued_on", "due_on", "amount")
    same = all(getattr(sent, name) == existing[name] for name in names)
    if not same or effective_on not in {None, existing["effective_on"]}:
        raise OpeningDiffers(number=sent.number)


async def _take_over(work: Work, new: Sequence[OpeningReceivable]) -> None:
    if not new:
        return
    await openings_queries.add_openings(work, new)
    await post(work, [_posting(one) for one in new])
    debts = [_open_item(one) for one in new if one.kind == OpeningKind.DEBT]
    unused = [_credit(one) for one in new if one.kind == OpeningKind.CREDIT]
    if debts:
        await open_items(work, debts)
    if unused:
        await add_unallocated_credits(work, unused)
    for one in new:
        state = {name: getattr(one, name) for name in _STATE}
        event = OpeningReceivableChanged(
            **state, open_amount=one.amount, written_off=Decimal(0), changed=_ALL_FIELDS
        )
        await work.record(event)


_STATE = ("id", "version", *(set(_ALL_FIELDS) - {"open_amount", "written_off"}))


def _posting(one: OpeningReceivable) -> Posting:
    amount = one.amount if one.kind == OpeningKind.DEBT else -one.amount
    return Posting(
        id=uuid7(),
        effective_on=one.effective_on,
        source_type=OPENING,
        source_id=one.id,
        memo=f"Opening receivable {one.number}",
        lines=(
            debit("receivable", amount, party_id=one.customer_id),
            credit("equity_opening", amount),
        ),
    )


def _open_item(one: OpeningReceivable) -> NewOpenItem:
    return NewOpenItem(
        side=Side.RECEIVABLE,
        party_id=one.customer_id,
        source_type=OPENING,
        source_id=one.id,
        order_id=None,
        number=one.number,
        amount=one.amount,
        effective_on=one.effective_on,
        due_on=one.due_on,
    )


def _credit(one: OpeningReceivable) -> NewCredit:
    return NewCredit(
        party_id=one.customer_id,
        source_id=one.id,
        document_id=one.id,
        amount=one.amount,
        effective_on=one.effective_on,
        reference=one.number,
    )


async def publish_settled_openings(work: Work, opening_ids: Sequence[UUID]) -> None:
    """Publish what is left of opening items, one version on. Their open items are locked."""
    for state in await openings_queries.update_settled_openings(work, opening_ids):
        event = OpeningReceivableChanged(**state, changed=["open_amount", "written_off"])
        await work.record(event)

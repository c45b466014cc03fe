"""Quotes: what is particular about writing them."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.problems.field_errors import errors_of_field
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.storage.reading import Reading
from chassis.work.company_rules import require_supported_currency
from chassis.work.locking import lock_all, read_all
from chassis.work.unit_of_work import Work
from crm.quotes import queries
from crm.quotes.events import QuoteChanged
from crm.quotes.models import Quote
from crm.quotes.schemas import QuoteView
from crm.quotes.service.approving import void_of_changed
from crm.quotes.service.lines import build_lines, priced_anew, sums_of
from crm.quotes.service.references import Offers, load_offers, with_references
from crm.quotes.states import QuoteState
from records.entities import Values
from records.shown import Shown
from records.types import Change, RecordType, changed_fields
from values.decimals import plain, rounded
from values.money import Money, MoneyChange, digits_of

__all__ = ["KEPT_LINES", "QUOTE", "STATE", "load_for_update", "quote_states"]

STATE = "state"
"""The value of an act that says which state follows; the other values are the act's own."""

KEPT_LINES = "kept_lines"
"""The value of an act that gives a new version the lines of the former one, as they are."""

_FREE = {"owner_id", "team_id", "note", "status", "custom"}
"""What may be changed of a quote that was sent: the customer sees none of it."""
_DISCOUNT_DIGITS = 6
_SUMS = ("gross", "line_discount", "document_discount", "net", "tax", "total")


async def quote_states(at: Reading, ids: Sequence[UUID]) -> list[QuoteChanged]:
    """What is published of quotes, as they are now."""
    found = await read_all(at, Quote, ids)
    await queries.load_lines(at.sql, {one.id: one for one in found})
    return [QuoteChanged.of(one, []) for one in found]


async def load_for_update(work: Work, ids: Collection[UUID]) -> Mapping[UUID, Quote]:
    """The quotes with their lines, locked. Raises NotFound."""
    found = await lock_all(work, Quote, ids)
    await queries.load_lines(work.sql, found)
    return found


async def _defaults(work: Work, count: int) -> Sequence[Values]:
    nothing = rounded(Decimal(0), 4)
    usual = {"currency": work.setting.currency, "discount": Decimal(0), "quote_version": 1}
    usual |= {"state": QuoteState.DRAFT, "language": "zh-CN"}
    usual |= {"priced_on": work.today()}
    return [usual | dict.fromkeys(_SUMS, nothing)] * count


async def _look_up(
    work: Work, changes: Sequence[Change[Quote]], _sender: str | None
) -> Sequence[Values]:
    """The values with all that they name found, and what the lines come to.

    Raises QuoteFixed, QuoteStateRefused, and what `with_references` and `build_lines` raise.
    """
    for one in changes:
        _require_free(one)
    values = await with_references(work, changes)
    offers = await load_offers(work, changes, values)
    return [
        _ready(work, one, dict(given), offers) for one, given in zip(changes, values, strict=True)
    ]


def _require_free(change: Change[Quote]) -> None:
    """Raises QuoteFixed for what was sent (C27), but for the same again; QuoteStateRefused."""
    quote, given = change.record, change.values
    if STATE in given:
        quote.require_next(given[STATE])
        return
    if quote.state == QuoteState.DRAFT:
        return
    if "lines" in given or any(
        _is_other(quote, name, value) for name, value in given.items() if name not in _FREE
    ):
        quote.require_draft()


def _is_other(quote: Quote, name: str, value: Any) -> bool:
    """Whether the value is another than the quote has. Raises InvalidInput (not an amount)."""
    if isinstance(value, MoneyChange):
        return _wanted(quote, value) != (quote.discount_amount or Money.zero(quote.currency))
    return bool(value != getattr(quote, name))


def _wanted(quote: Quote, amount: MoneyChange) -> Money:
    """The discount as it is to be, 0 for none. Raises InvalidInput."""
    with errors_of_field("discount_amount"):
        return amount.onto(quote.discount_amount or Money.zero(quote.currency))


def _ready(
    work: Work, change: Change[Quote], values: dict[str, Any], offers: Mapping[Any, Offers]
) -> dict[str, Any]:
    """The values with the lines, and with their sums where these may be others."""
    quote = change.record
    values |= _discount_of(work, quote, values)
    if "discount" in values:
        values["discount"] = rounded(values["discount"] or Decimal(0), _DISCOUNT_DIGITS)
    if KEPT_LINES in values:
        values["lines"] = values.pop(KEPT_LINES)
        return values | sums_of(values["lines"])
    if not {"lines", "discount", "discount_amount"} & values.keys():
        return values
    how: dict[str, Any] = {"document_discount": values.get("discount", quote.discount)}
    how["discount_amount"] = values.get("discount_amount", quote.discount_amount)
    how["currency"] = quote.currency
    if "lines" in values:
        account_id = values.get("account_id", quote.account_id)
        sent = values["lines"] or ()
        values["lines"] = build_lines(work, sent, offers.get(account_id, {}), **how)
        if values["lines"] != quote.lines:
            values["priced_on"] = work.today()
    else:
        values["lines"] = priced_anew(quote.lines, **how)
    return values | sums_of(values["lines"])


def _discount_of(work: Work, quote: Quote, values: Mapping[str, Any]) -> dict[str, Any]:
    """The discount of the quote as an amount, where it is given; 0 is none.

    Raises InvalidInput (a part is taken off as well), CurrencyNotSupported.
    """
    given: dict[str, Any] = {}
    if isinstance(amount := values.get("discount_amount"), MoneyChange):
        wanted = _wanted(quote, amount)
        require_supported_currency(work, wanted.currency)
        given["discount_amount"] = wanted if wanted.amount else None
    after = {name: getattr(quote, name) for name in ("discount", "discount_amount")}
    after |= {name: values[name] for name in after if name in values} | given
    if after["discount"] and after["discount_amount"]:
        text = "The discount of a quote is a part or an amount: set the other one to 0."
        raise InvalidInput(errors=[FieldError("/discount_amount", "one_discount", text)])
    return given


async def _check(work: Work, changes: Sequence[Change[Quote]], _sender: str | None) -> None:
    """Give new quotes their numbers, the last thing that others could wait for."""
    new = [one.record for one in changes if one.is_new and not one.record.number]
    if not new:
        return
    numbers = await queries.next_numbers(work.sql, work.today(), len(new))
    for quote, number in zip(new, numbers, strict=True):
        quote.number = number


async def _publish(work: Work, changes: Sequence[Change[Quote]]) -> None:
    """Store the lines, void approvals of what is another now, publish the states."""
    others = [one.record for one in changes if "lines" in one.before]
    others += [one.record for one in changes if one.is_new and one.record.lines]
    await queries.replace_lines(work.sql, others)
    await void_of_changed(work, changes)
    events = [QuoteChanged.of(one.record, changed_fields(QuoteChanged, one)) for one in changes]
    await work.record(*events)


async def _amounts(at: Reading, given: Sequence[Any]) -> Sequence[Any]:
    """Sums with the digits of the company's currency, which is the only one they can have."""
    digits = digits_of(at.setting.currency)
    return [one and f"{rounded(Decimal(one), digits):f}" for one in given]


async def _parts(_at: Reading, given: Sequence[Any]) -> Sequence[Any]:
    """Parts as short as they can be written."""
    return [one and plain(Decimal(one)) for one in given]


QUOTE: RecordType[Quote, QuoteView] = RecordType(
    name="quote",
    entity=Quote,
    reads=queries.QUOTES,
    defaults=_defaults,
    lock=load_for_update,
    look_up=_look_up,
    check=_check,
    publish=_publish,
    shown={
        **{name: Shown(name, _amounts) for name in _SUMS},
        "discount": Shown("discount", _parts),
    },
)
"""How quotes are kept."""

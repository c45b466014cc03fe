"""Opportunities: what is particular about writing them."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.clock import start_of_day
from chassis.problems.field_errors import errors_of_field
from chassis.problems.problem import FieldError
from chassis.problems.standard import Forbidden, InvalidInput, MissingReference
from chassis.storage.reading import Reading
from chassis.work.locking import lock_all, read_all
from chassis.work.unit_of_work import Work
from crm import open_work
from crm.catalog.errors import NoPrice
from crm.catalog.service import pricing
from crm.opportunities.errors import (
    AmountFromProducts,
    FieldsRequired,
    LostReasonRequired,
    OpportunityClosed,
    PipelineArchived,
    StageArchived,
)
from crm.opportunities.events import (
    OpportunityChanged,
    OpportunityLost,
    OpportunityMoved,
    OpportunityReopened,
    OpportunityWon,
)
from crm.opportunities.models import DealContact, DealLine, Opportunity
from crm.opportunities.queries import deals, pipelines
from crm.opportunities.rules.entering import Days, entered, missing_fields, to_check
from crm.opportunities.rules.stages import PipelineStage
from crm.opportunities.schemas.deals import NewDealLine, NewOpportunity, OpportunityView
from crm.opportunities.service.closing_rates import keep_closing_rates
from crm.opportunities.service.references import References, load_references
from crm.opportunities.service.winning import place_orders
from crm.opportunities.states import DealField, ForecastCategory, NoOrderReason, StageKind
from records.entities import ACTIVE, Values
from records.types import Change, RecordType, changed_fields
from records.writes import create
from values.amounts import amount_facts
from values.decimals import rounded
from values.money import Money, MoneyChange, UnitPrice, digits_of
from values.prices import line_net

__all__ = ["OPPORTUNITY", "open_opportunity", "opportunity_states"]

REOPEN = "reopen"
"""The value of an act that lets a closed deal enter an open stage."""

_ONLY_OF_ACTS = {"pipeline", "stage", "lost_reason", "history", REOPEN}
_FIXED_BY_STATE = ("probability", "forecast_category")
_QUANTITY_DIGITS, _AMOUNT_DIGITS = 6, 4
_PARTS = ("contacts", "competitor_ids", "lines")


async def open_opportunity(work: Work, command: NewOpportunity) -> UUID:
    """Open an opportunity within the caller's act; its id.

    By default it stands in the first stage of the default pipeline. Raises MissingReference,
    AccountArchived, Forbidden, InvalidInput, FieldsRequired, CurrencyNotSupported.
    """
    return await create(work, OPPORTUNITY, command)


async def opportunity_states(at: Reading, ids: Sequence[UUID]) -> list[OpportunityChanged]:
    """What is published of opportunities, as they are now."""
    found = await read_all(at, Opportunity, ids)
    await deals.load_parts(at.sql, {one.id: one for one in found})
    return [OpportunityChanged.of(one, []) for one in found]


async def _lock(work: Work, ids: Collection[UUID]) -> Mapping[UUID, Opportunity]:
    """The opportunities with all that belongs to them, locked. Raises NotFound."""
    found = await lock_all(work, Opportunity, ids)
    await deals.load_parts(work.sql, found)
    return found


async def _defaults(work: Work, count: int) -> Sequence[Values]:
    return [{"currency": work.setting.currency}] * count


async def _look_up(
    work: Work, changes: Sequence[Change[Opportunity]], _sender: str | None
) -> Sequence[Values]:
    """The values with all that they name found, and what follows from the stages that they enter.

    Raises what `load_references` does, OpportunityClosed, StageOfOtherPipeline, StageArchived,
    PipelineArchived, NoSuchStageKind, LostReasonRequired, FieldsRequired, AmountFromProducts,
    Forbidden (a day of the past).
    """
    known = await load_references(work, changes)
    values = [_ready(work, one, known) for one in changes]
    moved = {one["stage_id"] for one in values if "stage_id" in one}
    for stage in await pipelines.lock_stages(work.sql, moved) if moved else ():
        if stage["stage"] != "active":
            raise StageArchived(stage=stage["code"])
        if stage["pipeline_status"] != "active":
            raise PipelineArchived(pipeline=stage["pipeline"])
    return await open_work.without_disabled_owners(work, changes, values, _opens)


def _opens(change: Change[Opportunity], values: Values) -> bool:
    """Whether it is taken up again: reopened, or restored while it is open."""
    present = change.record
    state, status = (values.get(one, getattr(present, one)) for one in ("state", "status"))
    was_open = present.state == StageKind.OPEN and present.status == ACTIVE
    return not was_open and state == StageKind.OPEN and status == ACTIVE


def _ready(work: Work, change: Change[Opportunity], known: References) -> dict[str, Any]:
    deal, given = change.record, change.values
    values = {name: value for name, value in given.items() if name not in _ONLY_OF_ACTS}
    if "contacts" in values:
        values["contacts"] = _people(values["contacts"] or ())
    if "competitor_ids" in values:
        values["competitor_ids"] = list(dict.fromkeys(values["competitor_ids"] or ()))
    if given.get("lost_reason"):
        values["lost_reason_id"] = known.reason(given["lost_reason"])
    values |= _amounts(work, change, known)
    if change.is_new:
        values = {"opened_on": None if given.get("history") else work.today()} | values
    stage = _target(change, known)
    if stage is None:
        _require_free(deal, values)
        stage = known.stages[deal.stage_id]
    else:
        values |= _entering(work, change, values, stage)
        if stage.kind != StageKind.LOST:
            values.setdefault("lost_reason_id", None)
    _require_reason(deal, values, stage)
    if not given.get("history"):
        _require_fields(change, values, stage, known)
    return values


def _entering(
    work: Work, change: Change[Opportunity], values: Values, stage: PipelineStage
) -> dict[str, Any]:
    """What follows from entering the stage. Raises Forbidden (a day of the past)."""
    at, today, day = work.now, work.today(), values.get("closes_on")
    opened = values.get("opened_on", change.record.opened_on)
    past: dict[str, Any] = {}
    if change.values.get("history"):
        _require_backdate(work)
        past = {"no_order_reason": NoOrderReason.HISTORY} if stage.kind == StageKind.WON else {}
        known_day = opened if stage.kind == StageKind.OPEN else day
        at = start_of_day(work.setting.zone, known_day) if known_day else at
    elif stage.kind != StageKind.OPEN and day and day < today:
        _require_backdate(work)
    return entered(stage, values, Days(at, today, day)) | past


def _require_reason(deal: Opportunity, values: Values, stage: PipelineStage) -> None:
    """Raises LostReasonRequired; InvalidInput for a reason of what is not lost."""
    name = values.get("name", deal.name)
    if stage.kind != StageKind.LOST and values.get("lost_reason_id"):
        message = "Only a lost opportunity has a reason for which it is lost."
        raise InvalidInput(errors=[FieldError("/lost_reason", "not_lost", message)])
    if stage.kind == StageKind.LOST and not values.get("lost_reason_id", deal.lost_reason_id):
        raise LostReasonRequired(name=name)
    category = values.get("forecast_category")
    if stage.kind == StageKind.OPEN and category == ForecastCategory.CLOSED:
        message = "Only a won opportunity is closed in the forecast."
        raise InvalidInput(errors=[FieldError("/forecast_category", "not_won", message)])


def _require_fields(
    change: Change[Opportunity], values: Values, stage: PipelineStage, known: References
) -> None:
    """Raises FieldsRequired (C25)."""
    deal = change.record
    left = None if change.is_new else known.stages[deal.stage_id]
    changed = {one for one in values if change.is_new or values[one] != getattr(deal, one, None)}
    fields = {**{one.value: getattr(deal, one) for one in DealField}, **values}
    missing = missing_fields(fields, to_check(stage, left, changed))
    if missing:
        raise FieldsRequired(stage=stage.code, fields=", ".join(missing))


def _people(contacts: Sequence[Any]) -> list[DealContact]:
    """Each person once, the last role given."""
    found = {one.contact_id: one.role for one in contacts}
    return [DealContact(contact_id, role) for contact_id, role in found.items()]


def _require_backdate(work: Work) -> None:
    """Raises Forbidden."""
    if not work.actor.may("backdate"):
        raise Forbidden(scope="backdate")


def _target(change: Change[Opportunity], known: References) -> PipelineStage | None:
    """The stage that the deal enters; None: it stays where it is. Raises OpportunityClosed."""
    deal, given = change.record, change.values
    present = None if change.is_new else deal.pipeline_id
    name, stages = given.get("stage"), known.stages
    if not change.is_new and name is None and given.get("pipeline") is None:
        return None
    pipeline_id = stages.pipeline(given.get("pipeline"), present)
    if name is None:
        if pipeline_id == present:
            return None
        stage = stages.first(StageKind.OPEN, pipeline_id)
    else:
        stage = stages.named(name, pipeline_id)
    if change.is_new:
        return stage
    if stage.id == deal.stage_id:
        return None
    if deal.state != StageKind.OPEN and not given.get(REOPEN):
        raise OpportunityClosed(name=deal.name, state=deal.state)
    return stage


def _require_free(deal: Opportunity, values: Values) -> None:
    """Raises OpportunityClosed for what the state of the deal decides, but for the same again."""
    if deal.state == StageKind.OPEN:
        return
    for name in _FIXED_BY_STATE:
        if name in values and values[name] != getattr(deal, name):
            raise OpportunityClosed(name=deal.name, state=deal.state)


def _amounts(work: Work, change: Change[Opportunity], known: References) -> dict[str, Any]:
    """The amount as given, or as the products make it. Raises AmountFromProducts."""
    deal, given = change.record, change.values
    values: dict[str, Any] = {}
    lines, currency = deal.lines, deal.currency
    if "lines" in given:
        currency = _currency_of(work, change.values["lines"] or ())
        lines = values["lines"] = _lines(work, change, known, currency)
    total = Money(sum((one.net for one in lines), Decimal(0)), currency) if lines else None
    if "lines" in given and total:
        values["amount"] = total
    if "amount" not in given:
        return values
    amount = given["amount"]
    if isinstance(amount, MoneyChange):
        with errors_of_field("amount"):
            amount = amount.onto(deal.amount or Money.zero(deal.currency))
    if total is not None and amount != total:
        facts = amount_facts(total.currency, amount=total.amount)
        raise AmountFromProducts(name=given.get("name", deal.name), **facts)
    return values | {"amount": amount}


def _currency_of(work: Work, lines: Sequence[NewDealLine]) -> str:
    """The one currency of all prices given. Raises InvalidInput for two, also by the price list."""
    own = work.setting.currency
    currencies = [one.unit_price.currency if one.unit_price else own for one in lines]
    for at, one in enumerate(currencies):
        if one != currencies[0]:
            message = "All prices of an opportunity are in one currency, here {currency}."
            pointer, facts = f"/lines/{at}/unit_price", {"currency": currencies[0]}
            raise InvalidInput(errors=[FieldError(pointer, "other_currency", message, facts)])
    return currencies[0] if currencies else own


def _lines(
    work: Work, change: Change[Opportunity], known: References, currency: str
) -> list[DealLine]:
    """The products with prices. Raises MissingReference, InvalidInput."""
    account_id = change.values.get("account_id", change.record.account_id)
    found = []
    for at, line in enumerate(change.values["lines"] or ()):
        product = known.offers.get(account_id, {}).get(line.product)
        if product is None:
            raise MissingReference(entity="product", reference=line.product)
        price = line.unit_price or _price_of_the_day(work, product, line.quantity, at)
        discount = rounded(line.discount, _QUANTITY_DIGITS)
        net = line_net(price.amount, line.quantity, discount, decimals=digits_of(currency))
        found.append(
            DealLine(
                product.id,
                rounded(line.quantity, _QUANTITY_DIGITS),
                rounded(price.amount, _QUANTITY_DIGITS),
                discount,
                rounded(net, _AMOUNT_DIGITS),
            )
        )
    return found


def _price_of_the_day(work: Work, product: pricing.Offer, quantity: Decimal, at: int) -> UnitPrice:
    """What the product costs today. Raises InvalidInput, which names the line, where nothing."""
    try:
        return pricing.price_on(product, quantity, on=work.today())
    except NoPrice as without:
        text, facts = "The product {product} has no price: give one.", {"product": product.code}
        pointer = f"/lines/{at}/unit_price"
        raise InvalidInput(errors=[FieldError(pointer, "no_price", text, facts)]) from without


async def _check(work: Work, changes: Sequence[Change[Opportunity]], _sender: str | None) -> None:
    """Place the orders of what is won. Raises what `place_orders` raises."""
    await place_orders(work, changes)


async def _publish(work: Work, changes: Sequence[Change[Opportunity]]) -> None:
    """Store what belongs to the deals, keep the stages that they entered, publish their states."""
    for field in _PARTS:
        held = [one.record for one in changes if field in one.before]
        held += [one.record for one in changes if one.is_new and getattr(one.record, field)]
        await deals.replace_parts(work.sql, field, held)
    moved = [
        deals.Entered(one.record, one.before.get("stage_id"), one.record.stage_since)
        for one in changes
        if one.touches("stage_id")
    ]
    await deals.add_stage_changes(work.sql, moved, by=work.actor.reference)
    await keep_closing_rates(work, changes)
    await work.record(*(_event(one) for one in changes))


def _event(change: Change[Opportunity]) -> OpportunityChanged:
    """The event of the act that the change was."""
    kind: type[OpportunityChanged] = OpportunityChanged
    if "stage_id" in change.before:
        was, now = change.before.get("state"), change.record.state
        kind = OpportunityMoved
        if now == StageKind.WON:
            kind = OpportunityWon
        elif now == StageKind.LOST:
            kind = OpportunityLost
        elif was is not None:
            kind = OpportunityReopened
    return kind.of(change.record, changed_fields(OpportunityChanged, change))


OPPORTUNITY: RecordType[Opportunity, OpportunityView] = RecordType(
    name="opportunity",
    entity=Opportunity,
    reads=deals.OPPORTUNITIES,
    defaults=_defaults,
    lock=_lock,
    look_up=_look_up,
    check=_check,
    publish=_publish,
)
"""How opportunities are kept."""

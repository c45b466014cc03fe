"""Acts on customers' orders."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, TypeAlias
from uuid import UUID

from chassis.http.batch import BatchReply
from chassis.ids import uuid7
from chassis.problems.field_errors import errors_of_field
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference, NotFound
from chassis.storage.loading import loaded
from chassis.storage.reading import Reading
from chassis.storage.source_versions import present_history
from chassis.work.company_rules import business_day_of, require_supported_currency
from chassis.work.unit_of_work import Work
from crm.accounts.schemas import Buyer
from crm.accounts.service import accounts
from crm.orders import queries
from crm.orders.events import BaseState, LineState, OrderChanged, RefusalState
from crm.orders.models import Order, OrderLine
from crm.orders.schemas import (
    BatchOrder,
    ChangeLine,
    ChangeOrder,
    NewOrderLine,
    OrderView,
    PlaceOrder,
    UpsertOrder,
)
from crm.orders.service.lines import (
    AMOUNT_DIGITS,
    build_lines,
    build_new_lines,
    compared_values,
    orders_more,
)
from crm.orders.states import OrderState
from records.batches import InBulk, upsert_each
from records.document_fields.service import change_fields, keep_fields_of_new
from records.senders import BatchRequest
from records.upserts import Sent, Upserted, upsert
from values.address import Address, AddressChange
from values.decimals import rounded
from values.money import Money, MoneyChange, MoneyView, UnitPriceView

__all__ = [
    "KIND",
    "apply_values",
    "cancel_order",
    "change_order",
    "lock_order",
    "order_states",
    "place_order",
    "save_order",
    "upsert_order",
    "upsert_orders",
]

KIND = "customer_order"
ZERO = Decimal("0.0000")
AMOUNT_LIMIT = Decimal(10) ** 14
"""Amounts are written with at most 14 digits before the point."""

Base: TypeAlias = Mapping[str, Any] | None


async def place_order(work: Work, command: PlaceOrder) -> OrderView:
    """Place a customer's order; a prospect becomes a customer with it. The order then.

    Raises MissingReference (account, product), ProductNotSold, FractionOfUnit, PriceMissing,
    CurrencyNotSupported, InvalidInput (too large, a line twice), Forbidden (backdated),
    AccountArchived.
    """
    return await _place(work, command, uuid7(), new_business=True)


async def upsert_order(work: Work, system: str, external_id: str, command: UpsertOrder) -> Upserted:
    """Take over an order as another system knows it, of an archived account as well.

    Raises as `place_order`, and AccountFixed.
    """
    return await upsert(
        work,
        Sent(KIND, system, external_id, command),
        create=partial(_place, work, command),
        change=partial(_replace, work, command),
        reads=queries.ORDERS,
    )


async def _prepare(work: Work, _system: str, items: Sequence[BatchOrder]) -> None:
    """Lock the accounts of a batch at once, in key order: its orders make customers of them."""
    await accounts.lock_buyers(work, {one.account_id for one in items})


async def upsert_orders(
    work: Work, request: BatchRequest, items: Sequence[BatchOrder]
) -> BatchReply:
    """Take over orders as another system knows them; each is judged alone."""
    by = InBulk[BatchOrder](prepare=_prepare)
    return await upsert_each(
        work, request, Order, items, upsert_order, in_bulk=by, reads=queries.ORDERS
    )


async def _place(
    work: Work, command: PlaceOrder | UpsertOrder, order_id: UUID, *, new_business: bool = False
) -> OrderView:
    buyer = await _buyer(work, command.account_id, new_business=new_business)
    values = {
        "id": order_id,
        "version": 1,
        "created_at": work.now,
        "updated_at": work.now,
        "account_id": command.account_id,
        "ordered_on": business_day_of(work, command.ordered_on, pointer="/ordered_on"),
        "requested_on": command.requested_on,
        "ship_to": _ship_to(command.ship_to, buyer.shipping_address),
        "note": command.note,
        "currency": work.setting.currency,
        "state": OrderState.PLACED,
        "freight": _freight(work, command.freight, ZERO),
        "erp": None,
        "content_version": 1,
        "refusal": None,
        "base": None,
    }
    order = loaded(Order, values)
    lines, codes = await build_new_lines(work, order, command.lines)
    _recalculate_totals(order, lines)
    await queries.add_order(work, order, lines)
    kept = await keep_fields_of_new(work, queries.ORDER_FIELDS, {order_id: command.custom})
    waits = await queries.unknown_to_erp(work.sql, codes.keys()) if buyer.in_erp else []
    view = _new_view(order, lines, codes, buyer, waits)
    view = view.model_copy(update={"custom": kept[order_id]})
    await _publish(work, view, OrderChanged.every_field())
    return view


def _new_view(
    order: Order,
    lines: Sequence[OrderLine],
    codes: Mapping[UUID, str],
    buyer: Buyer,
    waits: Sequence[str],
) -> OrderView:
    """The new order as callers see it, without asking the database what was just written."""
    line_values = [line.__dict__ | {"product_code": codes[line.product_id]} for line in lines]
    extra: dict[str, Any] = {"lines": line_values, "customer_owes": buyer.owes}
    extra |= {"external_refs": [], "waits_for": waits, "custom": {}}
    return OrderView.model_validate(order.__dict__ | extra)


async def _buyer(work: Work, account_id: UUID, *, new_business: bool = False) -> Buyer:
    """What an order needs of the account, which is a customer from now on.

    Raises MissingReference, Forbidden, AccountArchived.
    """
    try:
        buyer = await accounts.buyer(work, account_id, new_business=new_business)
    except NotFound as unknown:
        raise MissingReference(entity="account", reference=account_id) from unknown
    if buyer.prospect:
        await accounts.become_customer(work, account_id)
    return buyer


def _ship_to(sent: Address | AddressChange | None, usual: Address) -> Address:
    """Where a new order goes: as it was sent, else the usual address."""
    if not isinstance(sent, AddressChange):
        return sent or usual
    whole = sent.onto(Address())
    return usual if whole == Address() else whole


def _freight(work: Work, freight: MoneyView | MoneyChange | None, present: Decimal) -> Decimal:
    """The freight as it was sent; a part that was not is as it is now. Raises InvalidInput."""
    if freight is None:
        return ZERO
    current = Money(present, work.setting.currency)
    with errors_of_field("freight"):
        whole = freight.onto(current) if isinstance(freight, MoneyChange) else freight
    require_supported_currency(work, whole.currency)
    return rounded(whole.amount, AMOUNT_DIGITS)


def _recalculate_totals(order: Order, lines: Sequence[OrderLine]) -> None:
    """Net is the sum of the lines, total that with the freight (C26). Raises InvalidInput."""
    order.net = sum((line.net for line in lines), ZERO)
    order.total = order.net + order.freight
    if order.total >= AMOUNT_LIMIT:
        wrong = FieldError("/lines", "too_large", "The order comes to more than can be kept.")
        raise InvalidInput(errors=[wrong])


async def change_order(work: Work, order_id: UUID, command: ChangeOrder, *, revision: int) -> None:
    """Change what the customer ordered; the ERP decides whether it still can.

    Raises NotFound, StaleRevision, OrderCancelled, AccountArchived (more is ordered), and what
    `place_order` raises of lines.
    """
    order = await lock_order(work, order_id)
    order.check_revision(revision)
    if command.custom:
        await change_fields(work, queries.ORDER_FIELDS, order_id, command.custom)
    await _change(work, order, _sent_values(work, order, command), command.lines, ours=True)


async def _replace(work: Work, command: UpsertOrder, order_id: UUID) -> bool:
    """Take over the whole order as it was sent; whether anything changed."""
    order = await lock_order(work, order_id)
    order.require_movable_to(command.account_id)
    other = command.account_id != order.account_id
    await _buyer(work, command.account_id, new_business=other)
    values = {"account_id": command.account_id} | _sent_values(work, order, command)
    given = command.custom
    others = bool(given) and await change_fields(work, queries.ORDER_FIELDS, order_id, given or {})
    return await _change(work, order, values, command.lines) or others


def _sent_values(work: Work, order: Order, command: ChangeOrder | UpsertOrder) -> dict[str, Any]:
    """The values sent with the lines, merged into the order's current ones."""
    given = command.model_fields_set
    values: dict[str, Any] = {}
    if "requested_on" in given:
        values["requested_on"] = command.requested_on
    if command.ship_to is not None:
        values["ship_to"] = command.ship_to.onto(order.ship_to)
    if "note" in given:
        values["note"] = command.note
    if "freight" in given:
        values["freight"] = _freight(work, command.freight, order.freight)
    return values


async def _change(
    work: Work,
    order: Order,
    values: Mapping[str, Any],
    sent: Sequence[NewOrderLine] | Sequence[ChangeLine] | None,
    *,
    ours: bool = False,
) -> bool:
    """Apply what differs of what was sent, and publish it; whether anything did.

    `ours`: a seller's change, which asks for no more where the account is archived.
    """
    order.require_not_cancelled()
    present = await queries.load_lines(work, order.id)
    requested = present if sent is None else await build_lines(work, order, sent, present)
    if ours and orders_more(requested, present):
        await accounts.buyer(work, order.account_id, new_business=True)
    changed = apply_values(order, values, present, requested)
    if not changed:
        return False
    changed += order.count_local_change(work.now, history=await present_history(work.sql))
    await save_order(work, order, requested if "lines" in changed else None, changed)
    return True


def apply_values(
    order: Order,
    values: Mapping[str, Any],
    present: Sequence[OrderLine],
    requested: Sequence[OrderLine],
) -> list[str]:
    """Apply values and the sums of the lines; names of what differs, `lines` among them."""
    before = (order.net, order.total)
    changed = list(order.apply(values))
    if compared_values(present) != compared_values(requested):
        changed.append("lines")
    if changed:
        _recalculate_totals(order, requested)
    if before != (order.net, order.total):
        changed += ["net", "total"]
    return changed


async def save_order(
    work: Work, order: Order, lines: Sequence[OrderLine] | None, changed: Sequence[str]
) -> None:
    """Store the changed order, with other lines where there are any, and publish it."""
    await work.flush()
    if lines is not None:
        await queries.replace_lines(work, order.id, lines)
    view = await queries.PUBLISHED.get(work, order.id)
    await _publish(work, view, sorted(set(changed)), base=order.base)


async def cancel_order(work: Work, order_id: UUID) -> None:
    """The customer wants it no longer; the ERP decides whether it still can. Raises NotFound."""
    order = await lock_order(work, order_id)
    changed = order.cancel(work.now, history=await present_history(work.sql))
    if changed:
        await save_order(work, order, None, changed)


async def lock_order(work: Work, order_id: UUID) -> Order:
    """The order, locked until the act ends. Raises NotFound, Forbidden."""
    order = await queries.load_for_update(work, order_id)
    if order is None:
        raise NotFound(entity="order", id=order_id)
    await queries.ORDERS.require_changeable(work, [order_id])
    return order


async def _publish(
    work: Work, view: OrderView, changed: Sequence[str], *, base: Base = None
) -> None:
    await work.record(_event(view, changed, base=base))


async def order_states(at: Reading, order_ids: Sequence[UUID]) -> list[OrderChanged]:
    """What is published of orders, as they are now."""
    bases = await queries.bases_of(at.sql, order_ids)
    found = await queries.PUBLISHED.get_all(at, order_ids)
    return [_event(view, (), base=bases[view.id]) for view in found]


def _event(view: OrderView, changed: Sequence[str], *, base: Base) -> OrderChanged:
    """What is published of the order as it is now; `base`: the ERP's content it is based on."""
    lines = [
        LineState(
            id=line.id,
            product_id=line.product_id,
            product_code=line.product_code,
            quantity=line.quantity,
            unit_price=UnitPriceView(amount=line.unit_price, currency=view.currency),
            discount=line.discount,
            net=line.net,
            external_line_id=line.external_line_id,
        )
        for line in view.lines
    ]
    extra = {"version", "lines", "freight", "changed", "refusal", "base"}
    names = OrderChanged.model_fields.keys() - extra
    state = {name: getattr(view, name) for name in names} | {"version": view.revision}
    if base is not None:
        kept = {name: base.get(name) for name in BaseState.model_fields}
        state["base"] = kept | {"currency": view.currency}
    state |= {"lines": lines, "freight": MoneyView(amount=view.freight, currency=view.currency)}
    if view.refusal is not None:
        refused = {name: getattr(view.refusal, name) for name in RefusalState.model_fields}
        state["refusal"] = RefusalState.model_validate(refused)
    return OrderChanged.model_validate(state | {"changed": list(changed)})

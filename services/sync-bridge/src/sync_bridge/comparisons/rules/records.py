"""Where each half tells its records, and what of them is compared."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sync_bridge.comparisons.rules.fields import held_fields, sent_fields
from sync_bridge.flows import BY_EVENT, Flow, Need
from sync_bridge.mappings.twins import Twins
from sync_bridge.messages import crm, erp
from sync_bridge.messages.base import Address, Message
from sync_bridge.ownership import Half

__all__ = ["SOURCES", "Record", "Source", "needs_of", "records_of", "sources_of"]

State = Mapping[str, Any]
NO_RECORD = UUID(int=0)
"""Stands for a record that has no twin: it is equal to none."""

LINE = (
    *("line_id", "product_id", "sku", "quantity", "unit_price", "discount"),
    *("reserved", "waiting", "shipped", "returned", "invoiced"),
)
SHIPMENT = ("number", "kind", "shipped_on", "carrier", "tracking_number", "reversed_on")
CHANGE = ("kind", "state", "reason")
TERMS = (*("customer_number", "credit_limit", "payment_terms_days", "dunning_block", "archived"),)


@dataclass(frozen=True)
class Record:
    """One record as a half has it.

    `sent`: what it owns of it, as the other half would be told. `held`: what it shows of the other
    half's part. `crosses`: whether it is made on the other side where it has no twin. `link`: the
    twin's id as the half knows it.
    """

    entity: str
    id: UUID
    sent: Mapping[str, Any] | None = None
    held: Mapping[str, Any] | None = None
    crosses: bool = False
    link: str | None = None
    number: str = ""
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Source:
    """One reading of a half: the states of an event's records, or a list with pages.

    `flow`: what the half sends of them. `holds`: what it has of the other half's part, by entity.
    """

    half: Half
    entities: Sequence[str]
    place: str = ""
    flow: Flow | None = None
    holds: Mapping[str, Callable[[State], State]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What tells it from others: the event or the list."""
        return self.place or (self.flow.event if self.flow else "")


def _account_terms(account: State) -> State:
    message = crm.AccountChanged.model_validate(account).plain()
    terms = account.get("erp") or {}
    return {
        **message,
        "price_list": account.get("price_list"),
        "erp": {name: terms.get(name) for name in TERMS},
    }


def _debt(account: State) -> State:
    owes = account.get("owes") or {}
    return {"owes": owes.get("amount")}


def _customer(customer: State) -> State:
    return erp.CustomerChanged.model_validate(customer).plain()


def _unchanged(record: State) -> State:
    return record


def _price(price: State) -> State:
    return {**price, "product": price.get("product_id")}


def _availability(product: State) -> State:
    availability = product.get("availability") or {}
    return {"free": availability.get("free"), "incoming": availability.get("incoming")}


def _fulfilment(order: State) -> State:
    return {"erp": _order_progress(order.get("erp") or {})}


def _order_progress(state: State) -> State:
    """How an order stands, of which both halves tell the same parts.

    Which version of the sender's is known is no part of it: that moves without an event.
    """
    names = ("account_id", "number", "state", "reason", "requested_on")
    more = ("promised_on", "note", "net", "freight", "invoiced", "paid", "open_amount")
    return {
        **{name: state.get(name) for name in (*names, *more)},
        "ship_to": Address.model_validate(state.get("ship_to") or {}).plain(),
        "lines": [_parts(one, LINE) for one in state.get("lines") or ()],
        "shipments": [_parts(one, SHIPMENT) for one in state.get("shipments") or ()],
        "last_change": _parts(state.get("last_change") or {}, CHANGE),
    }


def _parts(state: State, names: Iterable[str]) -> State:
    return {name: state.get(name) for name in names}


def _sales_order(order: State) -> State:
    """What the ERP has of an order, as the CRM would send it; of a cancelled one only that."""
    known = erp.OrderChanged.model_validate(order)
    if known.state == "cancelled":
        return {"cancelled": True}
    return {
        "customer_id": str(known.customer_id),
        "requested_on": known.requested_on and known.requested_on.isoformat(),
        "ship_to": known.ship_to.plain(),
        "note": known.note,
        "cancelled": False,
        "lines": {
            one.external_line_id or str(one.id): {
                "item_id": str(one.item_id),
                "quantity": one.quantity,
                "unit_price": one.unit_price,
                "discount": one.discount,
            }
            for one in known.lines
        },
        "charges": known.charges,
    }


def _sent_order(body: State) -> State:
    if body["cancelled"]:
        return {"cancelled": True}
    lines = {
        line["external_line_id"]: {
            "item_id": line["item_id"],
            "quantity": line["quantity"],
            "unit_price": line["unit_price"]["amount"],
            "discount": line["discount"],
        }
        for line in body["lines"]
    }
    compared = ("customer_id", "requested_on", "ship_to", "note", "cancelled")
    (freight,) = body["charges"]
    return {
        **{name: body[name] for name in compared},
        "lines": lines,
        "charges": freight["amount"]["amount"],
    }


def _sent_fulfilment(body: State) -> State:
    return {"erp": _order_progress(body["erp"])}


def _sent_debt(body: State) -> State:
    return {"owes": body["owes"]}


def _sent_availability(body: State) -> State:
    return {"free": body["free"], "incoming": body["incoming"]}


SENT: Mapping[str, Callable[[State], State]] = {
    "order": _sent_order,
    "fulfilment": _sent_fulfilment,
    "debt": _sent_debt,
    "availability": _sent_availability,
}
"""What of a body is compared, where that is not all of it."""


def _states(event: str, **holds: Callable[[State], State]) -> Source:
    flow = BY_EVENT[event]
    entities = (flow.entity.name, *(one for one in holds if one != flow.entity.name))
    return Source(half=flow.sender, entities=entities, flow=flow, holds=holds)


def _list(place: str, flow: Flow | None = None, **holds: Callable[[State], State]) -> Source:
    return Source(half="crm", entities=tuple(holds), place=place, flow=flow, holds=holds)


SOURCES: Sequence[Source] = (
    _list(
        "/v1/accounts",
        BY_EVENT["tandem.crm.account-changed.v1"],
        customer=_account_terms,
        debt=_debt,
    ),
    _states("tandem.erp.customer-changed.v1", customer=_customer),
    _list("/v1/products", product=_unchanged, availability=_availability),
    _states("tandem.erp.item-changed.v1"),
    _list("/v1/price-lists", price_list=_unchanged),
    _states("tandem.erp.price-list-changed.v1"),
    _list("/v1/product-prices", price=_price),
    _states("tandem.erp.price-changed.v1"),
    _states("tandem.crm.order-changed.v1"),
    _list("/v1/orders", fulfilment=_fulfilment),
    _states("tandem.erp.order-changed.v1", order=_sales_order),
    _states("tandem.erp.availability-changed.v1"),
    _states("tandem.erp.balance-changed.v1"),
)
"""In this order: both halves of an entity close to each other."""


def sources_of(entities: Iterable[str]) -> list[Source]:
    """The readings that a comparison of those entities takes."""
    wanted = set(entities)
    return [one for one in SOURCES if wanted.intersection(one.entities)]


def needs_of(source: Source, states: Sequence[State]) -> list[Need]:
    """Records that those refer to, whose twins a mapping asks for."""
    if source.flow is None:
        return []
    messages = [source.flow.reads.model_validate(one) for one in states]
    return sorted({need for one in messages for need in source.flow.needs(one)}, key=str)


def records_of(source: Source, state: State, twins: Twins) -> list[Record]:
    """The record that a half tells so, for each entity it is compared as."""
    flow, link = source.flow, _link(state, source.half)
    found = {
        entity: Record(
            entity,
            UUID(str(state["id"])),
            held=held_fields(entity, holder=source.half, state=shown(state)),
            link=link,
        )
        for entity, shown in source.holds.items()
    }
    if flow is not None:
        message = flow.reads.model_validate(state)
        name = flow.entity.name
        known = found.get(name, Record(name, message.id, link=link))
        found[name] = _sending(known, flow, message, twins)
    labels = {"number": _text(state, "number", "sku", "code"), "name": _text(state, "name")}
    return [_labelled(one, **labels) for one in found.values()]


def _sending(known: Record, flow: Flow, message: Message, twins: Twins) -> Record:
    """The record with what its half sends of it; of an order that is refused that is nothing."""
    crosses, name = flow.begins(message), flow.entity.name
    if name in {"order", "fulfilment"} and not crosses:
        return known
    body = flow.translate(message, _KnownTwins(twins))
    compared = SENT.get(name, _unchanged)(body)
    sent = sent_fields(name, sender=flow.sender, body=compared)
    return Record(name, known.id, sent, known.held, crosses, known.link)


class _KnownTwins(dict[tuple[str, UUID], UUID]):
    """Twins as far as they are known; a missing one is nobody."""

    def __missing__(self, key: tuple[str, UUID]) -> UUID:
        return NO_RECORD


def _labelled(one: Record, *, number: str, name: str) -> Record:
    return Record(
        one.entity, one.id, one.sent, one.held, one.crosses, one.link, number=number, name=name
    )


def _link(state: State, half: Half) -> str | None:
    """The other half's id of the record, as this half knows it."""
    across = "erp" if half == "crm" else "crm"
    refs = state.get("external_refs") or ()
    return next((one["external_id"] for one in refs if one["system"] == across), None)


def _text(state: State, *names: str) -> str:
    return next((str(state[name]) for name in names if state.get(name)), "")[:200]

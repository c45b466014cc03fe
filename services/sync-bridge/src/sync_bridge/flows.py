"""Everything that crosses the bridge: THE table, and the words it is written in.

A row reads: an event of one half is read as this message, translated by that mapping, and put to
the other half as `PUT <place>/by-external/<sender>/<id>`. To let something new cross, add a
reading model to `messages`, a function to `mappings`, its fields to `ownership.py`, and one row.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from sync_bridge.mappings import crm_to_erp, erp_to_crm
from sync_bridge.mappings.twins import Twins
from sync_bridge.messages import crm, erasure, erp
from sync_bridge.messages.base import Message
from sync_bridge.ownership import Half, other

__all__ = [
    "BY_EVENT",
    "CUSTOMER",
    "ENTITIES",
    "FLOWS",
    "NOT_CARRIED",
    "PERSONAL",
    "Entity",
    "Flow",
    "Need",
    "types_of",
]


@dataclass(frozen=True)
class Need:
    """A record that must be across before another one can follow."""

    entity: str
    sender: Half
    id: UUID

    def __str__(self) -> str:
        """As lanes write what they wait for: `customer crm:<id>`."""
        return f"{self.entity} {self.sender}:{self.id}"

    @property
    def lane(self) -> str:
        """The lane of the record itself."""
        return f"{self.sender}.{self.entity}:{self.id}"


@dataclass(frozen=True, kw_only=True)
class Entity:
    """What both halves keep a record of, and where.

    A record of it without a twin is looked for across: with `matches` by asking the receiver for
    records that match it (`POST <place>/matches`), otherwise by fields that make it certain, named
    as the sender's message and the filter of the receiver's list call them. A certain, single find
    is linked; anything else found is shown to a person. `refused_twice`: the receiver itself
    refuses a second record with the certain field, so it is looked for only after that.

    `refusals`: where the sender is told of a record that the receiver does not take, so that a
    person sees it there; the lane goes on.

    `copy`: it is a part of a record of the receiver, which is named in what is put. Where another
    record of the sender tells of the same one, that takes the place of the one before.

    `linked_both_ways`: each half owns a part, and both keep the other's id. `as_it_is`: a record
    without a twin crosses as it is now, not as an event of some time ago tells. Copies that nobody
    edits need no such look: their next event puts them right.
    """

    name: str
    crm: str
    erp: str
    linked_both_ways: bool = False
    sends_current_state: bool = False
    copy: bool = False
    matches: bool = False
    certain: Mapping[str, str] | None = None
    unique_in_target: bool = False
    refusals: str | None = None

    def path_in(self, half: Half) -> str:
        """Where that half keeps them."""
        return self.crm if half == "crm" else self.erp


CUSTOMER = Entity(
    name="customer",
    crm="/v1/accounts",
    erp="/v1/customers",
    linked_both_ways=True,
    sends_current_state=True,
    matches=True,
)
PRODUCT = Entity(
    name="product",
    crm="/v1/products",
    erp="/v1/items",
    sends_current_state=True,
    certain={"sku": "code"},
    unique_in_target=True,
)
PRICE_LIST = Entity(name="price_list", crm="/v1/price-lists", erp="/v1/price-lists")
PRICE = Entity(name="price", crm="/v1/product-prices", erp="/v1/prices", sends_current_state=True)

ORDER = Entity(
    name="order",
    crm="/v1/orders",
    erp="/v1/sales-orders",
    sends_current_state=True,
    refusals="/v1/order-refusals",
)
FULFILMENT = Entity(
    name="fulfilment", crm="/v1/order-fulfilments", erp="/v1/sales-orders", copy=True
)
AVAILABILITY = Entity(
    name="availability", crm="/v1/product-availabilities", erp="/v1/items", copy=True
)
DEBT = Entity(name="debt", crm="/v1/account-debts", erp="/v1/open-items", copy=True)
PERSON = Entity(name="person", crm="/v1/accounts", erp="/v1/customers")
"""No record of its own: who was erased in one half is erased in the other."""

ENTITIES: Mapping[str, Entity] = {
    entity.name: entity
    for entity in (CUSTOMER, PRODUCT, PRICE_LIST, PRICE, ORDER, FULFILMENT, AVAILABILITY, DEBT)
}


def _always(message: Any) -> bool:  # noqa: ARG001
    return True


def _unsaid(message: Any) -> None:  # noqa: ARG001
    return None


def _no_body(message: Any, twins: Twins) -> dict[str, Any]:  # noqa: ARG001
    return {}


def _nothing(message: Any) -> Sequence[Need]:  # noqa: ARG001
    return ()


@dataclass(frozen=True, kw_only=True)
class Flow:
    """One row of the table.

    `shared_by`: for a field that the receiver takes once, the mark with which it takes it again. It
    is given where a person said that a record is new although another one has it.

    `begins` says whether a record without a twin crosses at all; one with a twin always does.
    `needs` names what must be across before. `in_batches`: the other half also takes several at
    once (`POST <place>/by-external/<sender>/batch`). `revision` counts changes of the mapping: it
    is part of the idempotency key, so that a corrected mapping is not taken for a repeat (B39).
    `history_of`: in which history of the sender the `source_version` counts that is put, where it
    is not the event's version; None: in that of the event.
    `follows`: while what it needs does not cross, it does not either; when that does, its newest
    event is delivered.
    `erases`: nothing is put; the sender's records of that type, named in the event, are erased.
    """

    event: str
    reads: type[Message]
    translate: Callable[[Any, Twins], dict[str, Any]]
    entity: Entity
    begins: Callable[[Any], bool] = _always
    needs: Callable[[Any], Sequence[Need]] = _nothing
    in_batches: bool = False
    shared_by: Mapping[str, str] = field(default_factory=dict)
    revision: int = 1
    history_of: Callable[[Any], int | None] = _unsaid
    follows: bool = False
    erases: str = ""

    @property
    def sender(self) -> Half:
        """The half that publishes the event."""
        return cast("Half", self.event.split(".")[1])

    @property
    def target(self) -> Half:
        """The half that is called."""
        return other(self.sender)

    @property
    def kind(self) -> str:
        """The kind of its lanes, such as `crm.customer`: what is paused together."""
        return f"{self.sender}.{self.entity.name}"

    def lane(self, subject: UUID) -> str:
        """The lane of one record: `crm.customer:<id>`."""
        return f"{self.kind}:{subject}"


def _item_of(price: erp.PriceChanged) -> Sequence[Need]:
    return (Need("product", "erp", price.item_id),)


def _parts_of(order: crm.OrderChanged) -> Sequence[Need]:
    products = {line.product_id for line in order.lines}
    products.update(line.product_id for line in (order.base.lines if order.base else ()))
    customer = Need("customer", "crm", order.account_id)
    return (customer, *(Need("product", "crm", product) for product in sorted(products)))


def _parts_in_erp(order: erp.OrderChanged) -> Sequence[Need]:
    if not erp_to_crm.is_of_crm(order):
        return ()
    items = {line.item_id for line in order.lines if line.item_id}
    customer = [Need("customer", "erp", order.customer_id)] if order.customer_id else []
    return (*customer, *(Need("product", "erp", item) for item in sorted(items)))


def _item_in(stock: erp.AvailabilityChanged) -> Sequence[Need]:
    return (Need("product", "erp", stock.item_id),)


def _owing(balance: erp.BalanceChanged) -> Sequence[Need]:
    return (Need("customer", "erp", balance.customer_id),)


FLOWS: Sequence[Flow] = (
    Flow(
        event="tandem.crm.account-changed.v1",
        reads=crm.AccountChanged,
        translate=crm_to_erp.customer,
        entity=CUSTOMER,
        in_batches=True,
        begins=crm_to_erp.is_customer,
        shared_by={"tax_id": "tax_id_shared"},
    ),
    Flow(
        event="tandem.erp.customer-changed.v1",
        reads=erp.CustomerChanged,
        translate=erp_to_crm.account,
        entity=CUSTOMER,
        in_batches=True,
    ),
    Flow(
        event="tandem.erp.item-changed.v1",
        reads=erp.ItemChanged,
        translate=erp_to_crm.product,
        entity=PRODUCT,
        in_batches=True,
        begins=erp_to_crm.is_sold,
    ),
    Flow(
        event="tandem.erp.price-changed.v1",
        reads=erp.PriceChanged,
        translate=erp_to_crm.price,
        entity=PRICE,
        in_batches=True,
        needs=_item_of,
        follows=True,
    ),
    Flow(
        event="tandem.erp.price-list-changed.v1",
        reads=erp.PriceListChanged,
        translate=erp_to_crm.price_list,
        entity=PRICE_LIST,
    ),
    Flow(
        event="tandem.crm.order-changed.v1",
        reads=crm.OrderChanged,
        translate=crm_to_erp.sales_order,
        entity=ORDER,
        in_batches=True,
        begins=crm_to_erp.crosses,
        needs=_parts_of,
        history_of=crm_to_erp.content_history,
    ),
    Flow(
        event="tandem.erp.order-changed.v1",
        reads=erp.OrderChanged,
        translate=erp_to_crm.fulfilment,
        entity=FULFILMENT,
        in_batches=True,
        begins=erp_to_crm.is_of_crm,
        needs=_parts_in_erp,
    ),
    Flow(
        event="tandem.erp.availability-changed.v1",
        reads=erp.AvailabilityChanged,
        translate=erp_to_crm.availability,
        entity=AVAILABILITY,
        in_batches=True,
        needs=_item_in,
        follows=True,
    ),
    Flow(
        event="tandem.erp.balance-changed.v1",
        reads=erp.BalanceChanged,
        translate=erp_to_crm.debt,
        entity=DEBT,
        in_batches=True,
        needs=_owing,
        follows=True,
    ),
    Flow(
        event="tandem.crm.person-erased.v1",
        reads=erasure.PersonErased,
        translate=_no_body,
        entity=PERSON,
        erases="account",
    ),
    Flow(
        event="tandem.erp.person-erased.v1",
        reads=erasure.PersonErased,
        translate=_no_body,
        entity=PERSON,
        erases="customer",
    ),
)

BY_EVENT: Mapping[str, Flow] = {flow.event: flow for flow in FLOWS}

NOT_CARRIED = frozenset(
    f"tandem.erp.{name}.v1"
    for name in (
        *("bill-changed", "invoice-changed", "opening-receivable-changed", "payment-received"),
        *("attachment-changed", "note-changed", "custom-field-changed", "purchase-changed"),
        *("purchase-returned", "tag-changed", "record-tags-changed", "document-fields-changed"),
        *("lot-changed", "plan-changed"),
        *("bill-of-material-changed", "calendar-changed", "work-centre-changed"),
        *("routing-changed", "production-order-changed", "inspection-plan-changed"),
        *("nonconformance-changed", "schedule-published", "rush-request-changed"),
        *("soft-reservation-changed", "repair-order-changed"),
    )
) | {
    f"tandem.crm.{name}.v1"
    for name in (
        *("attachment-changed", "contact-changed", "custom-field-changed", "note-changed"),
        *("tag-changed", "record-tags-changed", "document-fields-changed", "activity-changed"),
        *(f"opportunity-{act}" for act in ("changed", "moved", "won", "lost", "reopened")),
        *("calendar-changed", "absence-changed", "assignment-rule-changed", "merge-changed"),
        *("exchange-rate-changed", "sales-quota-changed", "score-rule-changed"),
        *("lead-changed", "lead-converted", "follow-up-plan-changed", "quote-changed"),
        *("contract-template-changed", "contract-changed", "product-cost-changed"),
        "rush-request-changed",
    )
}
"""Events of which the other half needs nothing: the states of orders and debts have it; contacts,
leads, notes, attachments, tags, custom fields, deals, quotes, contracts, working hours, rules,
rates, quotas plans and production are of one's own half. Of two accounts that were merged the one
that the ERP knows stays, so links hold."""


PERSONAL = frozenset(
    {
        "tandem.crm.account-changed.v1",
        "tandem.crm.contact-changed.v1",
        "tandem.crm.lead-changed.v1",
        "tandem.crm.lead-converted.v1",
        "tandem.erp.customer-changed.v1",
    }
)
"""Events that are not kept, and do not cross, of a record that stood for an erased person."""


def types_of(kind: str) -> list[str]:
    """The event types that stand in lanes of a kind."""
    return [flow.event for flow in FLOWS if flow.kind == kind]

"""What a plan is made from: items, bills, stock, receipts and demands, at one moment.

Quantities are whole numbers of an item's smallest step (a piece, or a thousandth of a kilogram);
days are whole numbers too, ordinals of the calendar. So nothing is rounded but where a rule says
it, and nothing depends on where it is computed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

import orjson

from erp.planning.states import DemandKind, LotRule, ReceiptKind, Source

__all__ = [
    "Bill",
    "Component",
    "Demand",
    "LotSizing",
    "Operation",
    "PlannedItem",
    "Receipt",
    "Snapshot",
]


@dataclass(frozen=True, slots=True)
class LotSizing:
    """How needs become orders. `minimum`, `maximum` and `multiple` hold for every rule; 0: none.

    `quantity`: of the rule fixed. `days`: of the rule period. `setup_cost` of an order and
    `holding_cost` of one step for a day, in the same whole unit, of the rules that weigh costs.
    """

    rule: LotRule = LotRule.LOT_FOR_LOT
    quantity: int = 0
    minimum: int = 0
    maximum: int = 0
    multiple: int = 0
    days: int = 0
    setup_cost: int = 0
    holding_cost: int = 0


@dataclass(frozen=True, slots=True)
class Component:
    """One step of what is begun needs numerator/denominator steps of it, on these days.

    Of one `group` the first by priority counts that counts on the day; '' is in no group.
    `phantom`: it is passed through on this line, although its item is planned elsewhere: what it is
    made of is needed in its place.
    """

    item: str
    numerator: int
    denominator: int = 1
    from_day: int | None = None
    to_day: int | None = None
    group: str = ""
    priority: int = 1
    phantom: bool = False


@dataclass(frozen=True, slots=True)
class Bill:
    """A revision: what an item is made of if it is begun on one of these days."""

    components: tuple[Component, ...]
    from_day: int | None = None
    to_day: int | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """How long an operation of a routing takes: millionths of a minute, efficiency reckoned with.

    `run` is of `per` steps of the item; of a batch that is begun it is always the whole. `day`: a
    working day of the work centre.
    """

    queue: int
    setup: int
    run: int
    per: int
    by_batch: bool
    day: int


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """An item with what planning must know of it.

    `on_hand` is what may be used: good, in stock, reserved for nobody. `lead_days` count by the
    calendar of that name; '' has every day. Of what is begun the part good[0]/good[1] is good;
    where `yields` are given, those parts one after another. With a `route` the lead time follows
    from it and from how many are begun, instead of `lead_days`.
    `fence_days`: no order can begin earlier than so many calendar days from today. `batches`: what
    lies in stock for one order only, by the order; only an item made to order has it.
    """

    key: str
    source: Source = Source.MAKE
    on_hand: int = 0
    safety_stock: int = 0
    lead_days: int = 0
    calendar: str = ""
    lot: LotSizing = field(default_factory=LotSizing)
    good: tuple[int, int] = (1, 1)
    fence_days: int = 0
    to_order: bool = False
    bills: tuple[Bill, ...] = ()
    batches: Mapping[str, int] = field(default_factory=dict)
    yields: tuple[tuple[int, int], ...] = ()
    route: tuple[Operation, ...] = ()

    @property
    def good_parts(self) -> tuple[tuple[int, int], ...]:
        """The parts of what is begun that are good, one after another."""
        return self.yields or (self.good,)


@dataclass(frozen=True, slots=True)
class Demand:
    """So much of an item is needed on a day; lower priority numbers come first on one day."""

    ref: str
    item: str
    day: int
    quantity: int
    kind: DemandKind = DemandKind.SALES_ORDER
    batch: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is ordered already and comes on a day; planning never changes it (E58)."""

    ref: str
    item: str
    day: int
    quantity: int
    kind: ReceiptKind = ReceiptKind.PURCHASE_ORDER
    batch: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that a plan depends on. `calendars`: name -> its working days, in order."""

    today: int
    items: tuple[PlannedItem, ...]
    demands: tuple[Demand, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    calendars: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def digest(self) -> str:
        """The SHA-256 of its content: the same snapshot gives the same plan (E57)."""
        return sha256(orjson.dumps(self, option=orjson.OPT_SORT_KEYS)).hexdigest()

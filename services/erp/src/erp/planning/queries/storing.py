"""What a plan says, as rows: written by COPY, a table at a time."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from erp.planning.queries.snapshot import ReadSnapshot
from erp.planning.rules.planning import ItemPlan, Plan
from erp.planning.rules.possible import Delay
from erp.planning.rules.routes import lead_days_of
from erp.planning.states import DemandKind, PlannedOrderState, SupplyKind
from erp.sql import Sql

__all__ = ["store"]

_TABLES = ("plan_peg", "plan_requirement", "plan_message", "planned_order", "planned_item")
_COLUMNS = {
    "planned_item": (
        *("plan_id", "item_id", "level", "source", "on_hand", "safety_stock", "lead_days"),
        *("lot_rule", "yield_part", "fence_days", "supplier_id"),
    ),
    "planned_order": (
        *("id", "plan_id", "item_id", "number", "source", "due_on", "release_on"),
        *("start_quantity", "quantity", "needed", "past_due_days", "possible_on", "lead_days"),
        *("batch", "state"),
    ),
    "plan_requirement": (
        *("plan_id", "item_id", "place", "needed_on", "quantity", "kind", "demand_id"),
        *("wanted", "parent_item_id", "parent_number", "possible_on"),
    ),
    "plan_peg": (
        *("plan_id", "item_id", "place", "requirement", "supply", "number", "receipt_id"),
        "quantity",
    ),
    "plan_message": (
        *("id", "plan_id", "item_id", "kind", "receipt_id", "number", "day", "needed_on"),
        *("quantity", "by_days"),
    ),
}
Rows = Iterator[tuple[Any, ...]]


async def store(
    sql: Sql,
    plan_id: UUID,
    found: ReadSnapshot,
    computed: tuple[Plan, dict[tuple[str, int], Delay]],
) -> None:
    """Put the rows of the plan in place of those of the plan before it."""
    for table in _TABLES:
        await sql.execute(f"delete from {table}")
    plan, delays = computed
    rows = _Rows(plan_id, found, delays)
    needed = [one for one in plan.items.values() if one.requirements or one.receipts]
    for table, made in (
        ("planned_item", rows.items(needed)),
        ("planned_order", rows.orders(needed)),
        ("plan_requirement", rows.requirements(needed)),
        ("plan_peg", rows.pegs(needed)),
        ("plan_message", rows.messages(needed)),
    ):
        await sql.copy_records_to_table(table, records=made, columns=_COLUMNS[table])


class _Rows:
    """Makes rows of item plans: steps become quantities again, and ordinals days."""

    def __init__(
        self, plan_id: UUID, found: ReadSnapshot, delays: dict[tuple[str, int], Delay]
    ) -> None:
        self._plan_id, self._found, self._delays = plan_id, found, delays
        self._ids: dict[str, UUID] = {one: UUID(one) for one in found.scales}

    def items(self, plans: Iterable[ItemPlan]) -> Rows:
        for one in plans:
            item = one.item
            numerator, denominator = item.good
            yield (
                self._plan_id,
                self._ids[item.key],
                one.level,
                item.source,
                self._quantity(item.key, item.on_hand),
                self._quantity(item.key, item.safety_stock),
                item.lead_days,
                item.lot.rule,
                Decimal(numerator) / Decimal(denominator),
                item.fence_days,
                self._found.suppliers[item.key],
            )

    def orders(self, plans: Iterable[ItemPlan]) -> Rows:
        for one in plans:
            key = one.item.key
            for order in one.orders:
                yield (
                    uuid7(),
                    self._plan_id,
                    self._ids[key],
                    order.number,
                    one.item.source,
                    date.fromordinal(order.due),
                    date.fromordinal(order.release),
                    self._quantity(key, order.start),
                    self._quantity(key, order.quantity),
                    self._quantity(key, order.needed),
                    order.past_due,
                    date.fromordinal(order.possible),
                    lead_days_of(one.item, order.start),
                    order.batch,
                    PlannedOrderState.PLANNED,
                )

    def requirements(self, plans: Iterable[ItemPlan]) -> Rows:
        for one in plans:
            key = one.item.key
            for place, needed in enumerate(one.requirements):
                planned = needed.kind == DemandKind.PLANNED_ORDER
                delay = self._delays.get((key, place))
                yield (
                    self._plan_id,
                    self._ids[key],
                    place,
                    date.fromordinal(needed.day),
                    self._quantity(key, needed.quantity),
                    needed.kind,
                    UUID(needed.ref) if needed.ref and not planned else None,
                    self._found.wanted.get(needed.ref),
                    self._ids[needed.ref] if planned else None,
                    needed.number if planned else None,
                    date.fromordinal(delay.day) if delay else None,
                )

    def pegs(self, plans: Iterable[ItemPlan]) -> Rows:
        for one in plans:
            key = one.item.key
            for place, peg in enumerate(one.pegs):
                planned = peg.supply == SupplyKind.PLANNED_ORDER
                came = peg.supply == SupplyKind.RECEIPT
                yield (
                    self._plan_id,
                    self._ids[key],
                    place,
                    peg.requirement,
                    peg.supply,
                    peg.place if planned else None,
                    UUID(one.receipts[peg.place].ref) if came else None,
                    self._quantity(key, peg.quantity),
                )

    def messages(self, plans: Iterable[ItemPlan]) -> Rows:
        for one in plans:
            key = one.item.key
            for message in one.messages:
                yield (
                    uuid7(),
                    self._plan_id,
                    self._ids[key],
                    message.kind,
                    UUID(message.ref) if message.ref else None,
                    message.number if message.number >= 0 else None,
                    date.fromordinal(message.day),
                    None if message.wanted is None else date.fromordinal(message.wanted),
                    self._quantity(key, message.quantity),
                    message.by_days,
                )

    def _quantity(self, key: str, steps: int) -> Decimal:
        return Decimal(steps) / self._found.scales[key]

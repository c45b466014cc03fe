"""Goods booked by hand: opening stock and adjustments, named by SKU."""

from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import Protocol
from uuid import UUID

from chassis.http.batch import BatchReply
from chassis.ids import uuid7
from chassis.problems.standard import MissingReference
from chassis.work.company_rules import business_day_of, require_supported_currency
from chassis.work.unit_of_work import Work
from erp.sql import Sql
from erp.stock.errors import NotStocked, OpeningStockPosted
from erp.stock.lines import AdjustLine, ReceiptLine
from erp.stock.models.goods import OpeningStock
from erp.stock.queries import locking, views
from erp.stock.rules.units import ItemUnit
from erp.stock.schemas.goods import (
    AdjustedLine,
    AdjustStock,
    OpenStock,
    ReceivedLine,
    ReceiveStock,
    StockPosted,
)
from erp.stock.service.adjusting import post_adjustment
from erp.stock.service.goods import receive_goods
from erp.stock.states import LocationKind, StockDocumentKind
from records.batches import upsert_each
from records.senders import BatchRequest
from records.upserts import Sent, Upserted, upsert
from values.decimals import plain

__all__ = [
    "adjust_stock",
    "check_quantities",
    "item_ids_by_sku",
    "open_stock",
    "open_stocks",
    "receive_stock",
]

KIND = StockDocumentKind.OPENING_STOCK


class Quantified(Protocol):
    """A line that names an item and a quantity."""

    @property
    def sku(self) -> str:
        """The item's SKU."""

    @property
    def quantity(self) -> Decimal:
        """How much, in the item's own unit."""


async def item_ids_by_sku(sql: Sql, lines: Sequence[Quantified]) -> dict[str, UUID]:
    """The items the lines name.

    Raises MissingReference, NotStocked (a service), FractionOfUnit.
    """
    goods = await views.goods_by_sku(sql, list({line.sku for line in lines}))
    for line in lines:
        found = goods.get(line.sku)
        if found is None:
            raise MissingReference(entity="item", reference=line.sku)
        if found["kind"] != "goods":
            raise NotStocked(item=line.sku)
        ItemUnit(found["unit"], found["decimals"]).check_quantity(line.quantity)
    return {sku: row["id"] for sku, row in goods.items()}


async def check_quantities(sql: Sql, quantities: Sequence[tuple[UUID, Decimal]]) -> None:
    """Refuse quantities that the units of their items cannot count. Raises FractionOfUnit (E39)."""
    units = await views.units_of_items(sql, {item_id for item_id, _ in quantities})
    for item_id, quantity in quantities:
        units[item_id].check_quantity(quantity)


async def receive_stock(work: Work, command: ReceiveStock) -> StockPosted:
    """Lay opening stock in. Raises MissingReference, NotStocked, PeriodClosed and the like."""
    receipt_id = uuid7()
    day = business_day_of(work, command.effective_on)
    await receive_goods(
        work,
        await _receipt_lines(work, command.lines),
        source_type=StockDocumentKind.STOCK_RECEIPT,
        source_id=receipt_id,
        effective_on=day,
        counterpart="equity_opening",
        from_kind=LocationKind.OPENING,
        memo=command.memo,
    )
    return StockPosted(id=receipt_id)


async def _receipt_lines(work: Work, lines: Sequence[ReceivedLine]) -> list[ReceiptLine]:
    require_supported_currency(work, *(line.currency for line in lines))
    ids = await item_ids_by_sku(work.sql, lines)
    return [
        ReceiptLine(
            ids[line.sku],
            line.quantity,
            line.amount(),
            serials=line.serials,
            lots=[one.line() for one in line.lots],
        )
        for line in lines
    ]


async def adjust_stock(work: Work, command: AdjustStock) -> StockPosted:
    """Book a surplus or a loss. Raises TooLittleOnHand, CostNeeded, MissingReference."""
    adjustment_id = uuid7()
    day = business_day_of(work, command.effective_on)
    ids = await item_ids_by_sku(work.sql, command.lines)
    require_supported_currency(
        work, *(line.unit_cost.currency for line in command.lines if line.unit_cost)
    )
    await post_adjustment(
        work,
        [_adjust_line(ids[line.sku], line) for line in command.lines],
        source_type=StockDocumentKind.STOCK_ADJUSTMENT,
        source_id=adjustment_id,
        effective_on=day,
        memo=command.reason,
    )
    return StockPosted(id=adjustment_id)


def _adjust_line(item_id: UUID, line: AdjustedLine) -> AdjustLine:
    cost = line.unit_cost
    value = None if cost is None else cost.price().times(line.quantity).amount
    lots = [one.line() for one in line.lots]
    return AdjustLine(item_id, line.quantity, value, line.serials, lots)


async def open_stocks(work: Work, asked: BatchRequest, items: Sequence[OpenStock]) -> BatchReply:
    """Take over opening stock of many items; each is judged alone."""
    goods = await views.goods_by_sku(work.sql, [item.sku for item in items])
    # All levels at once, in key order: an order that is placed meanwhile waits, never deadlocks.
    await locking.load_for_update(work, [row["id"] for row in goods.values()])
    return await upsert_each(work, asked, OpeningStock, items, open_stock)


async def open_stock(work: Work, system: str, external_id: str, command: OpenStock) -> Upserted:
    """Take over opening stock as another system tells it, once.

    Raises OpeningStockPosted (another one was posted), and what `receive_stock` raises.
    """
    return await upsert(
        work,
        Sent(KIND, system, external_id, command),
        create=partial(_open, work, command),
        change=partial(_must_be_same, work, command),
    )


async def _open(work: Work, command: OpenStock, opening_id: UUID) -> None:
    [line] = await _receipt_lines(work, [command])
    day = business_day_of(work, command.effective_on)
    work.session.add(
        OpeningStock(
            id=opening_id,
            created_at=work.now,
            updated_at=work.now,
            item_id=line.item_id,
            quantity=line.quantity,
            value=line.value,
            effective_on=day,
            serials=list(line.serials),
            lots=_lots(line),
        )
    )
    await work.flush()
    await receive_goods(
        work,
        [line],
        source_type=KIND,
        source_id=opening_id,
        effective_on=day,
        counterpart="equity_opening",
        from_kind=LocationKind.OPENING,
        memo="Opening stock",
    )


def _lots(line: ReceiptLine) -> list[dict[str, str]]:
    """Number and quantity of each lot, by number."""
    named = sorted((one.number, plain(one.quantity)) for one in line.lots)
    return [{"number": number, "quantity": quantity} for number, quantity in named]


async def _must_be_same(work: Work, command: OpenStock, opening_id: UUID) -> bool:
    posted = await work.session.get_one(OpeningStock, opening_id)
    [line] = await _receipt_lines(work, [command])
    same_day = command.effective_on in {None, posted.effective_on}
    asked = (line.item_id, line.quantity, line.value, sorted(line.serials), _lots(line))
    known = (posted.item_id, posted.quantity, posted.value, sorted(posted.serials), posted.lots)
    if not same_day or asked != known:
        raise OpeningStockPosted(external_id=command.external_id)
    return False

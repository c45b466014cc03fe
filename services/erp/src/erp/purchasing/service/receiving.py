"""Taking in what was ordered, at the agreed price; many orders at once."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.standard import NotFound
from chassis.work.company_rules import business_day_of
from chassis.work.unit_of_work import Work
from erp.inspections.service.opening import ComingGoods, open_inspections
from erp.inspections.states import InspectionSource, InspectionStage
from erp.purchasing.errors import NotALine
from erp.purchasing.models.receipts import PurchaseReceipt, PurchaseReceiptLine
from erp.purchasing.queries import orders as queries
from erp.purchasing.queries import receipts as receipt_queries
from erp.purchasing.queries.orders import LockedPurchaseOrder
from erp.purchasing.schemas.receipts import (
    ReceiptsBooked,
    ReceiptView,
    ReceiveAll,
    ReceiveLine,
    ReceiveOrder,
)
from erp.purchasing.service.orders import publish_orders
from erp.stock.lines import LotLine, ReceiptLine
from erp.stock.service.goods import receive_goods
from erp.stock.states import StockDocumentKind
from records.document_fields.service import keep_fields_of_new
from values.decimals import plain
from values.money import digits_of

__all__ = ["receive_all", "receive_order"]


async def receive_order(work: Work, order_id: UUID, command: ReceiveOrder) -> ReceiptView:
    """Take goods of an order in; without lines, all that is expected: no piece with a serial.

    Raises NotFound, PurchaseOrderClosed, MoreThanOrdered, NotALine, PeriodClosed, and what
    `stock.receive_goods` raises about serials and lots.
    """
    day = business_day_of(work, command.effective_on)
    [receipt] = await _receive(work, {order_id: command.lines}, day)
    await keep_fields_of_new(work, receipt_queries.RECEIPT_FIELDS, {receipt.id: command.custom})
    return receipt


async def receive_all(work: Work, command: ReceiveAll) -> ReceiptsBooked:
    """Take in everything that is still expected of orders. Raises as `receive_order`."""
    day = business_day_of(work, command.effective_on)
    return ReceiptsBooked(receipts=await _receive(work, dict.fromkeys(command.order_ids), day))


async def _receive(
    work: Work, requests: Mapping[UUID, Sequence[ReceiveLine] | None], day: date
) -> list[ReceiptView]:
    locked = await queries.lock_orders(work, list(requests))
    for order_id in requests:
        if order_id not in locked:
            raise NotFound(entity="purchase_order", id=order_id)
    receipts = await _receipts(work, list(locked), day)
    received = [
        line
        for receipt in receipts
        for line in _receive_lines(work, locked[receipt.purchase_order_id], requests, receipt.id)
    ]
    await queries.save_orders(work, locked.values())
    await receipt_queries.add_receipts(work, receipts, _lines_of(received))
    coming = [ComingGoods(line, line.source_id or receipts[0].id) for line in received]
    opened = await open_inspections(
        work,
        InspectionStage.RECEIPT,
        coming,
        source_type=InspectionSource.PURCHASE_RECEIPT,
        on=day,
    )
    await receive_goods(
        work,
        opened.lines,
        source_type=StockDocumentKind.PURCHASE_RECEIPT,
        source_id=receipts[0].id,
        effective_on=day,
        counterpart="grni",
    )
    await opened.store(work)
    await publish_orders(work, list(locked), ["lines", "state"])
    return [ReceiptView.model_validate(receipt) for receipt in receipts]


async def _receipts(work: Work, order_ids: Sequence[UUID], day: date) -> list[PurchaseReceipt]:
    numbers = await queries.next_numbers(work.sql, "purchase_receipt_number_seq", len(order_ids))
    return [
        PurchaseReceipt(
            id=uuid7(),
            number=f"GR-{number:05d}",
            purchase_order_id=order_id,
            effective_on=day,
            recorded_at=work.now,
            actor=work.actor.reference,
        )
        for order_id, number in zip(order_ids, numbers, strict=True)
    ]


def _lines_of(received: Sequence[ReceiptLine]) -> list[PurchaseReceiptLine]:
    """What came with each receipt of each line of its order, once."""
    found: dict[tuple[UUID | None, UUID | None], PurchaseReceiptLine] = {}
    for one in received:
        line = found.get((one.source_id, one.expected_id))
        if line is None:
            line = found[one.source_id, one.expected_id] = PurchaseReceiptLine(
                id=uuid7(),
                purchase_receipt_id=one.source_id,
                position=len(found) + 1,
                order_line_id=one.expected_id,
                item_id=one.item_id,
                quantity=Decimal(0),
                value=Decimal(0),
                serials=[],
                lots=[],
            )
        line.quantity += one.quantity
        line.value += one.value
        line.serials = [*line.serials, *one.serials]
        line.lots = _added_lots(line.lots, one.lots)
    return list(found.values())


def _added_lots(lots: Sequence[Mapping[str, str]], more: Sequence[LotLine]) -> list[dict[str, str]]:
    """Number and quantity of each lot once, however often it is named."""
    found = {one["number"]: Decimal(one["quantity"]) for one in lots}
    for lot in more:
        found[lot.number] = found.get(lot.number, Decimal(0)) + lot.quantity
    return [{"number": number, "quantity": plain(many)} for number, many in found.items()]


def _receive_lines(
    work: Work,
    locked: LockedPurchaseOrder,
    requests: Mapping[UUID, Sequence[ReceiveLine] | None],
    receipt_id: UUID,
) -> list[ReceiptLine]:
    """What came of an order, as stock takes it; the order and its lines know it then."""
    locked.order.require_open()
    requested = requests[locked.order.id]
    lines = {line.id: line for line in locked.lines}
    if requested is None:
        waited_for = [line for line in locked.lines if line.expected > 0]
        requested = [ReceiveLine(line_id=line.id, quantity=line.expected) for line in waited_for]
    decimals, received = digits_of(work.setting.currency), []
    for one in requested:
        line = lines.get(one.line_id)
        if line is None:
            raise NotALine(number=locked.order.number)
        value = line.receive(one.quantity, sku=locked.skus[line.item_id], decimals=decimals)
        received.append(
            ReceiptLine(
                line.item_id,
                one.quantity,
                value,
                line.id,
                receipt_id,
                one.serials,
                [lot.line() for lot in one.lots],
                locked.order.supplier_id,
            )
        )
    complete = all(line.expected == 0 for line in locked.lines)
    locked.order.record_receipt(complete=complete, at=work.now)
    return received

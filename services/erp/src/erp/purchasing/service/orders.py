"""Purchase orders as others see them: read, published, and expected by stock."""

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.parties.errors import PartyArchived
from erp.purchasing.errors import NotBought
from erp.purchasing.events import PurchaseChanged
from erp.purchasing.models.orders import PurchaseOrderLine
from erp.purchasing.queries import prices
from erp.purchasing.queries.orders import ORDERS
from erp.purchasing.schemas.orders import PurchaseOrderView
from erp.stock.lines import ExpectedLine

__all__ = ["expected_line", "expected_lines", "publish_orders", "require_bought"]


async def publish_orders(
    work: Work, order_ids: Sequence[UUID], changed: Sequence[str]
) -> list[PurchaseOrderView]:
    """Publish changed orders; the orders as they are now, by number."""
    views = sorted(await ORDERS.get_all(work, order_ids), key=lambda view: view.number)
    for view in views:
        await work.record(PurchaseChanged.model_validate(_state(view, changed)))
    return views


def _state(view: PurchaseOrderView, changed: Sequence[str]) -> dict[str, object]:
    shown = PurchaseChanged.model_fields.keys() - {"changed", "lines"}
    lines = [line.model_dump(exclude={"net"}) for line in view.lines]
    return view.model_dump(include=set(shown)) | {"changed": list(changed), "lines": lines}


async def require_bought(
    work: Work, supplier_ids: Collection[UUID], item_ids: Collection[UUID]
) -> None:
    """Begin nothing new with an archived supplier, nor of an item that is not bought.

    Raises PartyArchived, NotBought.
    """
    archived = await prices.archived_suppliers(work.sql, supplier_ids)
    if archived:
        raise PartyArchived(number=", ".join(archived))
    not_bought = await prices.items_not_bought(work.sql, item_ids)
    if not_bought:
        raise NotBought(skus=", ".join(not_bought))


def expected_line(line: PurchaseOrderLine, quantity: Decimal) -> ExpectedLine:
    """So many of the line as stock expects them."""
    return ExpectedLine(line.id, line.item_id, quantity, line.due_on)


def expected_lines(lines: Iterable[PurchaseOrderLine]) -> list[ExpectedLine]:
    """What is expected of lines, as stock takes it."""
    return [expected_line(line, line.expected) for line in lines]

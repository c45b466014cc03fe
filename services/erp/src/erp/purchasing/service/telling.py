"""What every act on purchase orders ends with."""

from collections.abc import Sequence
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.purchasing.events import PurchaseChanged
from erp.purchasing.queries import orders as queries
from erp.purchasing.schemas import PurchaseOrderView

__all__ = ["publish_orders"]


async def publish_orders(
    work: Work, order_ids: Sequence[UUID], changed: Sequence[str]
) -> list[PurchaseOrderView]:
    """Publish changed orders; the orders as they are now, by number."""
    views = await queries.order_views(work.sql, order_ids, currency=work.setting.currency)
    for view in views:
        await work.record(PurchaseChanged.model_validate(_state(view, changed)))
    return views


def _state(view: PurchaseOrderView, changed: Sequence[str]) -> dict[str, object]:
    shown = PurchaseChanged.model_fields.keys() - {"changed", "lines"}
    lines = [line.model_dump(exclude={"net"}) for line in view.lines]
    return view.model_dump(include=set(shown)) | {"changed": list(changed), "lines": lines}

"""Acts on many orders at once, each all or none, and the orders after them."""

from collections.abc import Collection
from uuid import UUID

from chassis.work.locking import read_all
from chassis.work.unit_of_work import Work
from erp.production_orders.models import ProductionOrder
from erp.production_orders.schemas.acts import (
    ChangedOrder,
    CloseProductionOrders,
    ProductionOrdersChanged,
    ReleaseProductionOrders,
    ReportProductions,
)
from erp.production_orders.service import finishing, releasing, reporting

__all__ = ["close_all", "release_all", "report_all"]


async def release_all(work: Work, command: ReleaseProductionOrders) -> ProductionOrdersChanged:
    """Let work on many orders begin. Raises as `releasing.release`."""
    required = command.require_material
    await releasing.release(work, command.order_ids, require_material=required)
    return await _changed(work, command.order_ids)


async def report_all(work: Work, command: ReportProductions) -> ProductionOrdersChanged:
    """Say what was made of many orders. Raises as `reporting.report_all`."""
    return await _changed(work, await reporting.report_all(work, command))


async def close_all(work: Work, command: CloseProductionOrders) -> ProductionOrdersChanged:
    """Book the variances of many orders. Raises as `finishing.close`."""
    await finishing.close(work, command.order_ids, effective_on=command.effective_on)
    return await _changed(work, command.order_ids)


async def _changed(work: Work, order_ids: Collection[UUID]) -> ProductionOrdersChanged:
    """The orders as they are now; their versions are those of the next change."""
    found = await read_all(work, ProductionOrder, order_ids)
    return ProductionOrdersChanged(orders=[ChangedOrder.model_validate(one) for one in found])

"""Planning parameters: what is particular about writing them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from chassis.problems.standard import MissingReference
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from erp.planning.errors import DuplicateParameters, LotsOutOfOrder
from erp.planning.models import PlanningParameter
from erp.planning.queries import parameters as queries
from erp.planning.schemas.parameters import PlanningParameterView
from erp.planning.states import LotRule
from erp.stock.service.booking import check_quantities
from records.entities import Values
from records.types import Change, RecordType

__all__ = ["PLANNING_PARAMETER"]

_COUNTED = ("lot_quantity", "lot_minimum", "lot_maximum", "lot_multiple", "safety_stock")
_NEW: dict[str, Any] = {
    "policy": None,
    "lot_rule": LotRule.LOT_FOR_LOT,
    **dict.fromkeys((*_COUNTED, "setup_cost", "holding_cost"), Decimal(0)),
    "lot_days": 0,
    "lead_days": None,
    "yield_part": Decimal(1),
    "fence_days": 0,
    "forecast_backward_days": 0,
    "forecast_forward_days": 0,
}


async def _defaults(_work: Work, count: int) -> Sequence[Values]:
    return [_NEW] * count


async def _look_up(
    work: Work, changes: Sequence[Change[PlanningParameter]], _sender: str | None
) -> Sequence[Values]:
    """The values with items by id. Raises MissingReference, FractionOfUnit."""
    skus = {sku for one in changes if (sku := one.values.get("sku"))}
    items = await queries.items_by_sku(work.sql, skus) if skus else {}
    found = []
    for one in changes:
        values = {name: value for name, value in one.values.items() if name != "sku"}
        if one.is_new:
            sku = one.values["sku"]
            if sku not in items:
                raise MissingReference(entity="item", reference=sku)
            values["item_id"] = items[sku][0]
        found.append(values)
    counted = [
        (values.get("item_id", one.record.item_id), values[name])
        for one, values in zip(changes, found, strict=True)
        for name in _COUNTED
        if values.get(name)
    ]
    if counted:
        await check_quantities(work.sql, counted)
    return found


async def _check(
    work: Work, changes: Sequence[Change[PlanningParameter]], _sender: str | None
) -> None:
    """Raises DuplicateParameters, LotsOutOfOrder."""
    new = {one.record.item_id: one.record for one in changes if one.is_new}
    for item_id in sorted(new):
        await advisory_lock(work, f"planning_parameter:{item_id}")
    present = await queries.planned_already(work.sql, list(new))
    for one in changes:
        record = one.record
        if one.is_new and (record.item_id in present or new[record.item_id] is not record):
            raise DuplicateParameters(sku=one.values.get("sku", record.item_id))
        fixed = record.lot_rule == LotRule.FIXED and not record.lot_quantity
        if fixed or (record.lot_maximum and record.lot_maximum < record.lot_minimum):
            raise LotsOutOfOrder(sku=one.values.get("sku", record.item_id))


PLANNING_PARAMETER: RecordType[PlanningParameter, PlanningParameterView] = RecordType(
    name="planning_parameter",
    entity=PlanningParameter,
    reads=queries.PARAMETERS,
    required=("sku",),
    defaults=_defaults,
    look_up=_look_up,
    check=_check,
)
"""How planning parameters are kept.

Raises MissingReference (item), FractionOfUnit, DuplicateParameters, LotsOutOfOrder.
"""

"""Demand forecasts: what is particular about writing them."""

from collections.abc import Sequence
from itertools import pairwise

from chassis.problems.standard import MissingReference
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from erp.demand_forecasts import queries
from erp.demand_forecasts.errors import OverlappingForecast
from erp.demand_forecasts.models import DemandForecast
from erp.demand_forecasts.queries import Period
from erp.demand_forecasts.schemas import DemandForecastView
from erp.demand_forecasts.states import CALCULATED, ForecastSource
from erp.stock.service.booking import check_quantities
from records.entities import Values
from records.types import Change, RecordType

__all__ = ["DEMAND_FORECAST"]


async def _look_up(
    work: Work, changes: Sequence[Change[DemandForecast]], sender: str | None
) -> Sequence[Values]:
    """The values with item and customer by id. Raises MissingReference, FractionOfUnit."""
    skus = {sku for one in changes if (sku := one.values.get("sku"))}
    numbers = {number for one in changes if (number := one.values.get("customer_number"))}
    items = await queries.items_by_sku(work.sql, skus) if skus else {}
    customers = await queries.customers_by_number(work.sql, numbers) if numbers else {}
    source = ForecastSource.IMPORTED if sender else ForecastSource.ENTERED
    found = []
    for one in changes:
        values = dict(one.values)
        sku, number = values.pop("sku", None), values.pop("customer_number", None)
        if one.is_new and "item_id" not in values:
            if sku not in items:
                raise MissingReference(entity="item", reference=sku)
            if number and number not in customers:
                raise MissingReference(entity="customer", reference=number)
            values |= {"item_id": items[sku], "customer_id": customers.get(number or "")}
            values.setdefault("source", source)
        elif _is_corrected(one, values):
            values.setdefault("source", source)
        found.append(values)
    counted = [
        (values.get("item_id", one.record.item_id), values["quantity"])
        for one, values in zip(changes, found, strict=True)
        if values.get("quantity")
    ]
    if counted:
        await check_quantities(work.sql, counted)
    return found


def _is_corrected(change: Change[DemandForecast], values: Values) -> bool:
    """Whether what was calculated is said otherwise now: the next calculation leaves it alone."""
    forecast = change.record
    return (
        not change.is_new
        and forecast.source in CALCULATED
        and any(values.get(name, now) != now for name, now in _said(forecast))
    )


def _said(forecast: DemandForecast) -> Sequence[tuple[str, object]]:
    return [(name, getattr(forecast, name)) for name in ("quantity", "from_on", "to_on")]


async def _check(
    work: Work, changes: Sequence[Change[DemandForecast]], _sender: str | None
) -> None:
    """Raises OverlappingForecast."""
    moved = [one.record for one in changes if one.touches("from_on", "to_on")]
    for item_id in sorted({one.item_id for one in moved}):
        await advisory_lock(work, f"demand_forecast:{item_id}")
    periods = [
        Period(one.id, one.item_id, one.customer_id, one.from_on, one.to_on) for one in moved
    ]
    in_order = sorted(periods, key=lambda one: (one.item_id, str(one.customer_id), one.from_on))
    for before, after in pairwise(in_order):
        if before[1:3] == after[1:3] and after.from_on <= before.to_on:
            await _refuse(work, after)
    crossed = await queries.overlapping(work.sql, periods)
    if crossed is not None:
        await _refuse(work, next(one for one in periods if one.id == crossed))


async def _refuse(work: Work, one: Period) -> None:
    [sku] = await queries.skus_of(work.sql, [one.item_id])
    raise OverlappingForecast(sku=sku, from_on=one.from_on, to_on=one.to_on)


DEMAND_FORECAST: RecordType[DemandForecast, DemandForecastView] = RecordType(
    name="demand_forecast",
    entity=DemandForecast,
    reads=queries.DEMAND_FORECASTS,
    required=("sku", "from_on", "to_on", "quantity"),
    look_up=_look_up,
    check=_check,
)
"""How demand forecasts are kept.

Raises MissingReference (item, customer), FractionOfUnit, OverlappingForecast, ReversedForecastDays.
"""

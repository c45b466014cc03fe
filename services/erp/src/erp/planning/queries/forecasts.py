"""Forecasts that are not over, and the orders that consume them: two statements."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction

from erp.planning.rules.forecasts import Forecast, Ordered, forecast_demands, left_of
from erp.planning.rules.snapshot import Demand, PlannedItem
from erp.planning.states import Source
from erp.sql import Sql

__all__ = ["open_forecasts"]

_OPEN = """with open as (
    select f.item_id, min(f.from_on) as first, max(f.to_on) as last
      from demand_forecast f where f.to_on >= $1 group by f.item_id)
  select f.id, f.item_id, f.customer_id, f.from_on, f.to_on, f.quantity,
    coalesce(p.forecast_backward_days, 0) as backward,
    coalesce(p.forecast_forward_days, 0) as forward
  from open o join demand_forecast f on f.item_id = o.item_id
  left join planning_parameter p on p.item_id = f.item_id
  where f.to_on >= $1 or f.to_on >= o.first - coalesce(p.forecast_backward_days, 0)
  order by f.item_id, f.id"""
# Of the past all that consumed the forecasts that are read: what is consumed takes nothing more.
_ORDERED = """with open as (
    select f.item_id, min(f.from_on) as first, max(f.to_on) as last
      from demand_forecast f where f.to_on >= $1 group by f.item_id),
  earliest as (
    select o.item_id, min(f.from_on) as first
      from open o join demand_forecast f on f.item_id = o.item_id
      left join planning_parameter p on p.item_id = f.item_id
     where f.to_on >= $1 or f.to_on >= o.first - coalesce(p.forecast_backward_days, 0)
     group by o.item_id)
  select d.item_id, o.customer_id, d.needed_on, sum(d.wanted) as quantity
  from open n join earliest e on e.item_id = n.item_id
  left join planning_parameter p on p.item_id = n.item_id
  join demand d on d.item_id = n.item_id
    and d.needed_on >= least(e.first, n.first - greatest(coalesce(p.forecast_backward_days, 0),
      coalesce(p.forecast_forward_days, 0)))
    and d.needed_on <= n.last + coalesce(p.forecast_backward_days, 0)
  left join sales_order o on o.id = d.order_id
  where d.wanted > 0 and not exists (select from production_order m where m.id = d.order_id)
  group by 1, 2, 3"""


async def open_forecasts(
    sql: Sql, scales: Mapping[str, int], items: Mapping[str, PlannedItem], today: int
) -> list[Demand]:
    """What is left of forecasts of items that are kept in stock.

    Phantoms and what is made to order are not forecast: they have no stock of their own. `today`
    is an ordinal.
    """
    day = date.fromordinal(today)
    forecasts: dict[str, list[Forecast]] = {}
    around: dict[str, tuple[int, int]] = {}
    for row in await sql.fetch(_OPEN, day):
        key = str(row["item_id"])
        one = items.get(key)
        if one is None or one.to_order or one.source == Source.PHANTOM:
            continue
        around[key] = (row["backward"], row["forward"])
        forecasts.setdefault(key, []).append(
            Forecast(
                str(row["id"]),
                str(row["customer_id"] or ""),
                row["from_on"].toordinal(),
                row["to_on"].toordinal(),
                _up(row["quantity"], scales[key]),
            )
        )
    orders: dict[str, list[Ordered]] = {}
    for row in await sql.fetch(_ORDERED, day) if forecasts else ():
        key = str(row["item_id"])
        if key in forecasts:
            quantity = _up(row["quantity"], scales[key])
            customer = str(row["customer_id"] or "")
            orders.setdefault(key, []).append(
                Ordered(customer, row["needed_on"].toordinal(), quantity)
            )
    found: list[Demand] = []
    for key in sorted(forecasts):
        backward, forward = around[key]
        left = left_of(forecasts[key], orders.get(key, ()), backward=backward, forward=forward)
        found += forecast_demands(key, left, today)
    return found


def _up(quantity: Decimal, scale: int) -> int:
    scaled = Fraction(quantity) * scale
    return -(-scaled.numerator // scaled.denominator)

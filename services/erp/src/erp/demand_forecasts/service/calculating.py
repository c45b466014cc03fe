"""Forecasts calculated from what was ordered or shipped, tested on the last periods of it."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.standard import MissingReference
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from erp.demand_forecasts import queries
from erp.demand_forecasts.queries import StoredForecast
from erp.demand_forecasts.rules.periods import begins, periods_from
from erp.demand_forecasts.rules.testing import Tested, back_tested, best_of
from erp.demand_forecasts.schemas import (
    CalculatedForecasts,
    CalculateForecasts,
    ForecastPeriod,
    ItemForecast,
    MethodResult,
)
from erp.demand_forecasts.service.records import DEMAND_FORECAST
from erp.demand_forecasts.states import CALCULATED, ForecastSource
from records.types import Change
from records.writes import create_all, lock_visible, write
from values.decimals import rounded

__all__ = ["calculate_forecasts"]

Periods = Sequence[tuple[date, date]]


class _Calculated(NamedTuple):
    """What came of an item, and what the methods make of it."""

    item_id: UUID
    past: list[Decimal]
    found: list[Tested]


async def calculate_forecasts(work: Work, command: CalculateForecasts) -> CalculatedForecasts:
    """Test the methods on each item's history; store the best one's forecast where asked.

    Nothing is looked at of the period of today, which is not over. Raises MissingReference.
    """
    skus = list(dict.fromkeys(command.skus))
    items = await queries.found_items(work.sql, skus)
    _require_items(skus, items)
    now = begins(work.today(), command.bucket)
    past = periods_from(now, command.bucket, -command.past)
    coming = periods_from(now, command.bucket, command.ahead)
    came = await queries.history_of(
        work.sql, command.history, command.bucket, items.values(), (past[0][0], now)
    )
    series = {
        one: [max(came.get((one, begin), Decimal(0)), Decimal(0)) for begin, _ in past]
        for one in items.values()
    }
    found = await asyncio.to_thread(_tested, command, series)
    calculated = {one.item_id: one for one in found}
    if command.store:  # nobody waits for an item while its forecast is calculated
        locked = await queries.items_by_sku(work.sql, skus)
        _require_items(skus, {sku: one for sku, one in locked.items() if items[sku] == one})
    decimals = await queries.decimals_of(work.sql, items.values())
    stored = await _store(work, found, coming, decimals) if command.store else set()
    return CalculatedForecasts(
        items=[_shown(sku, calculated[items[sku]], coming, decimals, stored) for sku in skus]
    )


def _require_items(skus: Sequence[str], items: Mapping[str, UUID]) -> None:
    """Raises MissingReference."""
    for sku in skus:
        if sku not in items:
            raise MissingReference(entity="item", reference=sku)


def _tested(command: CalculateForecasts, series: dict[UUID, list[Decimal]]) -> list[_Calculated]:
    """What came before anything was ordered of an item at all is no history of it."""
    found = []
    for item_id, past in series.items():
        first = next((at for at, quantity in enumerate(past) if quantity), len(past))
        results = back_tested(
            past[first:], ahead=command.ahead, hold_out=command.hold_out, window=command.window
        )
        found.append(_Calculated(item_id, past, results))
    return found


def _shown(
    sku: str,
    one: _Calculated,
    coming: Periods,
    decimals: dict[UUID, int],
    stored: set[tuple[UUID, date]],
) -> ItemForecast:
    places = decimals[one.item_id]
    return ItemForecast(
        sku=sku,
        past=one.past,
        methods=[_result(method, places) for method in one.found],
        periods=[
            ForecastPeriod(from_on=first, to_on=last, stored=(one.item_id, first) in stored)
            for first, last in coming
        ],
    )


def _result(one: Tested, places: int) -> MethodResult:
    errors = one.errors
    return MethodResult(
        method=one.fit.method,
        parameters=list(one.fit.parameters),
        mae=errors.mae,
        mape=errors.mape,
        wape=errors.wape,
        bias=errors.bias,
        expected=[rounded(quantity, places) for quantity in one.fit.expected],
    )


async def _store(
    work: Work, found: Sequence[_Calculated], coming: Periods, decimals: dict[UUID, int]
) -> set[tuple[UUID, date]]:
    """Store the best forecasts; item and first day of the periods that were stored.

    A calculated forecast of just these days is changed, and one of other days that cross them keeps
    the period from being stored, as an entered one does.
    """
    for item_id in sorted(one.item_id for one in found):
        await advisory_lock(work, f"demand_forecast:{item_id}")
    present: dict[UUID, list[StoredForecast]] = {}
    for one in await queries.forecasts_of_items(
        work.sql, [one.item_id for one in found], coming[0][0], coming[-1][1]
    ):
        present.setdefault(one.item_id, []).append(one)
    new: list[dict[str, Any]] = []
    changed: dict[UUID, dict[str, Any]] = {}
    stored = set()
    for of in found:
        best = best_of(of.found)
        if best is None:
            continue
        for (first, last), quantity in zip(coming, best.fit.expected, strict=True):
            values = {
                "quantity": rounded(quantity, decimals[of.item_id]),
                "source": ForecastSource(best.fit.method.value),
            }
            crossing = [
                one
                for one in present.get(of.item_id, ())
                if one.from_on <= last and one.to_on >= first
            ]
            if not crossing:
                new.append({**values, "item_id": of.item_id, "from_on": first, "to_on": last})
            elif _is_same(crossing, first, last):
                changed[crossing[0].id] = values
            else:
                continue
            stored.add((of.item_id, first))
    await _write(work, new, changed)
    return stored


def _is_same(crossing: Sequence[StoredForecast], first: date, last: date) -> bool:
    [one, *others] = crossing
    return not others and one.source in CALCULATED and (one.from_on, one.to_on) == (first, last)


async def _write(
    work: Work, new: Sequence[dict[str, Any]], changed: dict[UUID, dict[str, Any]]
) -> None:
    if new:
        none = [None] * len(new)
        await create_all(work, DEMAND_FORECAST, [(uuid7(), one) for one in new], links=none)
    if changed:
        records = await lock_visible(work, DEMAND_FORECAST, sorted(changed))
        changes = [Change(records[one], values) for one, values in changed.items()]
        await write(work, DEMAND_FORECAST, changes)

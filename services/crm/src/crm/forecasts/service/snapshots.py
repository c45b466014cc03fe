"""Snapshots: a forecast as it was at an instant, which no later change touches (C23)."""

from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm.forecasts.models import ForecastSnapshot
from crm.forecasts.queries import snapshots, sums
from crm.forecasts.schemas import ForecastQuery, NewSnapshot, SnapshotDivision, SnapshotFigures
from crm.forecasts.service.forecasting import forecast, group_of, groups_of

__all__ = ["figures_of", "take"]


async def take(work: Work, command: NewSnapshot) -> UUID:
    """Keep the forecast of the period as it is now; the snapshot's id.

    Of all deals, whoever takes it. Raises InvalidInput (a period upside down), RateMissing,
    RateStale.
    """
    first, last = command.first_day, command.last_day
    if first > last:
        message = "The last day is not before the first."
        raise InvalidInput(errors=[FieldError("/last_day", "period_in_order", message)])
    counted = await forecast(work, ForecastQuery(first_day=first, last_day=last))
    snapshot = ForecastSnapshot(
        id=uuid7(),
        name=command.name,
        recorded_at=work.now,
        taken_on=work.today(),
        by=work.actor.reference,
        first_day=first,
        last_day=last,
        currency=work.setting.currency,
        deals=await snapshots.count_deals(work.sql, first, last),
    )
    work.session.add(snapshot)
    await work.session.flush()
    await snapshots.add_deals(work.sql, snapshot.id, first, last, counted.rates)
    return snapshot.id


async def figures_of(at: Reading, snapshot_id: UUID, asked: SnapshotDivision) -> SnapshotFigures:
    """What its deals came to, of those that the actor may see. Raises NotFound."""
    snapshot = await snapshots.SNAPSHOTS.get(at, snapshot_id)
    found = await sums.of_snapshot(at, snapshots.chosen(at, snapshot_id), asked.by)
    facts = group_of(at, found, None) | {
        "snapshot": snapshot,
        "groups": groups_of(at, found, None, asked.by, {}),
        "won_since": await snapshots.won_since(at, snapshot_id),
    }
    return SnapshotFigures.model_validate(facts)

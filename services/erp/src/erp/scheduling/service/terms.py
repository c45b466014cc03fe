"""What a problem is built by: rows in minutes since an instant, and what stays where it is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from math import ceil, floor
from uuid import UUID
from zoneinfo import ZoneInfo

from calendars.working import WorkingCalendar
from erp.production_orders.service.quantities import minutes_left
from erp.scheduling.queries.reading import OpenOperation, OpenOrder, Place, Rows
from erp.scheduling.rules.hours import working_time
from erp.scheduling.rules.problem import Assignment, Hours
from erp.scheduling.schemas.tries import OrderChange, Profile

__all__ = ["Terms", "minute_of"]

_RUNNING = frozenset({"released", "started"})
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Terms:
    """What a problem is built by."""

    origin: datetime
    zone: ZoneInfo
    profile: Profile
    changes: Mapping[UUID, OrderChange]
    ready_on: Mapping[UUID, date | None]
    places: Mapping[UUID, Place]
    pools: Mapping[tuple[str, str], str]
    calendars: Mapping[UUID, WorkingCalendar]
    by_order: Mapping[UUID, Sequence[OpenOperation]]
    rows: Rows

    @property
    def horizon(self) -> int:
        """Minutes that are scheduled."""
        return self.profile.horizon_days * 24 * 60

    @cached_property
    def published(self) -> Mapping[str, Assignment]:
        """Where operations are published."""
        return {one.operation_id: one for one in _assignments(self.rows, self)}

    @cached_property
    def hours(self) -> Mapping[UUID, Hours]:
        """When each calendar works."""
        return {one: _hours(calendar, self) for one, calendar in self.calendars.items()}

    @cached_property
    def fixed(self) -> Mapping[str, Assignment]:
        """What runs or is frozen, whatever comes before it in its order."""
        return dict(_kept(self))

    def midnight(self, day: date, *, after: int = 0) -> int:
        """The minute at which the day begins, or one so many days later."""
        begins = datetime.combine(day + timedelta(days=after), time(), self.zone)
        return minute_of(begins, self.origin)


def minute_of(instant: datetime, origin: datetime) -> int:
    """So many whole minutes after the origin."""
    return floor((instant - origin) / _MINUTE)


def _hours(calendar: WorkingCalendar, terms: Terms) -> Hours:
    """The working intervals in whole minutes."""
    end = terms.origin + timedelta(minutes=terms.horizon)
    found = []
    for start, until in calendar.intervals(terms.origin, end):
        low = ceil((start - terms.origin) / _MINUTE)
        high = minute_of(until, terms.origin)
        if low < high:
            found.append((low, high))
    return tuple(found)


def _assignments(rows: Rows, terms: Terms) -> Iterator[Assignment]:
    for one in rows.published:
        moments = one.setup_starts_at, one.starts_at, one.ends_at
        yield Assignment(
            str(one.operation_id),
            str(one.work_centre_id),
            one.unit,
            *(minute_of(moment, terms.origin) for moment in moments),
        )


def _kept(terms: Terms) -> Iterator[tuple[str, Assignment]]:
    """Where operations stay: what runs, then what is frozen, as far as that fits after it.

    What is published to have begun on a machine and is not reported in full is there still; of
    several the first one, those with reports before others.
    """
    candidates: dict[tuple[str, int], list[tuple[int, Assignment]]] = {}
    for order in terms.rows.orders:
        for one in terms.by_order.get(order.id, ()):
            found = _candidate(order, one, terms)
            if found is not None:
                machine = (found[1].resource_id, found[1].unit)
                candidates.setdefault(machine, []).append(found)
    for line in candidates.values():
        kept: list[Assignment] = []
        for _, stays in sorted(line, key=lambda each: (each[0], each[1].start)):
            if all(stays.end <= one.setup_start or one.end <= stays.setup_start for one in kept):
                kept.append(stays)
                yield stays.operation_id, stays


def _candidate(order: OpenOrder, one: OpenOperation, terms: Terms) -> tuple[int, Assignment] | None:
    """Where the operation is or will soon be, the surest first; None: it may move."""
    published = terms.published.get(str(one.id))
    place = None if published is None else terms.places.get(UUID(published.resource_id))
    if published is None or place is None or published.unit >= place.capacity:
        return None
    if 0 <= published.start < terms.profile.frozen_hours * 60:
        return 2, published
    if published.start >= 0 or order.state not in _RUNNING:
        return None
    stays = published if published.end > 0 else _overrun(one, published, place, terms)
    return None if stays is None else (0 if one.handled else 1, stays)


def _overrun(
    one: OpenOperation, known: Assignment, place: Place, terms: Terms
) -> Assignment | None:
    """What should have ended: it stays, with what is left of it from the origin on."""
    if place.calendar_id is None:
        return None
    efficiency = one.efficiency if place.id == one.work_centre_id else place.efficiency
    left = ceil(minutes_left(one, one.start_quantity, one.handled, efficiency=efficiency))
    end = working_time(terms.hours[place.calendar_id]).add(0, left) if left else None
    return None if end is None else replace(known, end=end)

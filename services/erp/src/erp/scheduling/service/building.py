"""The problem that a scheduling method is given, built from rows, stock and working hours."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import ceil, floor
from uuid import UUID
from zoneinfo import ZoneInfo

from calendars.working import WorkingCalendar
from chassis.storage.reading import Reading
from erp.calendars.service import working_calendars
from erp.production_orders.service.available import available_on
from erp.production_orders.service.quantities import minutes_left
from erp.routings.states import Breaks
from erp.scheduling.queries.reading import OpenOperation, OpenOrder, Place, Rows, read_rows
from erp.scheduling.rules.problem import (
    Assignment,
    Changeover,
    Hours,
    Operation,
    Option,
    Order,
    Pool,
    Problem,
    Resource,
    Use,
    Weights,
)
from erp.scheduling.schemas.tries import OrderChange, Profile
from erp.scheduling.states import SharedKind, WaitKind

__all__ = ["Built", "build", "minute_of"]

_RUNNING = frozenset({"released", "started"})
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Built:
    """The problem, with the rows that it was built from.

    `left_out`: orders whose material nothing brings, which are not scheduled.
    """

    problem: Problem
    rows: Rows
    input_hash: str
    left_out: Sequence[OpenOrder]


@dataclass
class _Terms:
    """What a problem is built by."""

    origin: datetime
    zone: ZoneInfo
    profile: Profile
    changes: Mapping[UUID, OrderChange]
    ready_on: Mapping[UUID, date | None]
    places: Mapping[UUID, Place]
    pools: Mapping[tuple[str, str], str]
    published: Mapping[str, Assignment] = field(default_factory=dict)
    horizon: int = field(init=False)

    def __post_init__(self) -> None:
        self.horizon = self.profile.horizon_days * 24 * 60

    def midnight(self, day: date, *, after: int = 0) -> int:
        """The minute at which the day begins, or one so many days later."""
        begins = datetime.combine(day + timedelta(days=after), time(), self.zone)
        return minute_of(begins, self.origin)


def minute_of(instant: datetime, origin: datetime) -> int:
    """So many whole minutes after the origin."""
    return floor((instant - origin) / _MINUTE)


async def build(
    at: Reading, origin: datetime, profile: Profile, changes: Sequence[OrderChange]
) -> Built:
    """The problem as of an instant, with the changes of a try; all read in the caller's snapshot.

    An operation is fixed if it runs, or is published to begin within the frozen hours.
    """
    rows = await read_rows(at.sql)
    waiting = [one.id for one in rows.orders]
    ready_on = await available_on(at, waiting) if waiting else {}
    zone = at.setting.zone
    terms = _Terms(
        origin=origin.replace(second=0, microsecond=0),
        zone=zone if isinstance(zone, ZoneInfo) else ZoneInfo(str(zone)),
        profile=profile,
        changes={one.production_order_id: one for one in changes},
        ready_on=ready_on,
        places={one.id: one for one in rows.places if one.calendar_id},
        pools={(one.kind, one.name): str(one.id) for one in rows.shared},
    )
    terms.published = {one.operation_id: one for one in _assignments(rows, terms)}
    named = [one.calendar_id for one in rows.places] + [one.calendar_id for one in rows.shared]
    wanted = {one for one in named if one}
    calendars = await working_calendars(at, wanted)
    hours = {one: _hours(calendar, terms) for one, calendar in calendars.items()}
    # What has begun is not left out, whatever it still lacks.
    left_out = [
        one for one in rows.orders if ready_on.get(one.id, date.min) is None and not _begun(one)
    ]
    problem = _problem(rows, terms, hours, {one.id for one in left_out})
    return Built(problem, rows, rows.digest(), left_out)


def _begun(order: OpenOrder) -> bool:
    return order.state == "started"


def _hours(calendar: WorkingCalendar, terms: _Terms) -> Hours:
    """The working intervals in whole minutes."""
    end = terms.origin + timedelta(minutes=terms.horizon)
    found = []
    for start, until in calendar.intervals(terms.origin, end):
        low = ceil((start - terms.origin) / _MINUTE)
        high = minute_of(until, terms.origin)
        if low < high:
            found.append((low, high))
    return tuple(found)


def _problem(
    rows: Rows, terms: _Terms, hours: Mapping[UUID, Hours], left_out: Collection[UUID]
) -> Problem:
    by_order: dict[UUID, list[OpenOperation]] = {}
    for one in rows.operations:
        by_order.setdefault(one.order_id, []).append(one)
    operations: list[Operation] = []
    orders: list[Order] = []
    for order in rows.orders:
        if order.id in left_out:
            continue
        steps = list(_steps(order, by_order.get(order.id, ()), terms))
        if steps:
            operations += steps
            orders.append(_order(order, terms))
    ids = {one.id for one in operations}
    profile = terms.profile
    return Problem(
        origin=terms.origin,
        horizon=terms.horizon,
        resources=tuple(_resources(rows, hours, terms)),
        orders=tuple(orders),
        operations=tuple(operations),
        pools=tuple(
            Pool(
                str(one.id),
                one.capacity,
                hours[one.calendar_id] if one.calendar_id else ((0, terms.horizon),),
            )
            for one in rows.shared
        ),
        changeovers=tuple(
            Changeover(str(place) if place else None, before, after, minutes)
            for place, before, after, minutes in rows.changeovers
        ),
        previous=tuple(one for one in terms.published.values() if one.operation_id in ids),
        weights=Weights(
            tardiness=profile.lateness_weight,
            setup=profile.setup_weight,
            makespan=profile.makespan_weight,
            moved=profile.stability_weight,
        ),
    )


def _assignments(rows: Rows, terms: _Terms) -> Iterator[Assignment]:
    for one in rows.published:
        moments = one.setup_starts_at, one.starts_at, one.ends_at
        yield Assignment(
            str(one.operation_id),
            str(one.work_centre_id),
            one.unit,
            *(minute_of(moment, terms.origin) for moment in moments),
        )


def _resources(rows: Rows, hours: Mapping[UUID, Hours], terms: _Terms) -> Iterator[Resource]:
    """The work centres, set up for what began last on them."""
    setup = {
        one.work_centre_id: one.setup_family
        for one in rows.published
        if one.starts_at <= terms.origin and one.setup_family
    }
    for one in terms.places.values():
        if one.calendar_id:
            yield Resource(str(one.id), one.capacity, hours[one.calendar_id], setup.get(one.id))


def _order(order: OpenOrder, terms: _Terms) -> Order:
    change = terms.changes.get(order.id)
    due_on = (change and change.due_on) or order.due_on
    rush = order.rush if change is None or change.rush is None else change.rush
    priority = (change and change.priority) or order.priority
    return Order(str(order.id), terms.midnight(due_on, after=1), priority, rush)


def _steps(
    order: OpenOrder,
    operations: Sequence[OpenOperation],
    terms: _Terms,
) -> Iterator[Operation]:
    """What is left of an order: what is handled, bought or takes no time is only waited for."""
    earliest, waits_for = _earliest(order, terms)
    before: Operation | None = None
    lag = Decimal(0)
    added = terms.changes[order.id].added_minutes if order.id in terms.changes else 0
    for one in operations:
        left = minutes_left(one, one.start_quantity, one.handled, efficiency=one.efficiency)
        if not left:
            continue
        lag += one.queue_minutes
        if one.is_bought:
            lag += left
            continue
        fixed = _fixed(order, terms.published.get(str(one.id)), terms)
        if before is not None and before.fixed is None:
            # What follows something that may move is not kept where it is.
            fixed = None
        options = tuple(_options(one, terms, 0 if fixed else added))
        added = added if fixed else 0
        before = Operation(
            id=str(one.id),
            order_id=str(order.id),
            options=options,
            after=(before.id,) if before else (),
            lag=ceil(lag) if before else 0,
            earliest=earliest if before else earliest + ceil(lag - one.queue_minutes),
            family=one.setup_family or None,
            split=one.breaks == Breaks.SPLIT,
            pools=tuple(Use(pool) for pool in _pools(one, terms.pools)),
            fixed=fixed,
            waits_for=waits_for,
        )
        yield before
        lag = Decimal(0)


def _earliest(order: OpenOrder, terms: _Terms) -> tuple[int, WaitKind]:
    """When the order may begin, and what for it waits: its own day, or its material."""
    if _begun(order):
        return 0, WaitKind.RELEASE
    begins = max(0, terms.midnight(order.start_on))
    ready_on = terms.ready_on.get(order.id)
    ready = 0 if ready_on is None else max(0, terms.midnight(ready_on))
    return (ready, WaitKind.MATERIAL) if ready > begins else (begins, WaitKind.RELEASE)


def _fixed(order: OpenOrder, known: Assignment | None, terms: _Terms) -> Assignment | None:
    """Where the operation stays: it runs now, or it is frozen."""
    place = None if known is None else terms.places.get(UUID(known.resource_id))
    if known is None or place is None or known.unit >= place.capacity:
        return None
    runs = known.start < 0 < known.end and order.state in _RUNNING
    frozen = 0 <= known.start < terms.profile.frozen_hours * 60
    return known if runs or frozen else None


def _pools(one: OpenOperation, pools: Mapping[tuple[str, str], str]) -> Iterator[str]:
    for kind, words in ((SharedKind.SKILL, one.skills), (SharedKind.TOOL, one.tools)):
        for word in words:
            if (kind, word) in pools:
                yield pools[kind, word]


def _options(
    one: OpenOperation,
    terms: _Terms,
    added: int,
) -> Iterator[Option]:
    """Where it can be done; skills and tools that nothing is counted of are those of the place."""
    pools = terms.pools
    own = {word for word in one.skills if (SharedKind.SKILL, word) not in pools}
    own |= {word for word in one.tools if (SharedKind.TOOL, word) not in pools}
    for place_id in dict.fromkeys((one.work_centre_id, *one.alternates)):
        place = terms.places.get(place_id)
        if place is None or not own <= set(place.able_to):
            continue
        efficiency = one.efficiency if place_id == one.work_centre_id else place.efficiency
        left = minutes_left(one, one.start_quantity, one.handled, efficiency=efficiency)
        yield Option(str(place_id), ceil(left) + added)

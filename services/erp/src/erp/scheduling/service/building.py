"""The problem that a scheduling method is given, built from rows, stock and working hours."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from math import ceil
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.storage.reading import Reading
from erp.calendars.service import working_calendars
from erp.production_orders.service.available import ready_on
from erp.production_orders.service.quantities import minutes_left
from erp.routings.states import Breaks
from erp.scheduling.queries.reading import OpenOperation, OpenOrder, Rows, read_rows
from erp.scheduling.rules.bounds import earliest_ends
from erp.scheduling.rules.conflicts import without_place
from erp.scheduling.rules.indexed import Indexed
from erp.scheduling.rules.problem import (
    Assignment,
    Changeover,
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
from erp.scheduling.service.terms import Terms
from erp.scheduling.states import LeftOutReason, SharedKind, WaitKind

__all__ = ["Built", "LeftOut", "build", "fixed_at", "setups_at"]


@dataclass(frozen=True)
class LeftOut:
    """An order that is not scheduled, why, and the operation that is the reason."""

    order: OpenOrder
    reason: LeftOutReason
    operation_id: UUID | None = None


@dataclass(frozen=True)
class Built:
    """The problem, with the rows that it was built from.

    `left_out`: orders that are not scheduled, so that the others are.
    """

    problem: Problem
    rows: Rows
    input_hash: str
    left_out: Sequence[LeftOut]
    terms: Terms


async def build(
    at: Reading, origin: datetime, profile: Profile, changes: Sequence[OrderChange]
) -> Built:
    """The problem as of an instant, with the changes of a try; all read in the caller's snapshot.

    An operation is fixed if it runs, or is published to begin within the frozen hours.
    """
    rows = await read_rows(at.sql)
    waiting = [one.id for one in rows.orders]
    zone = at.setting.zone
    by_order: dict[UUID, list[OpenOperation]] = {}
    for one in rows.operations:
        by_order.setdefault(one.order_id, []).append(one)
    named = [one.calendar_id for one in rows.places] + [one.calendar_id for one in rows.shared]
    terms = Terms(
        origin=origin.replace(second=0, microsecond=0),
        zone=zone if isinstance(zone, ZoneInfo) else ZoneInfo(str(zone)),
        profile=profile,
        changes={one.production_order_id: one for one in changes},
        ready_on=await ready_on(at, waiting) if waiting else {},
        places={one.id: one for one in rows.places if one.calendar_id},
        pools={(one.kind, one.name): str(one.id) for one in rows.shared},
        calendars=await working_calendars(at, {one for one in named if one}),
        by_order=by_order,
        rows=rows,
    )
    left_out = {one.order.id: one for one in _left_out(terms)}
    problem = _problem(terms, left_out)
    if too_late := {one.order.id: one for one in _too_late(problem, terms)}:
        left_out |= too_late
        problem = _problem(terms, left_out)
    return Built(problem, rows, rows.digest(), list(left_out.values()), terms)


def fixed_at(built: Built, now: datetime) -> Mapping[str, Assignment]:
    """Where operations stay that run or are frozen at another instant; minutes as in the problem.

    Their ends are those that are published.
    """
    terms = replace(built.terms, origin=now.replace(second=0, microsecond=0))
    steps = (each for order in terms.rows.orders for each in _steps(order, terms))
    return {one.id: built.terms.published[one.id] for one in steps if one.fixed}


def _left_out(terms: Terms) -> Iterator[LeftOut]:
    """What cannot be scheduled, whatever else is; what has begun needs no more material."""
    for order in terms.rows.orders:
        if terms.ready_on.get(order.id, date.min) is None and not _begun(order):
            yield LeftOut(order, LeftOutReason.MATERIAL)
            continue
        nowhere = (one for one in _steps(order, terms) if not one.fixed and not one.options)
        found = next(nowhere, None)
        if found is not None:
            yield LeftOut(order, LeftOutReason.NO_PLACE, UUID(found.id))


def _too_late(problem: Problem, terms: Terms) -> Iterator[LeftOut]:
    """Orders that begin later than now, and so late that they do not end before the horizon."""
    indexed = Indexed(problem)
    ends = earliest_ends(indexed)
    for order in terms.rows.orders:
        mine = indexed.of_order.get(str(order.id), ())
        late = next((one for one in mine if not one.fixed and ends[one.id] is None), None)
        if late is None or late.earliest <= 0 or any(one.fixed for one in mine):
            continue
        if not any(any(without_place(indexed, one)) for one in mine):
            yield LeftOut(order, LeftOutReason.BEYOND_HORIZON, UUID(late.id))


def _begun(order: OpenOrder) -> bool:
    return order.state == "started"


def _problem(terms: Terms, left_out: Collection[UUID]) -> Problem:
    rows, hours = terms.rows, terms.hours
    operations: list[Operation] = []
    orders: list[Order] = []
    for order in rows.orders:
        steps = list(_steps(order, terms))
        if order.id in left_out:
            # What runs or is frozen of it still takes its machine.
            steps = [one for one in steps if one.fixed]
        if steps:
            operations += steps
            orders.append(_order(order, terms))
    ids = {one.id for one in operations}
    profile = terms.profile
    return Problem(
        origin=terms.origin,
        horizon=terms.horizon,
        resources=tuple(_resources(terms)),
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


def setups_at(rows: Rows, now: datetime) -> dict[tuple[UUID, int], str]:
    """Family for which each machine is set up: of what began last on it, published now or before.

    Machines are work centre and unit.
    """
    begun = {
        (one.work_centre_id, one.unit): one.setup_family
        for one in rows.published
        if one.starts_at <= now and one.setup_family
    }
    return {**rows.setups, **begun}


def _resources(terms: Terms) -> Iterator[Resource]:
    """The work centres, their machines set up for what began last on them."""
    setups = setups_at(terms.rows, terms.origin)
    for one in terms.places.values():
        if one.calendar_id:
            units = tuple(setups.get((one.id, unit)) for unit in range(one.capacity))
            hours = terms.hours[one.calendar_id]
            yield Resource(str(one.id), one.capacity, hours, units=units if any(units) else ())


def _order(order: OpenOrder, terms: Terms) -> Order:
    change = terms.changes.get(order.id)
    due_on = (change and change.due_on) or order.due_on
    rush = order.rush if change is None or change.rush is None else change.rush
    priority = (change and change.priority) or order.priority
    tail = _tail(terms.by_order.get(order.id, ()))
    return Order(str(order.id), terms.midnight(due_on, after=1) - tail, priority, rush, tail)


def _waits(one: OpenOperation) -> bool:
    """Whether something is left of it, so that its queue at least is waited for."""
    return one.handled < one.start_quantity


def _left(one: OpenOperation) -> Decimal:
    return minutes_left(one, one.start_quantity, one.handled, efficiency=one.efficiency)


def _tail(operations: Sequence[OpenOperation]) -> int:
    """Minutes of the clock after the last own operation: what suppliers do, and queues."""
    tail = Decimal(0)
    for one in reversed(operations):
        if not _waits(one):
            continue
        if _left(one) and not one.is_bought:
            break
        tail += one.queue_minutes + _left(one)
    return ceil(tail)


def _steps(order: OpenOrder, terms: Terms) -> Iterator[Operation]:
    """What is left of an order: what is bought or takes no time is only waited for."""
    earliest, waits_for = _earliest(order, terms)
    before: Operation | None = None
    lag = Decimal(0)
    added = terms.changes[order.id].added_minutes if order.id in terms.changes else 0
    for one in terms.by_order.get(order.id, ()):
        if not _waits(one):
            continue
        left = _left(one)
        lag += one.queue_minutes
        if one.is_bought or not left:
            lag += left
            continue
        fixed = terms.fixed.get(str(one.id))
        if before is not None and before.fixed is None:
            # What follows something that may move is not kept where it is.
            fixed = None
        elif before is not None and fixed and not one.handled:
            # Nor does it run while what it waits for takes longer than published.
            waits_until = 0 if before.fixed is None else before.fixed.end + ceil(lag)
            fixed = fixed if waits_until <= fixed.start else None
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


def _earliest(order: OpenOrder, terms: Terms) -> tuple[int, WaitKind]:
    """When the order may begin, and what for it waits: its own day, or its material."""
    if _begun(order):
        return 0, WaitKind.RELEASE
    begins = max(0, terms.midnight(order.start_on))
    day = terms.ready_on.get(order.id)
    ready = 0 if day is None else max(0, terms.midnight(day))
    return (ready, WaitKind.MATERIAL) if ready > begins else (begins, WaitKind.RELEASE)


def _pools(one: OpenOperation, pools: Mapping[tuple[str, str], str]) -> Iterator[str]:
    for kind, words in ((SharedKind.SKILL, one.skills), (SharedKind.TOOL, one.tools)):
        for word in words:
            if (kind, word) in pools:
                yield pools[kind, word]


def _options(
    one: OpenOperation,
    terms: Terms,
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

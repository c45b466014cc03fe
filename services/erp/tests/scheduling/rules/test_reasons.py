"""Why there is no schedule, why orders are late, what moves, and what can be promised (V12)."""

from dataclasses import replace

import pytest
from services.erp.tests.scheduling.rules.factory import (
    DAY,
    always,
    at,
    problem,
    random_problem,
    shifts,
)

from erp.scheduling.rules import checker, conflicts, lateness, moves, promising, serial
from erp.scheduling.rules.problem import (
    Assignment,
    Impossible,
    Operation,
    Option,
    Order,
    Pool,
    Resource,
    Use,
)
from erp.scheduling.states import ConflictKind, ReasonKind, ViolationKind, WaitKind

MILL = Resource("mill", 1, shifts())


def step(operation_id, minutes=60, place="mill", **more):
    order_id = more.pop("order_id", "o")
    return Operation(operation_id, order_id, (Option(place, minutes),), **more)


def frozen(operation_id, start, end, **more):
    placed = Assignment(operation_id, "mill", 0, at(start), at(start), at(end))
    return step(operation_id, fixed=placed, **more)


def found(*operations, **more):
    given = problem(operations, [MILL, Resource("never", 1, ())], **more)
    return [(one.kind, one.operation_ids) for one in conflicts.find(given)]


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ([step("1", place="lathe")], (ConflictKind.UNKNOWN, ("1",))),
        ([step("1", after=("0",))], (ConflictKind.UNKNOWN, ("1", "0"))),
        ([step("1", pools=(Use("crane"),))], (ConflictKind.UNKNOWN, ("1",))),
        (
            [step("1", after=("3",)), step("2", after=("1",)), step("3", after=("2",))],
            (ConflictKind.CYCLE, ("1", "2", "3")),
        ),
        ([step("1", place="never")], (ConflictKind.NO_WORKING_TIME, ("1",))),
        ([step("1", 241, split=False)], (ConflictKind.BLOCK_TOO_LONG, ("1",))),
        (
            [frozen("1", "08:00", "10:00"), frozen("2", "09:00", "11:00")],
            (ConflictKind.FROZEN_OVERLAP, ("1", "2")),
        ),
        (
            [step("1", 90), frozen("2", "09:00", "10:00", after=("1",))],
            (ConflictKind.FROZEN_BEFORE_EARLIER, ("1", "2")),
        ),
        (
            [step("1", 4000), step("2", 900, after=("1",))],
            (ConflictKind.BEYOND_HORIZON, ("1", "2")),
        ),
        ([step("1", 4000), step("2", 900)], (ConflictKind.OVERLOAD, ("1", "2"))),
    ],
)
def test_what_excludes_every_schedule_is_named(operations, expected):
    """Each constraint that cannot be kept, with the operations that it is about."""
    assert found(*operations) == [expected]
    with pytest.raises(Impossible) as refused:
        serial.generate(problem(operations, [MILL, Resource("never", 1, ())]))
    assert [(one.kind, one.operation_ids) for one in refused.value.conflicts] == [expected]


def test_pools_exclude_schedules_too():
    night = Pool("welder", 1, ((at("20:00"), at("22:00")),))
    pair = step("1", pools=(Use("welder", 2),))
    given = problem([pair], [MILL], pools=(night,))
    small, never = conflicts.find(given)
    assert (small.kind, small.pool_id, small.needed, small.available) == (
        ConflictKind.POOL_TOO_SMALL,
        "welder",
        2,
        1,
    )
    assert (never.kind, never.pool_id) == (ConflictKind.NO_WORKING_TIME, "welder")
    both = [
        frozen("1", "08:00", "09:00", pools=(Use("welder"),)),
        replace(
            frozen("2", "08:00", "09:00", pools=(Use("welder"),)),
            fixed=Assignment("2", "saw", 0, at("08:00"), at("08:00"), at("09:00")),
        ),
    ]
    # What runs is as it is, though it takes more than there are; what is free waits for one.
    day = Pool("welder", 1, shifts())
    free = step("3", place="lathe", pools=(Use("welder"),))
    places = [Resource(one, 1, shifts()) for one in ("mill", "saw", "lathe")]
    given = problem([*both, free], places, pools=(day,))
    made = serial.generate(given)
    assert not checker.violations(given, made)
    assert {one.operation_id: one.start for one in made.assignments}["3"] == at("09:00")
    early = replace(given, operations=(*both, replace(free, pools=())))
    wrong = {one.kind for one in checker.violations(given, serial.generate(early))}
    assert wrong == {ViolationKind.POOL_OVERLOAD}


def reasons(given):
    schedule = serial.generate(given)
    assert not checker.violations(given, schedule)
    return {
        order_id: [(one.kind, one.operation_id, one.minutes) for one in chain]
        for order_id, chain in lateness.reasons(given, schedule).items()
    }


def test_late_because_of_lead_times_and_a_fence():
    """V12: both orders are overdue by lead times; five pieces of the second wait for a fence."""
    line, cells = Resource("line", 9, always(60 * DAY)), Resource("cell", 9, always(60 * DAY))
    week, five = 7 * DAY, 5 * DAY
    operations = [
        step("end-1", week, "line", order_id="1"),
        step("end-2a", week, "line", order_id="2"),
        step("sub-2", five, "cell", order_id="2", earliest=8 * DAY, waits_for=WaitKind.FENCE),
        step("end-2b", week, "line", order_id="2", after=("sub-2",)),
    ]
    orders = [Order("1", -27 * DAY, 1), Order("2", -27 * DAY, 2)]
    given = problem(operations, [line, cells], horizon=60 * DAY, orders=orders)
    ends = {one.operation_id: one.end // DAY for one in serial.generate(given).assignments}
    assert ends == {"end-1": 7, "end-2a": 7, "sub-2": 13, "end-2b": 20}  # 4, 4, 10, 17 January
    assert reasons(given) == {
        "1": [
            (ReasonKind.OVERDUE, None, 27 * DAY),
            (ReasonKind.LEAD_TIME, "end-1", week),
        ],
        "2": [
            (ReasonKind.OVERDUE, None, 27 * DAY),
            (ReasonKind.LEAD_TIME, "end-2b", week),
            (ReasonKind.LEAD_TIME, "sub-2", five),
            (ReasonKind.FENCE, "sub-2", 8 * DAY),
        ],
    }


def test_late_because_of_what_is_occupied_missing_or_closed():
    """Each minute between the origin and the end is work, a queue, or a wait with its cause."""
    saw = Resource("saw", 1, shifts())
    crane = Pool("crane", 1, shifts())
    orders = [
        Order("a", at("09:00"), 1),
        Order("b", at("10:00"), 2),
        Order("c", at("09:30"), 3),
        Order("d", at("17:00"), 4),
        Order("e", at("09:00"), 5),
    ]
    operations = [
        step("a", 60, order_id="a", pools=(Use("crane"),)),
        step("b", 120, order_id="b"),
        step("c", 60, "saw", order_id="c", pools=(Use("crane"),)),
        step("d", 60, "saw", order_id="d", earliest=at("16:30")),
        frozen("e", "13:00", "14:00", order_id="e"),
    ]
    given = problem(operations, [MILL, saw], orders=orders, pools=(crane,))
    assert reasons(given) == {
        "b": [(ReasonKind.CAPACITY, "b", at("09:00"))],
        "c": [(ReasonKind.SKILL_OR_TOOL, "c", at("09:00"))],
        "d": [(ReasonKind.MATERIAL, "d", at("16:30"))],
        "e": [(ReasonKind.FROZEN, "e", at("13:00"))],
    }
    alone = [step("1", 60, earliest=at("17:00", 4))]
    given = problem(alone, [MILL], orders=[Order("o", at("08:30", 7))])
    assert reasons(given) == {
        "o": [
            (ReasonKind.WORKING_TIME, "1", at("08:00", 7) - at("17:00", 4)),
            (ReasonKind.MATERIAL, "1", at("17:00", 4)),
        ]
    }


def test_what_moves_is_compared_with_what_is_published():
    """E69: moved operations by their number, and orders that end at another minute."""
    operations = [step("1"), step("2", after=("1",)), step("3", order_id="p")]
    given = problem(operations, [MILL], orders=[Order("o", at("10:00")), Order("p", 0)])
    before = serial.in_sequence(given, ["1", "2", "3"]).assignments
    after = serial.in_sequence(given, ["3", "1", "2"]).assignments
    compared = moves.compare(before, after, given)
    assert {one.operation_id for one in compared.operations} == {"1", "2", "3"}
    assert compared.share == 1
    assert {
        (one.order_id, one.end_before, one.end_after, one.late_before, one.late_after)
        for one in compared.orders
    } == {
        ("o", at("10:00"), at("11:00"), 0, 60),
        ("p", at("11:00"), at("09:00"), at("11:00"), at("09:00")),
    }
    gone = moves.compare(before, after[:1], given)
    assert [one.after for one in gone.operations if one.operation_id == "1"] == [None]
    assert gone.share == 1


def test_a_new_order_is_promised_without_moving_others():
    """Its operations take what is free between the others; those stay where they are."""
    given = random_problem(5)
    schedule = serial.generate(given)
    new = [
        step("new.0", 30, "saw", order_id="new"),
        step("new.1", 100, "mill", order_id="new", after=("new.0",)),
    ]
    promised = promising.earliest(given, schedule, new)
    assert promised.makespan == promised.assignments[-1].end
    assert [one.operation_id for one in promised.assignments] == ["new.0", "new.1"]
    whole = replace(
        given, operations=(*given.operations, *new), orders=(*given.orders, Order("new", 0))
    )
    overlapping = {
        one.kind
        for one in checker.violations(
            whole, replace(schedule, assignments=(*schedule.assignments, *promised.assignments))
        )
    }
    assert not overlapping
    with pytest.raises(Impossible):
        promising.earliest(given, schedule, [step("long", 99_999, order_id="new")])

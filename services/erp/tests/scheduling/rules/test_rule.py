"""Schedules by the rule: working time, changeovers, priorities (E67, E68, V10)."""

from dataclasses import replace

import pytest
from services.erp.tests.scheduling.rules.factory import (
    DAY,
    MAKESPAN_ONLY,
    always,
    at,
    changing,
    problem,
    random_problem,
    shifts,
)

from erp.scheduling.rules import checker, serial
from erp.scheduling.rules.hours import shared, working_time
from erp.scheduling.rules.problem import (
    Assignment,
    Impossible,
    Operation,
    Option,
    Order,
    Pool,
    Resource,
    Use,
    Weights,
)
from erp.scheduling.states import ConflictKind

MILL = Resource("mill", 1, shifts())


def spans(schedule):
    return {one.operation_id: (one.start, one.end) for one in schedule.assignments}


def alone(minutes, **more):
    return problem([Operation("1", "o", (Option("mill", minutes),), **more)], [MILL])


def test_work_goes_on_after_breaks_and_weekends():
    """V10: 300 minutes from Monday 10:00 end at 16:00, 120 from Friday 16:00 on Monday 09:00."""
    monday = serial.generate(alone(300, earliest=at("10:00")))
    assert spans(monday) == {"1": (at("10:00"), at("16:00"))}
    friday = serial.generate(alone(120, earliest=at("16:00", 4)))
    assert spans(friday) == {"1": (at("16:00", 4), at("09:00", 7))}
    assert not checker.violations(alone(120, earliest=at("16:00", 4)), friday)


def test_what_may_not_be_interrupted_waits_for_a_block_in_which_it_ends():
    """E67: 180 minutes at 10:00 begin after noon instead; until exactly noon they fit."""
    assert spans(serial.generate(alone(180, earliest=at("10:00"), split=False))) == {
        "1": (at("13:00"), at("16:00"))
    }
    assert spans(serial.generate(alone(180, earliest=at("09:00"), split=False))) == {
        "1": (at("09:00"), at("12:00"))
    }
    with pytest.raises(Impossible) as refused:
        serial.generate(alone(241, split=False))
    (conflict,) = refused.value.conflicts
    assert (conflict.kind, conflict.needed, conflict.available) == (
        ConflictKind.BLOCK_TOO_LONG,
        241,
        240,
    )


def test_changeovers_follow_the_sequence():
    """V10: A B A B one after another takes 330 minutes, the best sequence 270."""
    given = changing()
    in_order = serial.in_sequence(given, [one.id for one in given.operations])
    assert in_order.makespan == 330
    best = serial.generate(given)
    assert best.makespan == best.objective == 270
    assert not checker.violations(given, in_order)
    assert not checker.violations(given, best)


def test_each_machine_is_set_up_for_its_own_family():
    """E68: two machines, one of them set up for A and one for B: neither needs a changeover."""
    given = changing()
    units = replace(given.resources[0], capacity=2, units=("B", "A"))
    given = replace(given, resources=(units,))
    found = serial.generate(given)
    assert not checker.violations(given, found)
    assert (found.makespan, [one.setup_start - one.start for one in found.assignments]) == (
        120,
        [0] * 4,
    )
    families = dict(zip("0123", "ABAB", strict=True))
    assert {(one.unit, families[one.operation_id]) for one in found.assignments} == {
        (0, "B"),
        (1, "A"),
    }


def test_each_priority_weighs_less_than_the_one_before():
    factors = [Weights().factor(Order("1", 0, priority)) for priority in range(1, 10)]
    assert factors == [90, 80, 70, 60, 50, 40, 30, 20, 10]


def test_a_third_machine_is_free_when_never_more_than_two_run():
    """V10: capacity 3; what is running never overlaps with more than one other."""
    running = [
        ("10:20", "10:30", 0),
        ("10:30", "10:40", 0),
        ("10:40", "10:45", 0),
        ("10:45", "11:00", 0),
    ]
    frozen = [
        Operation(
            start,
            "o",
            (Option("mill", 10),),
            fixed=Assignment(start, "mill", unit, at(start), at(start), at(end)),
        )
        for start, end, unit in running
    ]
    new = Operation("new", "o", (Option("mill", 75),), earliest=at("10:25"))
    given = problem([*frozen, new], [Resource("mill", 3, always(DAY))], horizon=DAY)
    schedule = serial.generate(given)
    assert spans(schedule)["new"] == (at("10:25"), at("11:40"))
    assert not checker.violations(given, schedule)


def test_rush_goes_before_priority_and_priority_before_due_dates():
    orders = [Order("late", 10), Order("first", 900, 1), Order("rush", 999, 9, rush=True)]
    operations = [Operation(one.id, one.id, (Option("m", 60),)) for one in orders]
    machine = Resource("m", 1, always(1000))
    given = problem(operations, [machine], horizon=1000, orders=orders, weights=MAKESPAN_ONLY)
    starts = spans(serial.generate(given))
    assert sorted(starts, key=lambda one: starts[one]) == ["rush", "first", "late"]


def test_work_stands_still_while_machine_or_people_rest():
    """E68: an operation is worked on in the hours that machine and people share."""
    welder = Pool("welder", 1, ((at("10:00"), at("12:00")), (at("15:00"), at("18:00"))))
    given = alone(180, pools=(Use("welder"),))
    schedule = serial.generate(replace(given, pools=(welder,)))
    assert spans(schedule) == {"1": (at("10:00"), at("16:00"))}
    assert not checker.violations(replace(given, pools=(welder,)), schedule)


def test_the_faster_of_two_places_is_taken_and_then_the_preferred():
    options = (Option("slow", 90), Option("mill", 60))
    resources = [MILL, Resource("slow", 1, shifts()), Resource("twin", 1, shifts())]
    given = problem([Operation("1", "o", options)], resources)
    assert serial.generate(given).assignments[0].resource_id == "mill"
    given = problem([Operation("1", "o", (Option("twin", 60), Option("mill", 60)))], resources)
    assert serial.generate(given).assignments[0].resource_id == "twin"


def test_hours_count_worked_minutes():
    time = working_time(shifts(1))
    assert time.total == 5 * 8 * 60
    assert time.longest == 240
    assert time.worked(-5) == 0
    assert time.worked(at("12:30")) == 240
    assert time.next(at("12:30")) == at("13:00")
    assert time.next(at("17:00", 4)) is None
    assert time.back(at("13:30"), 60) == at("11:30")
    assert time.back(at("08:30"), 60) is None
    assert time.add(at("16:00", 4), 90) is None
    assert time.next_block(at("16:00", 4), 61) is None
    assert shared((((0, 10), (20, 30)), ((5, 25),))) == ((5, 10), (20, 25))


@pytest.mark.parametrize("seed", range(60))
def test_every_schedule_of_the_rule_keeps_all_rules(seed):
    """E67 to E69 for random factories, proven by the checker."""
    given = random_problem(seed)
    schedule = serial.generate(given)
    assert checker.violations(given, schedule) == []
    assert schedule == replace(serial.generate(given), seconds=schedule.seconds)

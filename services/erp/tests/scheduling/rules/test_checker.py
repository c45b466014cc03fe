"""The checker finds what is wrong with a schedule: one that cannot fail proves nothing."""

from dataclasses import replace

import pytest
from services.erp.tests.scheduling.rules.factory import DAY, at, problem, shifts

from erp.scheduling.rules import checker
from erp.scheduling.rules.problem import (
    Assignment,
    Changeover,
    Operation,
    Option,
    Pool,
    Resource,
    Schedule,
    Use,
)
from erp.scheduling.states import ScheduleMethod
from erp.scheduling.states import ViolationKind as Kind

FROZEN = Assignment("f", "mill", 0, at("08:00"), at("08:00"), at("09:00"))
OPERATIONS = [
    Operation("f", "o", (Option("mill", 60),), fixed=FROZEN, family="A"),
    Operation("1", "o", (Option("mill", 60),), after=("f",), lag=10, family="B"),
    Operation("2", "o", (Option("mill", 120), Option("saw", 100)), after=("1",), split=False),
    Operation("3", "p", (Option("mill", 60),), earliest=at("11:30"), pools=(Use("crane"),)),
    Operation("4", "p", (Option("saw", 60),), pools=(Use("crane"),)),
]
GIVEN = problem(
    OPERATIONS,
    [Resource("mill", 1, shifts()), Resource("saw", 2, shifts())],
    pools=(Pool("crane", 1, shifts()),),
    changeovers=(Changeover("mill", "A", "B", 15), Changeover(None, "A", "B", 99)),
)
RIGHT = (
    FROZEN,
    Assignment("1", "mill", 0, at("09:15"), at("09:30"), at("10:30")),
    Assignment("2", "saw", 1, at("13:00"), at("13:00"), at("14:40")),
    Assignment("3", "mill", 0, at("11:30"), at("11:30"), at("13:30")),
    Assignment("4", "saw", 0, at("13:30"), at("13:30"), at("14:30")),
)


def violations(assignments):
    schedule = Schedule(tuple(assignments), ScheduleMethod.RULE, objective=0, makespan=0)
    return {(one.kind, one.operation_id) for one in checker.violations(GIVEN, schedule)}


def changed(operation_id, **more):
    return [replace(one, **more) if one.operation_id == operation_id else one for one in RIGHT]


def moved(operation_id, start, end):
    return changed(operation_id, setup_start=at(start), start=at(start), end=at(end))


def test_a_right_schedule_has_no_fault():
    assert violations(RIGHT) == set()


@pytest.mark.parametrize(
    ("assignments", "expected"),
    [
        (RIGHT[1:], {(Kind.MISSING, "f"), (Kind.WRONG_SETUP, "1")}),
        ([*RIGHT, RIGHT[0]], {(Kind.UNKNOWN, "f")}),
        ([*RIGHT, replace(RIGHT[4], operation_id="x", unit=1)], {(Kind.UNKNOWN, "x")}),
        (changed("4", resource_id="mill"), {(Kind.WRONG_RESOURCE, "4")}),
        (changed("4", unit=2), {(Kind.WRONG_RESOURCE, "4")}),
        (changed("2", unit=0), {(Kind.OVERLAP, "4")}),
        (moved("4", "16:30", "18:00"), {(Kind.WRONG_DURATION, "4")}),
        (moved("4", "07:00", "09:00"), {(Kind.OUTSIDE_WORKING_TIME, "4")}),
        (moved("4", "16:00", "18:00"), {(Kind.OUTSIDE_WORKING_TIME, "4")}),
        (moved("4", "13:30", "14:29"), {(Kind.WRONG_DURATION, "4")}),
        (moved("2", "11:30", "14:10"), {(Kind.INTERRUPTED, "2")}),
        (changed("1", setup_start=at("09:20")), {(Kind.WRONG_SETUP, "1")}),
        (changed("1", setup_start=at("09:05")), {(Kind.WRONG_SETUP, "1")}),
        (
            changed("1", setup_start=at("08:50"), start=at("09:05"), end=at("10:05")),
            {(Kind.PRECEDENCE, "1"), (Kind.OVERLAP, "1")},
        ),
        (moved("2", "10:20", "12:00"), {(Kind.PRECEDENCE, "2")}),
        (moved("3", "11:00", "12:00"), {(Kind.TOO_EARLY, "3")}),
        (moved("4", "13:00", "14:00"), {(Kind.POOL_OVERLOAD, "4")}),
        (
            changed("f", setup_start=at("08:00"), start=at("08:00"), end=at("08:59")),
            {(Kind.FROZEN_MOVED, "f")},
        ),
    ],
)
def test_each_fault_is_found(assignments, expected):
    """E67 to E69: every planted fault is named, with the operation that bears it."""
    assert violations(assignments) == expected


def test_what_ends_after_the_horizon_is_refused():
    schedule = Schedule(RIGHT, ScheduleMethod.RULE, objective=0, makespan=0)
    short = replace(GIVEN, horizon=at("14:30"))
    kinds = {(one.kind, one.operation_id) for one in checker.violations(short, schedule)}
    assert kinds == {(Kind.BEYOND_HORIZON, "2")}
    assert GIVEN.horizon == 14 * DAY


def test_a_frozen_operation_keeps_its_changeover_when_another_comes_before_it():
    """E69: what is put before a frozen operation leaves enough for its changeover."""
    frozen = Assignment("f", "m", 0, 100, 110, 200)
    operations = [
        Operation("f", "o", (Option("m", 90),), fixed=frozen, family="B"),
        Operation("1", "o", (Option("m", 50),), family="A"),
    ]
    for minutes, expected in ((10, []), (11, [Kind.WRONG_SETUP])):
        given = problem(
            operations,
            [Resource("m", 1, ((0, 999),))],
            changeovers=(Changeover(None, "A", "B", minutes),),
        )
        placed = (Assignment("1", "m", 0, 0, 0, 50), frozen)
        schedule = Schedule(placed, ScheduleMethod.RULE, objective=0, makespan=0)
        assert [one.kind for one in checker.violations(given, schedule)] == expected

"""What a calendar refuses, shifts over midnight, years at once."""

from datetime import UTC, date, datetime, timedelta
from time import process_time

import pytest

from calendars.blocks import Block
from calendars.errors import (
    EmptyCalendar,
    NoSuchBlock,
    OutOfCalendar,
    OverlappingBlocks,
    UnknownHolidays,
    UnknownZone,
)
from calendars.holidays import PublicHolidays
from calendars.shifts import ShiftPlan
from calendars.working import WorkingCalendar

OFFICE = [Block.of("08:00", "12:00"), Block.of("13:30", "17:30")]
HOUR = timedelta(hours=1)


def office(**more) -> WorkingCalendar:
    """Eight hours from Monday to Friday."""
    return WorkingCalendar("Asia/Shanghai", dict.fromkeys(range(5), OFFICE), **more)


@pytest.mark.parametrize("hours", [("8:00", "12:00"), ("25:00", "26:00"), ("24:00", "08:00")])
def test_a_block_is_written_as_clocks_show_it(hours):
    with pytest.raises(NoSuchBlock):
        Block.of(*hours)


@pytest.mark.parametrize("minutes", [(-1, 5), (5, 5), (1440, 1500), (10, 1451)])
def test_a_block_lasts_at_most_a_day(minutes):
    with pytest.raises(NoSuchBlock):
        Block(*minutes)


def test_a_block_is_shown_as_it_is_written():
    night = Block.of("22:00", "06:00")
    assert (str(night), night.minutes) == ("22:00-06:00", 480)
    assert str(Block.of("00:00", "24:00")) == "00:00-24:00"


def test_wrong_calendars_are_refused():
    with pytest.raises(UnknownZone):
        WorkingCalendar("Asia/Nowhere", {0: OFFICE})
    with pytest.raises(NoSuchBlock):
        WorkingCalendar("UTC", {7: OFFICE})
    with pytest.raises(OverlappingBlocks):
        WorkingCalendar("UTC", {0: [*OFFICE, Block.of("11:00", "14:00")]})
    for country, region in (("XX", None), ("CN", "BY"), ("cn", None)):
        with pytest.raises(UnknownHolidays):
            PublicHolidays(country, region)
    with pytest.raises(EmptyCalendar):
        ShiftPlan({})


def test_a_time_needs_a_zone_and_a_year_within_reach():
    with pytest.raises(OutOfCalendar):
        office().add(datetime(2026, 3, 9, 8), HOUR)  # noqa: DTZ001
    with pytest.raises(OutOfCalendar):
        office().is_working(datetime(1899, 3, 9, tzinfo=UTC))
    start = datetime(2026, 3, 9, tzinfo=UTC)
    for far in (timedelta(days=400_000), -timedelta(days=400_000)):
        with pytest.raises(OutOfCalendar):
            office().add(start, far)
    with pytest.raises(OutOfCalendar):
        office().add_working_days(date(2026, 3, 9), 400_000)


def test_nothing_added_changes_nothing():
    sunday = datetime(2026, 3, 8, tzinfo=UTC)
    assert office().add(sunday, timedelta()) == sunday
    assert office().subtract(sunday, timedelta()) == sunday
    assert office().subtract(sunday, -HOUR) == office().add(sunday, HOUR)
    assert office().add(sunday, -HOUR) == office().subtract(sunday, HOUR)
    assert office().add_working_days(sunday.date(), 0) == sunday.date()


def test_less_than_a_minute_counts():
    start = datetime(2026, 3, 9, 3, 59, 59, 999_999, tzinfo=UTC)
    found = office().add(start, timedelta(microseconds=2))
    assert found == datetime(2026, 3, 9, 5, 30, 0, 1, tzinfo=UTC)


def test_holidays_of_a_region():
    """All Saints' Day is one in Bavaria, and none in Berlin."""
    bavaria, berlin = PublicHolidays("DE", "BY"), PublicHolidays("DE", "BE")
    day = date(2027, 11, 1)
    assert day in bavaria.of_year(2027).off
    assert day not in berlin.of_year(2027).off
    calendar = WorkingCalendar("Europe/Berlin", dict.fromkeys(range(5), OFFICE), holidays=bavaria)
    assert not calendar.is_working_day(day)


def test_an_own_exception_goes_before_the_country():
    """The shop is open on New Year's Day, and does not make up for it."""
    half = [Block.of("09:00", "12:00")]
    own = {date(2026, 1, 1): half, date(2026, 1, 4): []}
    calendar = office(exceptions=own, holidays=PublicHolidays("CN"))
    assert calendar.blocks_of(date(2026, 1, 1)) == tuple(half)
    assert not calendar.is_working_day(date(2026, 1, 2))
    assert not calendar.is_working_day(date(2026, 1, 4))


def test_a_day_that_makes_up_has_its_own_hours_if_there_are_any():
    """A works that is open on Saturdays keeps Saturday's hours."""
    saturday = [Block.of("09:00", "12:00")]
    swapped = date(2026, 2, 14)
    assert swapped.weekday() == 5
    week = {**dict.fromkeys(range(5), OFFICE), 5: saturday}
    works = WorkingCalendar("Asia/Shanghai", week, holidays=PublicHolidays("CN"))
    assert works.blocks_of(swapped) == tuple(saturday)
    assert office(holidays=PublicHolidays("CN")).blocks_of(swapped) == tuple(OFFICE)


def test_names_of_holidays():
    day = date(2026, 10, 1)
    assert PublicHolidays("CN").of_year(2026).off[day] == "National Day"
    assert PublicHolidays("CN").of_year(2026, "zh_CN").off[day] == "国庆节"


def test_three_shifts_go_round_the_clock():
    """Early, late and night from Monday to Friday: the last night ends on Saturday morning."""
    hours = {"early": ("06:00", "14:00"), "late": ("14:00", "22:00"), "night": ("22:00", "06:00")}
    plan = ShiftPlan(
        {
            name: WorkingCalendar("UTC", {day: [Block.of(*both)] for day in range(5)})
            for name, both in hours.items()
        }
    )
    monday = datetime(2026, 3, 9, 6, tzinfo=UTC)
    week = list(plan.intervals(monday, monday + timedelta(days=7)))
    assert len(week) == 15
    assert week[-1] == (
        datetime(2026, 3, 13, 22, tzinfo=UTC),
        datetime(2026, 3, 14, 6, tzinfo=UTC),
        frozenset({"night"}),
    )
    assert plan.between(monday, monday + timedelta(days=7)) == 120 * HOUR
    assert plan.add(monday, 121 * HOUR) == datetime(2026, 3, 16, 7, tzinfo=UTC)


def test_two_lines_do_twice_the_work():
    plan = ShiftPlan({"first line": office(), "second line": office()})
    monday = datetime(2026, 3, 9, tzinfo=UTC)
    assert plan.add(monday, 8 * HOUR) == datetime(2026, 3, 9, 4, tzinfo=UTC)
    assert plan.add(monday, timedelta(microseconds=3)) == monday + timedelta(microseconds=2)
    assert plan.add(monday, timedelta()) == monday
    years = plan.add(monday, 2 * 8 * HOUR * 5 * 200)
    assert years == office().add(monday, 8 * HOUR * 5 * 200)


def test_years_are_crossed_by_sums():
    """Twenty years are added in the time of a few: no minute and no day is walked again."""
    calendar = office(holidays=PublicHolidays("CN"))
    start = datetime(2026, 3, 9, tzinfo=UTC)
    work = 40_000 * HOUR
    due = calendar.add(start, work)
    assert due.year == 2046
    begin = process_time()
    for _ in range(200):
        assert calendar.add(start, work) == due
    assert process_time() - begin < 0.2
    assert calendar.between(start, due) == work
    assert calendar.subtract(due, work) == start

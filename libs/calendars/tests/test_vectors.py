"""Due times that service desks got wrong, each with the answer."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from calendars.blocks import Block
from calendars.dues import Pause
from calendars.errors import EmptyCalendar
from calendars.holidays import PublicHolidays
from calendars.working import WorkingCalendar

SHANGHAI = "Asia/Shanghai"
HOUR = timedelta(hours=1)


def weekdays(*hours: tuple[str, str], zone=SHANGHAI, days=5, **more) -> WorkingCalendar:
    """Those hours on the first days of the week."""
    blocks = [Block.of(*one) for one in hours]
    return WorkingCalendar(zone, dict.fromkeys(range(days), blocks), **more)


def at(text: str, zone: str = SHANGHAI) -> datetime:
    """The time on the wall of the zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


NINE_TO_FIVE = weekdays(("09:00", "17:00"))
EIGHT_TO_SIX = weekdays(("08:00", "18:00"))
NINE_TO_SIX = weekdays(("09:00", "18:00"))


@pytest.mark.parametrize(
    ("calendar", "start", "hours", "due"),
    [
        (NINE_TO_FIVE, "2026-03-06T16:30", 1, "2026-03-09T09:30"),
        (NINE_TO_FIVE, "2026-03-06T16:00", 8, "2026-03-09T16:00"),
        (EIGHT_TO_SIX, "2026-03-09T17:00", 4, "2026-03-10T11:00"),
        (NINE_TO_FIVE, "2026-03-06T16:00", 1, "2026-03-06T17:00"),
    ],
)
def test_work_goes_on_with_the_next_day(calendar, start, hours, due):
    """C31. Work that ends with the day is due then, not next morning."""
    assert calendar.add(at(start), hours * HOUR) == at(due)
    assert calendar.between(at(start), at(due)) == hours * HOUR


def test_a_warning_comes_within_working_hours():
    """C31: one hour before Tuesday 11:00 is Tuesday 10:00; two hours more are on Monday."""
    assert EIGHT_TO_SIX.subtract(at("2026-03-10T11:00"), HOUR) == at("2026-03-10T10:00")
    assert EIGHT_TO_SIX.subtract(at("2026-03-10T11:00"), 4 * HOUR) == at("2026-03-09T17:00")


def test_what_comes_on_a_day_off_begins_with_the_next_morning():
    """C32."""
    feast = date(2026, 3, 9)
    calendar = weekdays(("09:00", "18:00"), exceptions={feast: ()})
    assert calendar.add(at("2026-03-09T16:00"), 2 * HOUR) == at("2026-03-10T11:00")
    assert calendar.next_working(at("2026-03-09T16:00")) == at("2026-03-10T09:00")
    assert calendar.next_working_day(date(2026, 3, 6)) == date(2026, 3, 10)


@pytest.mark.parametrize("week", [{}, {0: ()}, {day: [] for day in range(7)}])
def test_an_empty_calendar_is_refused(week):
    """C32: it would never answer."""
    with pytest.raises(EmptyCalendar):
        WorkingCalendar(SHANGHAI, week)
    with pytest.raises(EmptyCalendar):
        WorkingCalendar(SHANGHAI, week, {date(2026, 3, 9): [Block.of("09:00", "10:00")]})


def test_a_day_has_several_blocks():
    """C33."""
    calendar = weekdays(("08:00", "12:00"), ("13:30", "18:00"))
    assert calendar.add(at("2026-03-09T11:30"), 2 * HOUR) == at("2026-03-09T15:00")
    assert not calendar.is_working(at("2026-03-09T12:00"))
    assert calendar.is_working(at("2026-03-09T13:30"))


def test_a_pause_counts_in_working_time():
    """C34: pending from Monday noon to Wednesday noon."""
    pause = Pause(at("2026-03-09T12:00"), at("2026-03-11T12:00"))
    due = NINE_TO_FIVE.due(at("2026-03-09T10:00"), 8 * HOUR, [pause])
    assert due == at("2026-03-12T10:00")
    paused = NINE_TO_FIVE.between(pause.start, pause.end)
    assert NINE_TO_FIVE.add(at("2026-03-09T10:00"), 8 * HOUR + paused) == due


def test_an_open_pause_has_no_due_time():
    """C34: nothing is due while it lasts, unless it was before."""
    open_pause = Pause(at("2026-03-09T12:00"))
    start = at("2026-03-09T10:00")
    assert NINE_TO_FIVE.due(start, 8 * HOUR, [open_pause]) is None
    assert NINE_TO_FIVE.due(start, 2 * HOUR, [open_pause]) == at("2026-03-09T12:00")


@pytest.mark.parametrize(
    ("pauses", "due"),
    [
        ([], "2026-03-09T17:00"),
        ([("2026-03-08T10:00", "2026-03-09T09:00")], "2026-03-09T17:00"),
        ([("2026-03-08T10:00", "2026-03-09T11:00")], "2026-03-10T11:00"),
        ([("2026-03-09T12:00", "2026-03-09T13:00")] * 2, "2026-03-10T10:00"),
        ([("2026-03-09T12:00", "2026-03-09T14:00"), ("2026-03-09T13:00", "2026-03-09T13:30")],
         "2026-03-10T11:00"),
        ([("2026-03-09T16:00", "2026-03-09T20:00"), ("2026-03-09T10:00", "2026-03-09T11:00")],
         "2026-03-10T11:00"),
        ([("2026-03-09T17:00", "2026-03-11T12:00")], "2026-03-09T17:00"),
    ],
)  # fmt: skip
def test_pauses_may_overlap_and_come_in_any_order(pauses, due):
    """C34: a time that two pauses cover is left out once."""
    given = [Pause(at(start), at(end)) for start, end in pauses]
    assert NINE_TO_FIVE.due(at("2026-03-09T09:00"), 8 * HOUR, given) == at(due)


def test_the_clock_is_put_forward():
    """C35: eight hours around the clock end at seven, not at six."""
    berlin = "Europe/Berlin"
    calendar = weekdays(("00:00", "24:00"), zone=berlin, days=7)
    due = calendar.add(at("2026-03-28T22:00", berlin), 8 * HOUR)
    assert due == at("2026-03-29T07:00", berlin)
    back = calendar.add(at("2026-10-24T22:00", berlin), 8 * HOUR)
    assert back == at("2026-10-25T05:00", berlin)


def test_swap_days_of_mainland_china():
    """C35: Friday 2 January is off, Sunday 4 January is worked instead."""
    calendar = weekdays(("09:00", "18:00"), holidays=PublicHolidays("CN"))
    due = calendar.add(at("2026-01-01T10:00"), 4 * HOUR)
    assert due == at("2026-01-04T13:00")
    assert calendar.add_working_days(date(2025, 12, 31), 1) == date(2026, 1, 4)
    assert calendar.previous_working_day(date(2026, 1, 4)) == date(2025, 12, 31)


@pytest.mark.parametrize(
    ("hours", "due", "breached_at_15"),
    [(8, "2026-03-10T10:00", False), (4, "2026-03-09T14:00", True)],
)
def test_another_target_counts_from_the_same_start(hours, due, breached_at_15):
    """C36: what was consumed stays consumed."""
    found = NINE_TO_FIVE.due(at("2026-03-09T10:00"), hours * HOUR)
    assert found == at(due)
    assert (found < at("2026-03-09T15:00")) is breached_at_15

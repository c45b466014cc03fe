"""Each answer equals the one found by walking minute by minute."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from libs.calendars.tests import oracle

from calendars.blocks import Block
from calendars.errors import OverlappingBlocks
from calendars.shifts import ShiftPlan
from calendars.working import WorkingCalendar

# Half an hour of summer time; clocks put forward at midnight; a day that was left out; others.
TURNS = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 11, 1)),
    ("America/Havana", date(2026, 3, 8)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Asia/Kathmandu", date(2026, 1, 1)),
    ("Asia/Shanghai", date(2026, 12, 31)),
    ("UTC", date(2027, 1, 1)),
]
STEP = 5
blocks = st.tuples(st.integers(0, 287), st.integers(1, 288)).map(
    lambda one: Block(one[0] * STEP, (one[0] + one[1]) * STEP)
)


def _fits(day: list[Block]) -> bool:
    ordered = sorted(day)
    return all(a.end <= b.start for a, b in itertools.pairwise(ordered))


day_blocks = st.lists(blocks, max_size=3).filter(_fits)


@st.composite
def calendars(draw, turn=None):
    """A calendar with hours of any kind, and a day near which its clock may change."""
    zone, day = turn or draw(st.sampled_from(TURNS))
    week = draw(st.dictionaries(st.integers(0, 6), day_blocks, min_size=3).filter(
        lambda one: any(one.values())
    ))  # fmt: skip
    near = st.integers(-4, 4).map(lambda days: day + timedelta(days=days))
    own = draw(st.dictionaries(near, day_blocks, max_size=3))
    return WorkingCalendar(zone, week, own), day


@st.composite
def moments(draw, day: date):
    """A minute within some days of the day."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return midnight + timedelta(minutes=draw(st.integers(-3 * 1440, 3 * 1440)))


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_what_is_worked_between_two_instants(data):
    calendar, day = data.draw(calendars())
    one, other = sorted((data.draw(moments(day)), data.draw(moments(day))))
    worked = oracle.between(calendar, one, other)
    assert calendar.between(one, other) == worked
    assert calendar.between(other, one) == -worked
    spans = list(calendar.intervals(one, other))
    assert sum((end - start for start, end in spans), timedelta()) == worked
    assert all(a[1] < b[0] for a, b in itertools.pairwise(spans))
    assert calendar.is_working(one) == oracle.works(calendar, one)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_work_added_and_subtracted(data):
    calendar, day = data.draw(calendars())
    start = data.draw(moments(day))
    work = timedelta(minutes=data.draw(st.integers(0, 3000)))
    week = timedelta(days=8)
    later = oracle.add(calendar, start, work, start + week)
    found = calendar.add(start, work)
    assert found == later if later else found > start + week
    earlier = oracle.subtract(calendar, start, work, start - week)
    found = calendar.subtract(start, work)
    if earlier is None:
        assert found < start - week
        return
    # The oracle stops at the first minute; no working time lies between that and the last one.
    assert found >= earlier
    assert oracle.between(calendar, found, start) == work


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_the_next_working_instant(data):
    calendar, day = data.draw(calendars())
    start = data.draw(moments(day))
    found = calendar.next_working(start)
    minutes = oracle.minutes(start, start + timedelta(days=9))
    expected = next((at for at in minutes if oracle.works(calendar, at)), None)
    assert found == expected if expected else found >= start + timedelta(days=9)


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_what_is_free(data):
    calendar, day = data.draw(calendars())
    start = data.draw(moments(day))
    end = start + timedelta(days=3)
    busy = data.draw(st.lists(st.tuples(moments(day), moments(day)).map(sorted), max_size=4))
    spans = list(calendar.free(start, end, [tuple(one) for one in busy]))
    for at in oracle.minutes(start, end):
        taken = any(low <= at < high for low, high in busy)
        free = any(low <= at < high for low, high in spans)
        assert free == (oracle.works(calendar, at) and not taken)


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_shifts_at_the_same_time(data):
    turn = data.draw(st.sampled_from(TURNS))
    (first, day), (second, _) = data.draw(calendars(turn)), data.draw(calendars(turn))
    plan = ShiftPlan({"first": first, "second": second})
    start = data.draw(moments(day))
    end = start + timedelta(days=3)
    spans = list(plan.intervals(start, end))
    for at in oracle.minutes(start, end):
        names = {n for n, one in plan.shifts.items() if oracle.works(one, at)}
        found = next((names for low, high, names in spans if low <= at < high), frozenset())
        assert found == names == plan.working_at(at)
    done = sum(((high - low) * len(names) for low, high, names in spans), timedelta())
    assert plan.between(start, end) == done
    if done:
        until = plan.add(start, done)
        assert until <= end
        assert plan.between(start, until) == done
        assert plan.next_working(start) == spans[0][0]


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_working_days(data):
    calendar, day = data.draw(calendars())
    number = data.draw(st.integers(-15, 15))
    at, left = day, abs(number)
    while left:
        at += timedelta(days=1 if number > 0 else -1)
        left -= calendar.is_working_day(at)
    assert calendar.add_working_days(day, number) == at


@given(st.lists(blocks, min_size=2, max_size=4))
def test_blocks_that_overlap_are_refused(day):
    try:
        WorkingCalendar("UTC", {0: day})
    except OverlappingBlocks:
        assert not _fits(day)
    else:
        assert _fits(day)


def test_the_oracle_reads_the_clock_on_the_wall():
    """At two in the morning the clock in Berlin is put forward: that hour is nobody's."""
    calendar = WorkingCalendar("Europe/Berlin", {6: [Block.of("01:00", "04:00")]})
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 3, 29, 0, 0, tzinfo=berlin)
    assert calendar.between(start, start + timedelta(hours=6)) == timedelta(hours=2)

"""How long leads wait until staff turns to them, per lead and as figures."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from chassis.clock import frozen
from crm.response_times.rules.figures import figures_of

PATH = "/v1/lead-response-times"
FRIDAY = datetime(2026, 3, 6, 8, 30, tzinfo=UTC)
"""Half past four in the afternoon, in Shanghai."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def captured(desk):
    """A lead that is captured then, and activities that follow it."""

    async def make(*after, at=FRIDAY, **facts):
        with frozen(at):
            lead = await desk.add("/v1/leads", **{"name": "Wang"} | facts)
        for delay, more in after:
            with frozen(at + delay):
                usual = {"kind": "call", "name": "Call", "state": "done"}
                about = {"record_type": "lead", "record_id": lead["id"]}
                await desk.add("/v1/activities", **usual | about | more)
        return lead

    return make


async def seen(desk, lead):
    return await desk.see(f"/v1/leads/{lead['id']}/response-time")


async def figures(desk, **wanted):
    asked = {"captured_from": "2026-03-01", "captured_to": "2026-03-31"} | wanted
    reply = await desk.client.get(PATH, params=asked)
    assert reply.status_code == 200, reply.text
    return reply.json()


async def test_the_first_activity_by_staff_counts(desk, captured):
    """Not one that came from the lead, that a program did, that went to many, nor a task."""
    user = await desk.user()
    lead = await captured(
        (HOUR, {"direction": "inbound"}),
        (2 * HOUR, {"system_generated": True}),
        (3 * HOUR, {"bulk": True}),
        (4 * HOUR, {"kind": "task"}),
        (5 * HOUR, {"state": "open"}),
        (6 * HOUR, {"owner_id": user["id"]}),
        (7 * HOUR, {}),
    )
    found = await seen(desk, lead)
    assert (found["elapsed_seconds"], found["working_seconds"]) == (6 * 3600, None)
    assert found["responded_by"] == user["id"]
    waiting = await seen(desk, await captured())
    assert (waiting["responded_at"], waiting["elapsed_seconds"]) == (None, None)


async def test_time_is_working_time_where_the_owner_has_a_calendar(desk, captured):
    """C31: Friday 16:30 to Monday 09:30 by a calendar of 9 to 17 is one hour."""
    hours = [{"weekday": day, "start": "09:00", "end": "17:00"} for day in range(1, 6)]
    calendar = await desk.add(
        "/v1/calendars", name=desk.word("Office"), zone="Asia/Shanghai", hours=hours
    )
    user = await desk.user(calendar_id=calendar["id"])
    word = desk.word("src")
    monday = 3 * DAY - 7 * HOUR
    lead = await captured((monday, {}), owner_id=user["id"], source=word)
    found = await seen(desk, lead)
    assert (found["working_seconds"], found["elapsed_seconds"]) == (3600, 65 * 3600)
    answer = await figures(desk, by="owner", source=word)
    assert answer["total"]["median_seconds"] == 3600
    assert [one["owner_id"] for one in answer["groups"]] == [user["id"]]


async def test_figures_by_source_and_by_period(desk, captured):
    """The median and nine tenths of those with a response; the others are counted."""
    word, other = desk.word("a"), desk.word("b")
    user = await desk.user()
    own = {"owner_id": user["id"]}
    for hours in range(1, 12):
        await captured((hours * HOUR, {}), source=word, **own)
    await captured(source=word, **own)
    await captured((HOUR, {}), at=FRIDAY + 3 * DAY, source=other, **own)
    answer = await figures(desk, by="source", owner_id=user["id"])
    assert {one["source"]: (one["captured"], one["responded"]) for one in answer["groups"]} == {
        word: (12, 11),
        other: (1, 1),
    }
    [mine] = [one for one in answer["groups"] if one["source"] == word]
    assert (mine["median_seconds"], mine["p90_seconds"]) == (6 * 3600, 10 * 3600)
    assert (answer["total"]["captured"], answer["total"]["responded"]) == (13, 12)
    for by, periods in (
        ("day", ["2026-03-06", "2026-03-09"]),
        ("week", ["2026-03-02", "2026-03-09"]),
        ("month", ["2026-03-01"]),
    ):
        answer = await figures(desk, by=by, owner_id=user["id"])
        assert [one["period"] for one in answer["groups"]] == periods


async def test_only_leads_that_one_sees_count(desk, captured):
    """C66: a seller has the figures of her own leads and of those that nobody has."""
    user, other = await desk.user(), await desk.user()
    word = desk.word("src")
    await captured((HOUR, {}), source=word, owner_id=user["id"])
    await captured((5 * HOUR, {}), source=word, owner_id=other["id"])
    login = {"login": user["login"], "password": "correct horse battery"}
    session = await desk.client.post("/v1/sessions", json=login)
    client = desk.crm.with_key(session.json()["token"])
    asked = {"captured_from": "2026-03-01", "captured_to": "2026-03-31", "source": word}
    answer = (await client.get(PATH, params=asked)).json()
    assert (answer["total"]["captured"], answer["total"]["median_seconds"]) == (1, 3600)


@pytest.mark.parametrize(
    "wanted",
    [{"captured_to": "2026-02-28"}, {"captured_to": "2027-03-31"}, {"by": "colour"}],
)
async def test_what_is_no_period_is_refused(desk, problem, wanted):
    asked = {"captured_from": "2026-03-01", "captured_to": "2026-03-31"} | wanted
    problem(await desk.client.get(PATH, params=asked), 422, "invalid_input")


async def test_reading_needs_the_permission(desk, problem):
    stranger = await desk.crm.as_("events.read")
    asked = {"captured_from": "2026-03-01", "captured_to": "2026-03-31"}
    problem(await stranger.get(PATH, params=asked), 403, "forbidden")
    problem(await desk.client.get(f"/v1/leads/{uuid4()}/response-time"), 404, "not_found")


def test_percentiles_of_few():
    """None of none, the one of one; between two it is interpolated."""
    assert figures_of([None]).median_seconds is None
    assert (figures_of([7]).median_seconds, figures_of([7]).p90_seconds) == (7, 7)
    assert (figures_of([0, 100]).median_seconds, figures_of([0, 100]).p90_seconds) == (50, 90)

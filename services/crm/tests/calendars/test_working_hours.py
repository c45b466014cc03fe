"""Working hours as records: what is refused, what a month looks like, who works by them."""

from uuid import uuid4

import asyncpg
import pytest

PATH = "/v1/calendars"
DAY = [("08:00", "12:00"), ("13:30", "17:30")]
WEEK = [
    {"weekday": weekday, "start": start, "end": end}
    for weekday in range(1, 6)
    for start, end in DAY
]


@pytest.fixture
def office(desk):
    """Makes a calendar: eight hours from Monday to Friday in Shanghai."""

    async def make(**values):
        usual = {"name": desk.word("Office"), "zone": "Asia/Shanghai", "hours": WEEK}
        return await desk.add(PATH, **usual | values)

    return make


async def month(desk, calendar, day):
    """The days of a month by their number."""
    seen = await desk.see(f"{PATH}/{calendar['id']}/month?day={day}")
    return seen, {int(one["day"][-2:]): one for one in seen["days"]}


async def test_a_month_shows_holidays_and_the_days_that_make_up_for_them(desk, office):
    """C35: in January 2026 Friday 2 is off, and Sunday 4 is worked."""
    seen, days = await month(desk, await office(country="CN"), "2026-01-15")
    assert (seen["zone"], len(seen["days"])) == ("Asia/Shanghai", 31)
    assert [days[at]["kind"] for at in (1, 2, 3, 4, 5)] == [
        *("holiday", "holiday", "rest", "make_up", "working"),
    ]
    assert days[1]["name"] == "New Year's Day"
    assert [(one["start"], one["end"]) for one in days[4]["hours"]] == DAY
    assert (seen["working_days"], seen["minutes"]) == (21, 21 * 480)


async def test_an_exception_goes_before_a_holiday(desk, office):
    own = {
        "day": "2026-01-01",
        "name": "Stocktaking",
        "hours": [{"start": "09:00", "end": "11:00"}],
    }
    _, days = await month(desk, await office(country="CN", exceptions=[own]), "2026-01-01")
    assert (days[1]["kind"], days[1]["name"], days[1]["minutes"]) == (
        *("exception", "Stocktaking", 120),
    )


async def test_a_shift_lies_over_midnight(desk, office):
    night = [{"weekday": 7, "start": "22:00", "end": "06:00"}]
    seen, days = await month(desk, await office(hours=night), "2026-03-01")
    assert days[1]["hours"] == [{"start": "22:00", "end": "06:00"}]
    assert (days[2]["hours"], seen["minutes"]) == ([], 5 * 480)


async def test_days_are_given_in_any_order_and_kept_in_one(desk, office):
    given = [WEEK[3], WEEK[0], WEEK[2], WEEK[1]]
    made = await office(hours=given)
    assert made["hours"] == WEEK[:4]
    unchanged = await desk.change(f"{PATH}/{made['id']}", {"hours": WEEK[:4]}, revision=1)
    assert unchanged.json()["version"] == 1


@pytest.mark.parametrize(
    "values",
    [
        {"zone": "Asia/Nowhere"},
        {"country": "XX"},
        {"country": "CN", "region": "BY"},
        {"region": "BY"},
        {"hours": [WEEK[0], {"weekday": 1, "start": "11:00", "end": "14:00"}]},
        {"exceptions": [{"day": "2026-01-01", "hours": [{"start": "24:00", "end": "03:00"}]}]},
    ],
)
async def test_what_no_calendar_can_be_is_refused(desk, problem, values):
    """C32 among them: nothing is kept of it."""
    usual = {"name": desk.word(), "zone": "Asia/Shanghai", "hours": WEEK}
    reply = await desk.crm.post(PATH, usual | values)
    assert problem(reply, 422, "invalid_input")["errors"][0]["code"] in {
        "calendar_form",
        "region_of_country",
    }


@pytest.mark.parametrize(
    ("hours", "pointer"),
    [
        ([], "/hours"),
        (None, "/hours"),
        ([{"weekday": 8, "start": "08:00", "end": "12:00"}], "/hours/0/weekday"),
        ([{"weekday": 1, "start": "8:00", "end": "12:00"}], "/hours/0/start"),
    ],
)
async def test_an_empty_calendar_is_refused(desk, problem, hours, pointer):
    """C32: a calendar without hours would never answer."""
    given = {"name": desk.word(), "zone": "UTC", "hours": hours}
    refused = problem(await desk.crm.post(PATH, given), 422, "invalid_input")
    assert [one["pointer"] for one in refused["errors"]] == [pointer]


async def test_the_database_refuses_an_empty_calendar(desk, office):
    """C32."""
    made = await office()
    async with desk.crm.database.driver() as sql:
        with pytest.raises(asyncpg.CheckViolationError, match="ck_calendar_hours_given"):
            await sql.execute("update calendar set hours = '[]' where id = $1", made["id"])


async def test_changes_are_published_and_kept(desk, office):
    made = await office()
    await desk.change(f"{PATH}/{made['id']}", {"country": "CN"}, revision=1)
    events = await desk.events_of(made["id"])
    assert [one["payload"]["changed"] for one in events][1] == ["country"]
    history = await desk.see(f"{PATH}/{made['id']}/history")
    assert [one["field"] for one in history["items"][0]["changes"]] == ["country"]


async def test_it_is_found_by_words_of_its_name(desk, office):
    word = uuid4().hex
    made = await office(name=f"Blue {word}")
    assert await desk.listed(PATH, q=word.upper()) == [made["id"]]


async def test_a_user_works_by_a_calendar_and_has_a_capacity(desk, office, problem):
    calendar = await office()
    user = await desk.user(calendar_id=calendar["id"], capacity=5)
    assert (user["calendar_id"], user["capacity"]) == (calendar["id"], 5)
    path = f"/v1/users/{user['id']}"
    changed = (await desk.change(path, {"calendar_id": None, "capacity": 0}, revision=1)).json()
    assert (changed["calendar_id"], changed["capacity"]) == (None, 0)
    refused = await desk.merge(path, {"calendar_id": str(uuid4())})
    problem(refused, 422, "missing_reference")
    await desk.crm.post(f"{PATH}/{calendar['id']}/archive", None)
    refused = problem(await desk.merge(path, {"calendar_id": calendar["id"]}), 422, "invalid_input")
    assert refused["errors"][0]["code"] == "calendar_archived"
    problem(await desk.merge(path, {"capacity": -1}), 422, "invalid_input")


async def test_reading_and_writing_need_their_permissions(desk, problem):
    reader, stranger = await desk.crm.as_("calendars.read"), await desk.crm.as_("events.read")
    assert (await reader.get(PATH)).status_code == 200
    problem(await stranger.get(PATH), 403, "forbidden")
    given = {"name": "x", "zone": "UTC", "hours": WEEK}
    refused = await reader.post(PATH, json=given, headers={"Idempotency-Key": uuid4().hex})
    problem(refused, 403, "forbidden")

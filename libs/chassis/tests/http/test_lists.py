"""What every list can be asked: days, a total, fields of rows, and the way to the next page."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from chassis.clock import days_between, start_of_day
from chassis.storage import totals

DAY = timedelta(days=1)


@pytest.fixture
async def notes(sample):
    """Three notes: of the last moment of a day, the first of the next, and a day later."""
    mark = uuid4().hex[:8]
    zone = sample.settings.time_zone
    second = start_of_day(zone, datetime(2020, 5, 2, tzinfo=UTC).date())
    times = [second - timedelta(microseconds=1), second, second + DAY]
    async with sample.database.driver() as sql:
        await sql.executemany(
            "insert into note values ($1, $2, 1, $3, $4)",
            [(uuid4(), f"{mark} {n}", at, at + DAY) for n, at in enumerate(times)],
        )

    async def listed(**asked):
        reply = await sample.client.get("/v1/notes", params={"title": f"{mark}%"} | asked)
        assert reply.status_code == 200, reply.text
        return reply

    return listed


def _numbers(reply):
    return sorted(int(one["title"][-1]) for one in reply.json()["items"])


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"created_from": "2020-05-02"}, [1, 2]),
        ({"created_to": "2020-05-02"}, [0, 1]),
        ({"created_from": "2020-05-01", "created_to": "2020-05-01"}, [0]),
        ({"updated_from": "2020-05-04"}, [2]),
        ({"updated_to": "2020-05-03"}, [0, 1]),
        ({"created_from": "2020-05-02", "updated_to": "2020-05-03"}, [1]),
    ],
)
async def test_days_of_a_range_are_whole_and_both_belong_to_it(notes, asked, found):
    assert _numbers(await notes(**asked)) == found


async def test_a_range_that_ends_before_it_begins_is_refused(sample):
    days = {"updated_from": "2020-05-02", "updated_to": "2020-05-01"}
    reply = await sample.client.get("/v1/notes", params=days)
    assert reply.status_code == 422
    [error] = reply.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/query/updated_from", "range_reversed")


@pytest.mark.parametrize("day", ["2020-05-02T00:00:00Z", "02.05.2020", "2020-05-32", "20200502"])
async def test_only_days_are_taken(sample, day):
    reply = await sample.client.get("/v1/notes", params={"created_from": day})
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["pointer"] == "/query/created_from"


def test_a_day_begins_when_its_zone_says():
    """Also where clocks are put on at midnight: the day begins at the first moment there is."""
    beirut = ZoneInfo("Asia/Beirut")
    day = datetime(2022, 3, 27, tzinfo=UTC).date()
    begin = datetime(2022, 3, 26, 22, tzinfo=UTC)
    assert days_between(beirut, day, day) == (begin, begin + timedelta(hours=23))
    assert days_between(beirut, None, None) == (None, None)


async def test_a_total_counts_all_pages_of_what_is_wanted(notes):
    page = (await notes(include_total="true", limit=1, created_to="2020-05-02")).json()
    assert len(page["items"]) == 1
    assert page["total"] == {"count": 2, "is_capped": False}
    second = await notes(
        include_total="true", limit=1, created_to="2020-05-02", cursor=page["next_cursor"]
    )
    assert second.json()["total"] == page["total"]
    assert (await notes()).json()["total"] is None


async def test_a_total_is_capped_and_says_so(notes, monkeypatch):
    monkeypatch.setattr(totals, "LARGEST_TOTAL", 2)
    assert (await notes(include_total="true")).json()["total"] == {"count": 2, "is_capped": True}


async def test_a_row_has_only_the_fields_asked_for(notes):
    page = (await notes(fields="title, version", sort="title")).json()
    assert [set(one) for one in page["items"]] == [{"title", "version"}] * 3
    assert page["next_cursor"] is None


async def test_a_field_that_a_row_has_not_is_refused(sample):
    reply = await sample.client.get("/v1/notes", params={"fields": "title,colour"})
    assert reply.status_code == 422
    [wrong] = reply.json()["errors"]
    assert (wrong["pointer"], wrong["code"]) == ("/query/fields", "unknown_field")
    assert "colour" in wrong["message"]


async def test_links_lead_from_page_to_page(sample, notes):
    reply = await notes(limit=2, sort="-title", fields="title")
    page, found = reply, []
    while True:
        found += _numbers(page)[::-1]
        link = page.headers.get("link")
        if link is None:
            break
        target, _, relation = link.partition("; ")
        assert relation == 'rel="next"'
        page = await sample.client.get(target.strip("<>"))
    assert found == [2, 1, 0]
    assert reply.headers["link"].count("cursor=") == 1

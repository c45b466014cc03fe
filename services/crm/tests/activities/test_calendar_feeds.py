"""Calendar feeds: what one has to do, for a calendar program, by a secret address."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from icalendar import Calendar, Todo
from structlog.testing import capture_logs

from chassis.clock import frozen
from chassis.telemetry.metrics import Metrics
from crm.activities.service.planned import planned_of
from crm.calendar_feeds import open_router

OWN, FEED = "/v1/calendar-feed", "/calendar-feeds/feed.ics"
NOW = datetime(2026, 3, 4, 4, tzinfo=UTC)


@pytest.fixture
def stranger(crm, monkeypatch):
    """A program without a key, from an address whose requests nobody counted so far."""
    address = f"2001:db8::{uuid4().hex[:4]}/64"
    monkeypatch.setattr(open_router, "source_of", lambda _scope: address)
    return crm.with_key("")


async def made(client):
    reply = await client.post(f"{OWN}/issue", headers={"Idempotency-Key": str(uuid4())})
    assert reply.status_code == 200, reply.text
    return reply.json()["path"]


async def read(stranger, path, **headers):
    reply = await stranger.get(path, headers=headers)
    assert reply.status_code == 200, reply.text
    return Calendar.from_ical(reply.content)


def of(calendar, activity):
    """The component of an activity; None: it is not there."""
    found = [one for one in calendar.subcomponents if one.get("uid") == activity["id"]]
    assert len(found) <= 1
    return found[0] if found else None


async def test_calls_meetings_and_tasks_are_read_as_they_are(diary, stranger):
    """Instants are UTC, a day stays a day, names in Chinese and long texts come back whole."""
    with frozen(NOW):
        me, client = await diary.person()
        text = "请带上样品；价格、交期，" * 40 + "\nSecond line, with; signs \\ and \t tab."
        own = {"owner_id": me}
        times = {"starts_at": "2026-03-29T00:30:00Z", "ends_at": "2026-03-29T01:30:00Z"}
        place = {"name": "拜访杭州灯具有限公司", "location": "杭州，西湖区"}
        meeting = await diary.add(kind="meeting", text=text, **place, **times, **own)
        call = await diary.add(kind="call", starts_at="2026-03-05T02:00:00Z", **own)
        later = await diary.add(kind="call", due_at="2026-03-06T02:00:00Z", **own)
        day = await diary.add(due_on="2026-03-07", priority="high", **own)
        remind = {"remind_at": "2026-03-07T01:00:00Z"}
        instant = await diary.add(due_at="2026-03-07T02:00:00Z", **remind, **own)
        calendar = await read(stranger, await made(client))
    event = of(calendar, meeting)
    assert (event.name, event["summary"], event["location"]) == (
        "VEVENT",
        "拜访杭州灯具有限公司",
        "杭州，西湖区",
    )
    assert event["description"] == text
    assert event.decoded("dtstart") == datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert event.decoded("dtend") == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert (event["status"], event["sequence"]) == ("CONFIRMED", 1)
    assert of(calendar, call).name == "VEVENT"
    assert "dtend" not in of(calendar, call)
    assert of(calendar, later).decoded("due") == datetime(2026, 3, 6, 2, tzinfo=UTC)
    todo = of(calendar, day)
    assert isinstance(todo, Todo)
    assert (todo.decoded("due"), todo["priority"]) == (date(2026, 3, 7), 1)
    assert b"DUE;VALUE=DATE:20260307" in todo.to_ical()
    [alarm] = of(calendar, instant).subcomponents
    assert alarm.decoded("trigger") == datetime(2026, 3, 7, 1, tzinfo=UTC)
    assert (alarm["action"], alarm["description"]) == ("DISPLAY", "Call back")


async def test_lines_are_folded_and_the_same_bytes_have_the_same_etag(diary, stranger):
    with frozen(NOW):
        me, client = await diary.person()
        await diary.add(due_on="2026-03-07", owner_id=me, name="会" * 190)
        path = await made(client)
    with frozen(NOW + timedelta(hours=1)):
        reply = await stranger.get(path)
        assert reply.headers["Content-Type"] == "text/calendar; charset=utf-8"
        assert reply.headers["Cache-Control"] == "private, max-age=300"
        assert all(len(line) <= 75 for line in reply.content.split(b"\r\n"))
        etag = {"If-None-Match": f"W/{reply.headers['ETag']}"}
        again = await stranger.get(path, headers=etag)
        assert (again.status_code, again.content) == (304, b"")
        assert (await stranger.head(path)).headers["ETag"] == reply.headers["ETag"]
        assert (await stranger.post(path)).status_code == 405
        await diary.add(due_on="2026-03-08", owner_id=me)
        changed = await stranger.get(path, headers=etag)
        assert changed.status_code == 200


async def test_changes_count_and_what_is_done_or_cancelled_says_so(diary, stranger):
    with frozen(NOW):
        me, client = await diary.person()
        path = await made(client)
        remind = {"owner_id": me, "remind_at": "2026-03-07T01:00:00Z"}
        moved, done, given = [await diary.add(due_on="2026-03-07", **remind) for _ in range(3)]
        times = {"starts_at": "2026-03-05T02:00:00Z", "ends_at": "2026-03-05T03:00:00Z"}
        meeting = await diary.add(kind="meeting", **times, owner_id=me)
        await diary.act(moved, "reschedule", due_on="2026-03-09")
        await diary.act(done, "complete")
        await diary.act(meeting, "cancel")
        other, _ = await diary.person()
        change = await diary.crm.client.patch(
            f"/v1/activities/{given['id']}", json={"owner_id": other}, headers={"If-Match": "*"}
        )
        assert change.status_code == 200, change.text
        calendar = await read(stranger, path)
    assert of(calendar, moved).decoded("due") == date(2026, 3, 9)
    assert of(calendar, moved)["sequence"] == 2
    assert (of(calendar, done)["status"], of(calendar, done)["percent-complete"]) == (
        "COMPLETED",
        100,
    )
    assert of(calendar, done).decoded("completed") == NOW
    assert of(calendar, done).subcomponents == []
    assert of(calendar, meeting)["status"] == "CANCELLED"
    assert of(calendar, given) is None


async def test_only_ones_own_in_a_bounded_time(diary, desk, stranger):
    """Own ones and those one takes part in, 90 days back and a year ahead; no colleague's."""
    with frozen(NOW):
        team = await desk.add("/v1/teams", name=desk.word("Team"))
        me, client = await diary.person("sales_manager", team["id"])
        other, _ = await diary.person("seller", team["id"])
        times = {"starts_at": "2026-03-05T02:00:00Z", "ends_at": "2026-03-05T03:00:00Z"}
        guest = await diary.add(kind="meeting", owner_id=other, user_ids=[me], **times)
        edges = [await diary.add(due_on=day, owner_id=me) for day in ("2025-12-05", "2027-03-04")]
        out = [await diary.add(due_on=day, owner_id=me) for day in ("2025-12-03", "2027-03-06")]
        out += [
            await diary.add(kind="meeting", owner_id=other, **times),
            await diary.add(owner_id=me),
            await diary.add(due_on="2026-03-07"),
            await diary.add(kind="email", owner_id=me, direction="outbound"),
        ]
        calendar = await read(stranger, await made(client))
        assert {str(one["uid"]) for one in calendar.subcomponents} == {
            one["id"] for one in (guest, *edges)
        }
        async with diary.crm.database.reading() as at:
            until = NOW + timedelta(days=365)
            found = await planned_of(at, UUID(me), NOW - timedelta(days=90), until, limit=2)
    assert {str(one.id) for one in found} == {guest["id"], edges[1]["id"]}


async def test_a_feed_is_shown_once_replaced_and_revoked(diary, stranger):
    """The token has 256 random bits; of it only the hash is kept, and no reply that has it."""
    me, client = await diary.person()
    assert (await client.get(OWN)).json() == {"active": False, "made_at": None}
    key = {"Idempotency-Key": str(uuid4())}
    first = (await client.post(f"{OWN}/issue", headers=key)).json()["path"]
    token = first.removeprefix(f"{FEED}?token=")
    assert len(token) == 43
    assert (await client.post(f"{OWN}/issue", headers=key)).json()["path"] is None
    assert (await client.get(OWN)).json()["active"] is True
    second = await made(client)
    assert [(await stranger.get(one)).status_code for one in (first, second)] == [404, 200]
    kept = await diary.desk.rows("select reply from idempotency_key where reply is not null")
    assert second.partition("=")[2].encode() not in b"".join(bytes(one["reply"]) for one in kept)
    revoked = await client.post(f"{OWN}/revoke", headers={"Idempotency-Key": str(uuid4())})
    assert revoked.json() == {"active": False, "made_at": None}
    assert (await stranger.get(second)).status_code == 404
    rows = await diary.desk.rows("select * from calendar_feed where user_id = $1", UUID(me))
    assert [len(one["token_hash"]) for one in rows] == [32, 32]


async def test_one_address_is_left_of_many_made_at_once(diary, stranger):
    me, client = await diary.person()
    paths = await asyncio.gather(*(made(client) for _ in range(8)))
    codes = [(await stranger.get(one)).status_code for one in paths]
    assert sorted(codes) == [200] + [404] * 7
    with pytest.raises(asyncpg.UniqueViolationError):
        await diary.desk.rows(
            """insert into calendar_feed (id, user_id, token_hash, created_at)
               values ($1, $2, sha256('x'), now())""",
            uuid4(),
            UUID(me),
        )


async def test_who_is_disabled_or_erased_has_no_feed(diary, desk, stranger, problem):
    me, client = await diary.person()
    path = await made(client)
    assert (await desk.crm.post(f"/v1/users/{me}/disable", None)).is_success
    problem(await stranger.get(path), 404, "calendar_feed_unknown")
    assert (await desk.crm.post(f"/v1/users/{me}/enable", None)).is_success
    assert (await stranger.get(path)).status_code == 404
    await desk.rows("update local_user set active = false where id = $1", UUID(me))
    with pytest.raises(asyncpg.CheckViolationError, match="disabled"):
        await diary.desk.rows(
            """insert into calendar_feed (id, user_id, token_hash, created_at)
               values ($1, $2, sha256('y'), now())""",
            uuid4(),
            UUID(me),
        )


async def test_who_may_not_read_activities_any_more_is_answered_nothing(diary, desk, stranger):
    me, client = await diary.person()
    path = await made(client)
    await desk.rows("update local_user set roles = '{}' where id = $1", UUID(me))
    assert (await stranger.get(path)).status_code == 404


async def test_keys_have_no_feed(desk, problem):
    reply = await desk.client.post(f"{OWN}/issue", headers={"Idempotency-Key": str(uuid4())})
    problem(reply, 409, "no_local_user")
    problem(await desk.client.get(OWN), 409, "no_local_user")


async def test_a_thousand_guesses_end_in_429(diary, stranger):
    """Wrong tokens are 404 some times; whoever has a right one is answered all the same."""
    _, client = await diary.person()
    path = await made(client)
    codes = [
        (await stranger.get(FEED, params={"token": f"guess-{at}"})).status_code for at in range(250)
    ]
    assert (await stranger.get(path)).status_code == 200
    codes += [
        (await stranger.get(FEED, params={"token": f"guess-{at}"})).status_code
        for at in range(250, 1000)
    ]
    assert set(codes) == {404, 429}
    assert codes.count(404) <= 40
    assert (await stranger.get(FEED)).status_code == 429


async def test_the_token_is_in_no_log_no_metric_and_no_problem(diary, stranger, monkeypatch):
    """Paths are logged; the token stands in the query alone."""
    labels = []
    noted = Metrics.request

    def note(self, method, path, status, seconds):
        labels.append(path)
        return noted(self, method, path, status, seconds)

    monkeypatch.setattr(Metrics, "request", note)
    _, client = await diary.person()
    path = await made(client)
    token = path.partition("=")[2]
    with capture_logs() as logs:
        assert (await stranger.get(path)).status_code == 200
        wrong = await stranger.get(f"{path}x")
    assert [one["path"] for one in logs if one["event"] == "request"] == [FEED, FEED]
    assert token not in f"{logs} {labels} {wrong.text} {wrong.headers}"
    assert FEED in labels

"""Open deals whose next touch is due, as closed deals of equal age say (C30)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from services.crm.tests.opportunities.conftest import cny

from chassis.clock import frozen
from crm.insights.queries import touches
from crm.insights.service.next_touches import count_touches, days_counted

NOW = datetime(2026, 3, 30, 4, tzinfo=UTC)
TODAY = NOW.date()
STAGES = (
    {"code": "talk", "kind": "open", "probability": 50},
    {"code": "won", "kind": "won", "probability": 100},
    {"code": "lost", "kind": "lost", "probability": 0},
)


@pytest.fixture
def now():
    with frozen(NOW):
        yield NOW


@pytest.fixture
async def pipeline(deals, now):
    """The code and the id of a pipeline of one's own."""
    code = await deals.pipeline(*STAGES)
    found = await deals.crm.client.get("/v1/pipelines", params={"code": code})
    return code, found.json()["items"][0]["id"]


def day(before):
    return (TODAY - timedelta(days=before)).isoformat()


async def closed(deals, code, stage, *touched, channel="call", open_days=40):
    """A deal of the past with touches on these days after opening."""
    reason = {"lost_reason": "price"} if stage == "lost" else {}
    facts = {"amount": cny("10.00"), "pipeline": code, "stage": stage, "history": True}
    facts |= {"opened_on": day(100), "closes_on": day(100 - open_days)}
    made = await deals.open(**facts, **reason)
    for after in touched:
        await touch(deals, made, after, kind=channel)
    return made


async def touch(deals, deal, after, **facts):
    opened = datetime.fromisoformat(deal["opened_on"]).replace(tzinfo=UTC, hour=4)
    at = (opened + timedelta(days=after)).isoformat()
    kind = facts.pop("kind", "call")
    values = {"kind": kind, "name": "Ask", "state": "done", "starts_at": at}
    values |= {"ends_at": at} if kind == "meeting" else {"direction": "outbound"}
    about = {"record_type": "opportunity", "record_id": deal["id"]}
    return await deals.desk.add("/v1/activities", **values | about | facts)


async def opened(deals, code, before, **facts):
    return await deals.open(pipeline=code, stage="talk", opened_on=day(before), **facts)


async def count(deals):
    async with deals.crm.database.transaction() as work:
        await count_touches(work, {})


async def ask(client, **wanted):
    reply = await client.get("/v1/insights/next-touches", params=wanted)
    assert reply.status_code == 200, reply.text
    return reply.json()


async def past_of(deals, code):
    """Four deals without a call, of which one was won, and four with a call on day 3: three."""
    for stage in ("won", "lost", "lost", "lost"):
        await closed(deals, code, stage)
    for stage in ("won", "won", "won", "lost"):
        await closed(deals, code, stage, 3)


async def test_a_young_deal_without_the_touch_that_won_deals_had_is_due(deals, pipeline):
    """C30: closed deals are compared at equal age; each row says why, with n and interval."""
    code, pipeline_id = pipeline
    await past_of(deals, code)
    due = await opened(deals, code, 5)
    await opened(deals, code, 2)
    called = await opened(deals, code, 5)
    await touch(deals, called, 1)
    await opened(deals, code, 31)
    await count(deals)
    found = await ask(deals.crm.client, pipeline_id=pipeline_id, min_deals=4)
    [row] = found["items"]
    assert (found["count"], found["counted_at"]) == (1, "2026-03-30T04:00:00Z")
    assert (row["opportunity_id"], row["channel"], row["touches"]) == (due["id"], "call", 0)
    assert (row["age_days"], row["days"], row["due_on"]) == (5, 7, day(2))
    assert (row["so_far"]["deals"], row["so_far"]["won"]) == (4, 1)
    assert (row["with_next"]["deals"], row["with_next"]["won"]) == (4, 3)
    assert row["difference"] == "0.5"
    assert row["with_next"]["share"] == {"rate": "0.75", "low": "0.3006", "high": "0.9544"}
    assert "association" in found["reading"]
    fewer = await ask(deals.crm.client, pipeline_id=pipeline_id, min_deals=5)
    assert (fewer["items"], fewer["count"]) == ([], 0)


async def test_what_a_program_sent_counts_nowhere_and_replies_stand_apart(deals, pipeline):
    """C30: no automatic or bulk touch is counted, in closed or in open deals."""
    code, pipeline_id = pipeline
    await past_of(deals, code)
    automatic = await closed(deals, code, "won")
    await touch(deals, automatic, 1, bulk=True)
    await touch(deals, automatic, 2, system_generated=True)
    await touch(deals, automatic, 2, direction="inbound")
    due = await opened(deals, code, 5)
    await touch(deals, due, 1, bulk=True)
    await touch(deals, due, 1, system_generated=True)
    await touch(deals, due, 2, direction="inbound")
    await count(deals)
    [row] = (await ask(deals.crm.client, pipeline_id=pipeline_id, min_deals=1))["items"]
    assert (row["opportunity_id"], row["touches"], row["inbound"]) == (due["id"], 0, 1)
    assert (row["so_far"]["deals"], row["so_far"]["won"]) == (5, 2)


async def test_deals_closed_within_the_days_are_left_out(deals, pipeline):
    """C30: a deal that closed on day 5 could not have as many touches as others."""
    code, pipeline_id = pipeline
    await past_of(deals, code)
    await closed(deals, code, "won", open_days=5)
    await closed(deals, code, "won", open_days=10)
    await opened(deals, code, 5)
    await opened(deals, code, 10)
    await count(deals)
    rows = (await ask(deals.crm.client, pipeline_id=pipeline_id, min_deals=1))["items"]
    assert {one["days"]: one["so_far"]["deals"] for one in rows} == {7: 5, 14: 4}


async def test_the_greatest_difference_comes_first_and_pages_follow(deals, pipeline):
    code, pipeline_id = pipeline
    await past_of(deals, code)
    for stage in ("won", "lost"):
        await closed(deals, code, stage, 1, channel="meeting")
    without = [await opened(deals, code, 5) for _ in range(2)]
    called = await opened(deals, code, 6)
    await touch(deals, called, 1)
    await count(deals)
    wanted = {"pipeline_id": pipeline_id, "min_deals": 1}
    whole = await ask(deals.crm.client, **wanted)
    shown = [(one["opportunity_id"], one["channel"]) for one in whole["items"]]
    assert {one for one, _ in shown[:2]} == {one["id"] for one in without}
    assert [channel for _, channel in shown] == ["call", "call"]
    pages = [
        (await ask(deals.crm.client, **wanted, limit=1, offset=at))["items"] for at in range(3)
    ]
    assert pages == [[whole["items"][0]], [whole["items"][1]], []]
    of_channel = await ask(deals.crm.client, **wanted, channel="meeting")
    assert {one["channel"] for one in of_channel["items"]} <= {"meeting"}


async def test_a_seller_sees_ones_own_deals_and_what_one_may_count(deals, desk, pipeline):
    """C66: neither open deals nor closed ones of others are in a seller's rows."""
    code, pipeline_id = pipeline
    user = await desk.user(roles=["seller"])
    login = {"login": user["login"], "password": "correct horse battery"}
    reply = await desk.client.post("/v1/sessions", json=login)
    seller = deals.crm.with_key(reply.json()["token"])
    other = await desk.user(roles=["seller"])
    for stage in ("won", "lost"):
        one = await closed(deals, code, stage, 3)
        await deals.change(one, owner_id=other["id"])
    await past_of(deals, code)
    mine = await opened(deals, code, 5, owner_id=user["id"])
    await opened(deals, code, 5, owner_id=other["id"])
    await count(deals)
    wanted = {"pipeline_id": pipeline_id, "min_deals": 1}
    [row] = (await ask(seller, **wanted))["items"]
    assert (row["opportunity_id"], row["with_next"]["deals"]) == (mine["id"], 4)
    assert (await ask(deals.crm.client, **wanted))["count"] == 2
    owned = await ask(deals.crm.client, **wanted, owner_id=other["id"])
    assert owned["items"][0]["with_next"]["deals"] == 6


async def test_what_is_stored_is_what_a_full_count_finds(deals, pipeline):
    """The stored figures equal those counted deal by deal, here in plain Python."""
    code, pipeline_id = pipeline
    made = {}
    for at, touched in enumerate(([], [0], [3, 3], [6, 7], [1, 8, 13, 14], [0, 1, 2, 3, 4, 5, 6])):
        stage, open_days = ("won", "lost")[at % 2], (40, 7, 8, 14, 30, 31)[at]
        one = await closed(deals, code, stage, *touched, open_days=open_days)
        made[one["id"]] = (stage == "won", open_days, touched)
    await count(deals)
    await count(deals)
    kept = await deals.desk.rows(
        "select * from touch_figure where pipeline_id = $1", UUID(pipeline_id)
    )
    columns = ("channel", "days", "touches", "deals", "won", "day_sum", "day_count")
    stored = {tuple(one[name] for name in columns) for one in kept}
    async with deals.crm.database.reading() as at:
        whole = await touches.figures(at.sql, str(at.setting.zone), days_counted(at.today()))
    of_it = [one for one in whole if str(one["pipeline_id"]) == pipeline_id]
    assert stored == {tuple(one[name] for name in columns) for one in of_it}
    assert len(kept) == len(of_it)
    assert stored == by_hand(made.values())


def by_hand(deals):
    found: dict[tuple[str, int, int], list[int]] = {}
    for won, open_days, touched in deals:
        for days in (7, 14, 30):
            if open_days <= days:
                continue
            within = [one for one in touched if one < days]
            for channel, on in (("call", within), ("meeting", []), ("email", [])):
                row = found.setdefault((channel, days, min(len(on), 5)), [0, 0, 0, 0])
                row[0] += 1
                row[1] += won
                for number, one in enumerate(on[:5], 1):
                    if won:
                        later = found.setdefault((channel, days, number), [0, 0, 0, 0])
                        later[2] += one
                        later[3] += 1
    return {(*key, *row) for key, row in found.items()}

"""Follow-ups in the first days of deals, and what became of them (C30)."""

from services.crm.tests.insights.test_figures import closed, counted


def bucket(found, series, at_least):
    [one] = [one for one in found[series] if one["at_least"] == at_least]
    return one["deals"], one["won"]


async def touch(desk, deal, day, **facts):
    """An activity that was done on a day of January after the deal was opened."""
    year = deal["opened_on"][:4]
    about = {"record_type": "opportunity", "record_id": deal["id"]}
    at = f"{year}-01-{10 + day:02}T09:00:00Z"
    values = {"kind": "email", "name": "Offer", "direction": "outbound", "starts_at": at}
    return await desk.add("/v1/activities", **values | about | {"state": "done"} | facts)


async def lists_agree(crm, found):
    """Every bucket's list has so many deals as the bucket says."""
    for series in ("outbound", "inbound"):
        for one in found[series]:
            assert await counted(crm, one["list"]) == one["deals"], one["list"]


async def test_deals_are_compared_at_equal_age(desk, insights, past, year):
    """C30: touches of the first n days of deals that were open for longer than n days."""
    early = await past("won", days=60)
    await touch(desk, early, 2)
    await touch(desk, early, 5)
    await touch(desk, early, 9)
    late = await past("lost", days=60)
    await touch(desk, late, 20)
    short = await past("lost", days=5)
    await touch(desk, short, 1)
    found = await insights("follow-ups", days=7, **closed(year))
    assert (found["deals"], found["left_out"]) == (2, 1)
    assert bucket(found, "outbound", 2) == (1, 1)
    assert bucket(found, "outbound", 0) == (1, 0)
    longer = await insights("follow-ups", days=14, **closed(year))
    assert bucket(longer, "outbound", 3) == (1, 1)
    assert "association" in found["reading"]
    await lists_agree(desk.crm, found)
    await lists_agree(desk.crm, longer)


async def test_what_a_campaign_or_the_system_sent_is_no_follow_up(desk, insights, past, year):
    """C30: and replies of the customer are a series of their own."""
    deal = await past("won", days=60)
    await touch(desk, deal, 1, bulk=True)
    await touch(desk, deal, 2, system_generated=True)
    await touch(desk, deal, 3, direction="inbound")
    found = await insights("follow-ups", days=7, **closed(year))
    assert bucket(found, "outbound", 0) == (1, 1)
    assert bucket(found, "inbound", 1) == (1, 1)


async def test_one_channel_may_be_asked_for(desk, insights, past, year):
    deal = await past("won", days=60)
    await touch(desk, deal, 1)
    await touch(desk, deal, 2, kind="call")
    found = await insights("follow-ups", days=7, channel="call", **closed(year))
    assert bucket(found, "outbound", 1) == (1, 1)
    await lists_agree(desk.crm, found)


async def test_touches_are_counted_within_days_and_up_to_a_limit(desk, problem):
    """A number beyond the limit is refused; without days those of fourteen are counted."""
    path = "/v1/opportunities?touches_gte="
    refused = await desk.crm.client.get(f"{path}1000000000000000000000&touch_days=7")
    [error] = problem(refused, 422, "invalid_input")["errors"]
    assert error["pointer"] == "/query/touches_gte"
    assert await desk.see(f"{path}1") == await desk.see(f"{path}1&touch_days=14")

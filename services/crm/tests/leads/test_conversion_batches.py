"""C1 to C5 for many leads in one act: the plain ones together, each other one as if alone."""

import asyncio
from uuid import uuid4

from services.crm.tests.leads.test_conversion import counts_of, got, lead_of

BATCH = "/v1/leads/convert-batch"


async def batch(crm, *leads, **answers):
    items = [{"lead_id": one["id"]} | answers for one in leads]
    reply = await crm.post(BATCH, {"items": items})
    assert reply.status_code == 200, reply.text
    return reply.json()["items"]


async def test_plain_leads_become_what_each_alone_would(crm, desk):
    """C1, C5: three records of each, with owner, source and what stands at the lead."""
    owner = (await desk.user())["id"]
    leads = [await lead_of(desk, owner_id=owner) for _ in range(3)]
    about = {"record_type": "lead", "record_id": leads[0]["id"]}
    call = {"kind": "call", "name": "Ask", "direction": "outbound", "state": "done"}
    made = await desk.add("/v1/activities", **call | about, starts_at="2026-01-05T08:00:00Z")
    done = await batch(crm, *leads)
    assert [one["status"] for one in done] == ["converted"] * 3
    for lead, one in zip(leads, done, strict=True):
        seen = await got(crm, "leads", lead["id"])
        assert (seen["status"], seen["account_id"]) == ("converted", one["account_id"])
        deal = await got(crm, "opportunities", one["opportunity_id"])
        assert (deal["account_id"], deal["owner_id"]) == (one["account_id"], owner)
        assert deal["contacts"] == [{"contact_id": one["contact_id"], "role": ""}]
        contact = await got(crm, "contacts", one["contact_id"])
        assert (contact["email"], contact["primary"]) == (lead["email"], True)
        assert (await got(crm, "accounts", one["account_id"]))["name"] == lead["company"]
        [event] = [
            one
            for one in await desk.events_of(lead["id"])
            if one["type"] == "tandem.crm.lead-converted.v1"
        ]
        assert event["payload"]["opportunity_id"] == one["opportunity_id"]
    moved = await desk.see(f"/v1/activities/{made['id']}")
    assert moved["record_type"] == "contact"
    again = await batch(crm, *leads)
    assert [one["status"] for one in again] == ["unchanged"] * 3
    assert [one["opportunity_id"] for one in again] == [one["opportunity_id"] for one in done]


async def test_a_bad_row_changes_nothing_for_the_others(crm, desk):
    """C3: one that needs an answer, one that is unknown, twins, and plain ones in one batch."""
    known = await lead_of(desk)
    await batch(crm, known)
    double = await lead_of(desk, email=known["email"])
    first, second = [await lead_of(desk) for _ in range(2)]
    twin = await lead_of(desk, email=first["email"])
    unknown = {"id": "00000000-0000-4000-8000-000000000000"}
    done = await batch(crm, first, double, unknown, second, twin)
    assert [one["status"] for one in done] == [
        *("converted", "failed", "failed", "converted", "failed"),
    ]
    codes = [one["problem"]["code"] for one in done if one["problem"]]
    assert codes == ["duplicates_unanswered", "not_found", "duplicates_unanswered"]
    assert (await got(crm, "leads", double["id"]))["status"] != "converted"
    assert await counts_of(desk, second) == {"account": 1, "contact": 1, "opportunity": 1}


async def test_batches_of_the_same_leads_at_once_make_one_deal_each(crm, desk):
    """C2: 6 batches in different orders."""
    leads = [await lead_of(desk) for _ in range(4)]
    orders = [leads, leads[::-1]] * 3
    done = await asyncio.gather(*(batch(crm, *one) for one in orders))
    found = {one["opportunity_id"] for rows in done for one in rows}
    assert len(found) == 4
    for lead in leads:
        assert await counts_of(desk, lead) == {"account": 1, "contact": 1, "opportunity": 1}


async def test_telephones_that_end_alike_are_compared_in_a_batch_as_alone(crm, desk):
    """C1, C2: with an extension or without, one person becomes one."""
    about = {"name": "Li Wei", "email": "", "company": ""}
    tail = f"{uuid4().int % 10**4:04d}"
    plain = await lead_of(desk, **about, phone=f"010-6552 {tail}")
    extended = await lead_of(desk, **about, phone=f"010-6552 {tail} ext. 12")
    done = await batch(crm, plain, extended)
    assert [one["status"] for one in done] == ["converted", "failed"]
    assert done[1]["problem"]["code"] == "duplicates_unanswered"

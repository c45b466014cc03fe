"""C1 to C5, C66: what a conversion is refused with, by whom, many at once, and what stays true."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from chassis.storage.connections import driver_url

from .test_conversion import NEW, NONE, PATH, converted, counts_of, existing, got, lead_of


async def refused(crm, lead, answers, client=None):
    """The reply to a conversion that changes nothing."""
    before = await got(crm, "leads", lead["id"])
    headers = {"Idempotency-Key": uuid4().hex}
    path = f"{PATH}/{lead['id']}/convert"
    reply = await (client or crm.client).post(path, json=answers, headers=headers)
    assert await got(crm, "leads", lead["id"]) == before
    return reply


async def seller(desk, *, roles=("seller",)):
    """A user of a team, and a client that is logged in."""
    team = await desk.add("/v1/teams", name=desk.word("West"))
    user = await desk.user(team_id=team["id"], roles=list(roles))
    login = {"login": user["login"], "password": "correct horse battery"}
    session = (await desk.client.post("/v1/sessions", json=login)).json()
    return user, desk.crm.with_key(session["token"])


async def test_answers_that_do_not_fit_together_are_refused(crm, desk, problem):
    lead = await lead_of(desk)
    account, other = await desk.account(), await desk.account()
    contact = await desk.contact(other["id"])
    deal = await desk.add("/v1/opportunities", name="Lamps", account_id=other["id"])
    for answers, pointer, code in (
        ({"account": NONE, "opportunity": NONE}, "/opportunity/use", "nothing_made"),
        ({"account": NONE, "contact": NEW}, "/contact/use", "no_account"),
        (
            {"account": existing(account), "contact": existing(contact)},
            "/contact/id",
            "of_other_account",
        ),
        (
            {"account": existing(account), "opportunity": existing(deal)},
            "/opportunity/id",
            "of_other_account",
        ),
    ):
        reply = await refused(crm, lead, answers)
        [error] = problem(reply, 422, "invalid_input")["errors"]
        assert (error["pointer"], error["code"]) == (pointer, code)
    for answers in (
        {"account": {"use": "existing"}},
        {"contact": {"use": "new", "id": lead["id"]}},
    ):
        problem(await refused(crm, lead, answers), 422, "invalid_input")
    unknown = {"account": {"use": "existing", "id": str(uuid4())}}
    problem(await refused(crm, lead, unknown), 422, "missing_reference")


async def test_what_is_archived_closed_or_erased_is_not_joined(crm, desk, problem):
    lead = await lead_of(desk)
    account = await desk.account()
    contact = await desk.contact(account["id"])
    amount = {"amount": "9.00", "currency": "CNY"}
    deal = await desk.add(
        "/v1/opportunities", name="Lamps", account_id=account["id"], amount=amount
    )
    won = await crm.post(f"/v1/opportunities/{deal['id']}/win", {})
    assert won.is_success, won.text
    answers = {"opportunity": existing(deal)}
    problem(await refused(crm, lead, answers), 409, "opportunity_closed")
    assert (await crm.post(f"/v1/contacts/{contact['id']}/archive", None)).is_success
    answers = {"contact": existing(contact), "opportunity": NONE}
    [error] = problem(await refused(crm, lead, answers), 422, "invalid_input")["errors"]
    assert error["code"] == "record_archived"
    assert (await crm.post(f"/v1/contacts/{contact['id']}/erase", None)).is_success
    problem(await refused(crm, lead, answers), 409, "person_erased")
    assert (await crm.post(f"/v1/accounts/{account['id']}/archive", None)).is_success
    answers = {"account": existing(account)}
    problem(await refused(crm, lead, answers), 409, "account_archived")
    path = f"{PATH}/{lead['id']}/conversion-preview"
    assert (await crm.post(path, answers)).json()["obstacle"] == "account_archived"


async def test_a_lead_that_was_given_up_or_erased_is_not_converted(crm, desk, problem):
    reason = await desk.add("/v1/lead-reasons", code=desk.word("R"), name="No budget")
    lead, gone = await lead_of(desk), await lead_of(desk)
    body = {"reason": reason["code"]}
    assert (await crm.post(f"{PATH}/{lead['id']}/disqualify", body)).is_success
    problem(await refused(crm, lead, {}), 409, "lead_status_fixed")
    assert (await crm.post(f"{PATH}/{gone['id']}/erase", None)).is_success
    problem(await refused(crm, gone, {}), 409, "person_erased")
    path = f"{PATH}/{uuid4()}/convert"
    problem(await crm.post(path, {}), 404, "not_found")


async def test_a_converted_lead_goes_no_other_way(crm, desk, problem):
    lead = await lead_of(desk)
    await converted(crm, lead)
    for verb in ("work", "qualify", "reopen"):
        problem(await crm.post(f"{PATH}/{lead['id']}/{verb}", None), 409, "lead_status_fixed")
    path = f"{PATH}/{lead['id']}/conversion-preview"
    problem(await crm.post(path, {}), 409, "lead_status_fixed")


async def test_a_seller_joins_only_what_the_seller_sees(crm, desk, problem):
    """C66: the account of a stranger is as if it were not there; nor is it a candidate."""
    _, client = await seller(desk)
    stranger, _ = await seller(desk)
    lead = await lead_of(desk)
    account = await desk.account(name=lead["company"], owner_id=stranger["id"])
    contact = await desk.contact(account["id"], email=lead["email"])
    deal = await desk.add("/v1/opportunities", name="Lamps", owner_id=stranger["id"])
    for name, record in (("account", account), ("contact", contact), ("opportunity", deal)):
        reply = await refused(crm, lead, {name: existing(record)}, client)
        assert problem(reply, 422, "missing_reference")["facts"]["reference"] == record["id"]
    headers = {"Idempotency-Key": uuid4().hex}
    reply = await client.post(f"{PATH}/{lead['id']}/convert", json={}, headers=headers)
    assert reply.status_code == 200, reply.text
    assert reply.json()["account_id"] != account["id"]


async def test_a_lead_of_a_stranger_is_not_there(crm, desk, problem):
    """C66."""
    _, client = await seller(desk)
    stranger, _ = await seller(desk)
    lead = await lead_of(desk, owner_id=stranger["id"])
    problem(await refused(crm, lead, {}, client), 404, "not_found")


async def test_who_may_not_write_accounts_or_deals_makes_none(crm, desk, problem):
    _, client = await seller(desk, roles=["marketer"])
    lead = await lead_of(desk)
    reply = await refused(crm, lead, {}, client)
    assert problem(reply, 403, "forbidden")["facts"]["scope"] == "accounts.write"


async def test_many_are_converted_each_judged_alone(crm, desk):
    good, bad, done, same = [await lead_of(desk) for _ in range(4)]
    await desk.account(name=bad["company"])
    first = await converted(crm, done)
    gone = str(uuid4())
    items = [{"lead_id": one["id"]} for one in (good, bad, done)]
    items += [{"lead_id": gone}, {"lead_id": same["id"], "opportunity": NONE}]
    reply = await crm.post(f"{PATH}/convert-batch", {"items": items})
    assert reply.status_code == 200, reply.text
    rows = reply.json()["items"]
    assert [one["lead_id"] for one in rows] == [one["lead_id"] for one in items]
    assert [one["status"] for one in rows] == [
        "converted",
        "failed",
        "unchanged",
        "failed",
        "converted",
    ]
    assert rows[1]["problem"]["code"] == "duplicates_unanswered"
    assert rows[3]["problem"]["code"] == "not_found"
    assert rows[2]["opportunity_id"] == first["opportunity_id"]
    now = await got(crm, "leads", good["id"])
    assert all(rows[0][name] == now[name] for name in ("account_id", "contact_id"))
    assert rows[4]["opportunity_id"] is None
    assert (await got(crm, "leads", bad["id"]))["status"] == "new"
    assert await counts_of(desk, bad) == {"account": 1, "contact": 0, "opportunity": 0}


async def test_batches_in_other_orders_at_once_end(crm, desk):
    """C2: also where single calls come between; each lead becomes one deal."""
    leads = [await lead_of(desk) for _ in range(6)]
    items = [{"lead_id": one["id"]} for one in leads]
    replies = await asyncio.gather(
        *(
            crm.post(f"{PATH}/convert-batch", {"items": part})
            for part in (items, items[::-1], items[3:] + items[:3])
        ),
        *(crm.post(f"{PATH}/{one['id']}/convert", {}) for one in leads),
    )
    assert {one.status_code for one in replies} == {200}, [one.text for one in replies]
    for lead in leads:
        assert await counts_of(desk, lead) == {"account": 1, "contact": 1, "opportunity": 1}


async def test_the_database_keeps_a_converted_lead_so(crm, desk):
    """C2: whoever writes."""
    lead, new = await lead_of(desk), await lead_of(desk)
    await converted(crm, lead)
    sql = await asyncpg.connect(driver_url(crm.owner_url))
    try:
        for change in (
            "status = 'qualified'",
            "converted_at = now()",
            "opportunity_id = null",
            "contact_id = null",
            "account_id = null, contact_id = null",
        ):
            with pytest.raises(asyncpg.RestrictViolationError):
                await sql.execute(f"update lead set {change} where id = $1", lead["id"])
        with pytest.raises(asyncpg.RestrictViolationError):
            await sql.execute("delete from lead where id = $1", lead["id"])
        for change in ("status = 'converted'", "converted_at = now()"):
            with pytest.raises(asyncpg.CheckViolationError):
                await sql.execute(f"update lead set {change} where id = $1", new["id"])
    finally:
        await sql.close()


async def test_a_contact_that_is_erased_takes_the_lead_along(crm, desk):
    """A lead is the same person: nothing of it stays, its status and its deal do."""
    lead = await lead_of(desk)
    call = await desk.add(
        "/v1/activities", kind="call", name="Called", record_type="lead", record_id=lead["id"]
    )
    done = await converted(crm, lead)
    contact = f"/v1/contacts/{done['contact_id']}"
    data = (await crm.client.get(f"{contact}/personal-data")).json()
    assert {one["id"] for one in data["records"]} >= {lead["id"], done["contact_id"], call["id"]}
    report = (await crm.post(f"{contact}/erase", None)).json()
    assert {"what": "leads", "count": 1} in report["erased"]
    now = await got(crm, "leads", lead["id"])
    assert (now["name"], now["email"], now["status"]) == ("[erased]", "", "converted")
    assert now["opportunity_id"] == done["opportunity_id"]
    assert (await got(crm, "activities", call["id"]))["name"] == "[erased]"


async def test_an_erased_lead_empties_the_activities_about_it(crm, desk):
    lead = await lead_of(desk)
    call = await desk.add(
        "/v1/activities", kind="call", name="Called", record_type="lead", record_id=lead["id"]
    )
    assert (await crm.post(f"{PATH}/{lead['id']}/erase", None)).is_success
    assert (await got(crm, "activities", call["id"]))["name"] == "[erased]"


async def test_the_lead_of_a_merged_contact_is_that_of_the_other_one(crm, desk):
    """C12."""
    lead = await lead_of(desk)
    done = await converted(crm, lead)
    other = await desk.contact(done["account_id"])
    path = f"/v1/contacts/{other['id']}"
    etag = (await crm.client.get(path)).headers["etag"]
    body = {"loser_id": done["contact_id"], "loser_version": 1}
    headers = {"If-Match": etag, "Idempotency-Key": uuid4().hex}
    reply = await crm.client.post(f"{path}/merge", json=body, headers=headers)
    assert reply.status_code == 200, reply.text
    assert (await got(crm, "leads", lead["id"]))["contact_id"] == other["id"]

"""A rush that sales notes is asked for, decided once, and shown to whoever asked."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

PATH = "/v1/rush-requests"
WHY = {"reason": "The customer does not need it any more"}


@pytest.fixture
async def order(desk):
    account, product = await desk.account(), await desk.product()
    return await desk.order(account["id"], product["code"])


def wish(order, **facts):
    return {"order_id": order["id"], "wanted_on": "2030-03-01", "reason": "A fair"} | facts


async def act(desk, request, name, **body):
    return await desk.crm.post(f"{PATH}/{request['id']}/{name}", body)


@pytest.fixture
async def bridge(crm):
    """The key of a bridge that speaks for the ERP."""
    return await crm.as_("orders.sync", "orders.read", "accounts.read", systems=["erp"])


async def answered(bridge, request, **facts):
    refused = {"state": "refused", "answer": "No machine is free.", "currency": "CNY"}
    body = {"source_version": 2, "rush_request_id": request["id"]} | refused | facts
    return await bridge.put(f"/v1/rush-answers/by-external/erp/{uuid4()}", json=body)


GRANT = {
    "state": "granted",
    "granted_on": "2030-03-02",
    "answer": "",
    "surcharge_percent": "10",
    "surcharge": "0.90",
    "delayed_orders": 2,
}


async def test_a_rush_is_asked_for_and_decided_by_a_person(desk, crm, order, problem):
    """The CRM alone is complete: a manager grants or refuses, a decision stays."""
    asked = await desk.add(PATH, **wish(order))
    assert (asked["state"], asked["order_number"]) == ("asked", order["number"])
    told = problem(await crm.post(PATH, wish(order)), 409, "rush_request_open")
    assert told["facts"] == {"number": asked["number"]}
    cost, on = {"amount": "5.00", "currency": "CNY"}, "2030-03-02"
    other = await act(desk, asked, "grant", granted_on=on, surcharge=cost | {"currency": "USD"})
    problem(other, 422, "invalid_input")
    granted = (await act(desk, asked, "grant", granted_on=on, surcharge=cost)).json()
    assert (granted["state"], granted["granted_on"]) == ("granted", "2030-03-02")
    assert (granted["surcharge"], granted["currency"]) == ("5.00", "CNY")
    for name, body in (("refuse", WHY), ("withdraw", WHY), ("grant", {"granted_on": "2030-04-01"})):
        problem(await act(desk, asked, name, **body), 409, "rush_request_decided")
    second = await desk.add(PATH, **wish(order))
    assert (await act(desk, second, "withdraw", **WHY)).json()["answer"] == WHY["reason"]
    third = await desk.add(PATH, **wish(order))
    assert (await act(desk, third, "refuse", **WHY)).json()["state"] == "refused"
    found = await desk.listed(PATH, order_id=order["id"], state="granted,refused")
    assert found == [third["id"], asked["id"]]
    by_account = await desk.listed(PATH, account_id=order["account_id"])
    assert len(by_account) == 3
    events = await desk.events_of(asked["id"])
    assert [one["payload"]["state"] for one in events] == ["asked", "granted"]
    assert "granted_on" in events[1]["payload"]["changed"]
    with pytest.raises(asyncpg.PostgresError):
        await desk.rows("update rush_request set state = 'asked' where id = $1", asked["id"])


async def test_what_cannot_be_wanted_sooner_is_refused(desk, crm, order, problem):
    problem(await crm.post(PATH, wish({"id": str(uuid4())})), 422, "missing_reference")
    problem(await crm.post(PATH, wish(order, reason=" ")), 422, "invalid_input")
    await crm.post(f"/v1/orders/{order['id']}/cancel", {})
    problem(await crm.post(PATH, wish(order)), 409, "order_not_placed")
    assert await desk.listed(PATH, order_id=order["id"]) == []


async def test_of_many_who_ask_at_once_one_request_is_made(desk, crm, order):
    replies = await asyncio.gather(*(crm.post(PATH, wish(order)) for _ in range(6)))
    assert sorted(reply.status_code for reply in replies) == [201, *[409] * 5]
    assert len(await desk.listed(PATH, order_id=order["id"])) == 1


async def test_the_answer_of_the_erp_is_shown_and_stays(desk, crm, order, bridge, problem):
    """The ERP owns decision, new date and surcharge; sellers cannot write them."""
    asked = await desk.add(PATH, **wish(order))
    refusing = {"state": "granted", "granted_on": None}
    problem(await answered(bridge, asked, **refusing), 422, "invalid_input")
    problem(await answered(bridge, asked, surcharge="1"), 422, "invalid_input")
    problem(await answered(bridge, asked, **GRANT | {"currency": "EUR"}), 422, "invalid_input")
    problem(await answered(bridge, {"id": str(uuid4())}), 422, "missing_reference")
    seller = await crm.as_("orders.write", "orders.read", "rush.decide")
    problem(await answered(seller, asked, **GRANT), 403, "forbidden")
    first = await answered(bridge, asked, **GRANT)
    assert (first.status_code, first.json()["state"]) == (200, "granted"), first.text
    assert first.json()["delayed_orders"] == 2
    again = await answered(bridge, asked, **GRANT)
    assert again.headers["Tandem-Outcome"] == "unchanged"
    problem(await answered(bridge, asked), 409, "rush_request_decided")
    shown = await desk.see(f"{PATH}/{asked['id']}")
    assert (shown["surcharge"], shown["surcharge_percent"]) == ("0.90", "10")
    assert len(await desk.events_of(asked["id"])) == 2


async def test_what_was_withdrawn_may_have_been_granted_before(desk, order, bridge, problem):
    """The ERP had granted it before it was told: what it costs is shown."""
    asked = await desk.add(PATH, **wish(order))
    assert (await act(desk, asked, "withdraw", **WHY)).json()["state"] == "withdrawn"
    problem(await answered(bridge, asked), 409, "rush_request_decided")
    late = await answered(bridge, asked, **GRANT)
    assert late.json()["state"] == "granted"


async def test_a_strangers_request_is_not_there(desk, crm, problem):
    """C66: a request is reached with the account of its order."""
    owner, stranger = await desk.user(), await desk.user()
    account, product = await desk.account(owner_id=owner["id"]), await desk.product()
    order = await desk.order(account["id"], product["code"])
    asked = await desk.add(PATH, **wish(order))
    login = {"login": stranger["login"], "password": "correct horse battery"}
    token = (await desk.client.post("/v1/sessions", json=login)).json()["token"]
    client = crm.with_key(token)
    problem(await client.get(f"{PATH}/{asked['id']}"), 404, "not_found")
    found = (await client.get(PATH, params={"order_id": order["id"]})).json()
    assert found["items"] == []
    once = {"Idempotency-Key": str(uuid4())}
    reply = await client.post(f"{PATH}/{asked['id']}/withdraw", json=WHY, headers=once)
    problem(reply, 404, "not_found")
    reply = await client.post(PATH, json=wish(order), headers=once)
    assert reply.status_code in {404, 422}

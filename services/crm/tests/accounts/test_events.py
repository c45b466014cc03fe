"""Events of accounts: each real change once, with the whole state."""

import asyncio
from uuid import uuid4

import pytest

from chassis.telemetry.trace import Trace


async def kinds(desk, account_id):
    """Versions and changed fields told, in order."""
    told = await desk.events_of(account_id)
    return [(one["aggregate_version"], one["payload"]["changed"]) for one in told]


async def test_a_new_account_is_told_whole(desk):
    """C67: the event is there with the state, and carries all of it."""
    account = await desk.account(phone="138 1234 5678", stage="prospect")
    [event] = await desk.events_of(account["id"])
    assert (event["type"], event["topic"]) == ("tandem.crm.account-changed.v1", "crm.account.v1")
    state = event["payload"]
    hidden = {"phone_raw", "external_refs", "revision", "owes"}
    hidden |= {"created_at", "updated_at", "erased_at", "tags", "included"}
    shown = {name: value for name, value in account.items() if name not in hidden}
    shown |= {"merged_into": None}
    assert state == shown | {"changed": sorted(shown.keys() - {"id", "version"})}
    assert event["aggregate_version"] == account["version"] == 1


async def test_the_feed_carries_it_with_its_envelope(desk):
    """C67, B15: payloads carry installation and schema version."""
    account = await desk.account()
    [event] = [one for one in await desk.crm.feed() if one["subject"] == account["id"]]
    assert event["type"] == "tandem.crm.account-changed.v1"
    assert event["source"].startswith("/tandem/crm/")
    assert event["dataschema"] == (
        f"{desk.crm.settings.base_url}/schemas/crm.account-changed.v1.json"
    )
    assert (event["aggversion"], event["origin"], event["hops"]) == (1, "crm", 0)
    assert event["data"]["name"] == account["name"]


async def test_each_change_is_told_once_with_what_changed(desk):
    """B04: versions of one account are 1, 2, 3 without a gap."""
    account = await desk.account()
    path = f"/v1/accounts/{account['id']}"
    await desk.change(path, {"phone": "138 1234 5678", "email": "a@acme.example"}, revision=1)
    await desk.crm.post(f"{path}/archive", None)
    assert (await kinds(desk, account["id"]))[1:] == [(2, ["email", "phone"]), (3, ["status"])]


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"name": "Acme"},
        {"phone": "138 1234 5678"},
        {"phone": "+8613812345678"},
        {"email": "Ann@acme.example"},
        {"email": "Ann@ACME.example"},
        {"billing_address": {"city": "Hangzhou"}},
        {"owner_id": None, "stage": "customer"},
    ],
)
async def test_what_changes_nothing_is_not_told(desk, facts):
    """B45: no event and no version for content that is already so."""
    account = await desk.account(
        name="Acme",
        phone="138 1234 5678",
        email="Ann@acme.example",
        billing_address={"city": "Hangzhou"},
    )
    reply = await desk.change(f"/v1/accounts/{account['id']}", facts, revision=1)
    assert (reply.status_code, reply.headers["ETag"]) == (200, '"1"')
    assert reply.json() == account
    assert len(await desk.events_of(account["id"])) == 1


async def test_a_refused_change_is_not_told(desk, problem):
    """B01, C67."""
    account = await desk.account()
    reply = await desk.change(
        f"/v1/accounts/{account['id']}", {"name": "New", "currency": "USD"}, revision=1
    )
    problem(reply, 422, "currency_not_supported")
    assert len(await desk.events_of(account["id"])) == 1
    assert await desk.see(f"/v1/accounts/{account['id']}") == account


async def test_of_changes_at_once_one_wins_and_the_others_are_told_so(desk):
    """B03: whoever changes an account holds its row."""
    account = await desk.account()
    path = f"/v1/accounts/{account['id']}"
    replies = await asyncio.gather(
        *(desk.change(path, {"segment": str(at)}, revision=1) for at in range(8))
    )
    assert sorted(reply.status_code for reply in replies) == [200] + [412] * 7
    assert [version for version, _ in await kinds(desk, account["id"])] == [1, 2]


async def test_the_chain_of_causes_is_kept(desk):
    """B15: what the bridge says of origin, correlation and cause stands in the event."""
    correlation = "01890000-0000-7000-8000-00000000000c"
    cause = "01890000-0000-7000-8000-00000000000d"
    bridge = await desk.crm.as_("accounts.write", "events.relay", systems=["erp"])
    reply = await bridge.put(
        f"/v1/accounts/by-external/erp/{desk.word()}",
        json={"name": "Acme", "source_version": 1},
        headers={
            "Tandem-Origin": "erp",
            "Tandem-Correlation-Id": correlation,
            "Tandem-Causation-Id": cause,
            "Tandem-Hops": "1",
        },
    )
    [row] = await desk.rows(
        """select origin, correlation_id::text, causation_id::text, hops from outbox
            where aggregate_id = $1""",
        reply.json()["id"],
    )
    assert list(row.values()) == ["erp", correlation, cause, 1]


async def test_items_of_a_batch_keep_their_own_chains_of_causes(desk):
    """B15, B47, B58: each event has the cause, process, origin and hops of its own item."""
    bridge = await desk.crm.as_("accounts.write", "events.relay", systems=["erp"])
    keys = [desk.word() for _ in range(3)]
    traces = [
        Trace.from_headers(
            {"tandem-origin": "erp", "tandem-causation-id": str(uuid4()), "tandem-hops": "1"}
        )
        for _ in keys[:2]
    ]
    items = [{"external_id": key, "source_version": 1, "name": "Acme"} for key in keys]
    reply = await bridge.post(
        "/v1/accounts/by-external/erp/batch",
        json={"items": items},
        headers={
            "Idempotency-Key": desk.word(),
            "Tandem-Item-Traces": ",".join(trace.as_item() for trace in traces),
            "Tandem-Hops": "2",
        },
    )
    told = []
    for one in reply.json()["items"]:
        [row] = await desk.rows(
            """select origin, correlation_id, causation_id, hops from outbox
                where aggregate_id = $1""",
            one["id"],
        )
        told.append(tuple(row.values()))
    assert told[:2] == [("erp", one.correlation_id, one.causation_id, 1) for one in traces]
    assert told[2][2:] == (None, 2), "an item without a trace has the request's"


async def test_of_others_no_item_of_a_batch_says_where_it_came_from(desk):
    """B47: hops, origin and cause are believed of a bridge's key only; the change is taken."""
    cause = {"tandem-origin": "erp", "tandem-causation-id": str(uuid4()), "tandem-hops": "3"}
    trace = Trace.from_headers(cause)
    reply = await desk.crm.post(
        "/v1/accounts/by-external/erp/batch",
        {"items": [{"external_id": desk.word(), "source_version": 1, "name": "Acme"}]},
        headers={"Tandem-Item-Traces": trace.as_item()},
    )
    [one] = reply.json()["items"]
    [row] = await desk.rows(
        """select origin, correlation_id, causation_id, hops from outbox
            where aggregate_id = $1""",
        one["id"],
    )
    assert tuple(row.values()) == ("crm", trace.correlation_id, None, 0)

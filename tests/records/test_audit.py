"""Data that leaves a service is in the audit log, whichever record type it is of."""

import json

import httpx
import pytest

EXPORTS = {"crm": "/v1/accounts", "erp": "/v1/customers"}
TYPES = {"crm": "account", "erp": "customer"}


async def entries(service, **asked):
    reply = await service.client.get("/v1/audit-entries", params={"limit": 200} | asked)
    assert reply.status_code == httpx.codes.OK, reply.text
    return reply.json()["items"]


@pytest.fixture(params=["crm", "erp"])
def half(request, desks):
    """Each of the halves."""
    return desks[request.param].server


async def test_a_file_is_given_out_with_an_entry(half):
    path = f"{EXPORTS[half.service.name]}/export"
    client = await half.as_("admin")
    asked = {"format": "csv", "q": "somebody by name"}
    assert (await client.get(path, params=asked)).status_code == httpx.codes.OK
    entry = (await entries(half, act="export.fetched", subject=path))[0]
    who = (await client.get("/v1/me")).json()
    assert entry["actor"] == f"key:{who['id']}"
    assert entry["details"] == {"format": "csv"}


async def test_a_refused_export_has_no_entry_as_an_export(half):
    path = f"{EXPORTS[half.service.name]}/export"
    before = await entries(half, act="export.fetched")
    client = await half.as_("events.read")
    assert (await client.get(path)).status_code == httpx.codes.FORBIDDEN
    assert (await half.client.get(path, params={"format": "pdf"})).is_client_error
    assert await entries(half, act="export.fetched") == before


async def test_an_export_by_a_job_is_entered_when_it_is_asked_for(half):
    wanted = {"record_type": TYPES[half.service.name], "format": "csv"}
    asked = await half.post("/v1/exports", wanted)
    assert asked.status_code == httpx.codes.CREATED, asked.text
    (entry,) = await entries(half, subject=f"export:{asked.json()['id']}")
    assert (entry["act"], entry["details"]) == ("export.requested", wanted)
    assert entry["request_id"] == asked.headers["x-request-id"]


async def test_personal_data_is_given_out_with_an_entry(half):
    hidden = "Zhou Yuewen"
    path = EXPORTS[half.service.name]
    made = await half.post(path, {"name": hidden, "kind": "person"})
    if made.status_code != httpx.codes.CREATED:
        made = await half.post(path, {"name": hidden})
    assert made.status_code == httpx.codes.CREATED, made.text
    asked = f"{path}/{made.json()['id']}/personal-data"
    reply = await half.client.get(asked)
    found = await entries(half, subject=asked)
    assert [one["act"] for one in found] == ["person.read_out"] * reply.is_success
    assert hidden not in json.dumps(found)

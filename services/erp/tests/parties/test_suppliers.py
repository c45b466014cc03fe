"""Suppliers: the same desk as customers, from the other side."""

import asyncio
from uuid import uuid4

import pytest

PATH = "/v1/suppliers"


async def supplier_of(desk, **facts):
    return await desk.add(PATH, **{"name": desk.word("Supplier")} | facts)


async def test_a_new_supplier_gets_a_number_and_the_house_terms(desk):
    supplier = await supplier_of(desk, address={"city": "Ningbo", "country": "CN"})
    assert supplier["number"].startswith("S-")
    assert supplier["address"]["city"] == "Ningbo"
    assert (supplier["currency"], supplier["payment_terms_days"]) == ("CNY", 30)
    assert await desk.see(f"{PATH}/{supplier['id']}") == supplier


async def test_suppliers_stay_inside_the_house(desk):
    """No public event: nobody outside asked for them yet."""
    supplier = await supplier_of(desk)
    await desk.change(f"{PATH}/{supplier['id']}", {"phone": "1"}, revision=1)
    assert await desk.events_of(supplier["id"]) == []


async def test_a_change_merges_the_address(desk, problem):
    supplier = await supplier_of(desk, address={"city": "Ningbo"})
    path = f"{PATH}/{supplier['id']}"
    reply = await desk.change(path, {"address": {"line1": "Gate 2"}}, revision=1)
    assert (reply.json()["address"]["city"], reply.json()["address"]["line1"]) == (
        "Ningbo",
        "Gate 2",
    )
    problem(
        await desk.change(path, {"address": {"line1": "Gate 3"}}, revision=1), 412, "stale_revision"
    )
    assert (await desk.change(path, {"phone": ""}, revision=2)).json()["version"] == 2


async def test_archiving_and_restoring(desk, problem):
    supplier = await supplier_of(desk)
    path = f"{PATH}/{supplier['id']}"
    assert (await desk.erp.post(f"{path}/archive", None)).json()["status"] == "archived"
    assert (await desk.erp.post(f"{path}/restore", None)).json()["status"] == "active"
    missing = f"{PATH}/{uuid4()}"
    problem(await desk.erp.post(f"{missing}/archive", None), 404, "not_found")
    problem(await desk.client.get(missing), 404, "not_found")


async def test_suppliers_of_another_system_are_made_once(desk):
    """B41, B43: as customers."""
    key = desk.word()
    replies = await asyncio.gather(*(desk.send(PATH, key, 1, name="Once") for _ in range(8)))
    assert len({reply.json()["id"] for reply in replies}) == 1
    newer = await desk.send(PATH, key, 2, name="Twice")
    assert (newer.headers["Tandem-Outcome"], newer.json()["version"]) == ("updated", 2)
    assert (await desk.send(PATH, key, 1, name="Late")).headers["Tandem-Outcome"] == "stale"


async def test_a_batch_of_suppliers(desk):
    items = [
        {"external_id": desk.word(), "source_version": 1, "name": "Good"},
        {"external_id": desk.word(), "source_version": 1, "name": "Dear", "currency": "USD"},
    ]
    reply = await desk.erp.post(f"{PATH}/by-external/import/batch", {"items": items})
    assert [item["status"] for item in reply.json()["items"]] == ["created", "failed"]


async def test_a_link_can_be_told_afterwards(desk):
    supplier, key = await supplier_of(desk), desk.word()
    link = {"system": "shop", "external_id": key}
    reply = await desk.erp.post(f"{PATH}/{supplier['id']}/external-refs", link)
    assert reply.json()["external_refs"] == [link]
    found = await desk.client.get(PATH, params={"external_system": "shop", "external_id": key})
    assert [one["id"] for one in found.json()["items"]] == [supplier["id"]]


@pytest.mark.parametrize(
    ("facts", "pointer"), [({}, "/name"), ({"name": "x", "bill_to": {}}, "/bill_to")]
)
async def test_wrong_fields_are_named(desk, problem, facts, pointer):
    told = problem(await desk.erp.post(PATH, facts), 422, "invalid_input")
    assert [error["pointer"] for error in told["errors"]] == [pointer]

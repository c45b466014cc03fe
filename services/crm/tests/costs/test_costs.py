"""Costs of products by day: written, imported, and seen by their own permission only."""

import asyncio

import asyncpg
import pytest

PATH = "/v1/product-costs"


async def cost(desk, product, amount, day="2026-01-01", **facts):
    values = {"product_id": product["id"], "valid_from": day, "cost": amount}
    return await desk.add(PATH, **values | facts)


async def test_a_cost_holds_from_its_day_and_is_in_the_companys_currency(desk):
    product = await desk.product()
    made = await cost(desk, product, "4.123456")
    assert (made["currency"], made["cost"], made["product_code"]) == (
        "CNY",
        "4.123456",
        product["code"],
    )
    changed = await desk.change(f"{PATH}/{made['id']}", {"cost": "5.00"}, revision=1)
    assert changed.json()["cost"] == "5"


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"cost": "-1"}, "/cost"),
        ({"cost": 4.5}, "/cost"),
        ({"currency": "QQQ"}, "/currency"),
        ({"valid_from": "2026-02-30"}, "/valid_from"),
    ],
)
async def test_what_is_no_cost_is_refused(desk, crm, problem, values, pointer):
    product = await desk.product()
    body = {"product_id": product["id"], "valid_from": "2026-01-01", "cost": "1"}
    told = problem(await crm.post(PATH, body | values), 422, "invalid_input")
    assert told["errors"][0]["pointer"] == pointer
    assert await desk.listed(PATH, product_id=product["id"]) == []


async def test_a_product_has_one_cost_a_day_in_a_currency(desk, crm, problem):
    product = await desk.product()
    body = {"product_id": product["id"], "valid_from": "2026-01-01", "cost": "4"}
    replies = await asyncio.gather(*(crm.post(PATH, body) for _ in range(6)))
    assert sorted(one.status_code for one in replies) == [201] + [409] * 5
    assert {one.json()["code"] for one in replies if one.status_code == 409} == {"cost_taken"}
    assert (await crm.post(PATH, body | {"currency": "EUR"})).status_code == 201
    async with crm.database.driver() as sql:
        with pytest.raises(asyncpg.CheckViolationError):
            await sql.execute(
                "update product_cost set cost = -1 where product_id = $1", product["id"]
            )


async def test_product_currency_and_day_stay(desk, problem):
    product = await desk.product()
    made = await cost(desk, product, "4")
    other = await desk.product()
    missing = "00000000-0000-4000-8000-000000000000"
    sent = {"source_version": 1, "product_id": product["id"], "valid_from": "2026-02-01"}
    path = f"{PATH}/by-external/shop/{desk.word()}"
    assert (await desk.client.put(path, json=sent | {"cost": "4"})).status_code == 201
    moved = sent | {"source_version": 2, "product_id": other["id"]}
    told = problem(await desk.client.put(path, json=moved), 422, "invalid_input")
    assert told["errors"][0]["code"] == "fixed"
    lost = {"product_id": missing, "valid_from": "2026-01-01", "cost": "1"}
    problem(await desk.crm.post(PATH, lost), 422, "missing_reference")
    assert (await desk.see(f"{PATH}/{made['id']}"))["version"] == 1


async def test_costs_go_out_and_come_in_as_files(desk):
    product = await desk.product()
    await cost(desk, product, "4.50")
    reply = await desk.client.get(f"{PATH}/export", params={"product_id": product["id"]})
    assert reply.status_code == 200, reply.text
    head, row, *_ = reply.text.lstrip("\ufeff").splitlines()
    cells = dict(zip(head.split(","), row.split(","), strict=True))
    assert (cells["product_code"], cells["cost"]) == (product["code"], "4.5")


async def test_costs_need_a_permission_of_their_own(desk, crm, problem):
    """Sellers see products and quotes, and no cost; what one comes to is published nowhere."""
    product = await desk.product()
    made = await cost(desk, product, "4.50")
    scopes = {one for one in crm.service.permissions if one.endswith(".read")} - {"costs.read"}
    seller = await crm.as_(*scopes)
    for path in (PATH, f"{PATH}/{made['id']}", f"{PATH}/{made['id']}/history", f"{PATH}/export"):
        told = problem(await seller.get(path), 403, "forbidden")
        assert told["facts"] == {"scope": "costs.read"}
    found = await seller.get("/v1/search", params={"q": product["code"]})
    assert made["id"] not in found.text
    [event] = await desk.events_of(made["id"])
    said = {"product_id", "currency", "valid_from", "status", "changed"}
    assert event["payload"].keys() - {"id", "version"} <= said
    assert "seller" not in {
        role for role, held in crm.service.roles.items() if "costs.read" in held
    }


async def test_a_cost_without_a_state_counts(desk):
    """As processes of 0.1.12 enter it, which serve until all are replaced."""
    product = await desk.product()
    async with desk.crm.database.driver() as sql:
        state = await sql.fetchval(
            "insert into product_cost (id, version, created_at, updated_at, product_id, currency,"
            " valid_from, cost, note, custom) values (gen_random_uuid(), 1, now(), now(), $1,"
            " 'CNY', '2026-01-01', 4, '', '{}') returning status",
            product["id"],
        )
    assert state == "active"

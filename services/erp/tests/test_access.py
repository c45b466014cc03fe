"""Who may do what, and what happens to a request that is wrong or comes twice."""

import asyncio
from uuid import uuid4

import pytest

from chassis.problems.problem import every_problem
from erp.app import SERVICE
from identity.routes import ROUTERS as CALLERS

READS = ["/v1/customers", "/v1/suppliers", "/v1/items", "/v1/item-categories", "/v1/units"]
READS += ["/v1/price-lists", "/v1/prices", "/v1/bills-of-material"]
READS += ["/v1/calendars", "/v1/work-centres", "/v1/routings"]
READS += ["/v1/inspection-plans"]
READS += ["/v1/production-orders", "/v1/lots", "/v1/planning-parameters"]
READS += [
    "/v1/changeovers",
    "/v1/shared-resources",
    "/v1/scheduling-profiles",
    "/v1/demand-forecasts",
]
OWN = {
    "/v1/bills-of-material": "boms",
    "/v1/calendars": "calendars",
    "/v1/work-centres": "work_centres",
    "/v1/routings": "routings",
    "/v1/production-orders": "production_orders",
    "/v1/inspection-plans": "inspection_plans",
    "/v1/lots": "lots",
    "/v1/planning-parameters": "planning",
    "/v1/changeovers": "scheduling",
    "/v1/shared-resources": "scheduling",
    "/v1/scheduling-profiles": "scheduling",
    "/v1/demand-forecasts": "planning",
}


def _scope(path: str, verb: str) -> str:
    area = "parties" if path in {"/v1/customers", "/v1/suppliers"} else "catalog"
    return f"{OWN.get(path, area)}.{verb}"


@pytest.mark.parametrize("path", READS)
async def test_nobody_reads_without_a_key(desk, problem, path):
    stranger = desk.erp.with_key("td_wrong_key")
    problem(await stranger.get(path), 401, "unauthorized")
    stranger.headers.pop("Authorization")
    problem(await stranger.get(path), 401, "unauthorized")


@pytest.mark.parametrize("path", READS)
async def test_reading_needs_the_permission_and_no_more(desk, problem, path):
    outsider = await desk.erp.as_("events.read")
    assert problem(await outsider.get(path), 403, "forbidden")["facts"] == {
        "scope": _scope(path, "read")
    }
    reader = await desk.erp.as_(_scope(path, "read"))
    assert (await reader.get(path)).status_code == 200


@pytest.mark.parametrize("path", READS)
async def test_writing_needs_its_own_permission(desk, problem, path):
    reader = await desk.erp.as_(_scope(path, "read"))
    reply = await reader.post(path, json={}, headers={"Idempotency-Key": str(uuid4())})
    assert problem(reply, 403, "forbidden")["facts"] == {"scope": _scope(path, "write")}


def _writing_routes():
    for router in SERVICE.routers:
        if router in CALLERS:  # tested with their library
            continue
        for route in router.routes:
            for method in route.methods - {"GET"}:
                yield method, route.path


@pytest.mark.parametrize(("method", "path"), sorted(_writing_routes()))
async def test_no_write_gets_past_a_key_without_permission(desk, problem, method, path):
    """Every path there is, so that a new one cannot be forgotten."""
    outsider = await desk.erp.as_("events.read")
    where = path.replace("{system}", "shop").replace("{external_id}", "x")
    while "{" in where:
        where = f"{where[: where.index('{')]}{uuid4()}{where[where.index('}') + 1 :]}"
    headers = {"Idempotency-Key": str(uuid4()), "If-Match": '"1"'}
    problem(await outsider.request(method, where, json={}, headers=headers), 403, "forbidden")


async def test_malformed_json_is_said_to_be_so(desk, problem):
    headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json"}
    reply = await desk.client.post("/v1/customers", content=b'{"name": ', headers=headers)
    problem(reply, 400, "malformed_json")


async def test_an_oversized_body_is_refused(desk, problem):
    """Bad input: 10 MB."""
    headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json"}
    body = b'{"name": "' + b"x" * 10_000_000 + b'"}'
    problem(
        await desk.client.post("/v1/customers", content=body, headers=headers), 413, "too_large"
    )


async def test_a_new_record_needs_an_idempotency_key(desk, problem):
    """E13: otherwise a repeat could not be told from a second act."""
    reply = await desk.client.post("/v1/customers", json={"name": "x"})
    problem(reply, 400, "idempotency_key_required")


async def test_the_same_key_makes_one_document(desk):
    """E13: told five times, done once; the repeats say so and are otherwise the same."""
    headers, name = {"Idempotency-Key": str(uuid4())}, desk.word()
    replies = [
        await desk.client.post("/v1/customers", json={"name": name}, headers=headers)
        for _ in range(5)
    ]
    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.content for reply in replies}) == 1
    assert [reply.headers.get("Idempotency-Replayed") for reply in replies] == [None] + ["true"] * 4
    assert {reply.headers["ETag"] for reply in replies} == {'"1"'}
    assert await desk.count("customer", "name = $1", name) == 1
    assert len(await desk.events_of(replies[0].json()["id"])) == 1


async def test_the_same_key_at_once_makes_one_document(desk):
    """E13: the twins wait for the first and are answered what it was."""
    headers, sku = {"Idempotency-Key": str(uuid4())}, desk.word("SKU")
    replies = await asyncio.gather(
        *(
            desk.client.post("/v1/items", json={"sku": sku, "name": "x"}, headers=headers)
            for _ in range(8)
        )
    )
    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.content for reply in replies}) == 1
    assert await desk.count("item", "sku = $1", sku) == 1


async def test_a_key_with_another_body_is_refused(desk, problem):
    """E13: the same key cannot stand for two acts."""
    headers = {"Idempotency-Key": str(uuid4())}
    first = await desk.client.post("/v1/customers", json={"name": "One"}, headers=headers)
    assert first.status_code == 201
    other = await desk.client.post("/v1/customers", json={"name": "Two"}, headers=headers)
    problem(other, 422, "idempotency_key_reused")
    elsewhere = await desk.client.post("/v1/suppliers", json={"name": "One"}, headers=headers)
    problem(elsewhere, 422, "idempotency_key_reused")


async def test_a_refused_request_does_not_use_up_its_key(desk, problem):
    """E13: refusals are judged anew."""
    headers, sku = {"Idempotency-Key": str(uuid4())}, desk.word("SKU")
    body = {"sku": sku, "name": "x", "category": desk.word("CAT")}
    reply = await desk.client.post("/v1/items", json=body, headers=headers)
    problem(reply, 422, "missing_reference")
    await desk.add("/v1/item-categories", code=body["category"], name="Later")
    assert (await desk.client.post("/v1/items", json=body, headers=headers)).status_code == 201


def test_roles_hold_known_permissions_only():
    granted = frozenset().union(*SERVICE.roles.values())
    assert granted <= SERVICE.permissions.keys()


def test_every_refusal_of_ours_says_what_and_what_to_do():
    ours = [one for one in every_problem().values() if one.__module__.startswith("erp.")]
    assert len(ours) >= 10
    for refusal in ours:
        assert refusal.title
        assert refusal.detail.count(".") >= 1
        assert 400 <= refusal.status < 500


async def test_who_sells_does_not_decide_on_credit(erp, desk, problem):
    """Terms of business need a permission of their own; the rest of the customer does not."""
    seller = await erp.as_("parties.write")
    headers = {"Idempotency-Key": str(uuid4())}
    limit = {"amount": "900.00", "currency": "CNY"}
    body = {"name": desk.word("Customer"), "credit_limit": limit}
    refused = await seller.post("/v1/customers", json=body, headers=headers)
    assert problem(refused, 403, "forbidden")["facts"] == {"scope": "parties.terms"}
    customer = await desk.customer()
    change = {"json": {"dunning_block": True}, "headers": {"If-Match": '"1"'}}
    refused = await seller.patch(f"/v1/customers/{customer['id']}", **change)
    problem(refused, 403, "forbidden")
    change = {"json": {"price_list": "standard"}, "headers": {"If-Match": '"1"'}}
    refused = await seller.patch(f"/v1/customers/{customer['id']}", **change)
    problem(refused, 403, "forbidden")
    change = {"json": {"phone": "1"}, "headers": {"If-Match": '"1"'}}
    assert (await seller.patch(f"/v1/customers/{customer['id']}", **change)).status_code == 200

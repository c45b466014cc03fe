"""Who may act in the name of the other half, and how far a sender's version may run ahead."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import uuid4

import asyncpg
import pytest

from chassis.schema.migrate import upgrade
from chassis.storage.connections import driver_url
from chassis.testing.service import running
from erp.app import SERVICE

RESERVED = ("crm", "erp")
LARGEST = 2**53 - 1


def _paths(part):
    routes = [route for router in SERVICE.routers for route in router.routes]
    return sorted(
        (method, route.path) for route in routes if part in route.path for method in route.methods
    )


def _once():
    return {"Idempotency-Key": str(uuid4())}


@pytest.mark.parametrize("system", RESERVED)
@pytest.mark.parametrize(("method", "path"), _paths("{system}"))
async def test_only_a_bound_key_speaks_for_a_half(desk, problem, method, path, system):
    """Every path there is that names a system, so that a new one cannot be forgotten."""
    where = path.replace("{system}", system).replace("{external_id}", str(uuid4()))
    [other] = {*RESERVED} - {system}
    for systems in ([], [other]):
        client = await desk.erp.as_("admin", systems=systems)
        reply = await client.request(method, where, json={}, headers=_once())
        assert problem(reply, 403, "system_reserved")["facts"] == {"system": system}
    bound = await desk.erp.as_("admin", systems=[system])
    problem(await bound.request(method, where, json={}, headers=_once()), 422, "invalid_input")


PATH = "/v1/customers"
BRIDGE = ["catalog.read", "events.read", "parties.read", "parties.write", "sales.read"]
BRIDGE += ["sales.write", "backdate"]
CLERK = ["parties.write", "sales.write", "events.read"]


async def _records(desk):
    """How one record of each kind that has links is made, by its collection."""
    item = await desk.item()
    return {
        "/v1/customers": desk.customer,
        "/v1/suppliers": partial(desk.add, "/v1/suppliers", name="Mill"),
        "/v1/items": desk.item,
        "/v1/prices": partial(desk.price, item["sku"], "1.00"),
    }


@pytest.mark.parametrize("path", [path for _, path in _paths("/external-refs/batch")])
async def test_many_links_to_a_half_need_the_same(desk, problem, path):
    clerk = await desk.erp.as_(*(one for one in SERVICE.permissions if one != "admin"))
    link = {"id": str(uuid4()), "external_id": str(uuid4())}
    body = {"system": "crm", "items": [link]}
    problem(await clerk.post(path, json=body, headers=_once()), 403, "system_reserved")
    administrator = await desk.erp.as_("admin")
    reply = await administrator.post(path, json=body, headers=_once())
    assert reply.status_code == 200, reply.text


LINKED = [path for _, path in _paths("}/external-refs") if path.endswith("s")]


@pytest.mark.parametrize("path", LINKED)
async def test_a_half_is_linked_by_a_bound_key_or_an_administrator(desk, problem, path):
    """An administrator mends a link; who only writes records takes no record of a half over."""
    collection = path[: path.index("/{")]
    record = await (await _records(desk))[collection]()
    at = f"{collection}/{record['id']}/external-refs"
    link = {"system": "crm", "external_id": str(uuid4())}
    scopes = sorted(scope for scope in SERVICE.permissions if scope != "admin")
    clerk = await desk.erp.as_(*scopes)
    refused = await clerk.post(at, json=link, headers=_once())
    assert problem(refused, 403, "system_reserved")["facts"] == {"system": "crm"}
    shop = {"system": "shop", "external_id": str(uuid4())}
    assert (await clerk.post(at, json=shop, headers=_once())).status_code == 200
    bridge = await desk.erp.as_(*scopes, systems=["crm"])
    assert (await bridge.post(at, json=link, headers=_once())).status_code == 200
    administrator = await desk.erp.as_("admin")
    assert (await administrator.post(at, json=link, headers=_once())).status_code == 200


@pytest.mark.parametrize(
    ("first", "second", "newest"),
    [
        (1, 1_000_002, 1_000_001),
        (7, LARGEST, 1_000_007),
        (20_000_000, 22_000_001, 22_000_000),  # of the largest steps the wider one holds
    ],
)
async def test_a_version_that_would_keep_later_ones_out_is_refused(
    desk, problem, first, second, newest
):
    key = desk.word()
    made = (await desk.send(PATH, key, first, system="shop", name="First")).json()
    reply = await desk.send(PATH, key, second, system="shop", name="Frozen")
    facts = {"version": second, "last": first, "newest": newest}
    assert problem(reply, 422, "version_too_far")["facts"] == facts
    batch = {"items": [{"external_id": key, "source_version": second, "name": "Frozen"}]}
    [item] = (await desk.erp.post(f"{PATH}/by-external/shop/batch", batch)).json()["items"]
    assert (item["status"], item["problem"]["code"]) == ("failed", "version_too_far")
    assert (await desk.see(f"{PATH}/{made['id']}"))["name"] == "First"
    assert (await desk.send(PATH, key, first + 1, system="shop", name="Next")).status_code == 200
    allowed = await desk.send(PATH, key, newest, system="shop", name="Newest")
    assert allowed.json()["name"] == "Newest"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (LARGEST, None),
        (1_764_000_000, 1_795_536_000),  # seconds, a year between them
        (1_764_000_000_000, 1_795_536_000_000),  # milliseconds
        (1_764_000_000_000_000, 1_795_536_000_000_000),  # microseconds
        (20251128, 20261128),
    ],
)
async def test_a_version_may_be_a_time(desk, first, second):
    key = desk.word()
    assert (await desk.send(PATH, key, first, system="shop", name="A")).status_code == 201
    if second:
        reply = await desk.send(PATH, key, second, system="shop", name="B")
        assert (reply.status_code, reply.json()["name"]) == (200, "B")


async def test_the_first_version_after_a_link_may_be_any(desk):
    record = await desk.add(PATH, name="Linked")
    key = str(uuid4())
    link = {"system": "shop", "external_id": key}
    assert (await desk.erp.post(f"{PATH}/{record['id']}/external-refs", link)).status_code == 200
    reply = await desk.send(PATH, key, LARGEST, system="shop", name="Sent")
    assert (reply.status_code, reply.json()["name"]) == (200, "Sent")


@pytest.mark.parametrize("version", [0, -1, LARGEST + 1, 2**62, 1.5, "2", True])
async def test_no_version_is_beyond_what_both_halves_take(desk, problem, version):
    reply = await desk.send(PATH, desk.word(), version, system="shop", name="A")
    problem(reply, 422, "invalid_input")


async def test_how_far_is_a_setting(cluster):
    async with running(SERVICE, cluster, source_version_step_max=5) as service:
        for version, status in ((1, 201), (7, 422), (6, 200)):
            body = {"source_version": version, "name": f"Name {version}"}
            reply = await service.client.put(f"{PATH}/by-external/shop/1", json=body)
            assert reply.status_code == status, reply.text


async def test_the_bridges_key_of_before_goes_on_working(cluster):
    """Keys with the bridge's permissions are bound when the schema is brought up; others not."""
    urls = await asyncio.to_thread(cluster.empty, "erp", f"erp_{uuid4().hex[:8]}")
    await _in_thread(upgrade, SERVICE, urls.owner, "e130")
    sql = await asyncpg.connect(driver_url(urls.owner))
    keys = {"bridge": BRIDGE, "clerk": CLERK, "admin": ["admin"]}
    for name, scopes in keys.items():
        await sql.execute(
            "insert into api_key (id, name, prefix, secret_hash, scopes, created_by)"
            " values (gen_random_uuid(), $1::text, $1::text, sha256($1::text::bytea), $2, 'test')",
            name,
            scopes,
        )
    await _in_thread(upgrade, SERVICE, urls.owner)
    rows = await sql.fetch("select name, systems from api_key")
    bound = {row["name"]: row["systems"] for row in rows}
    relays = await sql.fetch("select name from api_key where scopes @> '{events.relay}'")
    await sql.close()
    assert [row["name"] for row in relays] == ["bridge"]
    assert bound == {"bridge": ["crm"], "clerk": [], "admin": []}


async def _in_thread(act, *arguments):
    """Alembic runs a loop of its own, so it gets a thread of its own."""
    with ThreadPoolExecutor(max_workers=1) as alone:
        await asyncio.get_running_loop().run_in_executor(alone, act, *arguments)

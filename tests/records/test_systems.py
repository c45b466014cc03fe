"""Who may act in the name of the other half, and how far a sender's version may run ahead."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import asyncpg
import pytest

from chassis.schema.migrate import upgrade
from chassis.storage.connections import driver_url
from identity.testing.service import running
from tests.records.kinds import HALVES, KINDS, other
from tests.records.test_resending import SENT, WAYS

LARGEST = 2**53 - 1
BY_PATH = {(kind.half, kind.path): kind for kind in KINDS}
FIRMS = [("crm", "/v1/accounts"), ("erp", "/v1/customers")]


def _paths(part):
    """Half, method and path of every route whose path has the part."""
    return sorted(
        (half, method, route.path)
        for half, service in HALVES.items()
        for router in service.routers
        for route in router.routes
        if part in route.path
        for method in route.methods
    )


def _once():
    return {"Idempotency-Key": str(uuid4())}


@pytest.mark.parametrize("system", HALVES)
@pytest.mark.parametrize(("half", "method", "path"), _paths("{system}"))
async def test_only_a_bound_key_speaks_for_a_half(  # noqa: PLR0917 - a table
    desks, problem, half, method, path, system
):
    """Every path there is that names a system, so that a new one cannot be forgotten."""
    where, server = path.replace("{system}", system), desks[half].server
    where = where.replace("{external_id}", str(uuid4()))
    for systems in ([], [other(system)]):
        client = await server.as_("admin", systems=systems)
        reply = await client.request(method, where, json={}, headers=_once())
        assert problem(reply, 403, "system_reserved")["facts"] == {"system": system}
    bound = await server.as_("admin", systems=[system])
    reply = await bound.request(method, where, json={}, headers=_once())
    if path.endswith("/erase"):  # it has no body, and of the record nothing is known here
        assert reply.json() == {"report": None}
    else:
        problem(reply, 422, "invalid_input")


@pytest.mark.parametrize(
    ("half", "path"), [(half, path) for half, _, path in _paths("/external-refs/batch")]
)
async def test_many_links_to_a_half_need_the_same(desks, problem, half, path):
    server = desks[half].server
    clerk = await server.as_(*(one for one in HALVES[half].permissions if one != "admin"))
    link = {"id": str(uuid4()), "external_id": str(uuid4())}
    body = {"system": other(half), "items": [link]}
    problem(await clerk.post(path, json=body, headers=_once()), 403, "system_reserved")
    administrator = await server.as_("admin")
    reply = await administrator.post(path, json=body, headers=_once())
    assert reply.status_code == 200, reply.text


@pytest.mark.parametrize(
    ("half", "path"),
    [(half, path) for half, _, path in _paths("}/external-refs") if path.endswith("s")],
)
async def test_a_half_is_linked_by_a_bound_key_or_an_administrator(desks, problem, half, path):
    """An administrator mends a link; who only writes records takes no record of a half over."""
    collection, desk = path[: path.index("/{")], desks[half]
    record = await BY_PATH[half, collection].make(desk)
    at = f"{collection}/{record['id']}/external-refs"
    link = {"system": other(half), "external_id": str(uuid4())}
    scopes = sorted(scope for scope in HALVES[half].permissions if scope != "admin")
    clerk = await desk.server.as_(*scopes)
    refused = await clerk.post(at, json=link, headers=_once())
    assert problem(refused, 403, "system_reserved")["facts"] == {"system": other(half)}
    shop = {"system": "shop", "external_id": str(uuid4())}
    assert (await clerk.post(at, json=shop, headers=_once())).status_code == 200
    bridge = await desk.server.as_(*scopes, systems=[other(half)])
    assert (await bridge.post(at, json=link, headers=_once())).status_code == 200
    administrator = await desk.server.as_("admin")
    assert (await administrator.post(at, json=link, headers=_once())).status_code == 200


@pytest.mark.parametrize(("half", "path"), FIRMS)
@pytest.mark.parametrize(
    ("first", "second", "newest"),
    [
        (1, 1_000_002, 1_000_001),
        (7, LARGEST, 1_000_007),
        (20_000_000, 22_000_001, 22_000_000),  # of the largest steps the wider one holds
    ],
)
async def test_a_version_that_would_keep_later_ones_out_is_refused(  # noqa: PLR0917 - a table
    desks, problem, half, path, first, second, newest
):
    desk, key = desks[half], desks[half].word()
    made = (await desk.send(path, key, first, name="First")).json()
    reply = await desk.send(path, key, second, name="Frozen")
    facts = {"version": second, "last": first, "newest": newest}
    assert problem(reply, 422, "version_too_far")["facts"] == facts
    frozen = {"external_id": key, "source_version": second, "name": "Frozen"}
    [item] = await desk.send_many(path, [frozen])
    assert (item["status"], item["problem"]["code"]) == ("failed", "version_too_far")
    assert (await desk.see(f"{path}/{made['id']}"))["name"] == "First"
    assert (await desk.send(path, key, first + 1, name="Next")).status_code == 200
    allowed = await desk.send(path, key, newest, name="Newest")
    assert allowed.json()["name"] == "Newest"


@pytest.mark.parametrize(("half", "path", "batch"), WAYS)
async def test_no_version_too_far_ahead_freezes_a_record(desks, problem, half, path, batch):
    """Every upsert there is: the record stays as it was, and takes the next version."""
    desk, kind = desks[half], SENT[half, path]
    key, body = desk.word(), await kind.content(desk)
    _, record_id = await desk.upsert(path, key, 1, body, batch=batch)
    far = body | (kind.change or {})
    if batch:
        item = {"external_id": key, "source_version": LARGEST, **far}
        [told] = await desk.send_many(path, [item])
        assert (told["status"], told["problem"]["code"]) == ("failed", "version_too_far")
    else:
        problem(await desk.send(path, key, LARGEST, **far), 422, "version_too_far")
    outcome = "updated" if kind.change else "unchanged"
    assert await desk.upsert(path, key, 2, far, batch=batch) == (outcome, record_id)


@pytest.mark.parametrize(("half", "path"), FIRMS)
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
async def test_a_version_may_be_a_time(desks, half, path, first, second):
    desk, key = desks[half], desks[half].word()
    assert (await desk.send(path, key, first, name="A")).status_code == 201
    if second:
        reply = await desk.send(path, key, second, name="B")
        assert (reply.status_code, reply.json()["name"]) == (200, "B")


@pytest.mark.parametrize(("half", "path"), FIRMS)
async def test_the_first_version_after_a_link_may_be_any(desks, half, path):
    desk = desks[half]
    record = await desk.add(path, name="Linked")
    key = str(uuid4())
    link = {"system": "shop", "external_id": key}
    linked = await desk.server.post(f"{path}/{record['id']}/external-refs", link)
    assert linked.status_code == 200
    reply = await desk.send(path, key, LARGEST, name="Sent")
    assert (reply.status_code, reply.json()["name"]) == (200, "Sent")


@pytest.mark.parametrize(("half", "path"), FIRMS)
@pytest.mark.parametrize("version", [0, -1, LARGEST + 1, 2**62, 1.5, "2", True])
async def test_no_version_is_beyond_what_both_halves_take(desks, problem, half, path, version):
    desk = desks[half]
    problem(await desk.send(path, desk.word(), version, name="A"), 422, "invalid_input")


@pytest.mark.parametrize(("half", "path"), FIRMS)
async def test_how_far_is_a_setting(cluster, half, path):
    async with running(HALVES[half], cluster, source_version_step_max=5) as service:
        for version, status in ((1, 201), (7, 422), (6, 200)):
            body = {"source_version": version, "name": f"Name {version}"}
            reply = await service.client.put(f"{path}/by-external/shop/1", json=body)
            assert reply.status_code == status, reply.text


CRM_BRIDGE = ["accounts.write", "catalog.write", "events.read", "orders.read", "orders.sync"]
CRM_CLERK = ["accounts.write", "orders.write"]
ERP_BRIDGE = ["catalog.read", "events.read", "parties.read", "parties.write", "sales.read"]
ERP_BRIDGE += ["sales.write", "backdate"]
ERP_CLERK = ["parties.write", "sales.write", "events.read"]


@pytest.mark.parametrize(
    ("half", "before", "bridge", "clerk"),
    [("crm", "0130", CRM_BRIDGE, CRM_CLERK), ("erp", "e130", ERP_BRIDGE, ERP_CLERK)],
)
async def test_the_bridges_key_of_before_goes_on_working(cluster, half, before, bridge, clerk):
    """Keys with the bridge's permissions are bound when the schema is brought up; others not."""
    urls = await asyncio.to_thread(cluster.empty, half, f"{half}_{uuid4().hex[:8]}")
    await _in_thread(upgrade, HALVES[half], urls.owner, before)
    sql = await asyncpg.connect(driver_url(urls.owner))
    keys = {"bridge": bridge, "clerk": clerk, "admin": ["admin"]}
    for name, scopes in keys.items():
        await sql.execute(
            "insert into api_key (id, name, prefix, secret_hash, scopes, created_by)"
            " values (gen_random_uuid(), $1::text, $1::text, sha256($1::text::bytea), $2, 'test')",
            name,
            scopes,
        )
    await _in_thread(upgrade, HALVES[half], urls.owner)
    rows = await sql.fetch("select name, systems from api_key")
    bound = {row["name"]: row["systems"] for row in rows}
    relays = await sql.fetch("select name from api_key where scopes @> '{events.relay}'")
    await sql.close()
    assert [row["name"] for row in relays] == ["bridge"]
    assert bound == {"bridge": [other(half)], "clerk": [], "admin": []}


async def _in_thread(act, *arguments):
    """Alembic runs a loop of its own, so it gets a thread of its own."""
    with ThreadPoolExecutor(max_workers=1) as alone:
        await asyncio.get_running_loop().run_in_executor(alone, act, *arguments)

"""Lanes on their own: leases, races between finding out and recording, and a lost database."""

import asyncio
import contextlib
import sys
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from chassis.telemetry.trace import Trace
from chassis.testing.waiting import until
from sync_bridge.flows import Need
from sync_bridge.identity.matching import Candidate
from sync_bridge.identity.service import FoundPair
from sync_bridge.lanes import leasing, recording
from sync_bridge.lanes.deliveries import Delivered
from sync_bridge.lanes.dispatcher import deliver_lanes, dispatcher
from sync_bridge.lanes.rules.queue import QueueStep
from sync_bridge.lanes.stopped import Parked, ReviewNeeded, WaitsForRecord
from sync_bridge.targets import HttpTarget, Unreachable, path
from tests.halves import Fault

ACCOUNTS, CUSTOMERS, ITEMS, PRODUCTS = "/v1/accounts", "/v1/customers", "/v1/items", "/v1/products"
PRICES = "/v1/prices"


async def leased(rig):
    """The only lane that is due, leased."""
    async with rig.bridge.database.driver() as sql:
        (lane,) = await leasing.claim(sql, at_most=9, lease_seconds=60)
    return lane


async def record(rig, lane, why):
    async with rig.bridge.database.transaction() as work:
        await recording.record_stopped(work, lane, QueueStep(deliver=0), why, settings=rig.settings)


async def pair(rig, entity, crm_id, erp_id):
    await rig.fetch(
        "insert into pair values (gen_random_uuid(), $1, $2, $3, 'created', now())",
        entity,
        crm_id,
        erp_id,
    )


async def test_what_came_across_meanwhile_is_not_waited_for(rig):
    """B54: the pair was made between looking and waiting."""
    item = uuid4()
    rig.erp.makes(PRICES, item_id=str(item))
    await rig.deliver()
    lane = await leased(rig)
    await pair(rig, "product", uuid4(), item)
    await record(rig, lane, WaitsForRecord(Need("product", "erp", item)))
    row = await rig.lane("erp.price")
    assert (row["state"], row["lease_until"]) == ("ready", None)


async def test_who_waits_and_who_brings_take_one_lock(rig):
    """B54: what comes across after the look and before the wait is committed wakes all the same."""
    item = rig.erp.makes(ITEMS, sku="BOLT-8")
    rig.erp.makes(PRICES, item_id=item)
    await rig.deliver()
    async with rig.bridge.database.driver() as sql:
        lanes = {lane.kind: lane for lane in await leasing.claim(sql, at_most=9, lease_seconds=60)}
    step, need = QueueStep(deliver=0), Need("product", "erp", UUID(item))
    joined = FoundPair("product", crm_id=uuid4(), erp_id=UUID(item), how="created")

    async def bring():
        async with rig.bridge.database.transaction() as work:
            carried = Delivered("applied", joined=joined)
            await recording.record_delivered(work, lanes["erp.product"], step, carried)

    async def stands_in_line():
        blocked = await rig.fetch(
            """select from pg_locks l join pg_database d on d.oid = l.database
              where l.locktype = 'advisory' and not l.granted and d.datname = current_database()"""
        )
        return bringing.done() or bool(blocked)

    async with rig.bridge.database.transaction() as work:
        await recording.record_stopped(
            work, lanes["erp.price"], step, WaitsForRecord(need), settings=rig.settings
        )
        bringing = asyncio.create_task(bring())
        await until(stands_in_line)
        assert not bringing.done()
    await bringing
    assert (await rig.lane("erp.price"))["state"] == "ready"


async def test_what_was_joined_meanwhile_is_not_asked(rig):
    """B52: the pair was made between searching and asking."""
    account = rig.crm.makes(ACCOUNTS, name="Elm")
    await rig.deliver()
    lane = await leased(rig)
    await pair(rig, "customer", UUID(account), uuid4())
    found = [Candidate(uuid4(), "Elm", "email", None)]
    await record(rig, lane, ReviewNeeded("customer", "crm", UUID(account), found))
    assert (await rig.lane("crm.customer"))["state"] == "ready"
    assert await rig.fetch("select * from review") == []


async def test_nothing_is_recorded_without_the_lease(rig):
    """B25: every kind of record checks the epoch."""
    rig.erp.makes(ITEMS, sku="BOLT-8")
    await rig.deliver()
    lane = await leased(rig)
    await rig.fetch("update lane set lease_epoch = lease_epoch + 1")
    for why in (Parked("no_way"), WaitsForRecord(Need("product", "erp", uuid4()))):
        with pytest.raises(recording.LeaseLost):
            await record(rig, lane, why)
    assert (await rig.lane("erp.product"))["state"] == "ready"
    assert await rig.bridge.feed() == []
    with pytest.raises(ValueError, match="no event has its turn"):
        recording.event_of_step(lane, QueueStep())


async def test_an_id_is_in_one_pair_only(rig):
    """B51: a twin that the bridge knows as another's is not joined twice; a person must look."""
    customer = rig.erp.makes(CUSTOMERS, name="Elm", tax_id="T-1")
    await rig.deliver()
    await rig.fetch_as_owner("delete from inbox")
    await rig.fetch_as_owner("delete from lane")
    await pair(rig, "customer", uuid4(), UUID(customer))
    rig.crm.makes(ACCOUNTS, name="Elm", tax_id="T-1")
    await rig.deliver()
    await rig.drain()
    lane = await rig.lane("crm.customer")
    assert (lane["state"], lane["reason"]) == ("parked", "pair_taken")
    assert len(await rig.fetch("select * from pair")) == 1


async def test_a_type_without_a_flow_parks(rig):
    """An older version finds lanes that a newer one filled."""
    rig.erp.makes(ITEMS, sku="BOLT-8")
    await rig.deliver()
    await rig.fetch("update inbox set type = 'tandem.erp.item-changed.v9'")
    await rig.drain()
    assert (await rig.lane("erp.product"))["reason"] == "no_such_flow"


async def test_a_lost_database_is_waited_for(rig, monkeypatch):
    """Nothing is lost while PostgreSQL is away; the dispatcher goes on when it is back."""
    rig.erp.makes(ITEMS, sku="BOLT-8")
    await rig.deliver()
    monkeypatch.setattr("sync_bridge.lanes.dispatcher.LOOK_SECONDS", 0.01)
    monkeypatch.setattr("sync_bridge.lanes.lane_worker.AGAIN_SECONDS", 0.01)
    settings = rig.settings.model_copy(update={"lease_seconds": 0.03, "attempts_max": 1000})
    carrying = await dispatcher(rig.bridge.database, rig.targets, settings)
    real = carrying._database

    class Away:
        """A database that does not answer at first."""

        tries = 0

        def driver(self):
            return self._connect(real.driver)

        def transaction(self, **options):
            return self._connect(lambda: real.transaction(**options))

        @contextlib.asynccontextmanager
        async def _connect(self, connect):
            Away.tries += 1
            if Away.tries % 2:
                raise OSError
            async with connect() as connection:
                yield connection

    away: Any = Away()
    carrying._database = away
    carrying._worker._database = carrying._database
    task = asyncio.create_task(carrying.run())
    await rig.crm.has(PRODUCTS, 1)

    async def idle():
        return (await rig.lane("erp.product"))["state"] == "idle"

    try:
        await until(idle)
    finally:
        task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_long_call_keeps_its_lease(rig):
    """B37: the lease is extended while the call is under way."""
    rig.erp.makes(ITEMS, sku="BOLT-8")
    await rig.deliver()
    rig.crm.gate = asyncio.Event()
    settings = rig.settings.model_copy(update={"lease_seconds": 1.5})
    carrying = await dispatcher(rig.bridge.database, rig.targets, settings)
    task = asyncio.create_task(carrying.run())
    await rig.crm.called.wait()
    first = (await rig.lane("erp.product"))["lease_until"]

    async def extended():
        return (await rig.lane("erp.product"))["lease_until"] > first

    await until(extended)
    rig.crm.gate.set()
    await rig.crm.has(PRODUCTS, 1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (await rig.lane("erp.product"))["lease_epoch"] == 1


async def test_a_call_that_does_not_end_is_cut_off_at_a_stop(rig, monkeypatch):
    """B29: the stop is bounded; the lease is given back and the next process repeats the call."""
    monkeypatch.setattr("sync_bridge.lanes.dispatcher.STOP_SECONDS", 0.01)
    rig.erp.makes(ITEMS, sku="BOLT-8")
    await rig.deliver()
    rig.crm.gate = asyncio.Event()
    carrying = await dispatcher(rig.bridge.database, rig.targets, rig.settings)
    task = asyncio.create_task(carrying.run())
    await rig.crm.called.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    lane = await rig.lane("erp.product")
    assert (lane["state"], lane["lease_until"]) == ("ready", None)
    rig.crm.gate = None
    await rig.drain()
    assert rig.crm.the(PRODUCTS)["code"] == "BOLT-8"


async def test_a_worker_calls_the_halves_with_their_keys(rig):
    """The settings' addresses and keys are what is called."""
    seen: asyncio.Queue[Any] = asyncio.Queue()

    async def answer(request):
        await seen.put((request.method, request.url.path, request.headers["authorization"]))
        return JSONResponse({"id": str(uuid4())}, status_code=201)

    app = Starlette(routes=[Route("/{rest:path}", answer, methods=["GET", "PUT", "POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    halves = {
        "crm_url": url,
        "erp_url": url,
        "crm_key": SecretStr("for-crm"),
        "erp_key": SecretStr("for-erp"),
    }
    settings = rig.settings.model_copy(update=halves)
    context = SimpleNamespace(settings=settings, database=rig.bridge.database)
    item = rig.erp.makes(ITEMS, sku="BOLT-8")
    await rig.deliver()
    task = asyncio.create_task(deliver_lanes(context))
    asked, call = [await asyncio.wait_for(seen.get(), 10) for _ in range(2)]
    assert asked == ("GET", "/v1/events/states", "Bearer for-erp")
    assert call == ("PUT", f"/v1/products/by-external/erp/{item}", "Bearer for-crm")
    await until(lambda: not server.server_state.tasks)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    server.should_exit = True
    await serving


def answering(response):
    """A target behind which every call is answered so."""
    transport = httpx.MockTransport(lambda _: response)
    return HttpTarget(httpx.AsyncClient(transport=transport, base_url="http://half.test"))


async def test_answers_are_read_tolerantly():
    """B31, B32, B59: codes and Retry-After in both forms; a body that is no JSON is no fault."""
    put = {"trace": Trace.new(), "key": "k"}
    date = httpx.Response(503, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, text="no")
    answer = await answering(date).put("/x", {}, **put)
    assert (answer.status, answer.code, answer.retry_after_seconds) == (503, "", 0.0)
    assert answer.summary() == "HTTP 503"
    odd = await answering(httpx.Response(429, headers={"Retry-After": "soon"})).put("/x", {}, **put)
    assert odd.retry_after_seconds is None
    listed = await answering(httpx.Response(200, json=[1])).get("/x", trace=Trace.new(), query={})
    assert listed.body == {"items": [1]}
    problem = {
        "code": "invalid_input",
        "title": "Wrong",
        "errors": [{"pointer": "/name", "code": "missing", "message": "Elm is secret"}],
    }
    told = (await answering(httpx.Response(422, json=problem)).put("/x", {}, **put)).summary()
    assert told == "Wrong: /name missing"


async def test_no_answer_is_unreachable():
    def refuse(request):
        raise httpx.ConnectError("refused", request=request)

    client = httpx.AsyncClient(transport=httpx.MockTransport(refuse), base_url="http://x.test")
    with pytest.raises(Unreachable, match="ConnectError"):
        await HttpTarget(client).get("/x", trace=Trace.new(), query={})


def test_paths_are_escaped():
    assert path("/v1/items", "a/b", 3) == "/v1/items/a%2Fb/3"


async def test_kafka_is_not_even_imported_without_a_broker():
    """B62: the service starts without the Kafka client."""
    code = "import sync_bridge.cli, sys; sys.exit('aiokafka' in sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await process.wait() == 0


async def test_a_faulty_half_does_not_stop_the_other(rig):
    """B33: the ERP is away; what goes to the CRM goes on."""
    rig.erp.faults += [Fault() for _ in range(50)]
    rig.settings = rig.settings.model_copy(update={"backoff_cap_seconds": 30})
    rig.crm.makes(ACCOUNTS, name="Elm")
    rig.erp.makes(ITEMS, sku="BOLT-8")
    await rig.synchronize()
    assert rig.crm.the(PRODUCTS)["code"] == "BOLT-8"
    assert (await rig.lane("crm.customer"))["reason"] == "unreachable"

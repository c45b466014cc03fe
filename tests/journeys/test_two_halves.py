"""ERP, CRM and bridge together, over their public APIs and feeds: master data and orders."""

import asyncio
import time
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.events.sequencer import Sequencer
from chassis.testing.waiting import until
from chassis.worker.jobs import Worker
from crm.app import SERVICE as CRM
from erp.app import SERVICE as ERP
from erp.ledger.service.years import ensure_year
from identity.testing.service import ServiceUnderTest, running
from sync_bridge.app import SERVICE as BRIDGE
from sync_bridge.inbox import service as inbox
from sync_bridge.lanes.dispatcher import dispatcher
from sync_bridge.sources.feed import FeedSource
from sync_bridge.targets import HttpTarget

SCOPES = {
    "crm": (
        *("accounts.write", "catalog.write", "orders.sync", "persons.erase"),
        *("events.read", "events.relay"),
    ),
    "erp": (
        *("parties.write", "sales.write", "backdate", "persons.erase"),
        *("events.read", "events.relay"),
    ),
}
"""All that the bridge's keys may do."""
SYSTEMS = {"crm": ("erp",), "erp": ("crm",)}
"""For whom they speak."""


class Tandem:
    """The three services, and what a person sees of them."""

    def __init__(self, crm: Any, erp: Any, bridge: Any, calls: list[str]) -> None:
        self.crm, self.erp, self.bridge, self.calls = crm, erp, bridge, calls

    async def settled(self) -> None:
        """Wait until everything both halves published is across, and what that led to."""
        ends: list[int] = []
        while True:
            before, ends = ends, []
            for service in (self.crm, self.erp):
                end = (await service.client.get("/v1/events/position")).json()
                ends.append(end["sequence"])
                reached = await self.bridge.client.get(
                    "/v1/positions/wait",
                    params={
                        "source": service.service.name,
                        "feed_seq": end["sequence"],
                        "timeout": 20,
                    },
                )
                assert reached.json()["reached"], reached.text
            if ends == before:
                return

    async def make(self, service: ServiceUnderTest, path: str, **facts: Any) -> dict[str, Any]:
        """A person makes a record."""
        reply = await service.post(path, facts)
        assert reply.status_code == httpx.codes.CREATED, reply.text
        return reply.json()

    async def change(
        self, service: ServiceUnderTest, path: str, record: dict[str, Any], **facts: Any
    ) -> None:
        """A person changes a record as it is now."""
        now = await service.client.get(f"{path}/{record['id']}")
        reply = await service.client.patch(
            f"{path}/{record['id']}", json=facts, headers={"If-Match": now.headers["ETag"]}
        )
        assert reply.status_code == httpx.codes.OK, reply.text

    async def twins(self, service: ServiceUnderTest, path: str, **filters: str) -> list[Any]:
        """Records of a half by filter."""
        reply = await service.client.get(path, params=filters)
        assert reply.status_code == httpx.codes.OK, reply.text
        return reply.json()["items"]


@asynccontextmanager
async def going(*coroutines):
    """Run these behind the test, and end them with it."""
    tasks = [asyncio.create_task(one) for one in coroutines]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(outcome, asyncio.CancelledError), outcome


@pytest.fixture(scope="module")
async def tandem(cluster):
    """Both halves with their sequencers, and the bridge between them."""
    async with AsyncExitStack() as stack:
        crm = await stack.enter_async_context(running(CRM, cluster))
        erp = await stack.enter_async_context(running(ERP, cluster))
        bridge = await stack.enter_async_context(running(BRIDGE, cluster))

        async def receive(events, **rest):
            return await inbox.receive(bridge.database, events, **rest)

        async def read_cursor(name):
            async with bridge.database.reading() as reading:
                return await inbox.cursor_value(reading, name)

        async def begin_backfill(half, **rest):
            async with bridge.database.transaction() as work:
                await inbox.begin_backfill(work, half, **rest)

        async def note(request):
            calls.append(f"{request.method} {request.url.path}")

        calls: list[str] = []
        behind, halves = [], {}
        for half in (crm, erp):
            name = half.service.name
            client = await half.as_(*SCOPES[name], systems=SYSTEMS[name])
            client.event_hooks["request"].append(note)
            halves[name] = HttpTarget(client)
            source = FeedSource(
                name,
                client,
                receive=receive,
                read_cursor=read_cursor,
                begin_backfill=begin_backfill,
                wait_seconds=1.0,
            )
            connect, wakeups = half.database.connect_driver, half.app.state.wakeups
            behind += [source.run(), Sequencer(connect, wakeups, holder="journey").run()]
        behind.append(Worker(erp.database, handlers=ERP.jobs).run())
        async with erp.database.transaction() as work:
            await ensure_year(work, work.today())
        carrying = await dispatcher(bridge.database, halves, bridge.settings)
        await stack.enter_async_context(going(carrying.run(), *behind))
        yield Tandem(crm, erp, bridge, calls)


def unique(word):
    return f"{word} {uuid4().hex[:8]}"


ELM = {
    "email": "post@elm-journey.example.com",
    "phone": "0512 6728 1234",
    "website": "https://elm.example.com",
    "language": "zh-CN",
    "billing_address": {"line1": "1 Elm Street", "city": "Suzhou", "country": "CN"},
    "shipping_address": {"line1": "Gate 4", "city": "Suzhou", "country": "CN"},
}


async def test_a_customer_made_in_sales_is_known_to_the_warehouse(tandem):
    """B43, B45, B51: once, with both ids on both sides, and quiet afterwards."""
    name = unique("Elm")
    account = await tandem.make(tandem.crm, "/v1/accounts", name=name, tax_id=name[-8:], **ELM)
    await tandem.settled()
    (customer,) = await tandem.twins(tandem.erp, "/v1/customers", q=name)
    assert customer["external_refs"] == [{"system": "crm", "external_id": account["id"]}]
    assert customer["bill_to"]["line1"] == "1 Elm Street"
    assert customer["ship_to"]["line1"] == "Gate 4"
    assert customer["tax_id"] == name[-8:].upper()
    seen = (await tandem.crm.client.get(f"/v1/accounts/{account['id']}")).json()
    assert seen["external_refs"] == [{"system": "erp", "external_id": customer["id"]}]
    assert seen["erp"]["customer_number"] == customer["number"]
    await tandem.change(tandem.crm, "/v1/accounts", account, name=f"{name} Ltd")
    await tandem.settled()
    (customer,) = await tandem.twins(tandem.erp, "/v1/customers", q=name)
    assert customer["name"] == f"{name} Ltd"
    assert (await tandem.bridge.client.get("/v1/status")).json()["lanes"]["parked"] == 0


async def test_a_customer_made_in_the_office_is_known_to_sales(tandem):
    name = unique("Oak")
    limit = {"amount": "5000.00", "currency": "CNY"}
    customer = await tandem.make(
        tandem.erp, "/v1/customers", name=name, credit_limit=limit, payment_terms_days=14
    )
    await tandem.settled()
    (account,) = await tandem.twins(tandem.crm, "/v1/accounts", q=name)
    assert account["erp"] == {
        "customer_number": customer["number"],
        "credit_limit": limit,
        "payment_terms_days": 14,
        "dunning_block": False,
        "archived": False,
    }
    await tandem.change(tandem.erp, "/v1/customers", customer, dunning_block=True)
    await tandem.settled()
    (account,) = await tandem.twins(tandem.crm, "/v1/accounts", q=name)
    assert account["erp"]["dunning_block"] is True
    assert len(await tandem.twins(tandem.erp, "/v1/customers", q=name)) == 1


async def test_each_half_refuses_to_change_what_the_other_leads_in(tandem):
    """B48: a field has one owner; a write by the other is refused and nothing drifts apart."""
    name = unique("Yew")
    account = await tandem.make(tandem.crm, "/v1/accounts", name=name)
    await tandem.settled()
    (customer,) = await tandem.twins(tandem.erp, "/v1/customers", q=name)
    for half, path, record, facts, code in (
        (tandem.erp, "/v1/customers", customer, {"name": "Mine"}, "managed_by_crm"),
        (tandem.crm, "/v1/accounts", account, {"tax_id": "MINE-1"}, "managed_by_erp"),
    ):
        etag = (await half.client.get(f"{path}/{record['id']}")).headers["ETag"]
        reply = await half.client.patch(
            f"{path}/{record['id']}", json=facts, headers={"If-Match": etag}
        )
        assert (reply.status_code, reply.json()["code"]) == (httpx.codes.CONFLICT, code)
    await tandem.change(tandem.crm, "/v1/accounts", account, phone="0512 5550 0199 ext. 7")
    await tandem.settled()
    (customer,) = await tandem.twins(tandem.erp, "/v1/customers", q=name)
    assert (customer["name"], customer["phone"]) == (name, "0512 5550 0199 ext. 7")


async def test_made_on_both_sides_at_once_it_is_one_pair(tandem):
    """B51: concurrent first sight from both sides ends in one pair."""
    names = [unique("Ash") for _ in range(10)]
    await asyncio.gather(
        *(
            tandem.make(service, path, name=name, tax_id=name[-8:])
            for name in names
            for service, path in (
                (tandem.crm, "/v1/accounts"),
                (tandem.erp, "/v1/customers"),
            )
        )
    )
    await tandem.settled()
    for name in names:
        (account,) = await tandem.twins(tandem.crm, "/v1/accounts", q=name)
        (customer,) = await tandem.twins(tandem.erp, "/v1/customers", q=name)
        assert customer["external_refs"] == [{"system": "crm", "external_id": account["id"]}]
        assert account["external_refs"] == [{"system": "erp", "external_id": customer["id"]}]


async def test_products_and_prices_flow_down(tandem):
    """B54: a price follows its product, whatever the order in which the lanes run."""
    sku = unique("BOLT").replace(" ", "-").upper()
    item = await tandem.make(tandem.erp, "/v1/items", sku=sku, name="Bolt M8")
    money = {"amount": "9.50", "currency": "CNY"}
    await tandem.make(tandem.erp, "/v1/prices", sku=sku, price=money)
    await tandem.settled()
    (product,) = await tandem.twins(tandem.crm, "/v1/products", q=sku)
    assert (product["name"], product["master"], product["active"]) == ("Bolt M8", "erp", True)
    found = await tandem.crm.client.get(f"/v1/products/{product['id']}/price?quantity=3")
    assert found.json()["price"] == money, found.text
    await tandem.change(tandem.erp, "/v1/items", item, name="Bolt M8 zinc")
    await tandem.settled()
    (product,) = await tandem.twins(tandem.crm, "/v1/products", q=sku)
    assert product["name"] == "Bolt M8 zinc"


async def test_both_halves_quote_a_customer_the_same(tandem):
    """By its own list, then the default one; half a kilogram; within a promotion and outside it."""
    sku, code = unique("TEA").replace(" ", "-").upper(), unique("L").replace(" ", "-").upper()
    await tandem.make(tandem.erp, "/v1/price-lists", code=code, name="Dealers")
    await tandem.make(tandem.erp, "/v1/items", sku=sku, name="Tea", unit="KGM")
    promotion = {"valid_from": "2026-12-01", "valid_to": "2026-12-14"}
    for amount, more in (
        ("10.00", {}),
        ("9.00", promotion),
        ("8.00", {"price_list": code, "min_quantity": "5"}),
    ):
        price = {"amount": amount, "currency": "CNY"}
        await tandem.make(tandem.erp, "/v1/prices", sku=sku, price=price, **more)
    name = unique("Fir")
    customer = await tandem.make(tandem.erp, "/v1/customers", name=name, price_list=code)
    await tandem.settled()
    (product,) = await tandem.twins(tandem.crm, "/v1/products", q=sku)
    (account,) = await tandem.twins(tandem.crm, "/v1/accounts", q=name)
    assert account["price_list"] == code
    for quantity, on, amount in (
        ("5", "2026-12-01", "8.00"),
        ("0.5", "2026-12-14", "9.00"),
        ("0.5", "2026-12-15", "10.00"),
    ):
        asked = {"quantity": quantity, "on": on}
        there = await tandem.erp.client.get(
            "/v1/prices/lookup", params=asked | {"sku": sku, "customer_id": customer["id"]}
        )
        here = await tandem.crm.client.get(
            f"/v1/products/{product['id']}/price", params=asked | {"account": account["id"]}
        )
        prices = [reply.json()["price"]["amount"] for reply in (there, here)]
        assert prices == [amount, amount]


async def test_stock_of_many_products_crosses_in_few_calls(tandem):
    """B44: what one receipt changed of many items is put to the CRM together."""
    skus = [unique("NAIL").replace(" ", "-").upper() for _ in range(12)]
    for sku in skus:
        await tandem.make(tandem.erp, "/v1/items", sku=sku, name="Nail")
    await tandem.settled()
    tandem.calls.clear()
    cost = {"amount": "7.00", "currency": "CNY"}
    lines = [{"sku": sku, "quantity": "8", "unit_cost": cost} for sku in skus]
    await tandem.make(tandem.erp, "/v1/stock-receipts", lines=lines)
    await tandem.settled()
    for sku in skus:
        (product,) = await tandem.twins(tandem.crm, "/v1/products", code=sku)
        assert product["availability"]["free"] == "8"
    told = [one for one in tandem.calls if "/v1/product-availabilities/" in one]
    assert "POST /v1/product-availabilities/by-external/erp/batch" in told
    assert len(told) < len(skus)


async def ready_to_sell(tandem, stock):
    """A customer and a product that both halves know, with so much of it on hand."""
    name, sku = unique("Yew"), unique("NUT").replace(" ", "-").upper()
    await tandem.make(tandem.erp, "/v1/items", sku=sku, name="Nut M8")
    await tandem.make(tandem.crm, "/v1/accounts", name=name)
    await received(tandem, sku, stock)
    await tandem.settled()
    (account,) = await tandem.twins(tandem.crm, "/v1/accounts", q=name)
    return account, sku


async def received(tandem, sku, quantity):
    cost = {"amount": "7.00", "currency": "CNY"}
    line = {"sku": sku, "quantity": quantity, "unit_cost": cost}
    await tandem.make(tandem.erp, "/v1/stock-receipts", lines=[line])


async def ordered(tandem, account, sku, quantity, **facts):
    price = {"amount": "10.00", "currency": "CNY"}
    line = {"product": sku, "quantity": quantity, "unit_price": price, "discount": "0.1"}
    return await tandem.make(
        tandem.crm, "/v1/orders", account_id=account["id"], lines=[line], **facts
    )


async def seen_in_crm(tandem, order):
    await tandem.settled()
    return (await tandem.crm.client.get(f"/v1/orders/{order['id']}")).json()


async def test_an_order_goes_from_the_crm_to_the_last_payment_and_back(tandem):
    """The main job: confirmed, short, received, shipped, invoiced, paid; the CRM sees each."""
    account, sku = await ready_to_sell(tandem, "3")
    freight = {"amount": "5.00", "currency": "CNY"}
    order = await ordered(tandem, account, sku, "5", freight=freight)
    stands = (await seen_in_crm(tandem, order))["erp"]
    assert stands["state"] == "confirmed"
    assert (stands["lines"][0]["reserved"], stands["lines"][0]["waiting"]) == ("3", "2")
    (sales,) = await tandem.twins(
        tandem.erp, "/v1/sales-orders", external_system="crm", external_id=order["id"]
    )
    await received(tandem, sku, "9")
    while (await seen_in_crm(tandem, order))["erp"]["lines"][0]["waiting"] != "0":  # noqa: ASYNC110
        await asyncio.sleep(0)  # the refill and the payment are told by a job, soon
    path = f"/v1/sales-orders/{sales['id']}"
    await tandem.make(tandem.erp, f"{path}/shipments", carrier="UPS", tracking_number="1Z")
    await tandem.make(tandem.erp, f"{path}/invoices")
    shipped = await seen_in_crm(tandem, order)
    assert shipped["erp"]["shipments"][0]["tracking_number"] == "1Z"
    assert (shipped["erp"]["state"], shipped["erp"]["invoiced"]) == ("completed", "50.00")
    assert float(shipped["customer_owes"]) == 50
    paid = {"amount": "50.00", "currency": "CNY"}
    await tandem.make(tandem.erp, "/v1/payments", party_id=sales["customer_id"], amount=paid)
    while (seen := await seen_in_crm(tandem, order))["erp"]["paid"] != "50.00":  # noqa: ASYNC110
        await asyncio.sleep(0)  # the refill and the payment are told by a job, soon
    assert float(seen["customer_owes"]) == 0
    assert (await tandem.bridge.client.get("/v1/status")).json()["lanes"]["parked"] == 0


async def changed_as_read(service, path, record, version, **facts):
    """Change a record as it was read some time ago; it must be accepted."""
    reply = await service.client.patch(
        f"{path}/{record['id']}", json=facts, headers={"If-Match": f'"{version}"'}
    )
    assert reply.status_code == httpx.codes.OK, reply.text
    return reply.json()


async def test_what_was_read_when_it_was_made_can_be_changed_when_all_is_across(tandem):
    """The ERP's number and terms, links, an order's progress and debts leave the ETags alone."""
    account, sku = await ready_to_sell(tandem, "3")
    order = await ordered(tandem, account, sku, "2")
    await tandem.settled()
    (sales,) = await tandem.twins(
        tandem.erp, "/v1/sales-orders", external_system="crm", external_id=order["id"]
    )
    (customer,) = await tandem.twins(tandem.erp, "/v1/customers", q=account["name"])
    await tandem.make(tandem.erp, f"/v1/sales-orders/{sales['id']}/shipments")
    await tandem.make(tandem.erp, f"/v1/sales-orders/{sales['id']}/invoices")
    limit = {"amount": "900.00", "currency": "CNY"}
    await changed_as_read(tandem.erp, "/v1/customers", customer, 1, credit_limit=limit)
    seen = await seen_in_crm(tandem, order)
    assert (seen["erp"]["state"], seen["version"]) == ("completed", 1)
    now = (await tandem.crm.client.get(f"/v1/accounts/{account['id']}")).json()
    assert (now["erp"]["credit_limit"], float(now["owes"]["amount"])) == (limit, 18)
    assert (now["version"], now["revision"] > 2) == (1, True)
    renamed = await changed_as_read(
        tandem.crm, "/v1/accounts", account, 1, name=f"{account['name']} Ltd"
    )
    assert renamed["version"] == 2
    noted = await changed_as_read(tandem.crm, "/v1/orders", order, 1, note="Thanks")
    assert noted["version"] == 2
    await tandem.settled()
    await changed_as_read(tandem.erp, "/v1/customers", customer, 2, legal_name="Yew AG")


async def test_change_and_cancellation_work_from_the_crm(tandem):
    """House decision 20: before shipment accepted, after it refused, and the CRM is told."""
    account, sku = await ready_to_sell(tandem, "10")
    order = await ordered(tandem, account, sku, "4")
    price = {"amount": "10.00", "currency": "CNY"}
    await tandem.settled()
    await tandem.change(
        tandem.crm,
        "/v1/orders",
        order,
        lines=[{"product": sku, "quantity": "6", "unit_price": price, "discount": "0.1"}],
    )
    seen = await seen_in_crm(tandem, order)
    assert seen["erp"]["last_change"]["state"] == "accepted"
    assert seen["erp"]["lines"][0]["reserved"] == "6"
    await tandem.crm.post(f"/v1/orders/{order['id']}/cancel", None)
    assert (await seen_in_crm(tandem, order))["erp"]["state"] == "cancelled"
    late = await ordered(tandem, account, sku, "2")
    await tandem.settled()
    (sales,) = await tandem.twins(
        tandem.erp, "/v1/sales-orders", external_system="crm", external_id=late["id"]
    )
    await tandem.make(tandem.erp, f"/v1/sales-orders/{sales['id']}/shipments")
    await tandem.crm.post(f"/v1/orders/{late['id']}/cancel", None)
    seen = await seen_in_crm(tandem, late)
    refused = seen["erp"]["last_change"]
    assert (refused["kind"], refused["state"]) == ("cancellation", "refused")
    assert (seen["state"], seen["erp"]["state"]) == ("placed", "confirmed")
    less = [{"product": sku, "quantity": "1", "unit_price": price, "discount": "0.1"}]
    await tandem.change(tandem.crm, "/v1/orders", seen, lines=less)
    await seen_in_crm(tandem, late)
    seen = await seen_in_crm(tandem, late)
    assert seen["erp"]["last_change"]["reason"] == "already_shipped: 1"
    assert (seen["net"], seen["lines"][0]["quantity"]) == (seen["erp"]["net"], "2")


async def test_an_order_waits_for_the_customer_it_names(tandem):
    """B54: sent before its customer is across, it follows it by itself."""
    name, sku = unique("Rowan"), unique("PIN").replace(" ", "-").upper()
    await tandem.make(tandem.erp, "/v1/items", sku=sku, name="Pin")
    await tandem.settled()
    account = await tandem.make(tandem.crm, "/v1/accounts", name=name)
    order = await ordered(tandem, account, sku, "2")
    stands = (await seen_in_crm(tandem, order))["erp"]
    assert (stands["state"], stands["lines"][0]["waiting"]) == ("confirmed", "2")


async def test_nothing_moves_when_nobody_does_anything(tandem):
    """B45: with no user input, traffic is 0."""
    await tandem.settled()
    before = (await tandem.bridge.client.get("/v1/status")).json()["sources"]
    await tandem.settled()
    after = (await tandem.bridge.client.get("/v1/status")).json()["sources"]
    assert [one["events"] for one in before] == [one["events"] for one in after]


async def test_a_change_is_seen_across_soon(tandem):
    """Commit to visible stays in the hundreds of milliseconds, beside everything else."""
    account = await tandem.make(tandem.crm, "/v1/accounts", name=unique("Fir"))
    await tandem.settled()
    began = time.monotonic()
    await tandem.change(tandem.crm, "/v1/accounts", account, name=unique("Fir tree"))
    await tandem.settled()
    assert time.monotonic() - began < 5


@asynccontextmanager
async def paused(tandem, kind):
    """Nothing of the kind is carried meanwhile."""
    async with tandem.bridge.database.driver() as sql:
        await sql.execute(
            "insert into pause values ($1, 503, 1, now(), now() + interval '1 hour')", kind
        )
        yield
        await sql.execute("delete from pause where kind = $1", kind)


@asynccontextmanager
async def unread(tandem):
    """The bridge takes nothing more in meanwhile."""
    async with tandem.bridge.database.transaction() as work:
        await work.sql.execute("lock table cursor in exclusive mode")
        yield


@pytest.mark.parametrize(
    ("half", "made", "changed"),
    [("erp", {}, {"name": "New name"}), ("crm", {"tax_id": "OLD"}, {"tax_id": "NEW"})],
    ids=["erp", "crm"],
)
async def test_what_changed_before_the_link_crosses(tandem, half, made, changed):
    """The bridge has seen the making only when it links the records: the newer values stand."""
    here, there = tandem.erp, tandem.crm
    path, across = "/v1/customers", "/v1/accounts"
    if half == "crm":
        here, there, path, across = there, here, across, path
    names = [unique("Larch") for _ in range(3)]

    async def counted(query, number):
        async with tandem.bridge.database.driver() as sql:
            return await sql.fetchval(query, [UUID(one["id"]) for one in records]) == number

    async with paused(tandem, f"{half}.customer"):
        records = [
            await tandem.make(here, path, **({"name": name} | _own(made, name))) for name in names
        ]
        received = "select count(*) from inbox where subject = any($1)"
        await until(lambda: counted(received, 3))
    async with unread(tandem):
        for record, name in zip(records, names, strict=True):
            await tandem.change(here, path, record, **_own(changed, name))
        joined = f"select count(*) from pair where {half}_id = any($1)"
        await until(lambda: counted(joined, 3))
    await tandem.settled()
    for record, name in zip(records, names, strict=True):
        ref = {"external_system": half, "external_id": record["id"]}
        (twin,) = await tandem.twins(there, across, **ref)
        now = (await here.client.get(f"{path}/{record['id']}")).json()
        for field, value in _own(changed, name).items():
            assert twin[field] == now[field] == value


def _own(facts, name):
    """The facts, each a record's own."""
    return {field: f"{value} {name[-8:]}".upper() for field, value in facts.items()}


async def test_firms_entered_on_both_sides_are_not_doubled(tandem):
    """B51, B52: the same id of a third system links; name with address asks, once for both."""
    street = {"line1": "7 Harbour Road", "city": "Ningbo", "postal_code": "315000", "country": "CN"}
    names = [unique("Alder") for _ in range(6)]
    exact, likely = names[:3], names[3:]
    pairs = []
    async with paused(tandem, "crm.customer"), paused(tandem, "erp.customer"):
        for name in names:
            account = await tandem.make(
                tandem.crm, "/v1/accounts", name=name, stage="customer", shipping_address=street
            )
            customer = await tandem.make(tandem.erp, "/v1/customers", name=name, ship_to=street)
            if name in exact:
                link = {"system": "shop", "external_id": name}
                for half, path, one in (
                    (tandem.crm, "/v1/accounts", account),
                    (tandem.erp, "/v1/customers", customer),
                ):
                    reply = await half.post(f"{path}/{one['id']}/external-refs", link)
                    assert reply.is_success, reply.text
            pairs.append((account["id"], customer["id"]))

    async def stands():
        """All that may move has moved; the likely ones wait for a person."""
        now = (await tandem.bridge.client.get("/v1/status")).json()["lanes"]
        return now["ready"] == 0 and now["waiting"] >= len(likely)

    await until(stands)
    for name, (account, customer) in zip(names, pairs, strict=True):
        accounts = await tandem.twins(tandem.crm, "/v1/accounts", q=name)
        customers = await tandem.twins(tandem.erp, "/v1/customers", q=name)
        assert [one["id"] for one in accounts] == [account]
        assert [one["id"] for one in customers] == [customer]
        links = {one["system"]: one["external_id"] for one in accounts[0]["external_refs"]}
        assert links.get("erp") == (customer if name in exact else None)
    for account, customer in pairs[len(exact) :]:
        asked = [
            one
            for subject, half in ((account, "crm"), (customer, "erp"))
            for one in (
                await tandem.bridge.client.get(
                    "/v1/reviews", params={"subject": subject, "half": half, "state": "open"}
                )
            ).json()["items"]
        ]
        assert len(asked) == 1, asked
        [candidate] = asked[0]["candidates"]
        assert {asked[0]["subject"], candidate["id"]} == {account, customer}
        path = f"/v1/reviews/{asked[0]['id']}/decision"
        answer = {"decision": "link", "candidate": candidate["id"]}
        keys = {"If-Match": f'"{asked[0]["version"]}"', "Idempotency-Key": str(uuid4())}
        decided = await tandem.bridge.client.post(path, json=answer, headers=keys)
        assert decided.is_success, decided.text
    await tandem.settled()
    for name in likely:
        [account] = await tandem.twins(tandem.crm, "/v1/accounts", q=name)
        assert "erp" in {one["system"] for one in account["external_refs"]}

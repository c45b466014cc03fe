"""What an act costs: every statement that reaches the database, BEGIN and COMMIT among them."""

import asyncio
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from sqlalchemy import event

CNY = {"amount": "12.00", "currency": "CNY"}
NOT_OF_THE_ACT = ("typeinfo_tree", "'jit'", "api_key", "default_transaction_read_only")
"""A new connection asks what types there are, and is told that it reads; who calls is asked anew
after five seconds."""


class Ear:
    """Hears what the ORM and what the driver itself send."""

    def __init__(self, engine):
        self.engine = engine.sync_engine
        self.heard = []
        self._hooks = (
            ("before_cursor_execute", self._by_orm),
            ("checkout", self._taken),
            ("checkin", self._given_back),
        )

    def _by_orm(self, _connection, _cursor, statement, *_rest):
        self.heard.append(statement)

    def _by_driver(self, record):
        if not any(word in record.query for word in NOT_OF_THE_ACT):
            self.heard.append(record.query)

    def _taken(self, dbapi, *_rest):
        dbapi.driver_connection.add_query_logger(self._by_driver)

    def _given_back(self, dbapi, *_rest):
        dbapi.driver_connection.remove_query_logger(self._by_driver)

    @asynccontextmanager
    async def expecting(self, most):
        """At most so many statements are heard in the block, and some."""
        self.heard.clear()
        for name, hook in self._hooks:
            event.listen(self.engine, name, hook)
        try:
            yield
            await asyncio.sleep(0)  # the driver tells its loggers in the loop's next turn
        finally:
            for name, hook in self._hooks:
                event.remove(self.engine, name, hook)
        assert 0 < len(self.heard) <= most, "\n".join(self.heard)


@pytest.fixture
async def ear(desk):
    """The ear, once the custom fields are known, which a process reads once, and the caller's key.

    The key costs a read every 5 seconds.
    """
    await desk.contact((await desk.account())["id"])
    await desk.add("/v1/product-prices", product=(await desk.product())["code"], price=CNY)
    await desk.client.get("/v1/accounts?limit=1")
    return Ear(desk.crm.database.engine)


@pytest.mark.parametrize(
    "path",
    [
        "accounts",
        "contacts",
        "products?sort=name",
        "product-prices",
        "users",
        "teams",
        "orders",
    ],
)
async def test_a_page_is_one_read(desk, ear, path):
    async with ear.expecting(1):
        assert (await desk.client.get(f"/v1/{path}")).status_code == 200


async def test_an_account_is_taken_on_by_six_statements(desk, ear):
    """Begin, key, row, view, event with the kept reply, commit."""
    async with ear.expecting(6):
        await desk.account()


async def test_a_change_is_six_statements_and_no_change_four(desk, ear):
    """Begin, lock, row, view, event, commit."""
    account = await desk.account()
    path = f"/v1/accounts/{account['id']}"
    async with ear.expecting(6):
        await desk.change(path, {"segment": "large"}, revision=1)
    async with ear.expecting(4):
        await desk.change(path, {"segment": "large"}, revision=2)


async def test_an_upsert_stays_within_the_budget(desk, ear):
    """Four for a repeat: that is what the bridge sends most."""
    key = desk.word()
    async with ear.expecting(9):
        await desk.send("/v1/accounts", key, 1, system="erp", name="Acme")
    async with ear.expecting(9):
        await desk.send("/v1/accounts", key, 2, system="erp", name="Acme Lamps")
    async with ear.expecting(4):
        await desk.send("/v1/accounts", key, 2, system="erp", name="Acme Lamps")


async def test_a_contact_stays_within_the_budget(desk, ear):
    account = await desk.account()
    async with ear.expecting(8):
        contact = await desk.contact(account["id"], primary=True)
    async with ear.expecting(9):
        await desk.change(f"/v1/contacts/{contact['id']}", {"title": "Buyer"}, revision=1)


async def test_products_and_prices_stay_within_the_budget(desk, ear):
    async with ear.expecting(8):
        product = await desk.product()
    async with ear.expecting(9):
        await desk.add("/v1/product-prices", product=product["code"], price=CNY)
    async with ear.expecting(2):
        await desk.see(f"/v1/products/{product['id']}/price?quantity=5")


async def test_an_order_is_placed_by_eight_statements_however_long(desk, ear):
    """Begin, key, account locked and read, products, order with lines, event and reply, commit."""
    account, codes = await desk.account(), [desk.word() for _ in range(20)]
    listed = [
        {"external_id": one, "source_version": 1, "code": one, "name": "Lamp", "list_price": CNY}
        for one in codes
    ]
    await desk.crm.post("/v1/products/by-external/shop/batch", {"items": listed})
    lines = [{"product": one, "quantity": "2"} for one in codes]
    for count in (1, 20):
        await desk.see("/v1/accounts?limit=1")
        async with ear.expecting(8):
            await desk.add("/v1/orders", account_id=account["id"], lines=lines[:count])


@pytest.mark.parametrize(("kind", "most"), [("accounts", 15), ("contacts", 19), ("products", 15)])
@pytest.mark.parametrize("many", [2, 40])
async def test_a_batch_takes_as_many_however_many(desk, ear, kind, most, many):
    """New ones and changed ones alike."""
    path, keys = f"/v1/{kind}/by-external/shop/batch", [desk.word() for _ in range(many)]
    account = await desk.account()
    for version, outcome in enumerate(("created", "updated"), 1):
        items = [
            {"external_id": key, "source_version": version, "name": f"Lamp {version}"}
            | ({"code": key} if kind == "products" else {})
            | ({"account_id": account["id"], "phone": "1"} if kind == "contacts" else {})
            for key in keys
        ]
        await desk.see("/v1/accounts?limit=1")
        async with ear.expecting(most):
            reply = await desk.crm.post(path, {"items": items})
        told = reply.json()["items"]
        assert {(one["status"], one["version"]) for one in told} == {(outcome, version)}


@pytest.mark.parametrize("many", [2, 40])
async def test_what_the_erp_tells_takes_as_many_statements_however_much_it_is(desk, ear, many):
    """Begin, key, one batch at a time, locks, savepoint, read, write, versions, reply, commit."""
    accounts = [await desk.account() for _ in range(many)]
    products = [await desk.product() for _ in range(many)]
    line = {"product": products[0]["code"], "quantity": "1", "unit_price": CNY}
    orders = [await desk.add("/v1/orders", account_id=one["id"], lines=[line]) for one in accounts]
    stands = {"number": "SO-1", "state": "confirmed"}
    told = {
        "order-fulfilments": [{"order_id": one["id"], "erp": stands} for one in orders],
        "product-availabilities": [
            {"product_id": one["id"], "free": "1", "incoming": "0"} for one in products
        ],
        "account-debts": [
            {"account_id": one["id"], "owes": "1", "told_at": "2026-01-01T00:00:00Z"}
            for one in accounts
        ],
    }
    for path, each in told.items():
        items = [{"external_id": str(uuid4()), "source_version": 1} | one for one in each]
        await desk.see("/v1/accounts?limit=1")
        async with ear.expecting(12):
            reply = await desk.crm.post(f"/v1/{path}/by-external/erp/batch", {"items": items})
        assert {one["status"] for one in reply.json()["items"]} == {"updated"}

"""What an act costs the database: statements counted, BEGIN and COMMIT among them."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import event

from erp.ledger.service.years import ensure_year

NOT_OF_THE_ACT = ("typeinfo_tree", "'jit'", "api_key", "default_transaction_read_only")
"""A new connection asks what types there are, and is told that it reads; who calls is asked anew
after five seconds."""


@asynccontextmanager
async def _listening(erp):
    """The statements that reach the database meanwhile, by the ORM or by the driver itself."""
    heard = []
    engine = erp.database.engine.sync_engine

    def by_orm(connection, cursor, statement, *_rest):
        heard.append(statement)

    def by_driver(query):
        if not any(word in query.query for word in NOT_OF_THE_ACT):
            heard.append(query.query)

    def checked_out(dbapi, *_rest):
        dbapi.driver_connection.add_query_logger(by_driver)

    def checked_in(dbapi, *_rest):
        dbapi.driver_connection.remove_query_logger(by_driver)

    event.listen(engine, "before_cursor_execute", by_orm)
    event.listen(engine, "checkout", checked_out)
    event.listen(engine, "checkin", checked_in)
    try:
        yield heard
        await asyncio.sleep(0)  # the driver tells its loggers in the loop's next turn
    finally:
        event.remove(engine, "before_cursor_execute", by_orm)
        event.remove(engine, "checkout", checked_out)
        event.remove(engine, "checkin", checked_in)


@pytest.fixture
async def counted(desk):
    """Counts the statements of one request, by a caller and with custom fields already known."""
    await desk.client.get("/v1/units")
    await desk.price((await desk.item())["sku"], "1")
    await desk.customer()

    @asynccontextmanager
    async def count(most):
        async with _listening(desk.erp) as heard:
            yield
        assert 0 < len(heard) <= most, "\n".join(heard)

    return count


async def test_a_list_page_is_one_statement(desk, counted):
    for path in ("/v1/customers?status=active", "/v1/items?sort=name", "/v1/prices"):
        async with counted(1):
            assert (await desk.client.get(path)).status_code == 200


async def test_a_search_takes_four(desk, counted):
    """Fold the question, plan for it, the page, plan as before."""
    async with counted(4):
        assert (await desk.client.get("/v1/customers?q=x&status=active")).status_code == 200


async def test_a_new_customer_takes_seven(desk, counted):
    """Begin, key, number, row, view, event with reply, commit."""
    async with counted(7):
        await desk.customer()


async def test_a_tax_id_costs_two_more(desk, counted):
    async with counted(9):
        await desk.customer(tax_id=desk.word("TAX"))


async def test_an_upsert_stays_within_the_budget(desk, counted):
    account, path = desk.word("account"), "/v1/customers"
    async with counted(10):
        await desk.send(path, account, 1, name="A")
    async with counted(8):
        await desk.send(path, account, 2, name="B")
    async with counted(4):
        await desk.send(path, account, 2, name="B")


async def test_a_new_item_and_price_stay_within_the_budget(desk, counted):
    async with counted(12):
        item = await desk.item()
    async with counted(12):
        await desk.price(item["sku"], "1")


async def test_an_invoice_takes_twelve(office, desk, counted):
    """Begin, key, terms, rates, rows, 2 for the entry, item, balance, number, events, commit."""
    customer = await desk.customer()
    async with counted(12):
        await office.does(
            "/v1/invoices",
            customer_id=customer["id"],
            lines=[{"description": "x", "unit_price": {"amount": "1", "currency": "CNY"}}],
        )


@pytest.mark.parametrize("many", [1, 20])
async def test_payments_take_fifteen_however_many(office, desk, counted, many):
    """The same for one as for twenty: nothing is done in a loop."""
    customers = [await desk.customer() for _ in range(many)]
    for one in customers:
        await office.invoices(one, "10")
    amount = {"amount": "10", "currency": "CNY"}
    items = [{"party_id": one["id"], "amount": amount} for one in customers]
    async with counted(15):
        booked = await office.does("/v1/payments/batch", items=items)
    assert {one["unallocated"] for one in booked["items"]} == {"0.00"}


async def test_a_price_lookup_is_three_reads(desk, counted):
    item = await desk.item()
    await desk.price(item["sku"], "1")
    async with counted(3):
        await desk.client.get(f"/v1/prices/lookup?sku={item['sku']}&quantity=1")


@pytest.mark.parametrize(("days", "most"), [(None, 12), (0, 13)])
async def test_a_confirm_of_three_lines_stays_within_the_budget(desk, counted, ahead, days, most):
    """At most 15 statements may be, BEGIN and COMMIT among them; it takes 12.

    E37: one more where goods are reserved only on the day they are needed.
    """
    ahead(days)
    customer = await desk.customer()
    items = [await desk.item() for _ in range(3)]
    price = {"amount": "1", "currency": "CNY"}
    lines = [{"item_id": item["id"], "quantity": "1", "unit_price": price} for item in items]
    draft = await desk.add("/v1/sales-orders", customer_id=customer["id"], lines=lines, draft=True)
    stock = [{"sku": item["sku"], "quantity": "5", "unit_cost": price} for item in items]
    async with desk.erp.database.transaction() as work:
        await ensure_year(work, work.today())
    assert (await desk.erp.post("/v1/stock-receipts", {"lines": stock})).status_code == 201
    async with counted(most):
        reply = await desk.erp.post(f"/v1/sales-orders/{draft['id']}/confirm", {})
    assert reply.json()["state"] == "confirmed"


@pytest.mark.parametrize("many", [1, 20])
async def test_prices_of_an_order_are_looked_up_at_once(desk, counted, many):
    """Three reads for the list's prices, however many lines name none."""
    customer, items = await desk.customer(), [await desk.item() for _ in range(many)]
    for item in items:
        await desk.add("/v1/prices", sku=item["sku"], price={"amount": "2.50", "currency": "CNY"})
    lines = [{"item_id": item["id"], "quantity": "2"} for item in items]
    async with counted(12):
        order = await desk.add(
            "/v1/sales-orders", customer_id=customer["id"], lines=lines, draft=True
        )
    assert {line["unit_price"] for line in order["lines"]} == {"2.50"}


@pytest.mark.parametrize("many", [2, 40])
async def test_a_batch_of_new_orders_takes_as_many_however_many(desk, counted, many):
    """Nothing is done once for each order; sent again, ten are enough to know them all."""
    customer, item = await desk.customer(), await desk.item()
    line = {
        "item_id": item["id"],
        "quantity": "1",
        "unit_price": {"amount": "1", "currency": "CNY"},
    }
    items = [
        {
            "external_id": desk.word("ORDER"),
            "source_version": 1,
            "customer_id": customer["id"],
            "lines": [line],
        }
        for _ in range(many)
    ]
    path = "/v1/sales-orders/by-external/crm/batch"
    async with counted(30):
        first = await desk.erp.post(path, {"items": items})
    assert {one["status"] for one in first.json()["items"]} == {"created"}
    async with counted(14):
        again = await desk.erp.post(path, {"items": items})
    assert {one["status"] for one in again.json()["items"]} == {"unchanged"}


@pytest.mark.parametrize(("facts", "most"), [({}, 20), ({"tax_code": "Z0"}, 21)])
@pytest.mark.parametrize("many", [2, 40])
async def test_a_batch_of_new_items_takes_as_many_however_many(desk, counted, many, facts, most):
    """Tax codes are asked for once, by one statement."""
    items = [
        {"external_id": sku, "source_version": 1, "sku": sku, "name": "Bolt"} | facts
        for sku in (desk.word("SKU") for _ in range(many))
    ]
    async with counted(most):
        reply = await desk.erp.post("/v1/items/by-external/shop/batch", {"items": items})
    assert {one["status"] for one in reply.json()["items"]} == {"created"}


@pytest.mark.parametrize(("kind", "most"), [("customers", 14), ("suppliers", 13), ("items", 16)])
@pytest.mark.parametrize("many", [2, 40])
async def test_a_batch_of_changes_takes_as_many_however_many(desk, counted, kind, many, most):
    path = f"/v1/{kind}/by-external/shop/batch"
    keys = [desk.word("K") for _ in range(many)]
    items = [
        {"external_id": key, "source_version": 1, "name": "Bolt"}
        | ({"sku": key} if kind == "items" else {})
        for key in keys
    ]
    await desk.erp.post(path, {"items": items})
    newer = [item | {"source_version": 2, "name": f"Bolt {item['external_id']}"} for item in items]
    async with counted(most):
        reply = await desk.erp.post(path, {"items": newer})
    told = reply.json()["items"]
    assert {(one["status"], one["version"]) for one in told} == {("updated", 2)}


LISTS = {
    "ix_customer_created_at": """select id from customer
        order by created_at desc, id desc limit 51""",
    "ix_customer_status_created_at": """select id from customer where status = 'archived'
        and (created_at, id) < (now(), '00000000-0000-7000-8000-000000000000')
        order by created_at desc, id desc limit 51""",
    "ix_customer_sort_key": "select id from customer order by sort_key, id limit 51",
    "ix_customer_updated_at": "select id from customer order by updated_at, id limit 51",
    "ix_customer_tax_id": "select id from customer where tax_id = 'T5' and tax_id <> ''",
    "ix_customer_email": "select id from customer where lower(email) = 'x' and email <> ''",
    "ix_customer_search_search": """select customer_id from customer_search
        where search_grams(search) @> '{499,999}'""",
}
"""Index -> a question that must be answered from it."""


@pytest.fixture(scope="module")
async def many(erp):
    """Five thousand customers, in a transaction that is rolled back."""
    async with erp.database.driver() as sql:
        deed = sql.transaction()
        await deed.start()
        await sql.execute(
            """insert into customer (id, version, created_at, updated_at, number, name, sort_key,
                  legal_name, tax_id, email, phone, website, language, currency,
                  payment_terms_days, status, bill_to, ship_to, dunning_block)
                select gen_random_uuid(), 1, now() - n * interval '1 s', now(), 'T-' || n,
                  'name ' || n, 'name ' || n, '', 'T' || n, n || '@b.example', '', '', '', 'CNY',
                  30, case when n % 3 = 0 then 'archived' else 'active' end, '{}', '{}', false
                from generate_series(1, 5000) n"""
        )
        await sql.execute("analyze customer, customer_search")
        # Rows that are not merged into a GIN index yet make it look dearer than it will be.
        await sql.execute("set local enable_seqscan = off")
        yield sql
        await deed.rollback()


@pytest.mark.parametrize("index", LISTS)
async def test_lists_read_an_index(many, index):
    """No page reads the whole table, whatever is asked."""
    plan = "\n".join(row[0] for row in await many.fetch(f"explain {LISTS[index]}"))
    assert f"using {index} on" in plan or f"Scan on {index} " in plan, plan


async def test_states_of_many_records_take_as_many_statements_as_of_one(desk, counted):
    for state in desk.erp.service.states:
        async with counted(7):
            kind = state.type_for("erp")
            path = f"/v1/events/states?type={kind}&limit=500"
            assert (await desk.client.get(path)).status_code == 200

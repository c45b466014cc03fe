"""What a linked ERP sends of stock and debts: the newest is shown where people look."""

from uuid import uuid4

import pytest

ORDERS = "/v1/orders"


@pytest.fixture
def sends(desk):
    """Send something as the bridge does; the reply."""

    async def send(path, **values):
        return await desk.client.put(f"/v1/{path}/by-external/erp/{uuid4()}", json=values)

    return send


async def test_a_product_shows_what_is_free_of_it_and_expected(desk, sends):
    """B41: an older word does not overwrite a newer one, and it is no change of the product."""
    product = await desk.product()
    assert product["availability"] is None
    for version, free in ((3, "7"), (2, "9")):
        reply = await sends(
            "product-availabilities",
            source_version=version,
            product_id=product["id"],
            free=free,
            incoming="2.5",
        )
        assert reply.status_code == 200, reply.text
    view = await desk.see(f"/v1/products/{product['id']}")
    assert view["availability"].pop("told_at")
    assert view["availability"] == {"free": "7", "incoming": "2.5"}
    assert view["version"] == product["version"]
    listed = await desk.see(f"/v1/products?code={product['code']}")
    assert listed["items"][0]["availability"]["free"] == "7"


async def test_an_account_and_its_orders_show_what_is_owed(desk, sends):
    """B41: the later word holds, whichever comes last; below zero the customer paid ahead."""
    account, product = await desk.account(), await desk.product()
    line = {
        "product": product["id"],
        "quantity": "1",
        "unit_price": {"amount": "9.00", "currency": "CNY"},
    }
    order = await desk.add(ORDERS, account_id=account["id"], lines=[line])
    assert (account["owes"], order["customer_owes"]) == (None, None)
    for told_at, owes, shown in (
        ("2026-01-02T00:00:00Z", "52.50", "52.50"),
        ("2026-01-01T00:00:00Z", "99.00", "52.50"),
        ("2026-01-03T00:00:00Z", "-3", "-3.00"),
    ):
        values = {"source_version": 1, "account_id": account["id"]}
        reply = await sends("account-debts", owes=owes, told_at=told_at, **values)
        assert reply.status_code == 200, reply.text
        view = await desk.see(f"/v1/accounts/{account['id']}")
        assert (view["owes"]["amount"], view["owes"]["currency"]) == (shown, "CNY")
    assert view["owes"]["told_at"].startswith("2026-01-03T00:00:00")
    assert view["version"] == account["version"]
    [listed] = (await desk.see(f"/v1/accounts?q={account['name']}"))["items"]
    assert listed["owes"] == view["owes"]
    assert (await desk.see(f"{ORDERS}/{order['id']}"))["customer_owes"] == "-3.00"
    assert len(await desk.events_of(account["id"])) == 1


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("product-availabilities", {"product_id": str(uuid4()), "free": "1", "incoming": "0"}),
        (
            "account-debts",
            {"account_id": str(uuid4()), "owes": "1", "told_at": "2026-01-01T00:00:00Z"},
        ),
    ],
)
async def test_what_is_sent_of_an_unknown_record_is_refused(sends, problem, path, values):
    problem(await sends(path, source_version=1, **values), 404, "not_found")


async def test_a_version_that_would_block_later_ones_is_refused(desk, sends, problem):
    account, product = await desk.account(), await desk.product()
    stock = {"product_id": product["id"], "incoming": "0"}
    first = await sends("product-availabilities", source_version=1, free="1", **stock)
    assert first.status_code == 200
    far = await sends("product-availabilities", source_version=2**53 - 1, free="9", **stock)
    assert problem(far, 422, "version_too_far")["facts"]["last"] == 1
    assert (await desk.see(f"/v1/products/{product['id']}"))["availability"]["free"] == "1"
    order = await desk.order(account["id"], product["id"])
    sent = {"order_id": order["id"], "erp": {"number": "SO-1", "state": "confirmed"}}
    assert (await sends("order-fulfilments", source_version=3, **sent)).status_code == 200
    frozen = sent | {"erp": {"number": "SO-1", "state": "cancelled"}}
    far = await sends("order-fulfilments", source_version=2**53 - 1, **frozen)
    assert problem(far, 422, "version_too_far")["facts"]["last"] == 3
    assert (await desk.see(f"{ORDERS}/{order['id']}"))["erp"]["state"] == "confirmed"
    late = {"account_id": account["id"], "owes": "1", "told_at": "2900-01-01T00:00:00Z"}
    wrong = problem(await sends("account-debts", source_version=1, **late), 422, "invalid_input")
    assert [(one["pointer"], one["code"]) for one in wrong["errors"]] == [
        ("/told_at", "in_the_future")
    ]
    assert (await desk.see(f"/v1/accounts/{account['id']}"))["owes"] is None


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("product-availabilities", {"free": "-1"}),
        ("product-availabilities", {"incoming": 3}),
        ("account-debts", {"owes": "a lot"}),
        ("account-debts", {"told_at": "yesterday"}),
    ],
)
async def test_what_is_malformed_is_refused_and_not_stored(desk, sends, problem, path, wrong):
    account, product = await desk.account(), await desk.product()
    good = {
        "product-availabilities": {"product_id": product["id"], "free": "1", "incoming": "0"},
        "account-debts": {
            "account_id": account["id"],
            "owes": "1",
            "told_at": "2026-01-01T00:00:00Z",
        },
    }[path]
    problem(await sends(path, **good | wrong, source_version=1), 422, "invalid_input")
    assert (await desk.see(f"/v1/accounts/{account['id']}"))["owes"] is None
    assert (await desk.see(f"/v1/products/{product['id']}"))["availability"] is None


async def test_amounts_in_another_currency_are_refused(desk, sends, problem):
    """E3: a currency may be named beside them; it is the company's."""
    account, product = await desk.account(), await desk.product()
    order = await desk.order(account["id"], product["id"])
    owed = {"account_id": account["id"], "owes": "1", "told_at": "2026-01-01T00:00:00Z"}
    erp = {"order_id": order["id"], "erp": {"number": "SO-1", "state": "confirmed"}}
    foreign = erp | {"erp": erp["erp"] | {"currency": "USD"}}
    for path, sent in (
        ("account-debts", owed | {"currency": "USD"}),
        ("order-fulfilments", foreign),
    ):
        reply = await sends(path, source_version=1, **sent)
        problem(reply, 422, "currency_not_supported")
    own = owed | {"currency": "CNY"}
    assert (await sends("account-debts", source_version=1, **own)).status_code == 200

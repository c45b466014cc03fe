"""Orders that other systems send together, what would become of them, and how orders are found."""

import pytest

BATCH = "/v1/orders/by-external/shop/batch"
ORDERS = "/v1/orders"


class Shop:
    """A system that sends its orders: one customer, one product, keys of its own."""

    def __init__(self, desk, account, product):
        self.desk, self.account, self.product = desk, account, product

    def order(self, key=None, version=1, **values):
        line = {
            "product": self.product["code"],
            "quantity": "2",
            "unit_price": {"amount": "4.50", "currency": "CNY"},
        }
        sent = {"account_id": self.account["id"], "lines": [line]} | values
        return sent | {"external_id": key or self.desk.word(), "source_version": version}

    async def sends(self, *items, dry=False):
        reply = await self.desk.crm.post(f"{BATCH}?dry_run={str(dry).lower()}", {"items": items})
        assert reply.status_code == 200, reply.text
        return reply.json()["items"]

    async def placed(self, **wanted):
        return await self.desk.listed(ORDERS, account_id=self.account["id"], **wanted)


@pytest.fixture
async def shop(desk):
    return Shop(desk, await desk.account(), await desk.product())


async def test_a_batch_judges_each_order_alone(shop, desk):
    """B44: a bad one does not fail the others; what was refused leaves nothing behind."""
    bad = [
        shop.order(lines=[{"product": "no-such-product", "quantity": "1"}]),
        shop.order(account_id="01890000-0000-7000-8000-000000000000"),
        shop.order(lines=[{"product": shop.product["code"], "quantity": "1"}]),
        shop.order(freight={"amount": "1.00", "currency": "USD"}),
    ]
    first, last = shop.order(), shop.order(note="last")
    outcomes = await shop.sends(first, *bad, last)
    assert [one["status"] for one in outcomes] == ["created", *["failed"] * 4, "created"]
    assert [one["problem"]["code"] for one in outcomes[1:-1]] == [
        "missing_reference",
        "missing_reference",
        "price_missing",
        "currency_not_supported",
    ]
    made = [outcomes[0]["id"], outcomes[-1]["id"]]
    assert sorted(await shop.placed()) == sorted(made)
    assert [len(await desk.events_of(one)) for one in made] == [1, 1]
    refs = "select count(*) as left_over from external_reference where external_id = any($1)"
    [found] = await desk.rows(refs, [one["external_id"] for one in bad])
    assert found["left_over"] == 0


async def test_a_refused_one_is_taken_once_it_is_right(shop):
    key = shop.desk.word()
    [refused] = await shop.sends(shop.order(key, lines=[{"product": "none", "quantity": "1"}]))
    [taken] = await shop.sends(shop.order(key))
    assert (refused["status"], taken["status"]) == ("failed", "created")


async def test_the_same_order_twice_in_a_batch_is_one(shop, desk):
    """B41, B44: order inside a batch is kept for each key."""
    key = desk.word()
    sent = [shop.order(key, 1), shop.order(key, 3, note="newer"), shop.order(key, 2, note="older")]
    outcomes = await shop.sends(*sent)
    assert [one["status"] for one in outcomes] == ["created", "updated", "stale"]
    assert [one["version"] for one in outcomes] == [1, 2, 2]
    [order_id] = await shop.placed()
    assert (await desk.see(f"{ORDERS}/{order_id}"))["note"] == "newer"
    assert [one["aggregate_version"] for one in await desk.events_of(order_id)] == [1, 2]


async def test_a_dry_run_says_what_would_become_of_each_and_does_nothing(shop, desk):
    known = shop.order()
    [made] = await shop.sends(known)
    changed = shop.order(known["external_id"], 2, note="would be new")
    broken = shop.order(lines=[{"product": "none", "quantity": "1"}])
    outcomes = await shop.sends(shop.order(), changed, broken, dry=True)
    assert [one["status"] for one in outcomes] == ["created", "updated", "failed"]
    assert await shop.placed() == [made["id"]]
    view = await desk.see(f"{ORDERS}/{made['id']}")
    assert (view["version"], view["note"]) == (1, "")
    assert len(await desk.events_of(made["id"])) == 1
    [again] = await shop.sends(changed)
    assert again["status"] == "updated"


async def test_a_dry_run_needs_no_key(shop):
    """C67: nothing is done, so nothing can be done twice."""
    body = {"items": [shop.order()]}
    dry = await shop.desk.client.post(f"{BATCH}?dry_run=true", json=body)
    real = await shop.desk.client.post(BATCH, json=body)
    assert (dry.status_code, real.status_code) == (200, 400)
    assert real.json()["code"] == "idempotency_key_required"


@pytest.mark.parametrize("count", [0, 201])
async def test_a_batch_has_one_to_two_hundred_orders(shop, problem, count):
    reply = await shop.desk.crm.post(BATCH, {"items": [shop.order() for _ in range(count)]})
    [error] = problem(reply, 422, "invalid_input")["errors"]
    assert error["pointer"] == "/items"
    assert await shop.placed() == []


async def test_orders_are_found_by_what_people_know_of_them(shop, desk):
    sent = shop.order(ordered_on=None)
    [made] = await shop.sends(sent)
    order = await desk.see(f"{ORDERS}/{made['id']}")
    other = await Shop(desk, await desk.account(), shop.product).sends(shop.order())
    cancelled = await desk.crm.post(f"{ORDERS}/{other[0]['id']}/cancel", None)
    assert cancelled.status_code == 200
    here = {"external_system": "shop"}
    for wanted, found in (
        ({"number": order["number"]}, [order["id"]]),
        ({"external_id": sent["external_id"]} | here, [order["id"]]),
        ({"account_id": shop.account["id"], "state": "placed"}, [order["id"], other[0]["id"]]),
    ):
        assert set(await desk.listed(ORDERS, **wanted)) <= set(found), wanted
        assert order["id"] in await desk.listed(ORDERS, **wanted), wanted
    for none in (
        {"number": "O-none"},
        {"external_id": sent["external_id"], "external_system": "erp"},
        {"account_id": "01890000-0000-7000-8000-000000000000"},
        {"account_id": shop.account["id"], "state": "cancelled"},
    ):
        assert order["id"] not in await desk.listed(ORDERS, **none), none


async def test_pages_show_each_order_once_the_newest_first(shop, desk):
    made = [one["id"] for one in await shop.sends(*(shop.order() for _ in range(5)))]
    view: list[str] = []
    cursor = None
    while cursor is not None or not view:
        asked = {"account_id": shop.account["id"], "limit": 2} | (
            {"cursor": cursor} if cursor else {}
        )
        page = (await desk.client.get(ORDERS, params=asked)).json()
        view += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert sorted(view) == sorted(made)
    allocate_oldest_first = await shop.placed(sort="created_at")
    assert allocate_oldest_first == view[::-1]


@pytest.mark.parametrize(
    "question", ["state=lost", "account_id=17", "sort=note", "limit=0", "limit=201", "cursor=x"]
)
async def test_wrong_questions_are_refused(desk, question):
    reply = await desk.client.get(f"{ORDERS}?{question}")
    assert reply.status_code in {400, 422}, reply.text
    assert reply.json()["code"] in {"invalid_input", "invalid_cursor"}

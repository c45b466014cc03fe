"""Price lists and prices: one price for an item, quantity and day."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest

from chassis.clock import business_day, frozen

pytestmark = pytest.mark.business_day

PATH = "/v1/prices"
LISTS = "/v1/price-lists"


def money(amount, currency="CNY"):
    return {"amount": amount, "currency": currency}


async def lookup(desk, sku, quantity="1", **query):
    return await desk.client.get(
        f"{PATH}/lookup", params={"sku": sku, "quantity": quantity} | query
    )


async def test_a_new_price_holds_for_any_quantity_for_ever(desk):
    item = await desk.item()
    reply = await desk.erp.post(PATH, {"sku": item["sku"], "price": money("9.9")})
    price = reply.json()
    assert (reply.status_code, reply.headers["ETag"]) == (201, '"1"')
    assert reply.headers["Location"] == f"{PATH}/{price['id']}"
    assert (price["item_id"], price["price_list"]) == (item["id"], "standard")
    assert (price["min_quantity"], price["valid_from"], price["valid_to"]) == ("0", None, None)
    assert (price["price"], price["status"]) == (money("9.90"), "active")
    assert await desk.see(f"{PATH}/{price['id']}") == price


@pytest.mark.parametrize(("unit", "least"), [("KGM", "0.000001"), ("MTR", "0.5"), ("GRM", "0.001")])
async def test_a_price_without_a_minimum_holds_for_a_part_of_a_unit(desk, unit, least):
    item = await desk.item(unit=unit)
    await desk.price(item["sku"], "10")
    await desk.price(item["sku"], "9", min_quantity="1")
    assert (await lookup(desk, item["sku"], least)).json()["price"]["amount"] == "10.00"
    assert (await lookup(desk, item["sku"], "1")).json()["price"]["amount"] == "9.00"


@pytest.mark.parametrize(("unit", "least"), [("C62", "1"), ("KGM", "0.000001"), ("GRM", "0.001")])
async def test_the_least_quantity_there_is_is_no_minimum(desk, problem, unit, least):
    """So two prices from the first piece on stand not beside each other."""
    item = await desk.item(unit=unit)
    price = await desk.price(item["sku"], "10", min_quantity=least)
    assert price["min_quantity"] == "0"
    reply = await desk.erp.post(PATH, {"sku": item["sku"], "price": money("9")})
    problem(reply, 409, "overlapping_price")
    path = f"{PATH}/{price['id']}"
    assert (await desk.change(path, {"min_quantity": least}, revision=1)).json() == price


async def test_a_minimum_follows_the_unit_of_the_item(desk):
    """From 1 kg on is a minimum; from 1 piece on is none."""
    weighed, counted, key = await desk.item(unit="KGM"), await desk.item(), desk.word()
    facts = {"price": money("1"), "min_quantity": "1"}
    first = await desk.send(PATH, key, 1, "pim", sku=weighed["sku"], **facts)
    moved = await desk.send(PATH, key, 2, "pim", sku=counted["sku"])
    assert [reply.json()["min_quantity"] for reply in (first, moved)] == ["1", "0"]


async def test_a_price_is_kept_as_agreed(desk):
    """E3: six decimals, and the product alone is rounded."""
    item = await desk.item(unit="KGM")
    price = await desk.price(item["sku"], "0.123456", min_quantity="0.000001")
    assert price["price"]["amount"] == "0.123456"
    found = (await lookup(desk, item["sku"], "3")).json()
    assert (found["price"], found["net"]) == (money("0.123456"), money("0.37"))
    tenth = (await lookup(desk, item["sku"], "0.3")).json()
    assert tenth["net"] == money("0.04")


async def test_a_price_is_told_with_the_whole_state(desk):
    """B03, C67: amount and currency as text."""
    item = await desk.item()
    price = await desk.price(item["sku"], "12.5", min_quantity="10", valid_from="2026-01-01")
    [event] = await desk.events_of(price["id"])
    assert (event["type"], event["topic"]) == ("tandem.erp.price-changed.v1", "erp.price.v1")
    state = event["payload"]
    assert state.pop("changed") == sorted(state.keys() - {"id", "version"})
    assert state == {
        "id": price["id"],
        "version": 1,
        "item_id": item["id"],
        "sku": item["sku"],
        "price_list": "standard",
        "min_quantity": "10",
        "valid_from": "2026-01-01",
        "valid_to": None,
        "amount": "12.50",
        "currency": "CNY",
        "status": "active",
        "custom": {},
    }


@pytest.mark.parametrize(
    ("facts", "pointer"),
    [
        ({"price": money("-1")}, "/price/amount"),
        ({"price": money(1)}, "/price/amount"),
        ({"price": money("0.1234567")}, "/price/amount"),
        ({"price": money("1"), "min_quantity": "-5"}, "/min_quantity"),
        ({"price": money("1"), "min_quantity": 5}, "/min_quantity"),
        ({"price": money("1"), "valid_from": "2026-02-30"}, "/valid_from"),
        ({}, "/price"),
    ],
)
async def test_wrong_fields_are_named_and_nothing_is_made(desk, problem, facts, pointer):
    item = await desk.item()
    told = problem(await desk.erp.post(PATH, {"sku": item["sku"]} | facts), 422, "invalid_input")
    assert [error["pointer"] for error in told["errors"]] == [pointer]
    assert await desk.count("price", "item_id = $1::text::uuid", item["id"]) == 0


@pytest.mark.parametrize("facts", [{"sku": "no-such"}, {"price_list": "no-such"}])
async def test_item_and_list_must_exist(desk, problem, facts):
    """B54."""
    item = await desk.item()
    reply = await desk.erp.post(PATH, {"sku": item["sku"], "price": money("1")} | facts)
    problem(reply, 422, "missing_reference")


async def test_another_currency_is_refused_not_ignored(desk, problem):
    item = await desk.item()
    reply = await desk.erp.post(PATH, {"sku": item["sku"], "price": money("1", "USD")})
    problem(reply, 422, "currency_not_supported")


async def test_a_list_in_another_currency_takes_no_price_of_ours(desk, problem):
    """Such a list may be there from before; it is not quietly read as ours."""
    item, code = await desk.item(), desk.word("L")
    listed = await desk.add(LISTS, code=code, name="Old")
    async with desk.erp.database.driver() as sql:
        await sql.execute("update price_list set currency = 'USD' where id = $1", listed["id"])
    body = {"sku": item["sku"], "price_list": code, "price": money("1")}
    told = problem(await desk.erp.post(PATH, body), 422, "currency_not_supported")
    assert told["facts"]["supported"] == "USD"


async def test_whole_pieces_take_no_fraction(desk, problem):
    """E39."""
    item = await desk.item()
    facts = {"sku": item["sku"], "price": money("1"), "min_quantity": "1.5"}
    problem(await desk.erp.post(PATH, facts), 422, "fraction_of_unit")
    await desk.price(item["sku"], "1")
    problem(await lookup(desk, item["sku"], "1.5"), 422, "fraction_of_unit")


async def test_a_period_ends_after_it_begins(desk, problem):
    item = await desk.item()
    facts = {"valid_from": "2026-02-01", "valid_to": "2026-01-31"}
    reply = await desk.erp.post(PATH, {"sku": item["sku"], "price": money("1")} | facts)
    problem(reply, 422, "reversed_period")
    await desk.price(item["sku"], "1", valid_from="2026-02-01", valid_to="2026-02-01")


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-01-01", "2026-01-31"),
        ("2026-01-31", "2026-02-05"),
        ("2025-12-31", "2026-01-30"),
        ("2025-06-01", "2026-01-01"),
    ],
)
async def test_two_periods_that_cross_are_refused(desk, problem, first, last):
    item = await desk.item()
    january = await desk.price(item["sku"], "1", valid_from="2026-01-01", valid_to="2026-01-31")
    facts = {"valid_from": first, "valid_to": last}
    reply = await desk.erp.post(PATH, {"sku": item["sku"], "price": money("2")} | facts)
    assert problem(reply, 409, "overlapping_price")["facts"]["existing_id"] == january["id"]


@pytest.mark.parametrize(
    ("first", "last"), [(None, None), ("2025-01-01", None), (None, "2026-01-01")]
)
async def test_two_open_periods_never_overlap(desk, problem, first, last):
    item = await desk.item()
    usual = await desk.price(item["sku"], "1", valid_from="2026-01-01")
    facts = {"valid_from": first, "valid_to": last}
    reply = await desk.erp.post(PATH, {"sku": item["sku"], "price": money("2")} | facts)
    assert problem(reply, 409, "overlapping_price")["facts"]["existing_id"] == usual["id"]


PROMOTION = {"valid_from": "2026-12-01", "valid_to": "2026-12-14"}


@pytest.mark.parametrize(
    "usual",
    [
        {},
        {"valid_from": "2026-06-01"},
        {"valid_to": "2026-12-31"},
        {"valid_from": "2026-01-01", "valid_to": "2026-12-31"},
    ],
)
async def test_a_promotion_holds_within_the_period_of_another_price(desk, usual):
    """Whichever was entered first; before and after it the usual price holds."""
    for order in (0, 1):
        item = await desk.item()
        prices = [("10.00", usual), ("8.00", PROMOTION)]
        for amount, period in prices[order:] + prices[:order]:
            await desk.price(item["sku"], amount, **period)
        found = [
            (await lookup(desk, item["sku"], on=on)).json()["price"]["amount"]
            for on in ("2026-11-30", "2026-12-01", "2026-12-14", "2026-12-15")
        ]
        assert found == ["10.00", "8.00", "8.00", "10.00"]


async def test_a_promotion_may_lie_in_two_open_prices_and_hold_another(desk):
    item = await desk.item()
    await desk.price(item["sku"], "10.00", valid_to="2026-12-06")
    await desk.price(item["sku"], "11.00", valid_from="2026-12-07")
    await desk.price(item["sku"], "8.00", **PROMOTION)
    await desk.price(item["sku"], "5.00", valid_from="2026-12-12", valid_to="2026-12-12")
    found = [
        (await lookup(desk, item["sku"], on=f"2026-12-{day}")).json()["price"]["amount"]
        for day in ("06", "07", "12", "13", "15")
    ]
    assert found == ["8.00", "8.00", "5.00", "8.00", "11.00"]


async def test_the_largest_minimum_reached_goes_before_the_shortest_period(desk):
    """What holds from 10 on goes on holding; a promotion of it is entered from 10 on."""
    item = await desk.item()
    await desk.price(item["sku"], "9.00", min_quantity="10")
    await desk.price(item["sku"], "8.00", **PROMOTION)
    day = {"on": "2026-12-01"}
    assert (await lookup(desk, item["sku"], "10", **day)).json()["price"]["amount"] == "9.00"
    await desk.price(item["sku"], "7.50", min_quantity="10", **PROMOTION)
    assert (await lookup(desk, item["sku"], "10", **day)).json()["price"]["amount"] == "7.50"


async def test_an_order_of_the_day_takes_the_promotion(desk):
    item, customer = await desk.item(), await desk.customer()
    await desk.price(item["sku"], "10.00")
    today = business_day(desk.erp.settings.time_zone).isoformat()
    await desk.price(item["sku"], "8.00", valid_from=today, valid_to=today)
    line = {"sku": item["sku"], "quantity": "2"}
    order = await desk.add("/v1/sales-orders", customer_id=customer["id"], lines=[line])
    assert order["lines"][0]["unit_price"] == "8.00"


async def test_the_database_itself_leaves_one_price_for_a_day(desk):
    """What the program forgets, the exclusion constraint remembers."""
    item = await desk.item()
    await desk.price(item["sku"], "10.00")
    await desk.price(item["sku"], "8.00", **PROMOTION)
    for first, last in ((None, "2026-01-01"), ("2026-12-14", "2026-12-27")):
        async with desk.erp.database.driver() as sql:
            with pytest.raises(asyncpg.ExclusionViolationError, match="ex_price_overlap"):
                await sql.execute(
                    """insert into price select gen_random_uuid(), version, created_at, updated_at,
                         item_id, price_list_id, min_quantity, $2::text::date, $3::text::date,
                         amount, status from price where item_id = $1 limit 1""",
                    item["id"],
                    first,
                    last,
                )


async def test_prices_beside_each_other_do_not_overlap(desk):
    item, other = await desk.item(), await desk.item()
    code = desk.word("L")
    await desk.add(LISTS, code=code, name="Dealers")
    await desk.price(item["sku"], "1", valid_to="2026-01-31")
    await desk.price(item["sku"], "2", valid_from="2026-02-01")
    await desk.price(item["sku"], "3", min_quantity="10")
    await desk.price(item["sku"], "4", price_list=code)
    await desk.price(other["sku"], "5")


async def test_one_of_eight_overlapping_prices_is_taken(desk):
    """The constraint is the database's; the refusals are clear all the same."""
    item = await desk.item()
    body = {"sku": item["sku"], "price": money("1")}
    replies = await asyncio.gather(*(desk.erp.post(PATH, body) for _ in range(8)))
    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 7


async def test_a_withdrawn_price_makes_room(desk):
    item = await desk.item()
    price = await desk.price(item["sku"], "1")
    path = f"{PATH}/{price['id']}"
    for _ in range(2):
        assert (await desk.erp.post(f"{path}/withdraw", None)).json()["status"] == "withdrawn"
    assert [e["payload"]["status"] for e in await desk.events_of(price["id"])] == [
        "active",
        "withdrawn",
    ]
    await desk.price(item["sku"], "2")


async def test_a_change_keeps_what_it_does_not_name(desk, problem):
    item = await desk.item()
    price = await desk.price(item["sku"], "1", valid_from="2026-01-01")
    path = f"{PATH}/{price['id']}"
    changed = (await desk.change(path, {"price": money("1.25")}, revision=1)).json()
    assert (changed["price"], changed["valid_from"]) == (money("1.25"), "2026-01-01")
    assert (await desk.events_of(price["id"]))[1]["payload"]["changed"] == ["amount"]
    same = await desk.change(path, {"price": money("1.250000"), "min_quantity": "0.0"}, revision=2)
    assert same.json() == changed
    problem(await desk.change(path, {"price": money("2")}, revision=1), 412, "stale_revision")
    problem(await desk.change(path, {"price": None}, revision=2), 422, "invalid_input")
    other = await desk.price(item["sku"], "2", valid_to="2025-12-31")
    reply = await desk.change(f"{PATH}/{other['id']}", {"valid_to": None}, revision=1)
    problem(reply, 409, "overlapping_price")


async def test_the_price_for_the_quantity_and_day(desk, problem):
    item, code = await desk.item(), desk.word("L")
    await desk.add(LISTS, code=code, name="Dealers")
    await desk.price(item["sku"], "10.00", valid_from="2026-01-01", valid_to="2026-06-30")
    await desk.price(item["sku"], "8.00", min_quantity="10", valid_from="2026-01-01")
    await desk.price(item["sku"], "7.00", price_list=code)

    async def amount(quantity, on, **query):
        reply = await lookup(desk, item["sku"], quantity, on=on, **query)
        return reply.json()["price"]["amount"] if reply.status_code == 200 else reply.json()["code"]

    assert await amount("9", "2026-06-30") == "10.00"
    assert await amount("10", "2026-06-30") == "8.00"
    assert await amount("9", "2026-07-01") == "no_price"
    assert await amount("10", "2025-12-31") == "no_price"
    assert await amount("1", "2025-12-31", price_list=code) == "7.00"
    told = problem(await lookup(desk, item["sku"], on="2025-01-01"), 404, "no_price")
    assert told["facts"]["on"] == "2025-01-01"


async def test_without_a_day_it_is_today_in_the_installations_zone(desk, problem):
    """House decision 15: at 17:00 UTC it is the next day in Shanghai."""
    item = await desk.item()
    await desk.price(item["sku"], "1", valid_from="2026-03-02")
    with frozen(datetime(2026, 3, 1, 15, 59, tzinfo=UTC)):
        problem(await lookup(desk, item["sku"]), 404, "no_price")
    with frozen(datetime(2026, 3, 1, 16, 0, tzinfo=UTC)):
        assert (await lookup(desk, item["sku"])).status_code == 200


async def test_a_quantity_in_another_unit(desk, problem):
    """E39: boxes are counted as the pieces in them."""
    item = await desk.item(conversions=[{"unit": "BX", "numerator": 12}])
    await desk.price(item["sku"], "1.00")
    await desk.price(item["sku"], "0.90", min_quantity="24")
    found = (await lookup(desk, item["sku"], "2", unit="BX")).json()
    assert (found["unit"], found["quantity"]) == ("C62", "24")
    assert (found["price"]["amount"], found["net"]) == ("0.90", money("21.60"))
    assert (await lookup(desk, item["sku"], "1", unit="C62")).json()["quantity"] == "1"
    problem(await lookup(desk, item["sku"], "1.3", unit="BX"), 422, "fraction_of_unit")
    problem(await lookup(desk, item["sku"], "1", unit="PK"), 422, "missing_reference")


@pytest.mark.parametrize("quantity", ["0", "-1", "1e3", "x", "", "0.0000001"])
async def test_a_lookup_needs_a_quantity(desk, problem, quantity):
    problem(await lookup(desk, "any", quantity), 422, "invalid_input")


async def test_a_lookup_of_nothing_known(desk, problem):
    problem(await lookup(desk, desk.word()), 404, "not_found")
    item = await desk.item()
    problem(await lookup(desk, item["sku"], price_list="no-such"), 422, "missing_reference")
    problem(await desk.client.get(f"{PATH}/{uuid4()}"), 404, "not_found")
    problem(await desk.erp.post(f"{PATH}/{uuid4()}/withdraw", None), 404, "not_found")


async def test_prices_are_found_by_item_list_and_day(desk):
    item = await desk.item()
    old = await desk.price(item["sku"], "1", valid_to="2026-01-31")
    new = await desk.price(item["sku"], "2", valid_from="2026-02-01")

    async def found(**query):
        reply = await desk.client.get(PATH, params=query)
        assert reply.status_code == 200, reply.text
        return [price["id"] for price in reply.json()["items"]]

    assert await found(sku=item["sku"]) == [new["id"], old["id"]]
    assert await found(item_id=item["id"], valid_on="2026-01-31") == [old["id"]]
    assert await found(item_id=item["id"], price_list="standard", limit=1) == [new["id"]]
    assert await found(item_id=item["id"], status="withdrawn") == []
    assert await found(item_id=item["id"], price_list="no-such") == []


async def test_prices_of_another_system(desk, problem):
    """B41, B43, B45, B54."""
    item, key = await desk.item(), desk.word()
    facts = {"sku": item["sku"], "price": money("1")}
    made = await asyncio.gather(*(desk.send(PATH, key, 1, "pim", **facts) for _ in range(8)))
    assert len({reply.json()["id"] for reply in made}) == 1
    price = made[0].json()
    newer = await desk.send(PATH, key, 2, "pim", price=money("2"))
    assert (newer.headers["Tandem-Outcome"], newer.json()["price"]) == ("updated", money("2.00"))
    same = await desk.send(PATH, key, 3, "pim", **facts | {"price": money("2")})
    assert (same.headers["Tandem-Outcome"], same.json()["version"]) == ("unchanged", 2)
    gone = await desk.send(PATH, key, 4, "pim", status="withdrawn")
    assert gone.json()["status"] == "withdrawn"
    other = await desk.item()
    moved = await desk.send(PATH, key, 5, "pim", sku=other["sku"], status="active")
    assert moved.json()["sku"] == other["sku"]
    assert len(await desk.events_of(price["id"])) == 4
    early = await desk.send(PATH, desk.word(), 1, "pim", sku=desk.word("SKU"), price=money("1"))
    problem(early, 422, "missing_reference")
    bare = problem(await desk.send(PATH, desk.word(), 1, "pim"), 422, "invalid_input")
    assert [error["pointer"] for error in bare["errors"]] == ["/sku", "/price"]


async def test_a_batch_of_prices_and_a_link(desk):
    """B44."""
    item = await desk.item()
    items = [
        {"external_id": desk.word(), "source_version": 1, "sku": item["sku"], "price": money("1")},
        {"external_id": desk.word(), "source_version": 1, "sku": item["sku"], "price": money("2")},
    ]
    reply = await desk.erp.post(f"{PATH}/by-external/pim/batch", {"items": items})
    made, refused = reply.json()["items"]
    assert (made["status"], refused["status"]) == ("created", "failed")
    assert refused["problem"]["code"] == "overlapping_price"
    link = {"system": "shop", "external_id": desk.word()}
    linked = await desk.erp.post(f"{PATH}/{made['id']}/external-refs", link)
    assert link in linked.json()["external_refs"]


async def test_the_standard_list_is_there(desk):
    page = (await desk.client.get(LISTS, params={"limit": 200})).json()
    [standard] = [one for one in page["items"] if one["code"] == "standard"]
    assert standard["currency"] == "CNY"
    assert [one["code"] for one in page["items"] if one["is_default"]] == ["standard"]


async def test_a_list_of_ones_own(desk, problem):
    code = desk.word("L")
    listed = await desk.add(LISTS, code=code, name="Dealers")
    path = f"{LISTS}/{listed['id']}"
    assert (listed["currency"], listed["is_default"]) == ("CNY", False)
    renamed = await desk.change(path, {"name": "Big dealers"}, revision=1)
    assert (renamed.json()["name"], renamed.headers["ETag"]) == ("Big dealers", '"2"')
    problem(await desk.change(path, {"name": "x"}, revision=1), 412, "stale_revision")
    problem(await desk.erp.post(LISTS, {"code": code, "name": "x"}), 409, "duplicate_code")
    dear = {"code": desk.word("L"), "name": "x", "currency": "USD"}
    problem(await desk.erp.post(LISTS, dear), 422, "currency_not_supported")
    problem(await desk.client.get(f"{LISTS}/{uuid4()}"), 404, "not_found")
    problem(await desk.erp.post(f"{LISTS}/{uuid4()}/make-default", None), 404, "not_found")


async def test_one_list_is_the_default(desk):
    """Whoever is made the default last is; the lookup follows."""
    item = await desk.item()
    page = (await desk.client.get(LISTS, params={"limit": 200})).json()["items"]
    [standard] = [one for one in page if one["is_default"]]
    mine = [await desk.add(LISTS, code=desk.word("L"), name="x") for _ in range(2)]
    await desk.price(item["sku"], "3.00", price_list=mine[0]["code"])
    try:
        await asyncio.gather(
            *(desk.erp.post(f"{LISTS}/{one['id']}/make-default", None) for one in mine)
        )
        assert await desk.count("price_list", "is_default") == 1
        await desk.erp.post(f"{LISTS}/{mine[0]['id']}/make-default", None)
        assert (await lookup(desk, item["sku"])).json()["price_list"] == mine[0]["code"]
    finally:
        reply = await desk.erp.post(f"{LISTS}/{standard['id']}/make-default", None)
    assert reply.json()["is_default"] is True

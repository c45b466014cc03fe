"""Prices: never two for the same at one time; asked by quantity and day."""

import asyncio

import asyncpg
import pytest
from alembic.script import ScriptDirectory

from chassis.clock import business_day, frozen, utc_now
from crm.app import SERVICE

pytestmark = pytest.mark.business_day

PATH = "/v1/product-prices"
NOBODY = "01890000-0000-7000-8000-000000000000"


def cny(amount):
    return {"amount": amount, "currency": "CNY"}


async def asked(desk, product, **question):
    """What is answered when the price is asked for."""
    reply = await desk.client.get(f"/v1/products/{product['id']}/price", params=question)
    assert reply.status_code == 200, reply.text
    return reply.json()


async def test_a_price_is_said_by_code_or_id(desk):
    product = await desk.product()
    price = await desk.add(
        PATH,
        product=product["id"],
        price_list="hotels",
        min_quantity="10",
        valid_from="2026-01-01",
        valid_to="2026-06-30",
        price=cny("1.2345"),
    )
    assert (price["product_id"], price["product_code"]) == (product["id"], product["code"])
    assert (price["price"], price["min_quantity"]) == (cny("1.2345"), "10")
    assert (price["status"], price["master"], price["version"]) == ("active", "own", 1)
    assert await desk.see(f"{PATH}/{price['id']}") == price
    plain = await desk.add(PATH, product=product["code"], price=cny("2"))
    assert (plain["price_list"], plain["min_quantity"], plain["price"]) == (
        "standard", "0", cny("2.00"),
    )  # fmt: skip


@pytest.mark.parametrize("reference", [NOBODY, "NO-SUCH-LAMP"])
async def test_a_price_of_no_product_is_a_missing_reference(desk, problem, reference):
    """B54: the lane waits for the product by this code."""
    by_hand = await desk.crm.post(PATH, {"product": reference, "price": cny("1.00")})
    sent = await desk.send(PATH, desk.word(), 1, system="erp", product=reference, price=cny("1.00"))
    for reply in (by_hand, sent):
        told = problem(reply, 422, "missing_reference")
        assert told["facts"] == {"entity": "product", "reference": reference}


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("price", cny("-1.00"), "/price/amount"),
        ("price", cny(1), "/price/amount"),
        ("price", cny("1.1234567"), "/price/amount"),
        ("price", None, "/price"),
        ("min_quantity", "-1", "/min_quantity"),
        ("min_quantity", 1.5, "/min_quantity"),
        ("valid_from", "2026-13-01", "/valid_from"),
        ("price_list", "two words", "/price_list"),
    ],
)
async def test_wrong_facts_are_refused_where_they_stand(desk, problem, field, value, pointer):
    """E3."""
    facts = {"product": desk.word(), "price": cny("1.00")}
    told = problem(await desk.crm.post(PATH, facts | {field: value}), 422, "invalid_input")
    assert [error["pointer"] for error in told["errors"]] == [pointer]


async def test_another_currency_is_not_supported_yet(desk, problem):
    product = await desk.product()
    price = {"amount": "1.00", "currency": "USD"}
    reply = await desk.crm.post(PATH, {"product": product["code"], "price": price})
    problem(reply, 422, "currency_not_supported")


async def test_a_period_does_not_end_before_it_begins(desk, problem):
    product = await desk.product()
    facts = {"product": product["code"], "price": cny("1.00")}
    period = {"valid_from": "2026-02-01", "valid_to": "2026-01-31"}
    told = problem(await desk.crm.post(PATH, facts | period), 422, "invalid_input")
    assert told["errors"][0]["code"] == "period_in_order"
    price = await desk.add(PATH, **facts, valid_from="2026-02-01")
    path = f"{PATH}/{price['id']}"
    reply = await desk.change(path, {"valid_to": "2026-01-31"}, revision=1)
    assert problem(reply, 422, "invalid_input")["errors"][0]["pointer"] == "/valid_to"
    assert await desk.see(path) == price


@pytest.mark.parametrize(
    ("period", "overlaps"),
    [
        ({"valid_from": "2026-03-01", "valid_to": "2026-03-31"}, True),
        ({"valid_from": "2026-03-31", "valid_to": "2026-12-31"}, True),
        ({"valid_from": "2026-02-01", "valid_to": "2026-03-01"}, True),
        ({"valid_from": "2026-03-30", "valid_to": "2026-03-31"}, False),
        ({"valid_from": "2026-01-01", "valid_to": "2026-12-31"}, False),
        ({}, False),
        ({"valid_to": "2026-03-01"}, False),
        ({"valid_to": "2026-02-28"}, False),
        ({"valid_from": "2026-04-01"}, False),
    ],
)
async def test_two_periods_of_the_same_do_not_cross(desk, problem, period, overlaps):
    product = await desk.product()
    facts = {"product": product["code"], "price": cny("1.00")}
    march = await desk.add(PATH, **facts, valid_from="2026-03-01", valid_to="2026-03-31")
    reply = await desk.crm.post(PATH, facts | period)
    if overlaps:
        told = problem(reply, 409, "overlapping_price")
        assert told["facts"] == {
            "existing_id": march["id"], "valid_from": "2026-03-01", "valid_to": "2026-03-31",
        }  # fmt: skip
    else:
        assert reply.status_code == 201, reply.text
    for other in ({"price_list": "hotels"}, {"min_quantity": "2"}):
        assert (await desk.crm.post(PATH, facts | period | other)).status_code == 201


@pytest.mark.parametrize("unit", ["KGM", "MTR"])
async def test_a_price_without_a_minimum_holds_for_a_part_of_a_unit(desk, unit):
    product = await desk.product(unit=unit)
    await desk.add(PATH, product=product["code"], price=cny("10.00"))
    await desk.add(PATH, product=product["code"], price=cny("9.00"), min_quantity="1")
    for quantity, price in (("0.000001", "10.00"), ("0.5", "10.00"), ("1", "9.00")):
        assert (await asked(desk, product, quantity=quantity))["price"] == cny(price)


async def test_from_the_first_piece_on_is_no_minimum(desk, problem):
    product = await desk.product()
    facts = {"product": product["code"], "price": cny("1.00")}
    price = await desk.add(PATH, **facts, min_quantity="1")
    assert price["min_quantity"] == "0"
    problem(await desk.crm.post(PATH, facts), 409, "overlapping_price")


async def test_a_price_of_the_erp_is_kept_as_it_came(desk):
    product = await desk.product()
    facts = {"product": product["code"], "price": cny("1.00"), "min_quantity": "1"}
    sent = await desk.send(PATH, desk.word(), 1, system="erp", **facts)
    assert sent.json()["min_quantity"] == "1"


async def test_what_had_no_minimum_before_holds_for_any_quantity(desk):
    """What was kept as from 1 on, where nothing smaller stands beside it."""
    weighed, other = await desk.product(unit="KGM"), await desk.product(unit="KGM")
    for product, least in ((weighed, "1"), (weighed, "5"), (other, "0.5"), (other, "1")):
        await desk.add(PATH, product=product["code"], price=cny("1.00"), min_quantity=least)
    chain = ScriptDirectory(str(SERVICE.migrations))
    await desk.rows(chain.get_revision("0260").module.NO_MINIMUM)
    found = {
        product["id"]: sorted(
            [
                (await desk.see(f"{PATH}/{price_id}"))["min_quantity"]
                for price_id in await desk.listed(PATH, product_id=product["id"])
            ]
        )
        for product in (weighed, other)
    }
    assert found == {weighed["id"]: ["0", "5"], other["id"]: ["0.5", "1"]}


async def test_a_price_does_not_grow_into_another(desk, problem):
    product = await desk.product()
    facts = {"product": product["code"], "price": cny("1.00")}
    await desk.add(PATH, **facts, valid_from="2026-03-01")
    early = await desk.add(PATH, **facts, valid_to="2026-02-28")
    path = f"{PATH}/{early['id']}"
    problem(await desk.change(path, {"valid_to": None}, revision=1), 409, "overlapping_price")
    changed = await desk.change(path, {"valid_to": "2026-02-01", "price": cny("2.00")}, revision=1)
    assert (changed.json()["price"], changed.json()["version"]) == (cny("2.00"), 2)
    again = await desk.change(path, {"valid_to": "2026-02-01"}, revision=2)
    assert again.json() == changed.json()
    problem(await desk.change(path, {"valid_to": None}, revision=1), 412, "stale_revision")


PROMOTION = {"valid_from": "2026-12-01", "valid_to": "2026-12-14"}


@pytest.mark.parametrize("system", [None, "erp"])
@pytest.mark.parametrize("usual", [{}, {"valid_from": "2026-01-01", "valid_to": "2026-12-31"}])
async def test_a_promotion_holds_within_the_period_of_another_price(desk, system, usual):
    """As it does in the ERP, of its copies as of our own prices."""
    product = await desk.product()
    for amount, period in (("8.00", PROMOTION), ("10.00", usual)):
        facts = {"product": product["code"], "price": cny(amount)} | period
        if system:
            await desk.send(PATH, desk.word(), 1, system=system, **facts)
        else:
            await desk.add(PATH, **facts)
    found = [
        (await asked(desk, product, on=on))["price"]["amount"]
        for on in ("2026-11-30", "2026-12-01", "2026-12-14", "2026-12-15")
    ]
    assert found == ["10.00", "8.00", "8.00", "10.00"]


async def test_an_order_of_the_day_takes_the_promotion(desk):
    product, account = await desk.product(), await desk.account()
    await desk.add(PATH, product=product["code"], price=cny("10.00"))
    today = business_day(desk.crm.settings.time_zone).isoformat()
    promotion = {"valid_from": today, "valid_to": today}
    await desk.add(PATH, product=product["code"], price=cny("8.00"), **promotion)
    line = {"product": product["code"], "quantity": "2"}
    order = await desk.add("/v1/orders", account_id=account["id"], lines=[line])
    assert order["lines"][0]["unit_price"] == "8.00"


async def test_of_overlapping_prices_added_at_once_one_is_taken(desk):
    product = await desk.product()
    facts = {"product": product["code"], "price": cny("1.00")}
    replies = await asyncio.gather(*(desk.crm.post(PATH, facts) for _ in range(10)))
    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 9


async def test_the_database_refuses_overlapping_prices_itself(desk):
    """What the program forgets, the exclusion constraint remembers."""
    product = await desk.product()
    await desk.add(PATH, product=product["code"], price=cny("1.00"))
    with pytest.raises(asyncpg.ExclusionViolationError, match="ex_product_price_period"):
        await desk.rows(
            """insert into product_price select gen_random_uuid(), version, created_at, updated_at,
                 product_id, price_list, min_quantity, '2026-01-01', valid_to, amount, currency,
                 status, master from product_price where product_id = $1""",
            product["id"],
        )


async def test_a_withdrawn_price_applies_no_longer_and_makes_room(desk, problem):
    product = await desk.product()
    facts = {"product": product["code"], "price": cny("1.00")}
    price = await desk.add(PATH, **facts)
    withdrawn = await desk.crm.post(f"{PATH}/{price['id']}/withdraw", None)
    assert (withdrawn.json()["status"], withdrawn.json()["version"]) == ("withdrawn", 2)
    problem(await desk.client.get(f"/v1/products/{product['id']}/price"), 404, "no_price")
    await desk.add(PATH, **facts)
    assert len(await desk.listed(PATH, product_id=product["id"])) == 2
    assert len(await desk.listed(PATH, product_id=product["id"], status="active")) == 1
    assert await desk.listed(PATH, product_id=product["id"], price_list="hotels") == []


async def test_the_price_asked_for_is_that_of_list_quantity_and_day(desk):
    product = await desk.product(list_price=cny("20"))
    steps = [
        {"min_quantity": "1", "price": cny("12.00"), "valid_from": "2026-01-01"},
        {"min_quantity": "10", "price": cny("10.50"), "valid_from": "2026-01-01"},
        {"min_quantity": "1", "price": cny("9.99"), "price_list": "hotels"},
    ]
    made = [await desk.add(PATH, product=product["code"], **facts) for facts in steps]
    answer = await asked(desk, product, quantity="10", on="2026-05-01")
    assert answer == {
        "product_id": product["id"],
        "quantity": "10",
        "on": "2026-05-01",
        "price": cny("10.50"),
        "source": "price_list",
        "price_list": "standard",
        "price_id": made[1]["id"],
        "min_quantity": "10",
    }
    found = {
        "less": (await asked(desk, product, quantity="9.5", on="2026-05-01"))["price"],
        "hotels": (await asked(desk, product, price_list="hotels"))["price"],
        "before": (await asked(desk, product, on="2025-12-31"))["price"],
    }
    assert found == {"less": cny("12.00"), "hotels": cny("9.99"), "before": cny("20.00")}
    assert (await asked(desk, product, on="2025-12-31"))["source"] == "list_price"


async def test_today_is_the_business_day_of_the_installation(desk):
    """Shanghai is ahead: at 17:00 UTC tomorrow's price applies there."""
    product = await desk.product()
    facts = {"product": product["code"]}
    await desk.add(PATH, **facts, price=cny("1.00"), valid_to="2026-05-01")
    await desk.add(PATH, **facts, price=cny("2.00"), valid_from="2026-05-02")
    evening = utc_now().replace(year=2026, month=5, day=1, hour=17)
    with frozen(evening):
        assert (await asked(desk, product))["price"] == cny("2.00")
    with frozen(evening.replace(hour=15)):
        assert (await asked(desk, product))["price"] == cny("1.00")


async def test_no_price_is_said_to_be_none(desk, problem):
    product = await desk.product()
    reply = await desk.client.get(
        f"/v1/products/{product['id']}/price",
        params={"quantity": "2.5", "on": "2026-05-01", "price_list": "hotels"},
        headers={"Accept-Language": "zh"},
    )
    told = problem(reply, 404, "no_price")
    assert told["title"] == "没有价格"
    assert told["facts"] == {
        "product": product["code"], "price_list": "hotels", "quantity": "2.5", "on": "2026-05-01",
    }  # fmt: skip


@pytest.mark.parametrize("quantity", ["0", "-1", "many", "1e3"])
async def test_a_wrong_quantity_is_refused(desk, problem, quantity):
    product = await desk.product()
    reply = await desk.client.get(
        f"/v1/products/{product['id']}/price", params={"quantity": quantity}
    )
    problem(reply, 422, "invalid_input")


@pytest.fixture
async def erp_product(desk):
    """A product that the ERP is master of."""
    reply = await desk.send(
        "/v1/products", desk.word(), 1, system="erp", code=desk.word(), name="Lamp"
    )
    return reply.json()


async def test_the_erp_prices_what_it_is_master_of(desk, problem, erp_product):
    """B48, B41, B45."""
    key, facts = desk.word(), {"product": erp_product["id"], "price": cny("3.875")}
    made = await desk.send(PATH, key, 1, system="erp", **facts, status="active")
    price = made.json()
    assert (made.status_code, price["master"], price["price"]) == (201, "erp", cny("3.875"))
    path = f"{PATH}/{price['id']}"
    by_hand = {"product": erp_product["code"], "price": cny("1.00")}
    problem(await desk.crm.post(PATH, by_hand), 409, "managed_by_erp")
    problem(await desk.change(path, {"price": cny("1.00")}, revision=1), 409, "managed_by_erp")
    problem(await desk.crm.post(f"{path}/withdraw", None), 409, "managed_by_erp")
    same = await desk.send(PATH, key, 2, system="erp", **facts)
    late = await desk.send(PATH, key, 1, system="erp", price=cny("1.00"))
    newer = await desk.send(PATH, key, 3, system="erp", status="withdrawn")
    assert [one.headers["Tandem-Outcome"] for one in (same, late, newer)] == [
        "unchanged", "stale", "updated",
    ]  # fmt: skip
    assert (newer.json()["status"], newer.json()["version"]) == ("withdrawn", 2)


async def test_the_erps_new_price_may_come_before_the_end_of_its_old_one(desk, erp_product):
    """Prices cross one by one; the one that began last applies meanwhile."""
    old, new = desk.word(), desk.word()
    facts = {"product": erp_product["id"]}
    await desk.send(PATH, old, 1, system="erp", **facts, price=cny("1.00"))
    early = await desk.send(
        PATH, new, 1, system="erp", **facts, price=cny("2.00"), valid_from="2026-05-01"
    )
    assert early.status_code == 201
    assert (await asked(desk, erp_product, on="2026-05-01"))["price"] == cny("2.00")
    await desk.send(PATH, old, 2, system="erp", valid_to="2026-04-30")
    assert (await asked(desk, erp_product, on="2026-04-30"))["price"] == cny("1.00")


async def test_a_sent_price_is_whole_and_stays_at_its_product(desk, problem):
    one, two, key = await desk.product(), await desk.product(), desk.word()
    told = problem(await desk.send(PATH, key, 1), 422, "invalid_input")
    assert [error["pointer"] for error in told["errors"]] == ["/product", "/price"]
    await desk.send(PATH, key, 1, product=one["code"], price=cny("1.00"))
    told = problem(await desk.send(PATH, key, 2, product=two["id"]), 422, "invalid_input")
    assert told["errors"][0]["code"] == "product_fixed"
    found = await desk.listed(PATH, external_system="shop", external_id=key)
    assert len(found) == 1


async def test_a_price_is_linked_once(desk, problem):
    product = await desk.product()
    one = await desk.add(PATH, product=product["code"], price=cny("1.00"))
    two = await desk.add(PATH, product=product["code"], price=cny("1.00"), min_quantity="5")
    ref = {"system": "shop", "external_id": desk.word()}
    for _ in range(2):
        linked = await desk.crm.post(f"{PATH}/{one['id']}/external-refs", ref)
        assert (linked.json()["external_refs"], linked.json()["version"]) == ([ref], 1)
    problem(await desk.crm.post(f"{PATH}/{two['id']}/external-refs", ref), 409, "already_linked")


async def test_a_batch_judges_each_price_alone(desk):
    """B44."""
    product = await desk.product()
    facts = {"source_version": 1, "product": product["code"], "price": cny("1.00")}
    items = [facts | {"external_id": desk.word()} for _ in range(2)]
    reply = await desk.crm.post(f"{PATH}/by-external/shop/batch", {"items": items})
    told = reply.json()["items"]
    assert [one["status"] for one in told] == ["created", "failed"]
    assert told[1]["problem"]["code"] == "overlapping_price"


async def test_pages_of_prices_follow_each_other(desk):
    product = await desk.product()
    made = [
        (await desk.add(PATH, product=product["code"], price=cny("1"), min_quantity=str(at)))["id"]
        for at in range(1, 4)
    ]
    first = await desk.see(f"{PATH}?product_id={product['id']}&limit=2&sort=created_at")
    rest = await desk.see(
        f"{PATH}?product_id={product['id']}&sort=created_at&cursor={first['next_cursor']}"
    )
    assert [one["id"] for one in first["items"] + rest["items"]] == made

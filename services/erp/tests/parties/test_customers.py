"""Customers: taking on, changing, archiving, finding."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

PATH = "/v1/customers"
EMPTY_ADDRESS = dict.fromkeys(
    ("line1", "line2", "city", "region", "postal_code", "country", "contact", "phone"), ""
)


async def test_a_new_customer_gets_a_number_and_the_house_terms(desk):
    reply = await desk.erp.post(PATH, {"name": "  Lakeside Hotel  "})
    customer = reply.json()
    assert reply.status_code == 201
    assert reply.headers["ETag"] == '"1"'
    assert reply.headers["Location"] == f"{PATH}/{customer['id']}"
    assert customer["number"].startswith("C-")
    assert len(customer["number"]) >= 7
    assert customer["name"] == "Lakeside Hotel"
    assert (customer["currency"], customer["payment_terms_days"]) == ("CNY", 30)
    assert (customer["status"], customer["version"]) == ("active", 1)
    assert customer["credit_limit"] is None
    assert customer["bill_to"] == EMPTY_ADDRESS
    assert datetime.fromisoformat(customer["created_at"]).tzinfo == UTC
    assert await desk.see(f"{PATH}/{customer['id']}") == customer


async def test_numbers_are_never_used_twice(desk):
    numbers = [(await desk.customer())["number"] for _ in range(3)]
    assert sorted(set(numbers)) == numbers


async def test_all_that_was_told_is_kept(desk):
    told = {
        "name": "晨光办公用品有限公司",
        "legal_name": "晨光",
        "tax_id": desk.word("TAX"),
        "email": "a@b.example",
        "phone": "+86 21 0000 0000",
        "website": "https://b.example",
        "language": "zh-CN",
        "currency": "CNY",
        "payment_terms_days": 0,
        "credit_limit": {"amount": "20000.00", "currency": "CNY"},
        "dunning_block": True,
        "price_list": "standard",
        "bill_to": EMPTY_ADDRESS | {"line1": "人民路 8 号", "country": "CN"},
        "ship_to": EMPTY_ADDRESS | {"city": "上海"},
    }
    customer = await desk.customer(**told)
    assert {name: customer[name] for name in told} == told


async def test_a_new_customer_is_told_with_the_whole_state(desk):
    """B03, C67: version 1, every field named, no number of the database's own."""
    customer = await desk.customer(credit_limit={"amount": "5", "currency": "CNY"})
    [event] = await desk.events_of(customer["id"])
    assert event["type"] == "tandem.erp.customer-changed.v1"
    assert event["topic"] == "erp.customer.v1"
    state = event["payload"]
    assert state["credit_limit"] == {"amount": "5.00", "currency": "CNY"}
    hidden = {"external_refs", "revision", "created_at", "updated_at", "erased_at", "tags"}
    shown = customer.keys() - hidden
    assert {name: state[name] for name in shown} == {name: customer[name] for name in shown}
    assert state["changed"] == sorted(shown - {"id", "version"})


async def test_the_event_is_in_the_feed(desk):
    """C67: what was committed is told to everyone, under the customer's id."""
    customer = await desk.customer()
    events = [e for e in await desk.erp.feed() if e["subject"] == customer["id"]]
    assert [event["type"] for event in events] == ["tandem.erp.customer-changed.v1"]
    assert events[0]["data"]["name"] == customer["name"]


async def test_a_change_touches_the_given_fields_only(desk):
    customer = await desk.customer(email="old@b.example", ship_to={"city": "上海", "country": "CN"})
    facts = {"email": "new@b.example", "ship_to": {"line1": "Gate 3", "country": ""}}
    reply = await desk.change(f"{PATH}/{customer['id']}", facts, revision=1)
    changed = reply.json()
    assert reply.status_code == 200
    assert reply.headers["ETag"] == '"2"'
    assert changed["ship_to"] == EMPTY_ADDRESS | {"line1": "Gate 3", "city": "上海"}
    assert changed["email"] == "new@b.example"
    assert changed["name"] == customer["name"]
    assert changed["updated_at"] > customer["updated_at"]
    events = await desk.events_of(customer["id"])
    assert [event["aggregate_version"] for event in events] == [1, 2]
    assert events[1]["payload"]["changed"] == ["email", "ship_to"]


async def test_a_change_of_nothing_is_no_change(desk):
    """B45: neither a version nor an event."""
    limit = {"amount": "100", "currency": "CNY"}
    customer = await desk.customer(email="a@b.example", credit_limit=limit)
    facts = {"email": " a@b.example ", "credit_limit": {"amount": "100.00", "currency": "CNY"}}
    reply = await desk.change(f"{PATH}/{customer['id']}", facts, revision=1)
    assert reply.json() == customer
    assert reply.headers["ETag"] == '"1"'
    assert len(await desk.events_of(customer["id"])) == 1


async def test_null_takes_the_credit_limit_away(desk):
    customer = await desk.customer(credit_limit={"amount": "100", "currency": "CNY"})
    reply = await desk.change(f"{PATH}/{customer['id']}", {"credit_limit": None}, revision=1)
    assert reply.json()["credit_limit"] is None


async def test_a_change_needs_the_version_it_is_based_on(desk, problem):
    customer = await desk.customer()
    path = f"{PATH}/{customer['id']}"
    problem(await desk.change(path, {"phone": "1"}), 428, "revision_required")
    assert (await desk.change(path, {"phone": "1"}, revision=1)).status_code == 200
    told = problem(await desk.change(path, {"phone": "2"}, revision=1), 412, "stale_revision")
    facts, conflicts = told["facts"], {one["field"]: one for one in told["facts"]["conflicts"]}
    assert (facts["expected"], facts["current"]) == (1, 2)
    shown = {"original": "", "theirs": "1", "mine": "2"}
    assert conflicts["phone"] == {"field": "phone"} | shown
    problem(await desk.change(path, {"phone": "2"}, revision="x"), 422, "invalid_input")
    assert (await desk.see(path))["phone"] == "1"


@pytest.mark.parametrize(
    ("facts", "pointer"),
    [
        ({}, "/name"),
        ({"name": "   "}, "/name"),
        ({"name": None}, "/name"),
        ({"name": "a\u0000b"}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"name": "x", "nmae": "y"}, "/nmae"),
        ({"name": "x", "email": "nobody"}, "/email"),
        ({"name": "x", "email": "a@b@c"}, "/email"),
        ({"name": "x", "email": "a b@c"}, "/email"),
        ({"name": "x", "language": "Chinese!"}, "/language"),
        ({"name": "x", "tax_id": "税号"}, "/tax_id"),
        ({"name": "x", "payment_terms_days": -1}, "/payment_terms_days"),
        ({"name": "x", "payment_terms_days": "30"}, "/payment_terms_days"),
        ({"name": "x", "dunning_block": "no"}, "/dunning_block"),
        ({"name": "x", "bill_to": {"country": "XX"}}, "/bill_to/country"),
        ({"name": "x", "bill_to": {"country": "EU"}}, "/bill_to/country"),
        ({"name": "x", "bill_to": {"street": "y"}}, "/bill_to/street"),
        ({"name": "x", "credit_limit": {"amount": 5, "currency": "CNY"}}, "/credit_limit/amount"),
        (
            {"name": "x", "credit_limit": {"amount": "-5", "currency": "CNY"}},
            "/credit_limit/amount",
        ),
        ({"name": "x", "credit_limit": "5"}, "/credit_limit"),
    ],
)
async def test_wrong_fields_are_named_and_nothing_is_made(desk, problem, facts, pointer):
    before = await desk.count("customer", "true")
    told = problem(await desk.erp.post(PATH, facts), 422, "invalid_input")
    assert [error["pointer"] for error in told["errors"]] == [pointer]
    assert await desk.count("customer", "true") == before


@pytest.mark.parametrize(
    "facts", [{"currency": "USD"}, {"credit_limit": {"amount": "5", "currency": "USD"}}]
)
async def test_another_currency_is_refused_not_ignored(desk, problem, facts):
    reply = await desk.erp.post(PATH, {"name": desk.word()} | facts)
    told = problem(reply, 422, "currency_not_supported")
    assert told["facts"] == {"supported": "CNY", "currency": "USD"}


async def test_a_tax_id_belongs_to_one_active_customer(desk, problem):
    tax_id = desk.word("TAX")
    first = await desk.customer(tax_id=tax_id)
    reply = await desk.erp.post(PATH, {"name": "Twin", "tax_id": tax_id.lower()})
    told = problem(reply, 409, "duplicate_tax_id")
    assert told["facts"]["existing_id"] == first["id"]
    assert first["number"] in told["detail"]


async def test_a_tax_id_is_free_again_once_its_customer_is_archived(desk, problem):
    tax_id = desk.word("TAX")
    first = await desk.customer(tax_id=tax_id)
    assert (await desk.erp.post(f"{PATH}/{first['id']}/archive", None)).status_code == 200
    second = await desk.customer(tax_id=tax_id)
    reply = await desk.erp.post(f"{PATH}/{first['id']}/restore", None)
    assert problem(reply, 409, "duplicate_tax_id")["facts"]["existing_id"] == second["id"]
    assert (await desk.see(f"{PATH}/{first['id']}"))["status"] == "archived"


async def test_a_change_to_a_taken_tax_id_is_refused(desk, problem):
    taken, other = await desk.customer(tax_id=desk.word("TAX")), await desk.customer()
    path = f"{PATH}/{other['id']}"
    reply = await desk.change(path, {"tax_id": taken["tax_id"], "phone": "9"}, revision=1)
    problem(reply, 409, "duplicate_tax_id")
    assert await desk.see(path) == other


async def test_archiving_and_restoring_are_told_once(desk):
    customer = await desk.customer()
    path = f"{PATH}/{customer['id']}"
    for act in ("archive", "archive", "restore", "restore"):
        assert (await desk.erp.post(f"{path}/{act}", None)).status_code == 200
    assert (await desk.see(path))["version"] == 3
    states = [event["payload"]["status"] for event in await desk.events_of(customer["id"])]
    assert states == ["active", "archived", "active"]


async def test_what_does_not_exist_is_not_found(desk, problem):
    path = f"{PATH}/{uuid4()}"
    problem(await desk.client.get(path), 404, "not_found")
    problem(await desk.change(path, {"phone": "1"}, revision=1), 404, "not_found")
    problem(await desk.erp.post(f"{path}/archive", None), 404, "not_found")
    problem(await desk.client.get(f"{PATH}/no-uuid"), 422, "invalid_input")
    link = {"system": "crm", "external_id": "x"}
    problem(await desk.erp.post(f"{path}/external-refs", link), 404, "not_found")


async def _found(desk, **query):
    reply = await desk.client.get(PATH, params=query)
    assert reply.status_code == 200, reply.text
    return [customer["id"] for customer in reply.json()["items"]]


async def test_a_customer_is_found_by_what_people_know_of_it(desk):
    mark = desk.word("q").lower()
    tax_id, email = desk.word("TAX"), f"Orders@{mark}.example"
    customer = await desk.customer(name=f"100% {mark}_Zürich", tax_id=tax_id, email=email)
    await desk.customer(name=f"100x {mark}xZürich")
    me = [customer["id"]]
    assert await _found(desk, q=f"100% {mark}_z") == me
    assert await _found(desk, q=customer["number"].lower()) == me
    assert await _found(desk, q=tax_id) == me
    assert await _found(desk, tax_id=tax_id.lower()) == me
    assert await _found(desk, email=email.upper()) == me
    assert await _found(desk, q=mark, status="archived") == []
    assert await _found(desk, q=f"{mark}%zz") == []


async def test_a_chinese_name_is_found_by_pinyin(desk):
    customer = await desk.customer(name="杭州湖滨酒店")
    assert customer["id"] in await _found(desk, q="hubinjiudian")
    assert customer["id"] in await _found(desk, q="湖滨")


async def test_names_sort_as_people_expect(desk):
    """Chinese by pinyin, everything without regard to case."""
    mark = desk.word("q")
    names = ["安 徽", "Banana", "北京", "apple", "重庆"]
    for name in names:
        await desk.customer(name=name, legal_name=mark)
    reply = await desk.client.get(PATH, params={"q": mark, "sort": "name"})
    assert [c["name"] for c in reply.json()["items"]] == [
        "安 徽",
        "apple",
        "Banana",
        "北京",
        "重庆",
    ]


@pytest.mark.parametrize("sort", ["-created_at", "created_at", "name", "-name", "-updated_at"])
async def test_pages_show_each_customer_once(desk, sort):
    mark = desk.word("q")
    made = {(await desk.customer(legal_name=mark))["id"] for _ in range(5)}
    seen, cursor = [], None
    while True:
        query = {"q": mark, "limit": 2, "sort": sort} | ({"cursor": cursor} if cursor else {})
        page = (await desk.client.get(PATH, params=query)).json()
        seen += [customer["id"] for customer in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert len(seen) == 5
    assert set(seen) == made


async def test_wrong_questions_are_refused(desk, problem):
    problem(await desk.client.get(f"{PATH}?sort=phone"), 422, "invalid_input")
    problem(await desk.client.get(f"{PATH}?limit=0"), 422, "invalid_input")
    problem(await desk.client.get(f"{PATH}?limit=201"), 422, "invalid_input")
    problem(await desk.client.get(f"{PATH}?status=dead"), 422, "invalid_input")
    problem(await desk.client.get(f"{PATH}?q=%00"), 422, "invalid_input")
    problem(await desk.client.get(f"{PATH}?cursor=garbage"), 400, "invalid_cursor")

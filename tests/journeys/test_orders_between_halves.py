"""Orders, products and prices that both halves know: they agree, and every refusal is seen."""

import asyncio
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx

from tests.journeys.test_two_halves import (
    ordered,
    ready_to_sell,
    seen_in_crm,
    tandem,
    unique,
)

__all__ = ["tandem"]

PRICE = {"amount": "10.00", "currency": "CNY"}


async def sale_of(tandem, order):
    (sale,) = await tandem.twins(
        tandem.erp, "/v1/sales-orders", external_system="crm", external_id=order["id"]
    )
    return sale


async def content(tandem, sale, lines, **facts):
    """A person in the ERP asks for other lines."""
    path = f"/v1/sales-orders/{sale['id']}"
    now = await tandem.erp.client.get(path)
    reply = await tandem.erp.client.put(
        f"{path}/content",
        json={"lines": lines, "charges": []} | facts,
        headers={"If-Match": now.headers["ETag"]},
    )
    assert reply.status_code == httpx.codes.OK, reply.text
    return reply.json()


@asynccontextmanager
async def held(tandem, kind):
    """Nothing of that kind crosses for a while, as when a key was revoked."""
    async with tandem.bridge.database.driver() as sql:
        await sql.execute(
            """insert into pause (kind, status, refusals, since, until)
               values ($1, 403, 1, now(), now() + interval '1 hour')""",
            kind,
        )
    yield
    reply = await tandem.bridge.post(f"/v1/flows/{kind}/resume", None)
    assert reply.is_success, reply.text


async def nothing_parked(tandem):
    lanes = (await tandem.bridge.client.get("/v1/status")).json()["lanes"]
    assert lanes["parked"] == 0, (await tandem.bridge.client.get("/v1/lanes?state=parked")).text


async def alike(tandem, order):
    """Lines, customer and freight stand alike on both sides; the CRM's order."""
    seen = await seen_in_crm(tandem, order)
    sale = await sale_of(tandem, order)

    def terms(line, known_as):
        named = ("quantity", "unit_price", "discount", "net")
        return (known_as, *(float(line[name]) for name in named))

    ours = sorted(terms(line, line["id"]) for line in seen["lines"])
    theirs = [terms(line, line["external_line_id"] or line["id"]) for line in sale["lines"]]
    assert ours == sorted(theirs)
    assert float(seen["freight"]) == float(sale["charges"])
    assert seen["requested_on"] == sale["requested_on"]
    account = (await tandem.crm.client.get(f"/v1/accounts/{seen['account_id']}")).json()
    assert {"system": "erp", "external_id": sale["customer_id"]} in account["external_refs"]
    await nothing_parked(tandem)
    return seen


async def test_with_its_first_order_a_prospect_becomes_a_customer(tandem):
    """Its account crosses, and the order follows it."""
    sku = (await ready_to_sell(tandem, "5"))[1]
    prospect = await tandem.make(tandem.crm, "/v1/accounts", name=unique("Plane"), stage="prospect")
    await tandem.settled()
    assert not await tandem.twins(
        tandem.erp, "/v1/customers", external_system="crm", external_id=prospect["id"]
    )
    order = await ordered(tandem, prospect, sku, "2")
    account = (await tandem.crm.client.get(f"/v1/accounts/{prospect['id']}")).json()
    assert account["stage"] == "customer"
    assert (await seen_in_crm(tandem, order))["erp"]["state"] == "confirmed"


async def test_what_the_erp_amends_stays_when_the_seller_adds_a_note(tandem):
    """10 become 8 in the ERP: 8 on both sides, before and after the note."""
    account, sku = await ready_to_sell(tandem, "50")
    order = await ordered(tandem, account, sku, "10")
    await tandem.settled()
    sale = await sale_of(tandem, order)
    line = sale["lines"][0]
    await content(tandem, sale, [{"id": line["id"], "item_id": line["item_id"], "quantity": "8"}])
    seen = await alike(tandem, order)
    assert (seen["lines"][0]["quantity"], seen["net"]) == ("8", "72.00")
    await tandem.change(tandem.crm, "/v1/orders", seen, note="ring twice")
    seen = await alike(tandem, order)
    assert (seen["lines"][0]["quantity"], seen["note"]) == ("8", "ring twice")
    lines = [{"id": seen["lines"][0]["id"], "quantity": "10"}]
    await tandem.change(tandem.crm, "/v1/orders", seen, lines=lines)
    assert (await alike(tandem, order))["lines"][0]["quantity"] == "10"


async def test_a_note_written_before_the_amendment_is_known_changes_no_line(tandem):
    """The seller and the office act at once: both get what they changed."""
    account, sku = await ready_to_sell(tandem, "50")
    order = await ordered(tandem, account, sku, "10", requested_on="2999-12-30")
    await tandem.settled()
    sale = await sale_of(tandem, order)
    line = sale["lines"][0]
    amended = {"id": line["id"], "item_id": line["item_id"], "quantity": "8"}
    added = {"item_id": line["item_id"], "quantity": "3", "unit_price": PRICE}
    async with held(tandem, "erp.fulfilment"):
        await content(tandem, sale, [amended, added], requested_on="2999-12-30")
        await tandem.change(tandem.crm, "/v1/orders", order, note="ring")
        await tandem.change(tandem.crm, "/v1/orders", order, requested_on="2999-12-31")
    seen = await alike(tandem, order)
    assert sorted(line["quantity"] for line in seen["lines"]) == ["3", "8"]
    assert (seen["note"], seen["requested_on"]) == ("ring", "2999-12-31")


async def test_two_lines_of_one_product_change_apart(tandem):
    """A line is told by its id, not by its product; it keeps the id on both sides."""
    account, sku = await ready_to_sell(tandem, "50")
    lines = [
        {"product": sku, "quantity": quantity, "unit_price": PRICE, "external_line_id": name}
        for quantity, name in (("4", "first"), ("6", "second"))
    ]
    order = await tandem.make(tandem.crm, "/v1/orders", account_id=account["id"], lines=lines)
    first, second = (await alike(tandem, order))["lines"]
    changed = [{"id": second["id"], "quantity": "7"}, {"id": first["id"], "quantity": "4"}]
    await tandem.change(tandem.crm, "/v1/orders", order, lines=changed)
    seen = await alike(tandem, order)
    assert [(line["id"], line["quantity"], line["external_line_id"]) for line in seen["lines"]] in (
        [(second["id"], "7", "second"), (first["id"], "4", "first")],
        [(first["id"], "4", "first"), (second["id"], "7", "second")],
    )
    sale = await sale_of(tandem, order)
    wanted = [
        {"id": one["id"], "item_id": one["item_id"], "quantity": "5"}
        if one["external_line_id"] == first["id"]
        else {"id": one["id"], "item_id": one["item_id"], "quantity": one["quantity"]}
        for one in sale["lines"]
    ]
    await content(tandem, sale, wanted)
    seen = await alike(tandem, order)
    assert {line["id"]: line["quantity"] for line in seen["lines"]} == {
        first["id"]: "5",
        second["id"]: "7",
    }


async def sent(tandem, account, sku, order_id, version, **facts):
    """A shop sends an order, whole."""
    line = {"product": sku, "quantity": "2", "unit_price": PRICE, "external_line_id": "1"}
    body = {"account_id": account["id"], "lines": [line], "source_version": version} | facts
    return await tandem.crm.client.put(f"/v1/orders/by-external/shop/{order_id}", json=body)


async def test_an_order_of_another_account_is_that_customers_on_both_sides(tandem):
    """Until goods have gone out; then it stays with whom they went to, and says so."""
    account, sku = await ready_to_sell(tandem, "50")
    other = (await ready_to_sell(tandem, "1"))[0]
    order_id = str(uuid4())
    order = (await sent(tandem, account, sku, order_id, 1)).json()
    await alike(tandem, order)
    moved = await sent(tandem, other, sku, order_id, 2)
    assert moved.status_code == httpx.codes.OK, moved.text
    assert (await alike(tandem, order))["account_id"] == other["id"]
    sale = await sale_of(tandem, order)
    async with held(tandem, "erp.fulfilment"):
        await tandem.make(tandem.erp, f"/v1/sales-orders/{sale['id']}/shipments")
        late = await sent(tandem, account, sku, order_id, 3)
        assert late.status_code == httpx.codes.OK, late.text
    seen = await alike(tandem, order)
    assert seen["account_id"] == other["id"]
    assert (seen["refusal"]["kind"], seen["refusal"]["code"]) == ("change", "other_customer")
    refused = await sent(tandem, account, sku, order_id, 4, note="Still his.")
    assert (refused.status_code, refused.json()["code"]) == (409, "account_fixed")


async def test_both_sides_quote_the_default_list(tandem):
    """Another list becomes the ERP's default one: the same price on both sides, and back again."""
    sku, code = unique("LAMP").replace(" ", "-").upper(), unique("L").replace(" ", "-").upper()
    await tandem.make(tandem.erp, "/v1/items", sku=sku, name="Lamp")
    lists = (await tandem.erp.client.get("/v1/price-lists")).json()["items"]
    (old,) = [one for one in lists if one["is_default"]]
    new = await tandem.make(tandem.erp, "/v1/price-lists", code=code, name="New")
    for price_list, amount in ((old["code"], "100.00"), (code, "80.00")):
        price = {"amount": amount, "currency": "CNY"}
        await tandem.make(tandem.erp, "/v1/prices", sku=sku, price_list=price_list, price=price)
    for default, amount in ((new, "80.00"), (old, "100.00"), (new, "80.00"), (old, "100.00")):
        await tandem.erp.post(f"/v1/price-lists/{default['id']}/make-default", None)
        await tandem.settled()
        (product,) = await tandem.twins(tandem.crm, "/v1/products", code=sku)
        here = await tandem.crm.client.get(f"/v1/products/{product['id']}/price")
        there = await tandem.erp.client.get("/v1/prices/lookup", params={"sku": sku, "quantity": 1})
        assert here.json()["price"] == there.json()["price"], here.text
        assert here.json()["price"]["amount"] == amount
        assert here.json()["price_list"] == default["code"]


async def refused(tandem, account, sku, code, quantity="1"):
    """An order of it is refused at once."""
    line = {"product": sku, "quantity": quantity, "unit_price": PRICE}
    status = 422 if code == "fraction_of_unit" else 409
    reply = await tandem.crm.post("/v1/orders", {"account_id": account["id"], "lines": [line]})
    assert (reply.status_code, reply.json()["code"]) == (status, code), reply.text


async def test_a_customer_archived_in_the_erp_takes_no_new_order(tandem):
    """The CRM shows it, as of its own archived accounts; restored, both do business again."""
    account, sku = await ready_to_sell(tandem, "5")
    (customer,) = await tandem.twins(
        tandem.erp, "/v1/customers", external_system="crm", external_id=account["id"]
    )
    await tandem.erp.post(f"/v1/customers/{customer['id']}/archive", None)
    await tandem.settled()
    seen = (await tandem.crm.client.get(f"/v1/accounts/{account['id']}")).json()
    assert (seen["status"], seen["erp"]["archived"]) == ("archived", True)
    await refused(tandem, account, sku, "account_archived")
    again = await tandem.crm.post(f"/v1/accounts/{account['id']}/restore", None)
    assert (again.status_code, again.json()["code"]) == (409, "managed_by_erp")
    await tandem.erp.post(f"/v1/customers/{customer['id']}/restore", None)
    await tandem.settled()
    seen = (await tandem.crm.client.get(f"/v1/accounts/{account['id']}")).json()
    assert (seen["status"], seen["erp"]["archived"]) == ("active", False)
    order = await ordered(tandem, account, sku, "1")
    assert (await seen_in_crm(tandem, order))["erp"]["state"] == "confirmed"


async def test_what_is_not_sold_or_counted_so_is_refused_at_once(tandem):
    """Archived, not sold, discontinued; 1.5 pieces. What is on an order already may be fewer."""
    account, sku = await ready_to_sell(tandem, "9")
    (item,) = await tandem.twins(tandem.erp, "/v1/items", sku=sku)
    order = await ordered(tandem, account, sku, "2")
    await tandem.settled()
    await refused(tandem, account, sku, "fraction_of_unit", "1.5")
    await tandem.erp.post(f"/v1/items/{item['id']}/archive", None)
    await tandem.settled()
    await refused(tandem, account, sku, "product_not_sold")
    lines = [{"id": order["lines"][0]["id"], "quantity": "1"}]
    await tandem.change(tandem.crm, "/v1/orders", order, note="still mine", lines=lines)
    seen = await alike(tandem, order)
    assert (seen["lines"][0]["quantity"], seen["refusal"]) == ("1", None)
    await tandem.erp.post(f"/v1/items/{item['id']}/restore", None)
    for facts in ({"sold": False}, {"sold": True, "discontinued_on": "2020-01-01"}):
        await tandem.change(tandem.erp, "/v1/items", item, **facts)
        await tandem.settled()
        await refused(tandem, account, sku, "product_not_sold")
    await tandem.change(tandem.erp, "/v1/items", item, discontinued_on=None)
    await tandem.settled()
    assert (await alike(tandem, await ordered(tandem, account, sku, "1")))["state"] == "placed"


async def test_whatever_the_erp_refuses_ends_as_a_state_that_the_seller_sees(tandem):
    """Decision 0020: rejected in words of both languages; the changed order crosses anew."""
    account, sku = await ready_to_sell(tandem, "9")
    (item,) = await tandem.twins(tandem.erp, "/v1/items", sku=sku)
    (customer,) = await tandem.twins(
        tandem.erp, "/v1/customers", external_system="crm", external_id=account["id"]
    )

    async def archive_item():
        await tandem.erp.post(f"/v1/items/{item['id']}/archive", None)

    async def restore_item():
        await tandem.erp.post(f"/v1/items/{item['id']}/restore", None)

    async def archive_customer():
        await tandem.erp.post(f"/v1/customers/{customer['id']}/archive", None)

    async def restore_customer():
        await tandem.erp.post(f"/v1/customers/{customer['id']}/restore", None)

    walks = (
        (archive_item, restore_item, "not_sold", sku),
        (archive_customer, restore_customer, "customer_archived", ""),
    )
    for harm, mend, code, about in walks:
        async with held(tandem, "crm.order"):
            order = await ordered(tandem, account, sku, "2")
            await harm()
        seen = await seen_in_crm(tandem, order)
        assert (seen["state"], seen["erp"]["state"]) == ("rejected", "rejected"), code
        told = seen["refusal"]
        assert (told["kind"], told["code"], told["about"]) == ("order", code, about)
        chinese = await tandem.crm.client.get(
            f"/v1/orders/{seen['id']}", headers={"Accept-Language": "zh"}
        )
        assert told["text"].isascii()
        assert not chinese.json()["refusal"]["text"].isascii()
        await nothing_parked(tandem)
        await mend()
        await tandem.settled()
        await tandem.change(tandem.crm, "/v1/orders", seen, note=f"again, {code}")
        seen = await alike(tandem, seen)
        assert (seen["state"], seen["refusal"], seen["erp"]["state"]) == (
            "placed",
            None,
            "confirmed",
        )


async def test_an_item_renamed_to_the_code_of_another_product_changes_no_order(tandem):
    """A person is asked; an order's line is told by the product's id, not by its code."""
    account, sku = await ready_to_sell(tandem, "9")
    code = unique("OWN").replace(" ", "-").upper()
    await tandem.make(tandem.crm, "/v1/products", code=code, name="Of the CRM alone")
    order = await ordered(tandem, account, sku, "2")
    await tandem.settled()
    (item,) = await tandem.twins(tandem.erp, "/v1/items", sku=sku)
    await tandem.change(tandem.erp, "/v1/items", item, sku=code)

    async def reviews():
        found = await tandem.bridge.client.get("/v1/reviews", params={"state": "open"})
        return [one for one in found.json()["items"] if one["subject"] == item["id"]]

    sale = await sale_of(tandem, order)
    line = sale["lines"][0]
    await content(tandem, sale, [{"id": line["id"], "item_id": line["item_id"], "quantity": "1"}])
    async with asyncio.timeout(60):
        while not await reviews():  # noqa: ASYNC110 - another lane may free the code first
            await asyncio.sleep(0.1)
        while True:
            seen = (await tandem.crm.client.get(f"/v1/orders/{order['id']}")).json()
            if seen["lines"][0]["quantity"] == "1":
                break
            await asyncio.sleep(0.1)
    assert seen["lines"][0]["product_id"] == order["lines"][0]["product_id"]
    assert seen["lines"][0]["product_code"] == sku
    await nothing_parked(tandem)

"""Products and prices down: ERP to CRM, a price only after its product."""

from uuid import uuid4

PRODUCTS, PRICES, ITEMS = "/v1/products", "/v1/product-prices", "/v1/items"
ERP_PRICES = "/v1/prices"


async def test_an_item_becomes_a_product(rig):
    rig.erp.makes(ITEMS, sku="BOLT-8", name="Bolt", unit="C62", category="steel")
    await rig.synchronize()
    product = rig.crm.the(PRODUCTS)
    assert (product["code"], product["name"], product["active"]) == ("BOLT-8", "Bolt", True)


async def test_what_is_only_bought_stays_with_the_erp_until_it_is_sold(rig):
    item = rig.erp.makes(ITEMS, sku="RAW-1", sold=False)
    await rig.synchronize()
    assert PRODUCTS not in rig.crm.records
    rig.erp.changes(ITEMS, item, sold=True)
    await rig.synchronize()
    rig.erp.changes(ITEMS, item, sold=False)
    await rig.synchronize()
    assert rig.crm.the(PRODUCTS)["active"] is False


async def test_what_is_told_of_an_item_that_is_not_sold_waits_for_nothing(rig):
    """B54: its price and stock stay with it, and cross once it is sold, as they were told last."""
    item = rig.erp.makes(ITEMS, sku="RAW-1", sold=False)
    await rig.synchronize()
    price = rig.erp.makes(ERP_PRICES, item_id=item, price_list="standard", amount="9.50")
    await rig.synchronize()
    rig.erp.changes(ERP_PRICES, price, amount="9.75")
    await rig.synchronize()
    assert await rig.outcomes("erp.price") == [("ignored", "not_carried")] * 2
    lane = await rig.lane("erp.price")
    assert (lane["state"], lane["pending"]) == ("idle", 0)
    assert (lane["waits_for"], lane["left_for"]) == (None, f"product erp:{item}")
    assert PRODUCTS not in rig.crm.records
    rig.erp.changes(ITEMS, item, sold=True)
    await rig.synchronize()
    assert rig.crm.the(PRICES)["price"]["amount"] == "9.75"
    assert await rig.outcomes("erp.price") == [("ignored", "not_carried"), ("done", "applied")]
    lane = await rig.lane("erp.price")
    assert (lane["state"], lane["pending"], lane["left_for"]) == ("idle", 0, None)


async def test_a_product_the_crm_had_alone_is_joined_by_its_code(rig):
    """B51: the same code is the same thing."""
    product = rig.crm.makes(PRODUCTS, code="BOLT-8", name="Our bolt")
    rig.erp.makes(ITEMS, sku="BOLT-8", name="Bolt M8")
    await rig.synchronize()
    assert rig.crm.the(PRODUCTS)["id"] == product
    assert rig.crm.the(PRODUCTS)["name"] == "Bolt M8"


async def test_a_price_waits_for_its_product_and_is_woken(rig):
    """B54: no call and no failure while it waits; the product's arrival wakes it."""
    item = str(uuid4())
    rig.erp.makes(ERP_PRICES, item_id=item, price_list="standard", amount="9.50")
    await rig.synchronize()
    lane = await rig.lane("erp.price")
    assert (lane["state"], lane["waits_for"]) == ("waiting", f"product erp:{item}")
    assert rig.crm.calls == []
    rig.erp.makes(ITEMS, sku="BOLT-8", id=item)
    rig.erp.records[ITEMS] = {item: rig.erp.the(ITEMS)}
    rig.erp.outbox.pop()
    rig.erp.changes(ITEMS, item, version=0)
    await rig.synchronize()
    price = rig.crm.the(PRICES)
    assert price["price"] == {"amount": "9.50", "currency": "CNY"}
    assert price["product"] == rig.crm.the(PRODUCTS)["id"]
    lane = await rig.lane("erp.price")
    assert (lane["state"], lane["attempts"]) == ("idle", 0)


async def test_a_promotion_crosses_beside_the_price_it_lies_in(rig):
    """Both halves choose by minimum and period, so these cross as they are."""
    item = rig.erp.makes(ITEMS, sku="BOLT-8")
    usual = {"min_quantity": "0", "valid_from": None, "valid_to": None}
    promotion = {"min_quantity": "0", "valid_from": "2026-12-01", "valid_to": "2026-12-14"}
    for facts in (usual, promotion):
        rig.erp.makes(ERP_PRICES, item_id=item, price_list="standard", **facts)
    await rig.synchronize()
    crossed = [{name: one[name] for name in usual} for one in rig.crm.records[PRICES].values()]
    assert sorted(crossed, key=str) == sorted([usual, promotion], key=str)


async def test_no_wake_up_is_lost_between_looking_and_waiting(rig):
    """B54: the product may come across while the price is finding out that it is missing."""
    items = [rig.erp.makes(ITEMS, sku=f"BOLT-{number}") for number in range(20)]
    for item in items:
        rig.erp.makes(ERP_PRICES, item_id=item, price_list="standard")
    rig.erp.outbox.sort(key=lambda event: event.type, reverse=True)
    await rig.synchronize()
    assert len(rig.crm.records[PRICES]) == 20
    assert await rig.fetch("select * from lane where state <> 'idle'") == []


async def no_answer_takes_effect(rig, one, own):
    """While the code is taken: others are refused, `create` asks the same once more; as it is."""
    headers = {"If-Match": f'"{one["version"]}"'}
    path = f"/v1/reviews/{one['id']}"
    for answer in ({"decision": "link", "candidate": own}, {"decision": "apart"}):
        refused = await rig.bridge.post(f"{path}/decision", answer, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (409, "record_linked")
    answered = await rig.bridge.post(f"{path}/decision", {"decision": "create"}, headers=headers)
    assert answered.is_success, answered.text
    for _ in range(10):
        await rig.drain()
    assert (await rig.lane("erp.product"))["state"] == "waiting"
    (again,) = (await rig.bridge.client.get("/v1/reviews")).json()["items"]
    assert (again["id"], again["state"]) == (one["id"], "open")
    return again


async def test_an_item_renamed_to_the_code_of_a_product_of_the_crms_own_is_reviewed(rig):
    """B52: a person sees both; nothing is joined, and once there is room the lane goes on."""
    item = rig.erp.makes(ITEMS, sku="OLD-1", name="Bolt")
    await rig.synchronize()
    (twin,) = rig.crm.records[PRODUCTS]
    own = rig.crm.makes(PRODUCTS, code="NEW-1", name="Our nut")
    rig.erp.changes(ITEMS, item, sku="NEW-1")
    await rig.synchronize()
    for _ in range(10):
        await rig.drain()
    (one,) = (await rig.bridge.client.get("/v1/reviews", params={"state": "open"})).json()["items"]
    assert (one["half"], one["subject"]) == ("erp", item)
    assert [found["id"] for found in one["candidates"]] == [own]
    codes = {key: record["code"] for key, record in rig.crm.records[PRODUCTS].items()}
    assert codes == {twin: "OLD-1", own: "NEW-1"}
    [found] = one["candidates"]
    assert (found["number"], found["name"]) == ("NEW-1", "Our nut")
    assert (await rig.lane("erp.product"))["state"] == "waiting"
    one = await no_answer_takes_effect(rig, one, own)
    rig.crm.records[PRODUCTS][own]["code"] = "NEW-2"
    decided = await rig.bridge.post(
        f"/v1/reviews/{one['id']}/decision",
        {"decision": "create"},
        headers={"If-Match": f'"{one["version"]}"'},
    )
    assert decided.is_success, decided.text
    await rig.synchronize()
    await rig.drain()
    assert rig.crm.records[PRODUCTS][twin]["code"] == "NEW-1"

"""Repairs: pieces of customers, parts and labour, warranty, quote and invoice."""

import asyncio

import asyncpg
import pytest

from .conftest import PATH, money

pytestmark = pytest.mark.business_day
REFUSED = asyncpg.IntegrityConstraintViolationError, asyncpg.InsufficientPrivilegeError


async def test_a_customers_piece_is_never_valued_as_own_stock(desk, workshop, problem):
    """E66: it lies where goods of others lie, and goes back: no level, no value, no entry."""
    number = desk.word("S")
    lamp = await workshop.stocked("1", "30.00", serials=[number], tracking="serial")
    customer = await desk.customer()
    sale, line = await workshop.sold(lamp, customer)
    before = await workshop.level(lamp)
    facts = {"customer_id": customer["id"], "sku": lamp["sku"]}
    order = await workshop.take_up(**facts, serial=number)
    assert (order["state"], order["owner"], order["warranty"]) == ("draft", "customer", False)
    came = await workshop.does(order, "receive")
    assert came["received_on"]
    problem(await workshop.act(order, "receive"), 409, "piece_here")
    assert await workshop.level(lamp) == before == ("0", "0", "0", "0")
    [serial] = (await desk.see(f"/v1/serials?sku={lamp['sku']}"))["items"]
    assert (serial["place"], serial["in_stock"]) == ("FOREIGN", False)
    back = {"lines": [{"order_line_id": line, "quantity": "1", "serials": [number]}]}
    returned = await desk.erp.post(f"/v1/sales-orders/{sale}/returns", back | {"credit": False})
    problem(returned, 409, "serial_not_with_customer")
    twin = await workshop.take_up(**facts, serial=number)
    problem(await workshop.act(twin, "receive"), 409, "serial_exists")
    await workshop.does(order, "cancel")
    gone = await workshop.does(order, "send-back")
    assert (gone["state"], gone["sent_back_on"]) == ("cancelled", came["received_on"])
    problem(await workshop.act(order, "send-back"), 409, "piece_not_here")
    assert await desk.count("journal_entry", "source_id = $1", order["id"]) == 0
    # A piece that was repaired comes back with its order all the same, at what it left at (E36).
    returned = await desk.erp.post(f"/v1/sales-orders/{sale}/returns", back | {"credit": False})
    assert returned.is_success, returned.text
    assert await workshop.level(lamp) == ("1", "0", "0", "30")
    plain = await desk.item()
    async with desk.erp.database.driver() as sql:
        with pytest.raises(asyncpg.CheckViolationError, match="has no worth"):
            await sql.execute(
                """insert into stock_move (id, item_id, from_location_id, to_location_id, lot,
                    quantity, value, effective_on, recorded_at, source_type, source_id, memo, actor)
                  select gen_random_uuid(), $1, from_location_id, to_location_id, lot, 1, 5,
                    effective_on, recorded_at, source_type, source_id, memo, actor
                    from stock_move where source_type = 'repair_receipt' limit 1""",
                plain["id"],
            )


async def test_pieces_in_lots_and_of_no_item_come_and_go(desk, workshop, problem):
    """E66: a customer's lot is stock of others; a piece that is no item here has no stock."""
    customer = await desk.customer()
    paint = await workshop.stocked(
        "5", "3.00", lots=[{"number": "L1", "quantity": "5"}], tracking="lot"
    )
    facts = {"customer_id": customer["id"], "problem": "Grainy"}
    bad = facts | {"sku": paint["sku"], "quantity": "2"}
    problem(await desk.erp.post(PATH, bad), 422, "lots_needed")
    order = await workshop.take_up(**bad, lot="L1")
    await workshop.does(order, "receive")
    assert await workshop.level(paint) == ("5", "0", "0", "15")
    lots = (await desk.see(f"/v1/lots?sku={paint['sku']}&owner=customer"))["items"]
    assert [(one["owner_id"], one["on_hand"]) for one in lots] == [(customer["id"], "2")]
    await workshop.does(order, "confirm")
    await workshop.does(order, "finish", outcome="no_fault_found")
    problem(await workshop.act(order, "close"), 409, "piece_here")
    assert (await workshop.does(order, "send-back"))["state"] == "closed"
    [lot] = (await desk.see(f"/v1/lots?sku={paint['sku']}&owner=customer"))["items"]
    assert lot["on_hand"] == "0"
    moved = (await desk.see(f"/v1/lots/{lot['id']}/trace"))["documents"]
    assert [(one["kind"], one["quantity"]) for one in moved] == [
        *(("repair_receipt", "2"), ("repair_dispatch", "-2")),
    ]
    assert {one["repair_order_id"] for one in moved} == {order["id"]}
    documents = (await desk.see(f"/v1/stock-documents?sku={paint['sku']}"))["items"]
    quantities = [one["lines"][0]["quantity"] for one in documents]
    assert quantities == ["-2", "2", "5"]
    radio = await workshop.take_up(customer_id=customer["id"], description="Radio of 1960")
    assert (await workshop.does(radio, "receive"))["received_on"]
    await workshop.does(radio, "cancel")
    assert (await workshop.does(radio, "send-back"))["sent_back_on"]


async def test_parts_are_a_demand_from_confirmation_on(desk, workshop, problem):
    """E66: reserved at confirmation, used with their cost, the rest is free at the finish."""
    bulb = await workshop.stocked("5", "4.00")
    centre, customer = await workshop.centre(), await desk.customer()
    lines = [
        {"sku": bulb["sku"], "quantity": "3", "unit_price": money("9.00")},
        {"work_centre": centre["code"], "quantity": "2", "unit_price": money("100.00")},
        {"sku": bulb["sku"], "quantity": "4", "unit_price": money("9.00"), "covered": False},
    ]
    facts = {"customer_id": customer["id"], "description": "A lamp"}
    order = await workshop.take_up(**facts, lines=lines)
    assert await workshop.level(bulb) == ("5", "0", "0", "20")
    problem(await workshop.act(order, "use-parts", lines=[part(1, "1")]), 409, "wrong_repair_state")
    replies = await asyncio.gather(*(workshop.act(order, "confirm") for _ in range(3)))
    assert sorted(one.status_code for one in replies) == [200, 409, 409]
    assert await workshop.level(bulb) == ("5", "5", "0", "20")
    shown = await workshop.see(order)
    assert [one["reserved"] for one in shown["lines"]] == ["3", "0", "2"]
    async with desk.erp.database.driver() as sql:
        waiting = await sql.fetchval(
            """select sum(wanted - reserved - shipped) from demand where order_id = $1""",
            order["id"],
        )
    assert waiting == 2  # planning and purchasing see it
    problem(await workshop.act(order, "use-parts", lines=[part(1, "4")]), 409, "more_than_planned")
    problem(
        await workshop.act(order, "use-parts", lines=[part(2, "1")]), 422, "no_such_repair_line"
    )
    twice = [part(1, "1"), part(1, "1")]
    problem(await workshop.act(order, "use-parts", lines=twice), 422, "invalid_input")
    used = await workshop.does(order, "use-parts", lines=[part(1, "2")])
    assert (used["state"], used["cost"], used["charged"]) == ("in_repair", "8.00", "18.00")
    assert await workshop.level(bulb) == ("3", "3", "0", "12")
    back = await workshop.does(order, "return-parts", lines=[part(1, "1")])
    assert (back["cost"], back["lines"][0]["used"]) == ("4.00", "1")
    # What came back goes to the line that waited; line 1 waits in its place.
    assert [one["reserved"] for one in back["lines"]] == ["1", "0", "3"]
    problem(await workshop.act(order, "return-parts", lines=[part(1, "2")]), 409, "more_than_used")
    hours = await workshop.does(order, "book-hours", position=2, hours="1.5")
    assert (hours["cost"], hours["charged"]) == ("112.00", "159.00")
    problem(await workshop.act(order, "cancel"), 409, "wrong_repair_state")
    done = await workshop.does(order, "finish", outcome="repaired", cause_code="WEAR")
    assert (done["state"], done["outcome"]) == ("done", "repaired")
    assert await workshop.level(bulb) == ("4", "0", "0", "16")
    assert await workshop.booked(order) == {
        "inventory": "-4",
        "repair_cost": "112",
        "labour_absorption": "-9E+1",
        "overhead_absorption": "-18",
    }
    *_, event = await desk.events_of(order["id"])
    said = event["payload"]
    assert (event["topic"], said["outcome"], said["cause_code"]) == (
        *("erp.repair.v1", "repaired", "WEAR"),
    )
    async with desk.erp.database.driver() as sql:
        for statement in (
            "update repair_order set cost = cost + 1 where id = $1",
            "update repair_order set state = 'draft' where id = $1",
            "update repair_line set used = 2 where repair_order_id = $1 and position = 1",
            "update repair_step set cost = 0 where repair_order_id = $1",
            """insert into repair_step select gen_random_uuid(), repair_order_id, line_id, kind,
                quantity, cost, effective_on, recorded_at, actor from repair_step
                where repair_order_id = $1 limit 1""",
        ):
            with pytest.raises(REFUSED):
                await sql.execute(statement, order["id"])


def part(position, quantity, **facts):
    return {"position": position, "quantity": quantity} | facts


async def test_a_warranty_decides_the_price_and_not_the_cost(desk, workshop, problem):
    """E66: by serial and day of shipment; covered lines are free, their cost is booked."""
    number, bulb = desk.word("S"), await workshop.stocked("9", "4.00")
    lamp = await workshop.stocked(
        "1", "30.00", serials=[number], tracking="serial", warranty_months=24
    )
    customer = await desk.customer()
    await workshop.sold(lamp, customer)
    facts = {"customer_id": customer["id"], "sku": lamp["sku"], "serial": number}
    lines = [{"sku": bulb["sku"], "quantity": "2", "unit_price": money("9.00")}]
    order = await workshop.take_up(**facts, lines=lines)
    assert order["warranty"]
    assert order["warranty_until"] > order["bought_on"]
    await workshop.does(order, "receive")
    await workshop.does(order, "confirm")
    used = await workshop.does(order, "use-parts", lines=[part(1, "2")])
    assert (used["cost"], used["charged"]) == ("8.00", "0.00")
    await workshop.does(order, "finish", outcome="repaired")
    problem(await workshop.act(order, "invoice"), 409, "nothing_charged")
    await workshop.does(order, "send-back")
    damage = [lines[0] | {"covered": False}]
    again = await workshop.take_up(**facts, lines=damage)
    await workshop.does(again, "confirm")
    used = await workshop.does(again, "use-parts", lines=[part(1, "1")])
    assert (used["warranty"], used["cost"], used["charged"]) == (True, "4.00", "9.00")
    radio = await workshop.stocked("1", "5.00", warranty_months=6)
    facts = {"customer_id": customer["id"], "sku": radio["sku"], "bought_on": "2020-01-31"}
    old = await workshop.take_up(**facts)
    assert (old["warranty"], old["warranty_until"]) == (False, "2020-07-31")


async def test_a_repair_is_quoted_accepted_and_invoiced_once(desk, workshop, problem):
    """E66: what was used of what was quoted is invoiced, once; what is added later is free."""
    bulb, customer = await workshop.stocked("9", "4.00"), await desk.customer()
    await desk.erp.post("/v1/tax-codes", {"code": "S13", "name": "VAT", "rate": "0.13"})
    line = {"sku": bulb["sku"], "quantity": "2", "unit_price": money("10.00"), "tax_code": "S13"}
    order = await workshop.take_up(
        customer_id=customer["id"], description="A lamp", lines=[line, line]
    )
    quoted = await workshop.does(order, "quote")
    assert (quoted["state"], quoted["quoted_amount"]) == ("quoted", "40.00")
    problem(await workshop.act(order, "confirm"), 409, "wrong_repair_state")
    no = await workshop.does(order, "answer", answer="refused", person="Wang Hai")
    assert (no["state"], no["quote_answer"], no["answered_by"]) == ("draft", "refused", "Wang Hai")
    await workshop.does(order, "remove-line", position=2)
    again = await workshop.does(order, "quote")
    assert (again["quoted_amount"], again["quote_answer"]) == ("20.00", None)
    yes = await workshop.does(order, "answer", answer="accepted", person="Wang Hai")
    assert (yes["state"], yes["lines"][0]["reserved"]) == ("confirmed", "2")
    problem(await workshop.act(order, "lines", lines=[line]), 409, "price_agreed")
    free = {name: line[name] for name in ("sku", "quantity")}
    more = await workshop.does(order, "lines", lines=[free])
    assert more["lines"][1]["reserved"] == "2"
    await workshop.does(order, "use-parts", lines=[part(1, "2"), part(2, "1")])
    problem(await workshop.act(order, "remove-line", position=2), 409, "line_in_use")
    problem(await workshop.act(order, "invoice"), 409, "wrong_repair_state")
    await workshop.does(order, "finish", outcome="repaired")
    replies = await asyncio.gather(*(workshop.act(order, "invoice") for _ in range(3)))
    assert sorted(one.status_code for one in replies) == [201, 409, 409]
    shown = await workshop.see(order)
    invoice = await desk.see(f"/v1/invoices/{shown['invoice_id']}")
    assert (invoice["net"], invoice["gross"]) == ("20.00", "22.60")
    assert (invoice["customer_id"], len(invoice["lines"])) == (customer["id"], 1)
    assert (await workshop.does(order, "close"))["state"] == "closed"
    async with desk.erp.database.driver() as sql:
        for value in ("null", f"'{order['id']}'"):
            with pytest.raises(asyncpg.IntegrityConstraintViolationError):
                await sql.execute(
                    f"update repair_order set invoice_id = {value} where id = $1", order["id"]
                )


async def test_what_is_cancelled_is_not_used_at_the_same_time(desk, workshop):
    """Whoever comes first: either it is cancelled and nothing used, or used and not cancelled."""
    bulb, customer = await workshop.stocked("9", "4.00"), await desk.customer()
    for _ in range(3):
        order = await workshop.take_up(
            customer_id=customer["id"],
            description="A lamp",
            lines=[{"sku": bulb["sku"], "quantity": "1"}],
        )
        await workshop.does(order, "confirm")
        replies = await asyncio.gather(
            workshop.act(order, "cancel"), workshop.act(order, "use-parts", lines=[part(1, "1")])
        )
        assert sorted(one.status_code for one in replies) == [200, 409]
        shown = await workshop.see(order)
        used = shown["lines"][0]["used"]
        assert (shown["state"], used) in {("cancelled", "0"), ("in_repair", "1")}
        assert shown["lines"][0]["reserved"] == "0"


async def test_an_own_piece_is_withheld_while_it_is_repaired(desk, workshop, problem):
    """Its value stays what it is; parts and labour are expenses; it is free again at the end."""
    number, bulb = desk.word("S"), await workshop.stocked("1", "4.00")
    drill = await workshop.stocked("1", "90.00", serials=[number], tracking="serial")
    order = await workshop.take_up(
        sku=drill["sku"], serial=number, lines=[{"sku": bulb["sku"], "quantity": "1"}]
    )
    assert (order["owner"], order["customer_id"]) == ("own", None)
    problem(await workshop.act(order, "receive"), 409, "piece_not_here")
    await workshop.does(order, "confirm")
    assert await workshop.level(drill) == ("1", "0", "1", "90")
    await workshop.does(order, "use-parts", lines=[part(1, "1")])
    await workshop.does(order, "finish", outcome="repaired")
    problem(await workshop.act(order, "invoice"), 409, "nothing_charged")
    closed = await workshop.does(order, "close")
    assert (closed["state"], closed["cost"]) == ("closed", "4.00")
    assert await workshop.level(drill) == ("1", "0", "0", "90")
    given_up = await workshop.take_up(sku=drill["sku"], serial=number)
    await workshop.does(given_up, "confirm")
    await workshop.does(given_up, "cancel")
    assert await workshop.level(drill) == ("1", "0", "0", "90")


async def test_parts_are_traced_to_the_pieces_they_went_into(desk, workshop, problem):
    """E65: a lot or serial leads to the repairs that used it; a recall names their customers."""
    glass = await workshop.stocked(
        "5", "2.00", lots=[{"number": "G1", "quantity": "5"}], tracking="lot"
    )
    number = desk.word("P")
    pump = await workshop.stocked("1", "7.00", serials=[number], tracking="serial")
    customer = await desk.customer()
    order = await workshop.take_up(
        customer_id=customer["id"],
        description="A lamp",
        lines=[{"sku": one["sku"], "quantity": "1"} for one in (glass, pump)],
    )
    await workshop.does(order, "confirm")
    used = await workshop.does(order, "use-parts", lines=[part(1, "1"), part(2, "1")])
    parts = [one for step in used["steps"] for one in step["parts"]]
    assert {(one["lot"], one["serial"]) for one in parts} == {("G1", None), (None, number)}
    [lot] = (await desk.see(f"/v1/lots?sku={glass['sku']}"))["items"]
    for query in (f"part_lot_id={lot['id']}", f"part_serial={number}"):
        found = (await desk.see(f"{PATH}?{query}"))["items"]
        assert [one["id"] for one in found] == [order["id"]]
    trace = await desk.see(f"/v1/lots/{lot['id']}/trace")
    [went] = [one for one in trace["documents"] if one["kind"] == "repair_issue"]
    assert (went["quantity"], went["customer_id"]) == ("-1", customer["id"])
    assert (went["repair_order_id"], went["repair_order_number"]) == (order["id"], order["number"])
    recall = await desk.see(f"/v1/lots/{lot['id']}/recall")
    [named] = recall["customers"]
    assert (named["customer_id"], named["quantity"]) == (customer["id"], "1")
    assert named["repair_numbers"] == [order["number"]]
    bad = part(1, "1", lots=[{"number": "G2", "quantity": "1"}])
    problem(await workshop.act(order, "return-parts", lines=[bad]), 409, "more_than_used")
    bad = part(2, "1", serials=["X"])
    problem(await workshop.act(order, "return-parts", lines=[bad]), 409, "more_than_used")
    await workshop.does(order, "return-parts", lines=[part(2, "1", serials=[number])])
    old = await workshop.does(
        order,
        "recover-parts",
        lines=[
            {"sku": glass["sku"], "quantity": "1", "lots": [{"number": "OLD", "quantity": "1"}]}
        ],
    )
    assert (old["steps"][-1]["kind"], old["steps"][-1]["cost"]) == ("recovery", "0.00")
    assert await workshop.level(glass) == ("5", "0", "0", "8")


async def test_bad_input_is_refused_and_changes_nothing(desk, workshop, problem):
    bulb, customer = await workshop.stocked("1"), await desk.customer()
    count = await desk.count("repair_order", "true")
    unknown = "01a20af0-883d-7161-a6f7-2f887920cba7"
    mine = {"customer_id": customer["id"], "description": "A lamp", "problem": "Dead"}
    line = {"sku": bulb["sku"], "quantity": "1"}
    for body, code in (
        ({"problem": "Dead"}, "invalid_input"),
        (mine | {"description": ""}, "invalid_input"),
        (mine | {"serial": "S1"}, "invalid_input"),
        (mine | {"sku": bulb["sku"], "serial": "S1"}, "serials_not_kept"),
        (mine | {"sku": bulb["sku"], "quantity": "0.5"}, "fraction_of_unit"),
        (mine | {"sku": "NONE-SUCH"}, "missing_reference"),
        (mine | {"customer_id": unknown}, "missing_reference"),
        (mine | {"nonconformance_id": unknown}, "missing_reference"),
        (mine | {"lines": [{"quantity": "1"}]}, "invalid_input"),
        (mine | {"lines": [line | {"work_centre": "W"}]}, "invalid_input"),
        (mine | {"lines": [{"work_centre": "NONE", "quantity": "1"}]}, "missing_reference"),
        (mine | {"lines": [line | {"tax_code": "NONE"}]}, "missing_reference"),
        (mine | {"lines": [line | {"quantity": "1.5"}]}, "fraction_of_unit"),
        (mine | {"lines": [line | {"unit_price": money("-1.00")}]}, "invalid_input"),
    ):
        reply = await desk.erp.post(PATH, body)
        assert reply.status_code == 422, (body, reply.text)
        assert reply.json()["code"] == code, (body, reply.text)
    assert await desk.count("repair_order", "true") == count

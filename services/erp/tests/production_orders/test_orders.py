"""Production orders from plan to close: snapshot, material, goods, values (E59 to E63)."""

import asyncio
from decimal import Decimal

import asyncpg
import pytest

pytestmark = pytest.mark.business_day

PATH = "/v1/production-orders"


def step(centre, sequence=10, **facts):
    return {"sequence": sequence, "work_centre": centre, "run_minutes": "6"} | facts


async def table(floor, **facts):
    """A table of 1 top at 20.00 and 4 legs at 3.00; sawn for 60.00 an hour, 12.00 overhead."""
    sku = (await floor.desk.item(name="Table"))["sku"]
    top, leg = await floor.stocked("20.00"), await floor.stocked("3.00")
    await floor.bill(sku, (top, "1"), (leg, "4"), **facts)
    return sku, top, leg


async def test_an_order_from_plan_to_close_leaves_nothing_in_work(floor):
    """E61, E62: 10 tables; material 320.00, labour 70.00, overhead 14.00; WIP 0.00 at close."""
    sku, top, leg = await table(floor)
    saw = await floor.centre(cost_per_hour="60", overhead_per_hour="12")
    await floor.routing(sku, step(saw, setup_minutes="10"))
    order = await floor.planned(sku, "10")
    assert (order["state"], order["components"], order["open_quantity"]) == ("planned", [], "10")
    order = await floor.acts(order, "firm")
    needs = {one["sku"]: one["required"] for one in order["components"]}
    assert (order["state"], needs) == ("firm", {top: "10", leg: "40"})
    assert order["operations"][0]["planned_minutes"] == "70"
    await floor.acts(order, "release")
    order = await floor.acts(order, "report", good="4")
    assert (order["state"], order["good"], order["progress_percent"]) == ("started", "4", "40")
    assert await floor.costs(order) == {
        "order_id": order["id"],
        "number": order["number"],
        "planned_cost": "404.00",
        "material": "128.00",
        "labour": "34.00",
        "overhead": "6.80",
        "finished": "161.60",
        "work_in_progress": "7.20",
    }
    last = {"good": "5", "scrap": "1", "reason": "Split", "finish": True, "accept_short": True}
    order = await floor.acts(order, "report", **last)
    assert (order["state"], order["scrapped"], order["open_quantity"]) == ("done", "1", "0")
    order = await floor.acts(order, "close")
    costs = await floor.costs(order)
    assert (costs["material"], costs["finished"], costs["scrap"]) == ("320.00", "363.60", "40.40")
    assert "variance" not in costs
    assert "work_in_progress" not in costs
    assert await floor.entries(order) == {
        "inventory": Decimal("43.60"),
        "labour_absorption": Decimal(-70),
        "overhead_absorption": Decimal(-14),
        "scrap": Decimal("40.40"),
        "work_in_progress": Decimal(0),
    }
    assert [await floor.on_hand(one) for one in (sku, top, leg)] == [9, 990, 960]
    events = await floor.desk.events_of(order["id"])
    assert [one["payload"]["progress_percent"] for one in events] == [
        *("0", "0", "0", "40", "100", "100"),
    ]
    steps = (await floor.desk.see(f"{PATH}/{order['id']}/steps"))["steps"]
    assert [(one["kind"], one["good"], one["reason"]) for one in steps] == [
        ("report", "4", ""),
        ("report", "5", "Split"),
        ("close", "0", ""),
    ]


async def test_an_order_keeps_its_snapshot_while_bills_and_rates_change(floor):
    """E60: a new revision and another rate are nothing to an order that is firm."""
    sku, top, leg = await table(floor, effective_to="2099-01-01")
    await floor.acts(await floor.planned(sku, "1"), "firm")
    order = await floor.acts(await floor.planned(sku, "2"), "firm")
    [bill] = (await floor.desk.see(f"/v1/bills-of-material?sku={sku}"))["items"]
    await floor.does(f"/v1/bills-of-material/{bill['id']}/archive")
    other = await floor.stocked("1.00")
    await floor.bill(sku, (other, "1"))
    assert order.items() <= (await floor.desk.see(f"{PATH}/{order['id']}")).items()
    await floor.acts(order, "release")
    order = await floor.acts(order, "report", good="2", finish=True)
    assert {one["sku"]: one["issued"] for one in order["components"]} == {top: "2", leg: "8"}
    later = await floor.released(sku, "1")
    assert [one["sku"] for one in later["components"]] == [other]


async def test_a_planned_order_is_released_exactly_once_by_two_planners(floor, problem):
    """Bad input: two planners release the same order; one is refused, one snapshot is kept."""
    sku, _, _ = await table(floor)
    order = await floor.planned(sku, "3")
    replies = await asyncio.gather(*(floor.asks(order, "release") for _ in range(2)))
    assert sorted(one.status_code for one in replies) == [200, 409]
    problem(max(replies, key=lambda one: one.status_code), 409, "wrong_production_state")
    kept = "production_order_id = $1"
    assert await floor.desk.count("production_order_component", kept, order["id"]) == 2


async def test_a_backflush_without_enough_of_a_component_books_nothing(floor, problem):
    """E61, E27: a component is short: the whole report fails, and nothing moved."""
    sku = (await floor.desk.item())["sku"]
    much, little = await floor.stocked("1.00"), await floor.stocked("1.00", "5")
    await floor.bill(sku, (much, "1"), (little, "1"))
    order = await floor.released(sku, "10")
    document = problem(await floor.asks(order, "report", good="6"), 409, "too_little_on_hand")
    assert document["facts"]["sku"] == little
    assert [await floor.on_hand(one) for one in (much, little)] == [1000, 5]
    assert (await floor.desk.see(f"{PATH}/{order['id']}"))["state"] == "released"
    found = await floor.desk.see(f"{PATH}/{order['id']}/availability")
    reasons = {one["sku"]: (one["reason"], one["missing"]) for one in found["components"]}
    assert (found["available"], reasons[much], reasons[little]) == (
        False,
        ("available", "0"),
        ("missing", "5"),
    )
    again = await floor.planned(sku, "10")
    reply = await floor.asks(again, "release", require_material=True)
    assert little in problem(reply, 409, "material_short")["facts"]["missing"]
    assert (await floor.desk.see(f"{PATH}/{again['id']}"))["state"] == "planned"


async def test_orders_that_begin_earlier_take_their_material_first(floor):
    """P13: no piece of stock counts for two orders."""
    sku = (await floor.desk.item())["sku"]
    part = await floor.stocked("1.00", "15")
    await floor.bill(sku, (part, "1"))
    first = await floor.released(sku, "10")
    second = await floor.acts(await floor.planned(sku, "10"), "firm")
    seen = {}
    for name, order in (("first", first), ("second", second)):
        [one] = (await floor.desk.see(f"{PATH}/{order['id']}/availability"))["components"]
        seen[name] = one["reason"], one["missing"], one["needed_by_earlier"]
    assert seen == {
        "first": ("available", "0", "0"),
        "second": ("needed_by_earlier", "5", "10"),
    }


async def test_more_than_the_tolerance_and_closed_orders_are_refused(floor, problem):
    """Bad input: over-reporting, a closed order, nothing reported, no reason, half a piece."""
    sku, _, _ = await table(floor)
    order = await floor.released(sku, "10", over_tolerance="0.1", under_tolerance="0.2")
    assert (
        problem(await floor.asks(order, "report", good="12"), 409, "over_reported")["facts"]["most"]
        == "11"
    )
    problem(await floor.asks(order, "report"), 422, "nothing_reported")
    problem(await floor.asks(order, "report", scrap="1"), 422, "invalid_input")
    problem(await floor.asks(order, "report", good="0.5"), 422, "fraction_of_unit")
    problem(await floor.asks(order, "report", operation=10, good="1"), 422, "no_operation")
    problem(await floor.asks(order, "close"), 409, "wrong_production_state")
    await floor.acts(order, "report", good="7")
    problem(await floor.asks(order, "finish"), 409, "short_finish")
    problem(await floor.asks(order, "cancel"), 409, "order_begun")
    await floor.acts(order, "report", good="4", finish=True)
    await floor.acts(order, "close")
    for act, body in (("report", {"good": "1"}), ("close", {}), ("finish", {}), ("cancel", {})):
        reply = await floor.asks(order, act, **body)
        assert reply.status_code == 409, (act, reply.text)
    path = f"{PATH}/{order['id']}"
    version = (await floor.desk.see(path))["version"]
    reply = await floor.desk.change(path, {"note": "Late"}, revision=version)
    problem(reply, 409, "order_fixed")
    cancelled = await floor.acts(await floor.released(sku, "1"), "cancel")
    assert cancelled["state"] == "cancelled"
    bare = await floor.planned((await floor.desk.item())["sku"], "1")
    problem(await floor.asks(bare, "release"), 409, "bill_missing")


async def test_material_is_issued_by_hand_and_comes_back_at_its_cost(floor, problem):
    """E61, E62: what was issued by hand counts, and what is left over goes back."""
    sku, top, leg = await table(floor)
    order = await floor.released(sku, "2")
    extra = await floor.stocked("0.35")
    lines = [{"sku": leg, "quantity": "10"}, {"sku": extra, "quantity": "3"}]
    order = await floor.acts(order, "issue", lines=lines)
    assert order["state"] == "started"
    assert (await floor.costs(order))["material"] == "31.05"
    back = [{"sku": extra, "quantity": "1"}]
    await floor.acts(order, "return-material", lines=back)
    assert (await floor.costs(order))["material"] == "30.70"
    too_many = [{"sku": extra, "quantity": "3"}]
    problem(await floor.asks(order, "return-material", lines=too_many), 409, "not_issued")
    order = await floor.acts(order, "report", good="2", finish=True)
    assert {one["sku"]: one["issued"] for one in order["components"]} == {
        top: "2",
        leg: "10",
        extra: "2",
    }
    await floor.acts(order, "close")
    costs = await floor.costs(order)
    assert (costs["material"], costs["finished"], costs["variance"]) == ("70.70", "64.00", "6.70")
    entries = await floor.entries(order)
    assert (entries["production_variance"], entries["work_in_progress"]) == (Decimal("6.70"), 0)


async def test_yields_begin_more_and_by_products_bear_their_share(floor):
    """E59: 90 good ones at yields of 0.9 and 0.95 begin with 106; E62 with by-products."""
    sku, chips = (await floor.desk.item())["sku"], (await floor.desk.item())["sku"]
    bar = await floor.stocked("2.00")
    beside = [{"sku": chips, "quantity": "1", "cost_share": "0.1"}]
    await floor.bill(sku, (bar, "1"), quantity="2", by_products=beside)
    saw = await floor.centre()
    await floor.routing(sku, step(saw, 10, yield_part="0.9"), step(saw, 20, yield_part="0.95"))
    order = await floor.released(sku, "90")
    begun = [one["start_quantity"] for one in order["operations"]]
    assert (order["start_quantity"], begun) == ("106", ["106", "95"])
    assert order["components"][0]["required"] == "53"
    await floor.acts(order, "report", operation=10, good="95", scrap="11", reason="Cracks")
    await floor.acts(order, "report", operation=20, good="60", scrap="3", reason="Cracks")
    order = await floor.acts(order, "report", operation=20, good="30", finish=True)
    assert order["by_products"][0]["received"] == "45"
    await floor.acts(order, "close")
    costs = await floor.costs(order)
    assert (costs["planned_cost"], costs["material"]) == ("106.00", "104.00")
    assert (costs["finished"], costs["by_products"]) == ("95.40", "10.60")
    assert costs["variance"] == "-2.00"


async def test_rejected_pieces_are_made_again_by_an_order_of_their_own(floor):
    """E63: rework consumes material, is not good, has a reason, and opens a rework order."""
    sku, _, leg = await table(floor)
    order = await floor.released(sku, "4")
    order = await floor.acts(order, "report", good="3", rework="1", reason="Scratched")
    assert (order["good"], order["reworked"]) == ("3", "1")
    assert (await floor.costs(order))["rework_out"] == "32.00"
    [again] = (await floor.desk.see(f"{PATH}?rework_of_id={order['id']}"))["items"]
    assert (again["state"], again["quantity"], again["note"]) == ("planned", "1", "Scratched")
    await floor.acts(again, "release")
    await floor.acts(again, "issue", lines=[{"sku": leg, "quantity": "1"}])
    await floor.acts(again, "report", good="1", finish=True)
    await floor.acts(again, "close")
    costs = await floor.costs(again)
    assert (costs["rework_in"], costs["material"], costs["finished"], costs["variance"]) == (
        *("32.00", "3.00", "32.00", "3.00"),
    )
    await floor.acts(order, "finish", accept_short=True)
    await floor.acts(order, "close")
    assert "work_in_progress" not in await floor.costs(order)


async def test_operations_let_through_what_came_out_of_the_one_before(floor, problem):
    """Bad input: an operation reports more than came out of the one before it."""
    sku, _, _ = await table(floor)
    saw = await floor.centre(cost_per_hour="60", efficiency="50")
    batch = {"run_basis": "batch", "batch_quantity": "4"}
    await floor.routing(sku, step(saw, 10), step(saw, 20, **batch))
    order = await floor.released(sku, "10")
    assert [one["planned_minutes"] for one in order["operations"]] == ["120", "36"]
    order = await floor.acts(order, "report", operation=10, good="6", minutes="90")
    assert (order["good"], order["progress_percent"]) == ("0", "30")
    assert problem(await floor.asks(order, "report", operation=20, good="7"), 409, "over_reported")
    order = await floor.acts(order, "report", operation=20, good="6")
    assert [one["minutes"] for one in order["operations"]] == ["90", "24"]
    order = await floor.acts(order, "report", good="4")
    assert [one["minutes"] for one in order["operations"]] == ["138", "36"]
    assert (await floor.costs(order))["labour"] == "174.00"


async def test_a_phantom_is_exploded_through_and_gets_no_order(floor, problem):
    """E51: components of a phantom are the order's own; the same item adds."""
    sku, kit = (await floor.desk.item())["sku"], (await floor.desk.item())["sku"]
    screw = await floor.stocked("0.10")
    await floor.bill(kit, (screw, "3"), kind="phantom")
    await floor.bill(sku, (kit, "2"), (screw, "1"))
    order = await floor.released(sku, "5")
    assert {one["sku"]: one["required"] for one in order["components"]} == {screw: "35"}
    problem(await floor.asks(await floor.planned(kit, "1"), "firm"), 422, "phantom_item")


async def test_serials_go_in_and_come_out(floor, problem):
    """E28, E61: a backflush takes the pieces that came first; good ones get numbers."""
    part = (await floor.desk.item(tracking="serial"))["sku"]
    cost = {"amount": "5.00", "currency": "CNY"}
    line = {"sku": part, "quantity": "3", "unit_cost": cost, "serials": ["a", "b", "c"]}
    await floor.does("/v1/stock-receipts", lines=[line])
    sku = (await floor.desk.item(tracking="serial"))["sku"]
    await floor.bill(sku, (part, "1"))
    order = await floor.released(sku, "2")
    problem(await floor.asks(order, "report", good="2"), 422, "serials_needed")
    await floor.acts(order, "report", good="2", serials=["x", "y"])
    assert [await floor.on_hand(one) for one in (part, sku)] == [1, 2]


async def test_the_database_holds_what_goes_in_and_comes_out(floor):
    """E62: neither an order's amounts nor its steps are changed beside the books."""
    sku, _, _ = await table(floor)
    order = await floor.released(sku, "2")
    await floor.acts(order, "report", good="1")
    async with floor.erp.database.driver() as sql:
        with pytest.raises(asyncpg.CheckViolationError, match="the books have"):
            await sql.execute(
                "update production_order set material = material + 1 where id = $1", order["id"]
            )
        with pytest.raises(asyncpg.RestrictViolationError):
            await sql.execute(
                "update production_order set state = 'planned' where id = $1", order["id"]
            )
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await sql.execute(
                "update production_step set good = 5 where production_order_id = $1", order["id"]
            )


async def test_a_new_revision_lists_what_it_affects(floor, problem):
    """E60: firm orders keep the old one, planned ones take the new one; stock and uses."""
    sku, top, leg = await table(floor, effective_to="2099-12-31")
    set_of = (await floor.desk.item(name="Set"))["sku"]
    await floor.bill(set_of, (sku, "1"))
    kept = await floor.acts(await floor.planned(sku, "2"), "firm")
    day = "2100-06-01"
    taking = await floor.planned(sku, "1", start_on=day, due_on=day)
    glass = await floor.stocked("9.00", "7")
    [old] = (await floor.desk.see(f"/v1/bills-of-material?sku={sku}"))["items"]
    lines = [{"sku": top, "quantity": "1"}, {"sku": glass, "quantity": "2"}]
    body = {"sku": sku, "label": "N", "lines": lines, "effective_from": "2100-01-01"}
    new = await floor.office.does("/v1/bills-of-material", **body)
    path = f"{PATH}/engineering-change?bill_of_material_id="
    found = await floor.desk.see(path + new["id"])
    assert (found["label"], found["replaces_label"], found["on_hand"]) == ("N", old["label"], "0")
    orders = {one["number"]: (one["kept_label"], one["takes_it"]) for one in found["orders"]}
    assert orders == {kept["number"]: (old["label"], False), taking["number"]: (None, True)}
    components = {
        one["sku"]: (one["before"], one["after"], one["on_hand"], one["needed"])
        for one in found["components"]
    }
    assert components == {
        top: ("1", "1", "1000", "2"),
        leg: ("4", "0", "1000", "8"),
        glass: ("0", "2", "7", "0"),
    }
    assert [one["sku"] for one in found["uses"]] == [set_of]
    problem(await floor.desk.client.get(path + kept["id"]), 404, "not_found")

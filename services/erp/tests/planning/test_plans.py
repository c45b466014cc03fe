"""Plans through the product: asked for, made by a worker, explained, ordered."""

import asyncio
import signal
import sys
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from chassis.clock import business_day
from erp.planning.service.running import make_next_plan
from erp.stock.lines import DemandLine
from erp.stock.service.allocating import allocate_lines

pytestmark = pytest.mark.business_day

PLANS, ORDERS, PARAMETERS = "/v1/material-plans", "/v1/planned-orders", "/v1/planning-parameters"


class Shop:
    """A table of a top and four legs; legs are bought."""

    def __init__(self, desk):
        self.desk, self.erp = desk, desk.erp
        self.today = business_day(desk.erp.settings.time_zone)

    async def set_up(self):
        """The items, the bill, the supplier's terms and the parameters."""
        self.table, self.leg = await self.desk.item(name="Table"), await self.desk.item(name="Leg")
        line = {"sku": self.leg["sku"], "quantity": "4", "scrap": "0.2"}
        bill = await self.desk.add(
            "/v1/bills-of-material", sku=self.table["sku"], label="1", lines=[line]
        )
        reply = await self.erp.post(f"/v1/bills-of-material/{bill['id']}/activate", None)
        assert reply.status_code == 200, reply.text
        self.supplier = await self.desk.add("/v1/suppliers", name=self.desk.word("Supplier"))
        self.bolt = await self.desk.item(name="Bolt")
        for item in (self.leg, self.bolt):
            await self.desk.add(
                "/v1/supplier-prices",
                supplier_number=self.supplier["number"],
                sku=item["sku"],
                price={"amount": "2.50", "currency": "CNY"},
                lead_time_days=5,
                min_quantity="10",
                multiple="10",
            )
        self.parameters = await self.desk.add(
            PARAMETERS, sku=self.table["sku"], lead_days=3, safety_stock="2", lot_multiple="2"
        )

    async def wanted(self, item, quantity, days):
        line = DemandLine(uuid4(), uuid4(), UUID(item["id"]), Decimal(quantity), self.day(days))
        async with self.erp.database.transaction() as work:
            await allocate_lines(work, [line])

    def day(self, days):
        return self.today + timedelta(days=days)

    async def planned(self, item=None):
        """The planned orders of the item, after a new plan."""
        reply = await self.erp.post(PLANS, None)
        assert reply.status_code == 202, reply.text
        assert await make_next_plan(self.erp.database)
        plan = await self.desk.see(f"{PLANS}/{reply.json()['id']}")
        assert (plan["state"], plan["progress"], plan["is_current"]) == ("done", 100, True)
        return await self.orders(item) if item else plan

    async def orders(self, item):
        return (await self.desk.see(f"{ORDERS}?sku={item['sku']}"))["items"]


@pytest.fixture
async def shop(desk):
    made = Shop(desk)
    await made.set_up()
    return made


def shown(orders):
    return [(one["start_quantity"], one["release_on"], one["due_on"]) for one in orders]


async def test_a_plan_is_made_explained_and_ordered_once(shop, problem):
    """E53 to E58, E41: the plan, why each line is there, and orders placed exactly once."""
    await shop.wanted(shop.table, 5, 30)
    first, table = await shop.planned(shop.table)
    days = [str(shop.day(days)) for days in (0, 3, 27, 30)]
    # Safety stock is restored as soon as may be; then 5 are lacking, in multiples of 2.
    assert shown([first, table]) == [("2", *days[:2]), ("6", *days[2:])]
    soon, leg = await shop.orders(shop.leg)
    assert shown([soon]) == [("10", str(shop.day(-5)), days[0])]  # 2 x 4 / 0.8
    assert shown([leg]) == [("30", str(shop.day(22)), days[2])]
    assert leg["supplier_number"] == shop.supplier["number"]
    why = await shop.desk.see(f"{ORDERS}/{leg['id']}/reasons")
    assert (why["level"], why["needed"], why["lead_days"]) == (1, "30", 5)
    assert [(one["level"], one["kind"], one["quantity"]) for one in why["demands"]] == [
        (0, "planned_order", "30"),
        (1, "sales_order", "3"),
        (1, "safety_stock", "2"),
    ]
    below = (await shop.desk.see(f"{ORDERS}/{table['id']}/reasons"))["supplies"]
    assert [(one["sku"], one["quantity"], one["supply_order_id"]) for one in below] == [
        (shop.leg["sku"], "30", leg["id"])
    ]
    # Two planners at once: one of them orders.
    replies = await asyncio.gather(
        *(shop.erp.post(f"{ORDERS}/order", {"ids": [leg["id"]]}) for _ in range(2))
    )
    assert sorted(one.status_code for one in replies) == [201, 409]
    problem(max(replies, key=lambda one: one.status_code), 409, "not_planned_to_buy")
    [made] = min(replies, key=lambda one: one.status_code).json()["purchase_order_ids"]
    order = await shop.desk.see(f"/v1/purchase-orders/{made}")
    [line] = order["lines"]
    assert (line["quantity"], line["due_on"]) == ("30", days[2])
    _, leg = await shop.orders(shop.leg)
    assert (leg["state"], leg["purchase_order_id"]) == ("ordered", made)
    # What is ordered is a receipt now, and is planned no more (E58).
    assert shown(await shop.planned(shop.leg)) == shown([soon])
    refused = await shop.erp.post(f"{ORDERS}/order", {"ids": [table["id"]]})
    problem(refused, 409, "not_planned_to_buy")


async def test_a_plan_agrees_with_suggestions_and_knows_when_it_is_outdated(shop, problem):
    """E41, E54: of a bought item both say the same; whoever orders first, nothing is doubled."""
    await shop.wanted(shop.bolt, 33, 3)
    [bolt] = await shop.planned(shop.bolt)
    wanted = f"/v1/purchase-suggestions?state=open&sku={shop.bolt['sku']}"
    [suggested] = (await shop.desk.see(wanted))["items"]
    assert (
        bolt["start_quantity"],
        bolt["release_on"],
        bolt["due_on"],
        bolt["supplier_number"],
    ) == (
        suggested["quantity"],
        suggested["order_by"],
        suggested["needed_on"],
        suggested["supplier_number"],
    )
    assert (bolt["past_due_days"], bolt["release_on"]) == (2, str(shop.day(-2)))
    told = (await shop.desk.see(f"/v1/plan-messages?sku={shop.bolt['sku']}"))["items"]
    assert [(one["kind"], one["by_days"], one["planned_order_id"]) for one in told] == [
        ("expedite", 2, bolt["id"])
    ]
    placed = await shop.erp.post("/v1/purchase-suggestions/order", {"ids": [suggested["id"]]})
    assert placed.status_code == 201, placed.text
    refused = await shop.erp.post(f"{ORDERS}/order", {"ids": [bolt["id"]]})
    problem(refused, 409, "plan_outdated")
    assert await shop.planned(shop.bolt) != [bolt]
    told = (await shop.desk.see(f"/v1/plan-messages?sku={shop.bolt['sku']}"))["items"]
    assert {one["kind"] for one in told} == {"reschedule_in", "expedite"}


async def test_parameters_are_kept_once_and_in_order(shop, problem):
    again = await shop.erp.post(PARAMETERS, {"sku": shop.table["sku"]})
    problem(again, 409, "duplicate_planning_parameter")
    path = f"{PARAMETERS}/{shop.parameters['id']}"
    for wrong in ({"lot_rule": "fixed"}, {"lot_minimum": "9", "lot_maximum": "5"}):
        problem(await shop.desk.merge(path, wrong), 422, "lots_out_of_order")
    problem(await shop.desk.merge(path, {"safety_stock": "0.5"}), 422, "fraction_of_unit")
    problem(await shop.desk.merge(path, {"yield_part": "1.5"}), 422, "invalid_input")


_KILLED = """
import asyncio, os, signal, sys
from erp.app import SERVICE
from erp.planning.queries import plans
from erp.planning.service.running import make_next_plan
from erp.settings import ErpSettings

async def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

async def main():
    plans.finish = die
    await make_next_plan(SERVICE.connect(ErpSettings(), url=sys.argv[1]))

if __name__ == "__main__":
    asyncio.run(main())
"""


async def test_a_worker_that_is_killed_leaves_the_old_plan_whole(shop, tmp_path):
    """SIGKILL when all rows are written and nothing is committed; another worker makes it."""
    await shop.wanted(shop.table, 5, 30)
    before = await shop.planned(shop.table)
    old = (await shop.desk.see(f"{PLANS}?limit=1"))["items"][0]
    await shop.wanted(shop.table, 10, 40)
    asked = (await shop.erp.post(PLANS, None)).json()
    program = tmp_path / "killed.py"
    program.write_text(_KILLED)
    worker = await asyncio.create_subprocess_exec(
        sys.executable, str(program), shop.erp.database.url
    )
    assert await worker.wait() == -signal.SIGKILL
    assert await shop.orders(shop.table) == before
    left = await shop.desk.see(f"{PLANS}/{asked['id']}")
    assert (left["state"], left["is_current"]) == ("running", False)
    assert (await shop.desk.see(f"{PLANS}/{old['id']}"))["is_current"]
    assert await make_next_plan(shop.erp.database)
    done = await shop.desk.see(f"{PLANS}/{asked['id']}")
    assert (done["state"], done["is_current"]) == ("done", True)
    assert len(await shop.orders(shop.table)) == len(before) + 1
    assert not await make_next_plan(shop.erp.database)

"""Plans that cannot be made say so; the next one is made."""

from decimal import Decimal

from erp.planning.queries import plans as queries
from erp.planning.rules.planning import make_plan
from erp.planning.rules.snapshot import Bill, Component, Demand, PlannedItem, Snapshot
from erp.planning.service import running
from erp.planning.service.running import UNFORESEEN, make_next_plan
from erp.purchasing.schemas.orders import NewPurchaseLine, NewPurchaseOrder
from erp.purchasing.service.ordering import order_goods

from .test_plans import PLANS, shop  # noqa: F401 - a fixture


async def _asked(shop):  # noqa: F811
    return (await shop.erp.post(PLANS, None)).json()["id"]


async def test_a_plan_that_cannot_be_stored_fails_and_the_next_one_is_made(shop, monkeypatch):  # noqa: F811
    """E57: a quantity that no column takes, or a circle: the worker goes on."""
    before = await shop.planned()
    store = running.storing.store

    async def overflowing(sql, plan_id, found, computed):
        await sql.execute("select 1e15::numeric(20, 6)")

    monkeypatch.setattr(running.storing, "store", overflowing)
    failed = await _asked(shop)
    assert await make_next_plan(shop.erp.database)
    plan = await shop.desk.see(f"{PLANS}/{failed}")
    assert (plan["state"], plan["problem"], plan["is_current"]) == ("failed", UNFORESEEN, False)
    assert (await shop.desk.see(f"{PLANS}/{before['id']}"))["is_current"]
    monkeypatch.setattr(running.storing, "store", store)

    async def circular(snapshot, progress):
        raise running.CircularBill([shop.leg["id"]])

    with monkeypatch.context() as patched:
        patched.setattr(running, "compute", circular)
        failed = await _asked(shop)
        assert await make_next_plan(shop.erp.database)
    plan = await shop.desk.see(f"{PLANS}/{failed}")
    assert plan["problem"].startswith(f"{shop.leg['sku']} are made of themselves. Correct")
    assert (await shop.planned())["state"] == "done"


async def test_a_plan_that_is_begun_while_another_is_asked_for_leaves_one_waiting():
    """A worker begins the plan that waits between two statements: a new one waits then."""
    answers = [None, None, "new"]  # taken already, begun meanwhile, added

    class Racing:
        async def fetchval(self, *_):
            return answers.pop(0)

    assert await queries.add(Racing(), None, "user:a", None) == "new"


def test_what_is_past_due_takes_the_revision_of_the_day_it_can_begin():
    """E54, E60: the only revision is valid from today, the order should have begun before."""
    bill = Bill((Component("LEG", 4),), from_day=100)
    items = (PlannedItem("TABLE", lead_days=5, bills=(bill,)), PlannedItem("LEG"))
    plan = make_plan(Snapshot(100, items, (Demand("order", "TABLE", 102, 10),)))
    [leg] = plan.items["LEG"].orders
    assert (leg.start, leg.due) == (40, 97)


async def test_what_is_ordered_while_a_plan_is_read_outdates_it(shop, problem):  # noqa: F811
    """E41: begun before the plan, committed after it: the same need is not bought twice."""
    await shop.wanted(shop.bolt, 20, 9)
    line = NewPurchaseLine(sku=shop.bolt["sku"], quantity=Decimal(20), due_on=shop.day(9))
    asked = NewPurchaseOrder(supplier_number=shop.supplier["number"], lines=[line])
    async with shop.erp.database.transaction() as work:
        await order_goods(work, asked)
        [bolt] = await shop.planned(shop.bolt)
    refused = await shop.erp.post("/v1/planned-orders/order", {"ids": [bolt["id"]]})
    problem(refused, 409, "plan_outdated")

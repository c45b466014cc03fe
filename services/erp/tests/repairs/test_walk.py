"""A small random walk of repairs: stock, demand and books agree after each act."""

from random import Random

import pytest
from services.erp.tests.books.checks import CHECKS

from .conftest import PATH, money

pytestmark = pytest.mark.business_day
ACTS = ("confirm", "use", "back", "recover", "hours", "finish", "cancel", "receive", "send-back")
PROVED = (
    "stock is worth what its account holds",
    "stock lies where its moves say",
    "no stock is worth nothing",
    "what is reserved is reserved for lines",
)


async def proved(workshop, item):
    """What is wrong with the stock of the item, and with its repairs."""
    async with workshop.erp.database.driver() as sql:
        for name in PROVED:
            query, _ = CHECKS[name]
            assert not await sql.fetch(query, [item["id"]]), name
        wrong = await sql.fetch(
            """select r.number, l.used, l.quantity, d.wanted, d.shipped, d.reserved, r.state
                 from repair_line l join repair_order r on r.id = l.repair_order_id
                 left join demand d on d.order_line_id = l.id
                where l.item_id = $1 and (
                  (d.order_line_id is null) <> (r.state in ('draft', 'quoted')
                    or r.state = 'cancelled' and d.order_line_id is null)
                  or d.shipped <> l.used
                  or d.wanted <> case when r.state in ('confirmed', 'in_repair') then l.quantity
                    else l.used end)""",
            item["id"],
        )
        assert not wrong


@pytest.mark.parametrize("seed", [3, 11])
async def test_stock_and_demand_agree_after_each_act(desk, workshop, seed):
    """E66: parts are a demand from confirmation until the finish, and each is used once."""
    draw = Random(seed)
    bulb = await workshop.stocked("12", "3.33")
    centre, customer = await workshop.centre(), await desk.customer()
    orders: list[dict[str, object]] = []
    for _ in range(60):
        if len(orders) < 3 or draw.random() < 0.15:
            line = {"sku": bulb["sku"], "quantity": str(draw.randint(1, 5))}
            labour = {"work_centre": centre["code"], "quantity": "3"}
            facts = {"customer_id": customer["id"], "description": "A lamp"}
            facts |= {"lines": [line | {"unit_price": money("7.77")}, labour]}
            orders.append(await workshop.take_up(**facts))
        order, act = draw.choice(orders), draw.choice(ACTS)
        many = {"lines": [{"position": 1, "quantity": str(draw.randint(1, 3))}]}
        name, body = {
            "use": ("use-parts", many),
            "back": ("return-parts", many),
            "recover": ("recover-parts", {"lines": [{"sku": bulb["sku"], "quantity": "1"}]}),
            "hours": ("book-hours", {"position": 2, "hours": "0.37"}),
            "finish": ("finish", {"outcome": "repaired"}),
        }.get(act, (act, {}))
        reply = await workshop.act(order, name, **body)
        assert reply.status_code in {200, 409}, reply.text
        await proved(workshop, bulb)
    shown = (await desk.see(f"{PATH}?customer_id={customer['id']}&limit=100"))["items"]
    assert {"done", "cancelled"} & {one["state"] for one in shown}

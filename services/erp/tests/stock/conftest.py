"""A storekeeper at work: every item is new, so each test knows all that happened to it."""

from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from chassis.clock import business_day
from erp.ledger.service.years import ensure_year
from erp.stock.lines import (
    AdjustLine,
    DemandLine,
    ExpectedLine,
    OrderDemand,
    ReceiptLine,
    ReturnLine,
    ShipLine,
)
from erp.stock.service.adjusting import post_adjustment
from erp.stock.service.allocating import allocate_lines, allocate_orders
from erp.stock.service.demand import cancel_demand, change_ordered_quantity
from erp.stock.service.expected_receipts import set_expected_receipts
from erp.stock.service.goods import receive_goods, receive_return, ship_goods

PROOF = """select
    (select sum(on_hand) from stock_level where item_id = $1) as on_hand,
    (select sum(reserved) from stock_level where item_id = $1) as reserved,
    (select coalesce(sum(reserved), 0) from demand where item_id = $1) as reserved_by_lines,
    (select coalesce(sum(wanted - reserved - shipped), 0) from demand where item_id = $1)
      as waiting,
    v.quantity as valued, v.value,
    coalesce(sum(case when t.kind = 'internal' then m.quantity else -m.quantity end), 0) as moved,
    coalesce(sum(case when t.kind = 'internal' then m.value else -m.value end), 0) as moved_value,
    (select coalesce(sum(j.debit - j.credit), 0) from journal_line j
       join account a on a.id = j.account_id and a.role = 'inventory' where j.item_id = $1)
      as booked
  from item_valuation v
  left join stock_move m on m.item_id = v.item_id
  left join location t on t.id = m.to_location_id
  where v.item_id = $1 group by v.quantity, v.value"""


class Store:
    """Acts that other modules use, each in a transaction of its own."""

    def __init__(self, erp):
        self.erp = erp

    @property
    def today(self):
        """The business day."""
        return business_day(self.erp.settings.time_zone)

    async def item(self, **facts):
        """A new item of goods."""
        sku = f"STOCKED-{uuid4().hex[:12].upper()}"
        reply = await self.erp.post("/v1/items", {"sku": sku, "name": "Bolt"} | facts)
        assert reply.status_code == 201, reply.text
        return UUID(reply.json()["id"])

    async def receives(self, item_id, quantity, value, *, expected_id=None, counterpart="grni"):
        line = ReceiptLine(item_id, Decimal(quantity), Decimal(value), expected_id)
        async with self.erp.database.transaction() as work:
            await receive_goods(
                work, [line], counterpart=counterpart, **self.source("purchase_receipt")
            )

    async def orders(self, item_id, quantity, *, promised_on=None, order_id=None):
        """The new order line, and what was reserved for it."""
        line_id = uuid4()
        line = DemandLine(
            line_id,
            order_id or uuid4(),
            UUID(str(item_id)),
            Decimal(quantity),
            promised_on or self.today,
            promised_on,
        )
        async with self.erp.database.transaction() as work:
            return line_id, (await allocate_lines(work, [line]))[line_id]

    async def ships(self, line_id, quantity):
        async with self.erp.database.transaction() as work:
            lines = [ShipLine(line_id, Decimal(quantity))]
            return (await ship_goods(work, lines, **self.source("shipment")))[line_id]

    async def takes_back(self, line_id, quantity):
        async with self.erp.database.transaction() as work:
            lines = [ReturnLine(line_id, Decimal(quantity))]
            return (await receive_return(work, lines, **self.source("return")))[line_id]

    async def finds(self, item_id, quantity, value=None):
        line = AdjustLine(item_id, Decimal(quantity), None if value is None else Decimal(value))
        async with self.erp.database.transaction() as work:
            await post_adjustment(work, [line], memo="count", **self.source("stock_adjustment"))

    async def changes_quantity(self, line_id, quantity):
        async with self.erp.database.transaction() as work:
            return (await change_ordered_quantity(work, {line_id: Decimal(quantity)}))[line_id]

    async def cancels(self, *line_ids):
        async with self.erp.database.transaction() as work:
            await cancel_demand(work, line_ids)

    async def expects(self, item_id, quantity, due_on, source_line_id=None):
        line_id = source_line_id or uuid4()
        async with self.erp.database.transaction() as work:
            await set_expected_receipts(
                work, [ExpectedLine(line_id, UUID(str(item_id)), Decimal(quantity), due_on)]
            )
        return line_id

    async def promises(self, item_id, quantity, on):
        """For when so many would be promised; nothing is placed."""
        return (await self.allocates([(item_id, quantity)], on, in_earnest=False))[0]

    async def allocates(self, needs, on, *, in_earnest=True):
        """For when orders of one line (item, quantity) are promised, placed at once."""
        lines = [DemandLine(uuid4(), uuid4(), one, Decimal(many), on) for one, many in needs]
        async with self.erp.database.transaction() as work:
            days = await allocate_orders(work, [OrderDemand([one], on) for one in lines])
            if not in_earnest:
                work.abandon()
        return days

    async def line(self, line_id):
        """Wanted, reserved, waiting, shipped of an order line."""
        async with self.erp.database.driver() as sql:
            row = await sql.fetchrow(
                """select wanted, reserved, wanted - reserved - shipped, shipped
                     from demand where order_line_id = $1""",
                line_id,
            )
        return tuple(map(int, row.values()))

    async def proven(self, item_id):
        """The item's levels and worth, once they are proven by moves and books.

        E24: on hand is the sum of the moves. E26: what is reserved is what lines have reserved,
        never more than is on hand; nothing is free while someone waits. E29: the inventory
        account is the valuation. E30: nothing is worth nothing.
        """
        async with self.erp.database.driver() as sql:
            state = dict(await sql.fetchrow(PROOF, item_id))
        assert state["on_hand"] == state["moved"] == state["valued"]
        assert state["value"] == state["moved_value"] == state["booked"]
        assert state["reserved"] == state["reserved_by_lines"] <= state["on_hand"]
        assert state["on_hand"] > 0 or state["value"] == 0
        assert state["waiting"] == 0 or state["reserved"] == state["on_hand"]
        return state

    async def holds(self, item_id):
        """On hand, reserved and worth, proven."""
        state = await self.proven(item_id)
        return int(state["on_hand"]), int(state["reserved"]), f"{state['value']:.2f}"

    def source(self, kind):
        """A document of today."""
        return {"source_type": kind, "source_id": uuid4(), "effective_on": self.today}


@pytest.fixture(scope="session")
async def store(erp):
    """A storekeeper whose books are open today."""
    async with erp.database.transaction() as work:
        await ensure_year(work, work.today())
    return Store(erp)

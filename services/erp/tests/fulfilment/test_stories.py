"""Orders through any story of shipments, returns, changes, invoices and payments, to the cent."""

import random
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from values.prices import line_net

PROOF = """select
    (select coalesce(sum(case i.kind when 'invoice' then l.net else -l.net end), 0)
       from invoice i join invoice_line l on l.invoice_id = i.id and l.order_line_id = $1) as net,
    (select coalesce(sum(case i.kind when 'invoice' then l.quantity else -l.quantity end), 0)
       from invoice i join invoice_line l on l.invoice_id = i.id and l.order_line_id = $1)
      as billed,
    (select coalesce(sum(case i.kind when 'invoice' then i.tax else -i.tax end), 0)
       from invoice i where i.order_id = o.order_id) as tax,
    (select coalesce(sum(j.credit - j.debit), 0) from journal_line j
       join journal_entry e on e.id = j.entry_id
       join account a on a.id = j.account_id and a.role = 'tax_output'
      where e.source_id in (select id from invoice i where i.order_id = o.order_id)) as due,
    (select coalesce(sum(case t.kind when 'customer' then m.quantity else -m.quantity end), 0)
       from stock_move m join location t on t.id = m.to_location_id where m.order_line_id = $1)
      as gone,
    (select coalesce(sum(case t.kind when 'customer' then m.value else -m.value end), 0)
       from stock_move m join location t on t.id = m.to_location_id where m.order_line_id = $1)
      as cost,
    (select coalesce(sum(j.debit - j.credit), 0) from journal_line j
       join journal_entry e on e.id = j.entry_id
       join account a on a.id = j.account_id and a.role = 'cogs'
      where j.item_id = (select item_id from sales_order_line where id = $1)
        and e.source_id in (select id from shipment s where s.order_id = o.order_id)) as cogs,
    (select coalesce(sum(j.credit - j.debit), 0) from journal_line j
       join journal_entry e on e.id = j.entry_id
       join account a on a.id = j.account_id and a.role = 'sales'
      where e.source_id in (select id from invoice i where i.order_id = o.order_id)) as sales
  from sales_order_line o where o.id = $1"""


class Story:
    """One order of one item, at a price whose parts do not come out even."""

    def __init__(self, sales, customer, item, seed):
        self.sales, self.customer, self.item = sales, customer, item
        self.chance, self.order_id, self.version = random.Random(seed), uuid4(), 0
        self.price = f"{self.chance.randrange(1, 99999)}.{self.chance.randrange(10**6):06}"
        self.discount = self.chance.choice(["0", "0.05", "0.333333", "0.999999", "1"])

    async def wants(self, quantity):
        """Send the order anew, with another quantity."""
        self.version += 1
        line = (self.item, str(quantity), self.price, self.discount)
        body = self.sales.body(self.customer, line)
        reply = await self.sales.send(body, self.order_id, self.version)
        assert reply.is_success, reply.text
        self.order = reply.json()

    async def act(self):
        """One act of any kind; a refusal is none of our errors and changes nothing."""
        kind = self.chance.choice(["shipments", "shipments", "returns", "invoices", "change", "in"])
        some = str(self.chance.randrange(1, 5))
        if kind == "change":
            await self.wants(self.chance.randrange(1, 16))
            return
        if kind == "in":
            await self.sales.receives(self.item, some, f"{self.chance.randrange(1, 999)}.33")
            return
        part = {"lines": [{"order_line_id": self.order["lines"][0]["id"], "quantity": some}]}
        reply = await self.sales.act(self.order, kind, **({} if kind == "invoices" else part))
        assert reply.status_code in {201, 409}, reply.text

    async def proven(self):
        """The books of the order, once they agree with its lines."""
        line = (await self.sales.seen(self.order))["lines"][0]
        async with self.sales.erp.database.driver() as sql:
            shown = dict(await sql.fetchrow(PROOF, UUID(line["id"])))
        shipped, returned = Decimal(line["shipped"]), Decimal(line["returned"])
        assert shown["gone"] == shipped - returned
        assert shown["cost"] == shown["cogs"]
        assert (shown["net"], shown["tax"]) == (shown["sales"], shown["due"])
        assert 0 <= shown["billed"] <= shipped
        assert shown["gone"] > 0 or shown["cost"] == 0
        assert shown["billed"] > 0 or shown["net"] == 0
        assert min(shown["net"], shown["tax"], shown["cost"]) >= 0
        owed = Decimal(await self.sales.owed(self.customer))
        assert (
            owed
            == shown["net"] + shown["tax"]
            == await self.sales.booked("receivable", self.customer)
        )
        return line, shown


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_happens_to_an_order_its_books_follow(sales, desk, seed):
    """E14, E19, E29, E30, E36, E47: after every act; in the end it is the agreed net, or 0."""
    customer, code = await desk.customer(), desk.word("T")
    await desk.add("/v1/tax-codes", code=code, name="Tax", rate="0.13")
    item = await sales.item("4", "3.33", tax_code=code if seed % 2 else None)
    story = Story(sales, customer, item, seed)
    await story.wants(9)
    for _ in range(18):
        await story.act()
        await story.proven()
    await _ends_even(sales, story)


async def _ends_even(sales, story):
    """All that is wanted goes out and is invoiced; then all of it comes back."""
    await sales.receives(story.item, "20")
    for act in ("shipments", "invoices"):
        await sales.act(story.order, act)
    line, shown = await story.proven()
    assert Decimal(line["shipped"]) == Decimal(line["quantity"])
    kept = Decimal(line["shipped"]) - Decimal(line["returned"])
    assert shown["billed"] == kept
    if not Decimal(line["returned"]):
        agreed = [Decimal(value) for value in (story.price, line["quantity"], story.discount)]
        assert shown["net"] == line_net(*agreed, decimals=2)
    back = [{"order_line_id": line["id"], "quantity": str(kept)}]
    if kept:
        assert (await sales.act(story.order, "returns", lines=back)).status_code == 201
    _, shown = await story.proven()
    assert (shown["net"], shown["tax"], shown["cost"]) == (0, 0, 0)
    assert (shown["billed"], shown["gone"]) == (0, 0)

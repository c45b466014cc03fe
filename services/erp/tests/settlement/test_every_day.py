"""E14 and E15 proven on every day, after every act of any story."""

import asyncio
import random
from datetime import date, timedelta

import pytest

from erp.ledger.service.years import ensure_year

STATUSES = {200, 201, 409, 422}
FIRST = date(2008, 1, 1)


def money(amount):
    return {"amount": amount, "currency": "CNY"}


@pytest.fixture(scope="module", autouse=True)
async def opened(erp):
    """The year of these stories."""
    async with erp.database.transaction() as work:
        await ensure_year(work, FIRST)


class Story:
    """A party, and acts that happen to it in any order on any days; a refusal changes nothing."""

    def __init__(self, office, party, side, seed):
        self.office, self.party, self.side = office, party, side
        self.chance = random.Random(seed)
        self.documents, self.payments, self.done = [], [], []

    @property
    def day(self):
        return str(FIRST + timedelta(days=self.chance.randrange(60)))

    @property
    def amount(self):
        return money(f"{self.chance.randrange(1, 4000) / 100:.2f}")

    async def act(self):
        """One act of any kind; what it was and the reply."""
        acts = [self.asks, self.pays, self.allocates, self.releases, self.refunds]
        if self.side == "receivable":
            acts.append(self.credits)
        chosen = self.chance.choice(acts[:2] if len(self.payments) < 2 else acts)
        reply = await chosen()
        assert reply.status_code in STATUSES, reply.text
        if reply.is_success:
            self.done.append(chosen.__name__)
        return reply

    async def asks(self):
        if self.side == "receivable":
            line = {"description": "Advice", "unit_price": self.amount}
            # Numbers follow the days: invoices of one year are dated on its last day.
            facts = {"customer_id": self.party["id"], "effective_on": "2008-12-31"}
            reply = await self.office.erp.post("/v1/invoices", facts | {"lines": [line]})
        else:
            facts = {"supplier_id": self.party["id"], "supplier_number": self.office.desk.word()}
            facts |= {"expenses": [{"account": "6402", "amount": self.amount}]}
            reply = await self.office.erp.post("/v1/bills", facts | {"effective_on": self.day})
        if reply.is_success:
            self.documents.append(reply.json()["id"])
        return reply

    async def pays(self):
        facts = {"party_id": self.party["id"], "amount": self.amount, "effective_on": self.day}
        facts["direction"] = "in" if self.side == "receivable" else "out"
        if self.chance.random() < 0.5:
            facts["allocations"] = []
        reply = await self.office.erp.post("/v1/payments", facts)
        self.payments.append(reply.json()["id"])
        return reply

    async def allocates(self):
        facts = {}
        if self.documents and self.chance.random() < 0.5:
            share = {"document_id": self.chance.choice(self.documents), "amount": self.amount}
            facts = {"allocations": [share]}
        return await self._of_payment("allocate", facts)

    async def releases(self):
        document = self.chance.choice(self.documents or [self.party["id"]])
        return await self._of_payment("release", {"document_id": document})

    async def refunds(self):
        facts = {"effective_on": self.day}
        if self.chance.random() < 0.5:
            facts["amount"] = self.amount
        return await self._of_payment("refund", facts)

    async def credits(self):
        chosen = self.chance.choice(self.documents or [self.party["id"]])
        line = {"position": 1, "quantity": f"0.{self.chance.randrange(1, 9)}"}
        facts = {"effective_on": "2008-12-31", "lines": [line]}
        reply = await self.office.erp.post(f"/v1/invoices/{chosen}/credit", facts)
        return reply if reply.status_code != 404 else await self.pays()

    async def _of_payment(self, act, facts):
        path = f"/v1/payments/{self.chance.choice(self.payments)}/{act}"
        return await self.office.erp.post(path, facts)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("side", ["receivable", "payable"])
async def test_whatever_happens_the_account_is_the_open_items_on_every_day(
    office, desk, side, seed
):
    """E14, E15: proven after every single act for each day on which anything was booked."""
    party = await (desk.customer() if side == "receivable" else office.supplier())
    story = Story(office, party, side, f"{side} {seed}")
    for _ in range(25):
        await story.act()
        await office.owes(party, side)
    assert len(set(story.done)) > 3, story.done


@pytest.mark.parametrize("side", ["receivable", "payable"])
async def test_acts_at_once_leave_the_account_and_the_open_items_the_same(office, desk, side):
    """E14, E15: ten stories of one party side by side, and nobody meets an error."""
    party = await (desk.customer() if side == "receivable" else office.supplier())
    stories = [Story(office, party, side, f"{side} at once {seed}") for seed in range(10)]
    for one in stories:  # They all pay and settle the same documents.
        one.documents, one.payments = stories[0].documents, stories[0].payments
    for _ in range(4):
        await asyncio.gather(*(one.act() for one in stories))
        await office.owes(party, side)

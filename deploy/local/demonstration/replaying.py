"""The replay: each day of the set in turn, as the people of both halves would live it."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from demonstration.calling import Halves, Refused
from demonstration.source import Northwind, SourceOrder
from demonstration.watching import MonthEnd, look, month_ends
from runner.telling import say

__all__ = ["Replay", "Tally"]

SAID_EVERY_DAYS = 50
ATTEMPTS_AT_ONCE = 8
PAYMENTS_AT_ONCE = 200


@dataclass
class Tally:
    """What the replay did."""

    short_orders: int = 0
    purchase_orders: int = 0
    seconds_crm: float = 0.0
    seconds_bridge: float = 0.0
    seconds_buying: float = 0.0
    seconds_shipping: float = 0.0
    crm_ids: dict[str, str] = field(default_factory=dict)
    """Northwind's order number -> id in the CRM."""
    erp_ids: dict[str, str] = field(default_factory=dict)
    """Northwind's order number -> id in the ERP."""
    month_ends: list[MonthEnd] = field(default_factory=list)


class Replay:
    """Walks the days of the set."""

    def __init__(self, halves: Halves, source: Northwind) -> None:
        self.crm, self.erp = halves.crm, halves.erp
        self._halves = halves
        self._source = source
        self._ordered = _by_day(source.orders, "ordered_on")
        self._shipped = _by_day(source.shipped, "shipped_on")
        self._month_ends = month_ends(list(self._shipped))
        self._accounts: Mapping[str, str] = {}
        self._slots = asyncio.Semaphore(ATTEMPTS_AT_ONCE)
        self.tally = Tally()

    async def run(self) -> Tally:
        """Every day in turn. Raises Refused."""
        self._accounts = await self._known_accounts()
        began = time.monotonic()
        for at, day in enumerate(self._source.days, 1):
            await self._day(day)
            if at % SAID_EVERY_DAYS == 0 or at == len(self._source.days):
                placed, took = len(self.tally.crm_ids), time.monotonic() - began
                say(f"  {day}: day {at}, {placed} orders placed, {took:.0f} s")
        return self.tally

    async def _day(self, day: str) -> None:
        placed, shipped = self._ordered.get(day, []), self._shipped.get(day, [])
        clock = time.monotonic
        began = clock()
        await asyncio.gather(*(self._place(order) for order in placed))
        in_crm = clock()
        if placed:
            await self._halves.across(self.crm)
        across = clock()
        if placed:
            await asyncio.gather(*(self._find(order) for order in placed))
            await self._buy(day)
        bought = clock()
        await self._ship_and_settle(day, shipped)
        self.tally.seconds_crm += in_crm - began
        self.tally.seconds_bridge += across - in_crm
        self.tally.seconds_buying += bought - across
        self.tally.seconds_shipping += clock() - bought

    async def _known_accounts(self) -> Mapping[str, str]:
        return {
            ref["external_id"]: account["id"]
            async for account in self.crm.every("/v1/accounts")
            for ref in account["external_refs"]
            if ref["system"] == "northwind"
        }

    async def _place(self, order: SourceOrder) -> None:
        async with self._slots:
            command = order.command(self._accounts[order.customer])
            made = await self.crm.post("/v1/orders", command)
        self.tally.crm_ids[order.number] = made["id"]

    async def _find(self, order: SourceOrder) -> None:
        """The order in the ERP; it was accepted and confirmed."""
        crm_id = self.tally.crm_ids[order.number]
        path = "/v1/sales-orders"
        async with self._slots:
            found = await self.erp.get(path, external_system="crm", external_id=crm_id)
        state = found["items"][0]["state"] if found["items"] else "not there"
        if state != "confirmed":
            message = f"order {order.number} (CRM {crm_id}) is {state} in the ERP"
            raise Refused(message)
        [seen] = found["items"]
        self.tally.erp_ids[order.number] = seen["id"]
        if any(float(line["waiting"]) for line in seen["lines"]):
            self.tally.short_orders += 1

    async def _buy(self, day: str) -> None:
        """Order what is suggested, and take it in the same day."""
        made = await self.erp.post("/v1/purchase-suggestions/order", {"ordered_on": day})
        if made["left"]:
            message = f"{len(made['left'])} suggestions have no supplier"
            raise Refused(message)
        ids = [order["id"] for order in made["orders"]]
        if ids:
            command = {"order_ids": ids, "effective_on": day}
            await self.erp.post("/v1/purchase-orders/receive-all", command)
            self.tally.purchase_orders += len(ids)

    async def _ship_and_settle(self, day: str, orders: Sequence[SourceOrder]) -> None:
        if orders:
            done = await asyncio.gather(*(self._ship(day, order) for order in orders))
            if day in self._month_ends:
                self.tally.month_ends.append(await look(self.erp, day))
            paid = [one for one, order in zip(done, orders, strict=True) if order.paid]
            for at in range(0, len(paid), PAYMENTS_AT_ONCE):
                items = paid[at : at + PAYMENTS_AT_ONCE]
                await self.erp.post("/v1/payments/batch", {"items": items})

    async def _ship(self, day: str, order: SourceOrder) -> dict[str, Any]:
        """Ship and invoice an order whole; the payment that settles it."""
        path = f"/v1/sales-orders/{self.tally.erp_ids[order.number]}"
        async with self._slots:
            seen = await self.erp.get(path)
            lines = [
                {"order_line_id": line["id"], "quantity": line["quantity"]}
                for line in seen["lines"]
            ]
            parcel = {"carrier": order.carrier, "tracking_number": f"NW-{order.number}"}
            when = {"effective_on": day}
            await self.erp.post(f"{path}/shipments", {"lines": lines, **parcel, **when})
            invoice = await self.erp.post(f"{path}/invoices", when)
        return {
            "direction": "in",
            "party_id": seen["customer_id"],
            "amount": invoice["gross"],
            "reference": f"Northwind {order.number}",
            "allocations": [{"document_id": invoice["invoice_id"]}],
            **when,
        }


def _by_day(orders: Sequence[SourceOrder], name: str) -> Mapping[str, list[SourceOrder]]:
    days: dict[str, list[SourceOrder]] = defaultdict(list)
    for order in orders:
        days[getattr(order, name)].append(order)
    return days

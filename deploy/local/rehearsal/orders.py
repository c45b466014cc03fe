"""The orders of a rehearsal: placed in the CRM, and looked for in both halves."""

import time
from collections.abc import Iterable
from functools import partial

import httpx

from chassis.events.cursor import Cursor
from demonstration.playing import (
    POLL_SECONDS,
    Record,
    agree,
    crossed,
    got,
    made,
)
from demonstration.story import Story

__all__ = ["Orders"]

DRAINED_SECONDS_MAX = 120.0
CUSTOMERS = ("Harbour Street Tea", "Lake View Hotel", "Old Mill Bakery")
HALVES = ("crm", "erp")


class Orders:
    """Places orders through the API of the CRM."""

    def __init__(self, clients: dict[str, httpx.Client]) -> None:
        self._story = Story(clients)
        self._clients = clients
        self._crm, self._erp = clients["crm"], clients["erp"]
        self._product: Record = {}
        self._accounts: list[Record] = []

    def prepare(self) -> None:
        """An item with a price, and customers that both halves have. Raises Disagreement."""
        self._product = self._story.item_with_a_price()
        for name in CUSTOMERS:
            account = made(self._crm, "/v1/accounts", name=name, stage="customer")
            origin = f"CRM account {account['id']}"
            crossed(origin, partial(self._story.customer_of, account), "ERP customer")
            self._accounts.append(account)

    def place(self, count: int) -> set[str]:
        """So many orders, and wait until the ERP has them; their ids. Raises Disagreement."""
        placed = set()
        for number in range(count):
            account = self._accounts[number % len(self._accounts)]
            line = {"product": self._product["code"], "quantity": str(number + 1)}
            order = made(self._crm, "/v1/orders", account_id=account["id"], lines=[line])
            placed.add(str(order["id"]))
        self._story.drained()
        agree(self.in_erp(placed) == placed, "the orders that were placed")
        return placed

    def in_crm(self, orders: Iterable[str]) -> set[str]:
        """Those of the orders that the CRM has now."""
        there = set()
        for order in orders:
            reply = self._crm.get(f"/v1/orders/{order}")
            if reply.status_code != httpx.codes.NOT_FOUND:
                reply.raise_for_status()
                there.add(order)
        return there

    def in_erp(self, orders: Iterable[str]) -> set[str]:
        """Those of the orders that the ERP has now, by the CRM's id."""
        path = "/v1/sales-orders"
        return {one for one in orders if self._story.twin(self._erp, path, "crm", one)}

    def histories(self) -> dict[str, int]:
        """The id of each half's present history."""
        ends = {half: got(self._clients[half], "/v1/events/position") for half in HALVES}
        return {half: Cursor.parse(end["cursor"]).epoch for half, end in ends.items()}

    def wait_until_drained(self) -> None:
        """Wait until the bridge says that all it knows of is across. Raises Disagreement."""
        deadline = time.monotonic() + DRAINED_SECONDS_MAX
        while not got(self._clients["bridge"], "/v1/status")["drained"]:
            agree(time.monotonic() < deadline, "the bridge's backlog")
            time.sleep(POLL_SECONDS)

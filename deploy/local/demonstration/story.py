"""The small story: customers and products both ways, then an order from seller to bank."""

import time
import uuid

import httpx

from demonstration.ordering import order_to_cash
from demonstration.playing import (
    CROSSING_SECONDS_MAX,
    Record,
    agree,
    changed,
    crossed,
    got,
    made,
)
from demonstration.selling import CITY, lead_to_order
from runner.telling import say

__all__ = ["Story"]


class Story:
    """Both halves and the bridge between them, as their administrator sees them."""

    def __init__(self, clients: dict[str, httpx.Client]) -> None:
        self.crm, self.erp, self.bridge = clients["crm"], clients["erp"], clients["bridge"]

    def play(self) -> None:
        """Every chapter in turn. Raises Disagreement, httpx.HTTPStatusError."""
        product = self.item_with_a_price()
        won = lead_to_order(self.crm, product=product)
        account = self.customer_from_the_crm(won.account)
        self.terms_from_the_erp(account)
        self.new_phone_number(account)
        self.customer_from_the_erp()
        self.sent_twice()
        order_to_cash(self.crm, self.erp, placed=won.order, product=product)
        self.nothing_left()

    def customer_from_the_crm(self, account: Record) -> Record:
        """A customer won in the CRM is known to the ERP, with a number."""
        say("\nThe books know the new customer at once.")
        twin = crossed(
            f"CRM account {account['id']}", lambda: self.customer_of(account), "ERP customer"
        )
        agree(twin["name"] == account["name"], "the customer's name")
        agree(twin["ship_to"]["city"] == CITY["city"], "the delivery address")
        say(f"    the ERP gave it the number {twin['number']}")
        return account

    def terms_from_the_erp(self, account: Record) -> None:
        """Terms are the ERP's; the CRM shows them."""
        say("\nAn accountant grants a credit limit; the seller sees it.")
        customer = self.customer_of(account) or {}
        currency = customer["currency"] or "CNY"
        limit = {"amount": "20000.00", "currency": currency}
        changed(self.erp, f"/v1/customers/{customer['id']}", credit_limit=limit)

        def shown() -> Record | None:
            seen = got(self.crm, f"/v1/accounts/{account['id']}")
            known = (seen["erp"] or {}).get("credit_limit")
            return seen if known and known["amount"] == limit["amount"] else None

        seen = crossed(f"ERP customer {customer['id']}", shown, "CRM account")
        say(f"    the CRM shows {seen['erp']['credit_limit']['amount']} {currency}")

    def new_phone_number(self, account: Record) -> None:
        """What the CRM owns changes in the ERP too."""
        say("\nThe customer has a new telephone; the warehouse calls the right one.")
        changed(self.crm, f"/v1/accounts/{account['id']}", phone="+86 512 5550 0199")

        def right() -> Record | None:
            customer = self.customer_of(account)
            called = customer and customer["phone"].replace(" ", "").endswith("55500199")
            return customer if called else None

        crossed(f"CRM account {account['id']}", right, "ERP customer")

    def customer_from_the_erp(self) -> None:
        """A customer born in the ERP is known to the CRM."""
        say("\nA customer walks into the shop; the ERP bills it, the CRM knows it.")
        customer = made(self.erp, "/v1/customers", name="Garden Gate Florist", ship_to=CITY)

        def known() -> Record | None:
            return self.twin(self.crm, "/v1/accounts", "erp", customer["id"])

        account = crossed(f"ERP customer {customer['id']}", known, "CRM account")
        agree(account["name"] == customer["name"], "the account's name")

    def item_with_a_price(self) -> Record:
        """Items and prices go down to the CRM."""
        say("\nA new item gets its price; the seller can offer it.")
        beans = {"sku": "BEANS-1KG", "name": "Coffee beans, 1 kg"}
        item = made(self.erp, "/v1/items", tracking="lot", **beans)
        lists = got(self.erp, "/v1/price-lists")["items"]
        currency = next(one["currency"] for one in lists if one["is_default"])
        asked = {"amount": "98.50", "currency": currency}
        made(self.erp, "/v1/prices", sku=item["sku"], price=asked)

        def offered() -> Record | None:
            product = self.twin(self.crm, "/v1/products", "erp", item["id"])
            path = "/v1/product-prices"
            prices = got(self.crm, path, product_id=product["id"])["items"] if product else []
            return product if prices else None

        product = crossed(f"ERP item {item['id']}", offered, "CRM product")
        found = got(self.crm, f"/v1/products/{product['id']}/price", quantity="1")
        amount = found["price"]["amount"]
        agree(float(amount) == float(asked["amount"]), "the price")
        say(f"    {product['code']} is offered at {amount} {currency}")
        return product

    def sent_twice(self) -> None:
        """A request repeated after a time-out makes one customer, on both sides."""
        say("\nA program loses its connection and sends the same customer again; there is one.")
        key, name = str(uuid.uuid4()), "Bridge Lane Bakery"
        first = made(self.crm, "/v1/accounts", key=key, name=name, stage="customer")
        again = made(self.crm, "/v1/accounts", key=key, name=name, stage="customer")
        agree(first["id"] == again["id"], "the account that was sent twice")
        origin = f"CRM account {first['id']}"
        crossed(origin, lambda: self.customer_of(first), "ERP customer")
        self.drained()
        agree(len(got(self.erp, "/v1/customers", q=name)["items"]) == 1, "the number of twins")

    def nothing_left(self) -> None:
        """Nothing waits, nothing is parked."""
        self.drained()
        status = got(self.bridge, "/v1/status")
        agree(status["lanes"]["parked"] == 0, "parked lanes")
        agree(status["open_reviews"] == 0, "open reviews")
        carried = sum(source["events"] for source in status["sources"])
        say(f"\nThe bridge carried {carried} events; nothing is parked, nothing waits.")

    def drained(self) -> None:
        """Wait until all that both halves have published is across, and neither has news."""
        deadline = time.monotonic() + CROSSING_SECONDS_MAX
        halves = {"crm": self.crm, "erp": self.erp}
        before: list[int] = []
        while (now := [self.across(*half, deadline) for half in halves.items()]) != before:
            before = now

    def across(self, name: str, half: httpx.Client, deadline: float) -> int:
        """Wait until all that a half has published is across; its feed position."""
        while not (end := got(half, "/v1/events/position", wait=10))["complete"]:
            agree(time.monotonic() < deadline, "the end of the feed")
        upto = int(end["sequence"])
        while not got(self.bridge, "/v1/positions/wait", source=name, feed_seq=upto)["reached"]:
            agree(time.monotonic() < deadline, "the bridge's backlog")
        return upto

    def customer_of(self, account: Record) -> Record | None:
        """The ERP customer that is the CRM account."""
        return self.twin(self.erp, "/v1/customers", "crm", account["id"])

    def twin(self, half: httpx.Client, path: str, system: str, key: str) -> Record | None:
        """The record of a half that the other half knows by this id."""
        found = got(half, path, external_system=system, external_id=key)["items"]
        return found[0] if found else None

"""The second act: an order of more than is there, from the seller to the bank."""

from decimal import Decimal
from zoneinfo import ZoneInfo

import httpx

from chassis.clock import business_day
from demonstration.playing import Record, agree, crossed, done, got, made
from runner.telling import say

__all__ = ["order_to_cash"]

WANTED, ON_HAND = 10, 4
UNIT_COST = "60.00"
ZONE = "Asia/Shanghai"
"""Of the story's installation: the default."""


def order_to_cash(crm: httpx.Client, erp: httpx.Client, *, placed: Record, product: Record) -> None:
    """Play it. Raises Disagreement, httpx.HTTPStatusError."""
    act = Act(crm, erp, placed, product)
    act.stock_and_supplier()
    act.order_from_the_crm()
    act.what_is_short_is_bought()
    act.shipped()
    act.invoiced_and_paid()
    act.books_balance()


class Act:
    """One order, as both halves see it."""

    def __init__(
        self, crm: httpx.Client, erp: httpx.Client, placed: Record, product: Record
    ) -> None:
        self.crm, self.erp = crm, erp
        self.placed, self.product = placed, product
        self.sku = product["code"]
        self.currency = got(erp, "/v1/reports/stock-valuation")["currency"]
        self.order: Record = {}

    def stock_and_supplier(self) -> None:
        """Four pieces lie in the warehouse, and somebody sells more."""
        say(f"\n{ON_HAND} pieces lie in the warehouse; a roaster sells more.")
        self.year_is_open()
        cost = {"amount": UNIT_COST, "currency": self.currency}
        lines = [{"sku": self.sku, "quantity": str(ON_HAND), "unit_cost": cost}]
        done(self.erp, "/v1/stock-receipts", lines=lines)
        roaster = made(self.erp, "/v1/suppliers", name="Old Harbour Roasters")
        price = {"supplier_number": roaster["number"], "sku": self.sku, "price": cost}
        made(self.erp, "/v1/supplier-prices", **price)
        say(f"    {roaster['name']} is supplier {roaster['number']}")

    def year_is_open(self) -> None:
        """The books of this year take entries."""
        year = business_day(ZoneInfo(ZONE)).year
        if not any(one["name"] == str(year) for one in got(self.erp, "/v1/fiscal-years")["items"]):
            dates = {"starts_on": f"{year}-01-01", "ends_on": f"{year}-12-31"}
            made(self.erp, "/v1/fiscal-years", name=str(year), **dates)

    def order_from_the_crm(self) -> None:
        """An order for more than is there is confirmed; what is missing waits."""
        say(f"\nThe order for {WANTED} is there; {ON_HAND} are reserved, the rest waits.")
        origin = f"CRM order {self.placed['number']} {self.placed['id']}"
        self.order = crossed(origin, self.in_the_erp, "ERP order")
        [line] = self.order["lines"]
        say(
            f"    the ERP calls it {self.order['number']}: {self.order['state']}, "
            f"{line['reserved']} reserved, {line['waiting']} waiting"
        )
        agree(self.order["state"] == "confirmed", "the order's state")
        agree(Decimal(line["waiting"]) == WANTED - ON_HAND, "what is waiting")
        agree(Decimal(self.order["net"]) == Decimal(self.placed["net"]), "the order's net")
        self.shown("confirmed")

    def what_is_short_is_bought(self) -> None:
        """The buyer orders what is suggested; what comes is reserved at once."""
        say("\nThe buyer finds a suggestion, orders, and the goods come in.")
        bought = done(self.erp, "/v1/purchase-suggestions/order")
        for purchase in bought["orders"]:
            done(self.erp, f"/v1/purchase-orders/{purchase['id']}/receipts")
            pieces = ", ".join(f"{line['quantity']} {line['sku']}" for line in purchase["lines"])
            say(f"    {purchase['number']} from {purchase['supplier_name']}: {pieces}")

        def ready() -> Record | None:
            seen = self.in_the_crm()
            erp = seen["erp"]
            whole = erp and Decimal(erp["lines"][0]["reserved"]) == WANTED
            return seen if whole else None

        crossed(f"ERP order {self.order['number']}", ready, "CRM order, all reserved,")

    def shipped(self) -> None:
        """The parcel's number is known to the seller."""
        say("\nThe warehouse ships; the seller can tell the customer the parcel's number.")
        parcel = {"carrier": "Canal Express", "tracking_number": "CE-0042"}
        shipment = done(self.erp, f"/v1/sales-orders/{self.order['id']}/shipments", **parcel)

        def tracked() -> Record | None:
            seen = self.in_the_crm()
            parcels = [one["tracking_number"] for one in seen["erp"]["shipments"]]
            return seen if "CE-0042" in parcels else None

        crossed(f"ERP shipment {shipment['number']}", tracked, "CRM order")

    def invoiced_and_paid(self) -> None:
        """The invoice is paid, and the CRM shows it."""
        say("\nThe accountant invoices, the customer pays; the seller sees both.")
        invoice = done(self.erp, f"/v1/sales-orders/{self.order['id']}/invoices")
        gross = Decimal(invoice["gross"]["amount"])
        agree(gross == Decimal(self.placed["total"]), "what is to be paid")
        number = got(self.erp, f"/v1/invoices/{invoice['invoice_id']}")["number"]
        crossed(f"ERP invoice {number}", lambda: self.when("invoiced", gross), "CRM order")
        payment = made(
            self.erp,
            "/v1/payments",
            party_id=self.order["customer_id"],
            amount=invoice["gross"],
            allocations=[{"document_id": invoice["invoice_id"]}],
        )
        paid = f"ERP payment {payment['number']}"
        seen = crossed(paid, lambda: self.when("paid", gross), "CRM order")
        say(f"    the CRM shows {seen['erp']['paid']} {self.currency} paid of {seen['total']}")
        self.shown("completed")

    def books_balance(self) -> None:
        """Debit equals credit, and the inventory account is what the stock is worth."""
        trial = got(self.erp, "/v1/reports/trial-balance")
        agree(Decimal(trial["debit"]) == Decimal(trial["credit"]), "debit and credit")
        worth = got(self.erp, "/v1/reports/stock-valuation")
        agree(
            Decimal(worth["total"]) == Decimal(worth["inventory_account"]),
            "the inventory account and the stock's worth",
        )
        say(
            f"\nThe books: debit {trial['debit']} = credit {trial['credit']}; the inventory "
            f"account holds {worth['inventory_account']}, what the stock is worth."
        )

    def in_the_erp(self) -> Record | None:
        """The order in the ERP."""
        key = {"external_system": "crm", "external_id": self.placed["id"]}
        found = got(self.erp, "/v1/sales-orders", **key)["items"]
        return found[0] if found else None

    def in_the_crm(self) -> Record:
        """The order in the CRM, with what the ERP told."""
        return dict(got(self.crm, f"/v1/orders/{self.placed['id']}"))

    def when(self, name: str, amount: Decimal) -> Record | None:
        """The order in the CRM, once the ERP told this amount."""
        seen = self.in_the_crm()
        return seen if seen["erp"] and Decimal(seen["erp"][name]) == amount else None

    def shown(self, state: str) -> None:
        """The CRM shows the order in this state."""

        def right() -> Record | None:
            seen = self.in_the_crm()
            return seen if seen["erp"] and seen["erp"]["state"] == state else None

        crossed(f"ERP order {self.order['number']} {state}", right, "CRM order")

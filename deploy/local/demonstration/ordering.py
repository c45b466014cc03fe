"""The second act: an order of more than is there, from the seller to the bank."""

from decimal import Decimal
from zoneinfo import ZoneInfo

import httpx

from chassis.clock import business_day
from demonstration.playing import Record, agree, crossed, done, got, made
from demonstration.producing import ZONE, Roastery
from runner.telling import say

__all__ = ["order_to_cash"]

WANTED, ON_HAND = 10, 4
UNIT_COST = "60.00"
STOCKED = "OLD-1"
"""The lot that lies in the warehouse."""


def order_to_cash(crm: httpx.Client, erp: httpx.Client, *, placed: Record, product: Record) -> None:
    """Play it. Raises Disagreement, httpx.HTTPStatusError."""
    act = Act(crm, erp, placed, product)
    act.stock_and_roastery()
    act.order_from_the_crm()
    act.what_is_short_is_made()
    act.shipped()
    act.traced()
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
        self.roastery = Roastery(erp, self.sku, self.currency)
        self.order: Record = {}

    def stock_and_roastery(self) -> None:
        """Four pieces lie in the warehouse, and more can be roasted."""
        say(f"\n{ON_HAND} pieces lie in the warehouse; more are roasted of green coffee.")
        self.year_is_open()
        cost = {"amount": UNIT_COST, "currency": self.currency}
        lots = [{"number": STOCKED, "quantity": str(ON_HAND)}]
        line = {"sku": self.sku, "quantity": str(ON_HAND), "unit_cost": cost, "lots": lots}
        done(self.erp, "/v1/stock-receipts", lines=[line])
        self.roastery.set_up()

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

    def what_is_short_is_made(self) -> None:
        """The planner makes what is lacking; what the inspector accepts is reserved at once."""
        say("\nThe planner finds a suggestion, and the buyer one of what that needs.")
        order = self.roastery.planned(Decimal(WANTED - ON_HAND))
        self.roastery.green_coffee_bought()
        say("\nThe roaster has a schedule; what comes out of it is inspected.")
        self.roastery.scheduled(order)
        self.roastery.roasted(order)

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

    def traced(self) -> None:
        """Who has coffee of which harvest is known at once."""
        say("\nShould the harvest be recalled, its customers are known.")
        customer = got(self.erp, f"/v1/customers/{self.order['customer_id']}")
        self.roastery.traced(customer["number"])

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

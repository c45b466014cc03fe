"""What the order lacks is made: planned, bought for, scheduled, inspected, and traced."""

import time
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import httpx

from chassis.clock import business_day
from demonstration.playing import (
    CROSSING_SECONDS_MAX,
    POLL_SECONDS,
    Disagreement,
    Record,
    agree,
    done,
    got,
    made,
)
from runner.telling import say

__all__ = ["ZONE", "Roastery"]

ZONE = "Asia/Shanghai"
"""Of the story's installation: the default."""
GREEN, DECAF = "GREEN-KG", "DECAF-1KG"
GREEN_COST, GREEN_BOUGHT, GREEN_FOR_ONE = "40.00", "20", "1.2"
MINUTES, HOUR_COST, HOUR_OVERHEAD = "10", "60.00", "12.00"
"""A roasted kilogram takes 1.2 kg at 40.00 and ten minutes at 60.00 and 12.00 an hour: 60.00."""
HARVEST = "HARVEST-7"
DUE_DAYS = 3


class Roastery:
    """The half of the ERP that makes things, as its planner and its inspector see it."""

    def __init__(self, erp: httpx.Client, sku: str, currency: str) -> None:
        self.erp, self.sku, self.currency = erp, sku, currency
        self.today = business_day(ZoneInfo(ZONE))

    def set_up(self) -> None:
        """What is made of what, where and how; and who sells the green coffee."""
        green = {"sku": GREEN, "name": "Green coffee", "unit": "KGM"}
        made(self.erp, "/v1/items", tracking="lot", **green)
        made(self.erp, "/v1/items", sku=DECAF, name="Decaf, 1 kg", tracking="lot")
        cost = {"amount": GREEN_COST, "currency": self.currency}
        grower = made(self.erp, "/v1/suppliers", name="Old Harbour Importers")
        sold = {"supplier_number": grower["number"], "sku": GREEN, "price": cost}
        made(self.erp, "/v1/supplier-prices", **sold, min_quantity=GREEN_BOUGHT)
        every_hour = [{"weekday": day, "start": "00:00", "end": "24:00"} for day in range(1, 8)]
        hours = made(self.erp, "/v1/calendars", name="Day and night", zone=ZONE, hours=every_hour)
        roaster = {"code": "ROASTER", "name": "Drum roaster", "calendar_id": hours["id"]}
        rates = {"cost_per_hour": HOUR_COST, "overhead_per_hour": HOUR_OVERHEAD}
        made(self.erp, "/v1/work-centres", **roaster, **rates)
        for sku in (self.sku, DECAF):
            self.recipe(sku)
        moisture = {"number": 10, "name": "Moisture, percent", "upper_limit": "3.5"}
        looked_at = [moisture, {"number": 20, "name": "Evenly brown", "kind": "yes_no"}]
        plan = {"code": "ROAST", "label": "A", "stage": "production", "sku": self.sku}
        sample = {"sampling": "fixed", "sampling_value": "1", "characteristics": looked_at}
        self.activated("/v1/inspection-plans", plan | sample)
        say(f"    {grower['name']} is supplier {grower['number']}; the roaster has its recipe")

    def recipe(self, sku: str) -> None:
        """One kilogram of it: the green coffee, and the time in the roaster."""
        component = {"sku": GREEN, "quantity": GREEN_FOR_ONE}
        self.activated("/v1/bills-of-material", {"sku": sku, "label": "A", "lines": [component]})
        roast = {"sequence": 10, "name": "Roast", "work_centre": "ROASTER", "run_minutes": MINUTES}
        self.activated("/v1/routings", {"sku": sku, "label": "A", "operations": [roast]})

    def activated(self, path: str, facts: Record) -> None:
        """Something that counts from now on."""
        draft = made(self.erp, path, **facts)
        done(self.erp, f"{path}/{draft['id']}/activate")

    def planned(self, lacking: Decimal) -> Record:
        """What the order lacks is suggested to be made, and is an order of the roaster at once."""
        ordinary = self.order(DECAF, "5")
        done(self.erp, f"/v1/production-orders/{ordinary['id']}/release")
        found = got(self.erp, "/v1/supply-suggestions", sku=self.sku)["suggestions"]
        [suggested] = found
        quantity = Decimal(suggested["quantity"])
        agree((suggested["source"], quantity) == ("make", lacking), "what is to be made")
        order = self.order(self.sku, str(lacking), rush=True)
        order = done(self.erp, f"/v1/production-orders/{order['id']}/release")
        [needed] = order["components"]
        say(f"    {order['number']}: {lacking} {self.sku} of {needed['required']} kg {GREEN}")
        return order

    def order(self, sku: str, quantity: str, *, rush: bool = False) -> Record:
        """An order of the roaster."""
        last = self.today + timedelta(days=DUE_DAYS)
        days = {"start_on": self.today.isoformat(), "due_on": last.isoformat()}
        facts: Record = {"sku": sku, "quantity": quantity, "rush": rush}
        return made(self.erp, "/v1/production-orders", **facts, **days)

    def green_coffee_bought(self) -> None:
        """The material is suggested, ordered, and comes in as a lot."""
        bought = done(self.erp, "/v1/purchase-suggestions/order")
        [purchase] = bought["orders"]
        [line] = purchase["lines"]
        lots = [{"number": HARVEST, "quantity": line["quantity"]}]
        came = [{"line_id": line["id"], "quantity": line["quantity"], "lots": lots}]
        done(self.erp, f"/v1/purchase-orders/{purchase['id']}/receipts", lines=came)
        say(f"    {purchase['number']}: {line['quantity']} kg {GREEN} came in as lot {HARVEST}")

    def scheduled(self, order: Record) -> None:
        """The rush order is roasted first. Raises Disagreement."""
        asked = made(self.erp, "/v1/schedule-tries", method="rule")
        deadline = time.monotonic() + CROSSING_SECONDS_MAX
        while (found := got(self.erp, f"/v1/schedule-tries/{asked['id']}"))["state"] != "ready":
            if found["state"] == "failed" or time.monotonic() > deadline:
                message = f"no schedule was made: {found['problem'] or found['state']}"
                raise Disagreement(message)
            time.sleep(POLL_SECONDS)
        done(self.erp, f"/v1/schedule-tries/{asked['id']}/keep")
        rows = got(self.erp, "/v1/schedule-assignments")["items"]
        first = min(rows, key=lambda row: row["starts_at"])
        agree(first["production_order_id"] == order["id"], "what is roasted first")
        say(f"    {len(rows)} operations; {order['number']} goes first, being a rush order")

    def roasted(self, order: Record) -> str:
        """Material is taken, the goods wait for the inspector, who accepts them; their lot."""
        good = {"good": order["quantity"], "finish": True}
        done(self.erp, f"/v1/production-orders/{order['id']}/report", **good)
        [waiting] = got(self.erp, "/v1/inspections", state="open")["items"]
        agree(Decimal(waiting["pending"]) == Decimal(order["quantity"]), "what is inspected")
        results = [
            {"sample": 1, "number": 10, "value": "2.8"},
            {"sample": 1, "number": 20, "answer": True},
        ]
        path = f"/v1/inspections/{waiting['id']}"
        done(self.erp, f"{path}/results", results=results)
        done(self.erp, f"{path}/verdicts", accepted=order["quantity"])
        closed = done(self.erp, f"/v1/production-orders/{order['id']}/close")
        costs = got(self.erp, f"/v1/production-orders/{order['id']}/costs")
        say(f"    {waiting['number']} accepts lot {waiting['lot']}; {closed['number']} is closed")
        agree(Decimal(costs["work_in_progress"]) == 0, "the work in progress")
        return str(waiting["lot_id"])

    def traced(self, customer_number: str) -> None:
        """Where the harvest went: through the roaster to the customer."""
        [harvest] = got(self.erp, "/v1/lots", sku=GREEN, number=HARVEST)["items"]
        recall = got(self.erp, f"/v1/lots/{harvest['id']}/recall")
        [customer] = recall["customers"]
        agree(customer["number"] == customer_number, "who has goods of the harvest")
        went = f"{customer['quantity']} to {customer['name']} in {customer['order_numbers'][0]}"
        say(f"    of lot {HARVEST}: {went}; {recall['holdable']} lie here and could be blocked")

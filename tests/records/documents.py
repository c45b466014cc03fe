"""One document of each type of the ERP: sold, shipped, invoiced and paid; bought and billed."""

from collections.abc import Mapping
from typing import Any

from erp.ledger.service.years import ensure_year
from identity.testing.desk import Desk

__all__ = ["documents_of_erp"]

COST, PRICE = ({"amount": amount, "currency": "CNY"} for amount in ("4.00", "10.00"))


async def documents_of_erp(desk: Desk) -> Mapping[str, str]:
    """Their ids, by the path of their collection."""
    async with desk.server.database.transaction() as work:
        await ensure_year(work, work.today())
    item = await desk.add("/v1/items", sku=desk.word("SKU"), name="Bolt")
    receipt = {"sku": item["sku"], "quantity": "10", "unit_cost": COST}
    await desk.add("/v1/stock-receipts", lines=[receipt])
    customer = await desk.add("/v1/customers", name=desk.word("Hotel"))
    line = {"item_id": item["id"], "quantity": "4", "unit_price": PRICE}
    order = await desk.add("/v1/sales-orders", customer_id=customer["id"], lines=[line])
    shipped = await desk.add(f"/v1/sales-orders/{order['id']}/shipments")
    invoiced = await desk.add(f"/v1/sales-orders/{order['id']}/invoices")
    paid = await desk.add("/v1/payments", party_id=customer["id"], direction="in", amount=PRICE)
    supplier = await desk.add("/v1/suppliers", name=desk.word("Works"))
    expense = {"account": "6402", "description": "Power", "amount": COST}
    billed = await desk.add(
        "/v1/bills",
        supplier_id=supplier["id"],
        supplier_number=desk.word("B"),
        expenses=[expense],
    )
    bought = {"supplier_number": supplier["number"], "sku": item["sku"]}
    await desk.add("/v1/supplier-prices", **bought, price=COST)
    asked = {"sku": item["sku"], "quantity": "5"}
    purchase = await desk.add(
        "/v1/purchase-orders", supplier_number=supplier["number"], lines=[asked]
    )
    received = await desk.add(f"/v1/purchase-orders/{purchase['id']}/receipts")
    returned = await desk.add(
        f"/v1/purchase-receipts/{received['id']}/returns", reason="Bent", expect_again=False
    )
    sides = [{"account": "6402", "debit": "7.00"}, {"account": "bank", "credit": "7.00"}]
    posted = await desk.add("/v1/journal-entries", memo="Rent", lines=sides)
    moved = (await desk.see("/v1/stock-documents"))["items"][0]
    held = await desk.server.post(
        "/v1/soft-reservations", {"lines": [{"sku": item["sku"], "quantity": "1"}]}
    )
    assert held.is_success, held.text
    inspected = await _inspected(desk, supplier)
    facts = {"quantity": "1", "description": "Scratched"}
    case = await desk.add("/v1/nonconformances", sku=item["sku"], **facts)
    more = [line | {"quantity": "900"}]
    waiting = await desk.add("/v1/customers", name=desk.word("Fair"))
    waits = await desk.add("/v1/sales-orders", customer_id=waiting["id"], lines=more)
    sooner = {"wanted_on": waits["ordered_on"], "reason": "A fair"}
    await desk.add("/v1/rush-requests", order_id=waits["id"], **sooner)
    repair = await desk.add(
        "/v1/repair-orders", customer_id=customer["id"], sku=item["sku"], problem="Loose"
    )
    return {
        "/v1/inspections": inspected["id"],
        "/v1/nonconformances": case["id"],
        "/v1/repair-orders": repair["id"],
        "/v1/soft-reservations": held.json()["items"][0]["id"],
        "/v1/sales-orders": order["id"],
        "/v1/shipments": shipped["shipment_id"],
        "/v1/invoices": invoiced["invoice_id"],
        "/v1/payments": paid["id"],
        "/v1/bills": billed["id"],
        "/v1/purchase-orders": purchase["id"],
        "/v1/purchase-receipts": received["id"],
        "/v1/purchase-returns": returned["id"],
        "/v1/stock-documents": moved["id"],
        "/v1/journal-entries": posted["id"],
    }


async def _inspected(desk: Desk, supplier: Mapping[str, Any]) -> dict[str, Any]:
    """The inspection that a receipt opened."""
    item = await desk.add("/v1/items", sku=desk.word("SKU"), name="Gasket")
    looked_at = {"number": 10, "name": "Clean", "kind": "yes_no"}
    plan = await desk.add(
        "/v1/inspection-plans",
        code=desk.word("IP"),
        label="A",
        stage="receipt",
        sku=item["sku"],
        characteristics=[looked_at],
    )
    active = await desk.server.post(f"/v1/inspection-plans/{plan['id']}/activate", None)
    assert active.is_success, active.text
    line = {"sku": item["sku"], "quantity": "2", "unit_price": COST}
    order = await desk.add("/v1/purchase-orders", supplier_number=supplier["number"], lines=[line])
    receipt = await desk.add(f"/v1/purchase-orders/{order['id']}/receipts")
    found = await desk.see(f"/v1/inspections?source_id={receipt['id']}")
    first: dict[str, Any] = found["items"][0]
    return first

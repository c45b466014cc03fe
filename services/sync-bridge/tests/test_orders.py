"""Orders from the CRM: what the ERP does not take is told there, and the lane goes on."""

from uuid import uuid4

import pytest

from tests.halves import Fault

ACCOUNTS, ITEMS, ORDERS, SALES = "/v1/accounts", "/v1/items", "/v1/orders", "/v1/sales-orders"
REFUSALS = "/v1/order-refusals"


@pytest.fixture
async def order(rig):
    """What an order says of a customer and a product that are across."""
    account = rig.crm.makes(ACCOUNTS, name="Elm")
    rig.erp.makes(ITEMS, sku="BOLT-8")
    await rig.synchronize()
    (product,) = rig.crm.records["/v1/products"]
    money = {"amount": "2.00", "currency": "CNY"}
    line = {"id": str(uuid4()), "product_id": product, "quantity": "3", "unit_price": money}
    return {
        "account_id": account,
        "ordered_on": "2026-05-05",
        "lines": [line],
        "freight": money,
        "state": "placed",
        "content_version": 1,
    }


@pytest.mark.parametrize(
    ("status", "code"),
    [(422, "invalid_input"), (422, "missing_reference"), (409, "customer_archived")],
)
async def test_what_the_erp_does_not_take_is_told_to_the_seller(rig, order, status, code):
    """Decision 0020: no lane parks for a refusal of the business; the changed order crosses."""
    rig.erp.faults.append(Fault(status=status, code=code, method="PUT"))
    placed = rig.crm.makes(ORDERS, **order)
    await rig.synchronize()
    told = rig.crm.the(REFUSALS)
    assert (told["order_id"], told["code"]) == (placed, code)
    assert (await rig.lane("crm.order"))["state"] == "idle"
    assert SALES not in rig.erp.records
    rig.crm.changes(ORDERS, placed, state="rejected")
    await rig.synchronize()
    assert SALES not in rig.erp.records
    rig.crm.changes(ORDERS, placed, state="placed", note="again", content_version=3)
    await rig.synchronize()
    assert rig.erp.the(SALES)["note"] == "again"


async def test_of_several_orders_the_refused_one_alone_is_told(rig, order):
    """B33: together or alone, each is judged for itself."""
    refuse = rig.erp.normalise

    def normalise(body):
        if body.get("note") == "bad":
            rig.erp.faults.append(Fault(status=422, code="too_large", method="PUT"))
        return refuse(body)

    rig.erp.normalise = normalise
    for note in ("good", "fine"):
        rig.crm.makes(ORDERS, **order, note=note)
    await rig.synchronize()
    assert sorted(one["note"] for one in rig.erp.records[SALES].values()) == ["fine", "good"]
    assert REFUSALS not in rig.crm.records


async def test_what_the_crm_took_over_from_the_erp_is_no_news_there(rig, order):
    """The version sent is that of the last change in the CRM."""
    placed = rig.crm.makes(ORDERS, **order)
    await rig.synchronize()
    lines = [order["lines"][0] | {"quantity": "2"}]
    rig.crm.changes(ORDERS, placed, lines=lines)
    await rig.synchronize()
    assert rig.erp.the(SALES)["lines"][0]["quantity"] == "3"
    rig.crm.changes(ORDERS, placed, note="ring", content_version=3)
    await rig.synchronize()
    sale = rig.erp.the(SALES)
    assert (sale["lines"][0]["quantity"], sale["note"]) == ("2", "ring")


async def test_the_version_of_the_content_counts_in_its_own_history(rig, order):
    """What only followed the ERP after a restore is told under the history of the content."""
    placed = rig.crm.makes(ORDERS, **order)
    await rig.synchronize()
    rig.crm.changes(ORDERS, placed, note="ring", content_version=2, content_history=7)
    await rig.synchronize()
    put = [call for call in rig.erp.calls if call.path.startswith(f"{SALES}/by-external")]
    assert [call.headers["tandem-history"] for call in put] == ["1", "7"]

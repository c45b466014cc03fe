"""Lots that go back to the supplier: no more of each than came with the line, and none twice."""

import pytest

pytestmark = pytest.mark.business_day


def lots(**quantities):
    return [{"number": number, "quantity": quantity} for number, quantity in quantities.items()]


@pytest.fixture
async def came(buyer, desk):
    """A line of 10 in lots, received as asked for; the receipt and what to name in a return."""
    supplier, item = await buyer.supplier(), await desk.item(tracking="lot")
    await buyer.priced(item, "2.50", supplier)
    order = await buyer.buys(supplier, (item, 10))
    line_id = order["lines"][0]["id"]

    async def receive(*lines):
        body = {"lines": [{"line_id": line_id, **one} for one in lines]}
        reply = await desk.erp.post(f"/v1/purchase-orders/{order['id']}/receipts", body)
        assert reply.is_success, reply.text
        return reply.json()

    return receive, line_id


async def back(desk, receipt, **body):
    path = f"/v1/purchase-receipts/{receipt['id']}/returns"
    return await desk.erp.post(path, {"reason": "Mouldy", "expect_again": False, **body})


async def test_a_receipt_that_names_a_lot_twice_is_reversed(came, desk):
    """E65: 5 and 3 of A are 8 of A; the whole goes back."""
    receive, _ = came
    receipt = await receive(
        {"quantity": "5", "lots": lots(A="5")}, {"quantity": "3", "lots": lots(A="3")}
    )
    [line] = (await desk.see(f"/v1/purchase-receipts/{receipt['id']}"))["lines"]
    assert line["lots"] == lots(A="8")
    path = f"/v1/purchase-receipts/{receipt['id']}/reverse"
    reply = await desk.erp.post(path, {"reason": "Not ours"})
    assert reply.is_success, reply.text


async def test_no_more_of_a_lot_goes_back_than_came_with_the_line(came, desk, problem):
    """E36, E65: 5 of A came here, and 20 of it elsewhere; 5 go back, then what is left of B."""
    receive, line_id = came
    receipt = await receive({"quantity": "10", "lots": lots(A="5", B="5")})
    one = {"line_id": line_id, "quantity": "6", "lots": lots(A="6")}
    problem(await back(desk, receipt, lines=[one]), 409, "more_than_on_receipt")
    one = {"line_id": line_id, "quantity": "4", "lots": lots(A="3", B="1")}
    assert (await back(desk, receipt, lines=[one])).is_success
    one = {"line_id": line_id, "quantity": "3", "lots": lots(A="3")}
    problem(await back(desk, receipt, lines=[one]), 409, "more_than_on_receipt")
    rest = await back(desk, receipt)
    assert rest.is_success, rest.text
    [line] = rest.json()["lines"]
    assert (line["quantity"], line["lots"]) == ("6", lots(A="2", B="4"))

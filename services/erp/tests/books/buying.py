"""Acts of a buyer: ordered, changed, received, sent back, billed, credited, and undone."""

from uuid import UUID

from .walk import Row, Walk, money

_RECEIPTS = """select r.id from purchase_receipt r
  join purchase_order o on o.id = r.purchase_order_id where o.supplier_id = $1 order by r.id"""
_RETURNS = """select r.id from purchase_return r
  join purchase_order o on o.id = r.purchase_order_id where o.supplier_id = $1 order by r.id"""
_BILLS = "select id, kind, gross from bill where supplier_id = $1 order by id"
_LINES_CAME = """select l.order_line_id, l.quantity - l.returned as left, l.serials, i.unit,
    i.tracking from purchase_receipt_line l join item i on i.id = l.item_id
  where l.purchase_receipt_id = $1 order by l.position"""


def _id(walk: Walk) -> UUID:
    return UUID(walk.supplier["id"])


async def buys(walk: Walk) -> None:
    goods = walk.chance.choices(walk.items[:3], k=walk.chance.randint(1, 3))
    lines = [
        {
            "sku": one["sku"],
            "quantity": walk.number(10, unit=one["unit"]),
            "unit_price": walk.price(),
        }
        for one in goods
    ]
    number = walk.supplier["number"]
    await walk.asks("buy", "/v1/purchase-orders", supplier_number=number, lines=lines)


async def changes_purchase(walk: Walk) -> None:
    order = await walk.purchase()
    if not order:
        return
    lines = [
        {"id": str(line["id"]), "sku": line["sku"], "quantity": walk.number(10, unit=line["unit"])}
        for line in walk.some(await walk.purchase_lines(order))
    ]
    if walk.chance.random() < 0.3:
        item = walk.chance.choice(walk.items[:3])
        lines.append({"sku": item["sku"], "quantity": "2", "unit_price": walk.price()})
    path = f"/v1/purchase-orders/{order['id']}/content"
    await walk.puts("change purchase", path, order["version"], lines=lines)


async def closes_purchase(walk: Walk) -> None:
    order = await walk.purchase()
    if order and walk.chance.random() < 0.3:
        await walk.asks("close purchase", f"/v1/purchase-orders/{order['id']}/close")


async def receives(walk: Walk) -> None:
    order = await walk.purchase()
    if not order:
        return
    lines = []
    for line in walk.some(await walk.purchase_lines(order)):
        quantity = walk.number(line["quantity"] - line["received"], unit=line["unit"])
        named: Row = {"line_id": str(line["id"]), "quantity": quantity}
        if line["tracking"] == "serial":
            named["serials"] = walk.serials(quantity)
        lines.append(named)
    await walk.asks("receive", f"/v1/purchase-orders/{order['id']}/receipts", lines=lines)


async def sends_back(walk: Walk) -> None:
    receipt = await walk.any_of(_RECEIPTS, _id(walk))
    if not receipt:
        return
    lines = []
    for line in walk.some(await walk.rows(_LINES_CAME, receipt["id"])):
        quantity = walk.number(line["left"], unit=line["unit"])
        named: Row = {"line_id": str(line["order_line_id"]), "quantity": quantity}
        if line["tracking"] == "serial":
            named["serials"] = walk.serials(quantity, new=line["serials"])
            named["quantity"] = str(len(named["serials"]) or 1)
        lines.append(named)
    facts = {"reason": "Bent", "expect_again": walk.chance.random() < 0.5}
    if walk.chance.random() < 0.8:
        facts["lines"] = lines
    await walk.asks("send back", f"/v1/purchase-receipts/{receipt['id']}/returns", **facts)


async def undoes_receipt(walk: Walk) -> None:
    receipt = await walk.any_of(_RECEIPTS, _id(walk))
    if receipt:
        path = f"/v1/purchase-receipts/{receipt['id']}/reverse"
        await walk.asks("undo receipt", path, reason="Wrong")


async def undoes_return(walk: Walk) -> None:
    made = await walk.any_of(_RETURNS, _id(walk))
    if made:
        path = f"/v1/purchase-returns/{made['id']}/reverse"
        await walk.asks("undo return to supplier", path, reason="Wrong")


async def bills(walk: Walk) -> None:
    order = await walk.purchase()
    if not order:
        return
    facts: dict[str, object] = {"bill_number": walk.desk.word("B")}
    if walk.chance.random() < 0.6:
        facts["lines"] = [
            {
                "line_id": str(line["id"]),
                "quantity": walk.number(line["received"] - line["billed"], unit=line["unit"]),
            }
            | ({"unit_price": walk.price()} if walk.chance.random() < 0.5 else {})
            for line in walk.some(await walk.purchase_lines(order))
        ]
    if walk.chance.random() < 0.3:
        facts["tax"] = money("1.30")
    await walk.asks("bill", f"/v1/purchase-orders/{order['id']}/bills", **facts)


async def is_credited(walk: Walk) -> None:
    order = await walk.purchase()
    if not order:
        return
    facts: dict[str, object] = {"credit_number": walk.desk.word("C")}
    if walk.chance.random() < 0.6:
        facts["lines"] = [
            {
                "line_id": str(line["id"]),
                "quantity": walk.number(line["billed"] - line["received"], unit=line["unit"]),
                "unit_price": walk.price(),
            }
            for line in walk.some(await walk.purchase_lines(order))
        ]
    await walk.asks("supplier credits", f"/v1/purchase-orders/{order['id']}/credit-notes", **facts)


async def undoes_bill(walk: Walk) -> None:
    bill = await walk.any_of(_BILLS, _id(walk))
    if bill:
        await walk.asks(f"undo {bill['kind']}", f"/v1/bills/{bill['id']}/reverse")


BUYING = {
    buys: 5,
    changes_purchase: 3,
    closes_purchase: 1,
    receives: 8,
    sends_back: 5,
    undoes_receipt: 2,
    undoes_return: 4,
    bills: 6,
    is_credited: 4,
    undoes_bill: 3,
}

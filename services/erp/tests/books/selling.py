"""Acts of a seller: ordered, shipped, invoiced, taken back, credited, and undone."""

from .walk import Row, Walk

_SHIPMENTS = """select s.id, s.kind from shipment s join sales_order o on o.id = s.order_id
  where o.customer_id = any($1) and s.kind = 'delivery' order by s.id"""
_RETURNS = """select s.id from shipment s join sales_order o on o.id = s.order_id
  where o.customer_id = any($1) and s.kind = 'return' and s.reversed_on is null order by s.id"""
_INVOICES = "select id from invoice where customer_id = any($1) and kind = 'invoice' order by id"
_INVOICE_LINES = "select position, quantity from invoice_line where invoice_id = $1 order by 1"
_GONE = """select n.number as serial from serial n join location t on t.id = n.location_id
  where t.kind = 'customer' and n.number in (
    select serial from stock_move m where m.order_line_id = $1) order by 1"""


async def sells(walk: Walk) -> None:
    customer = walk.chance.choice(walk.customers)
    lines = [
        {
            "item_id": one["id"],
            "quantity": walk.number(8, unit=one["unit"]),
            "unit_price": walk.price(),
            "discount": walk.chance.choice(("0", "0", "0.1", "1")),
        }
        for one in walk.chance.choices(walk.items, k=walk.chance.randint(1, 3))
    ]
    await walk.asks("sell", "/v1/sales-orders", customer_id=customer["id"], lines=lines)


async def changes_order(walk: Walk) -> None:
    order = await walk.order()
    if not order:
        return
    lines = [
        {"id": str(line["id"]), "sku": line["sku"], "quantity": walk.number(8, unit=line["unit"])}
        for line in walk.some(await walk.order_lines(order))
    ]
    path = f"/v1/sales-orders/{order['id']}/content"
    await walk.puts("change order", path, order["etag_version"], lines=lines)


async def cancels(walk: Walk) -> None:
    order = await walk.order()
    if order and walk.chance.random() < 0.4:
        await walk.asks("cancel order", f"/v1/sales-orders/{order['id']}/cancel")


async def ships(walk: Walk) -> None:
    order = await walk.order()
    if not order:
        return
    facts = {}
    if walk.chance.random() < 0.6:
        facts["lines"] = [
            {
                "order_line_id": str(line["id"]),
                "quantity": walk.number(line["quantity"] - line["shipped"], unit=line["unit"]),
            }
            for line in walk.some(await walk.order_lines(order))
        ]
    await walk.asks("ship", f"/v1/sales-orders/{order['id']}/shipments", **facts)


async def takes_back(walk: Walk) -> None:
    order = await walk.order()
    if not order:
        return
    lines = []
    gone_out = [line for line in await walk.order_lines(order) if line["shipped"]]
    for line in walk.some(gone_out):
        quantity = walk.number(line["shipped"] - line["returned"], unit=line["unit"])
        named: Row = {"order_line_id": str(line["id"]), "quantity": quantity}
        if line["tracking"] == "serial":
            gone = [row["serial"] for row in await walk.rows(_GONE, line["id"])]
            named["serials"] = walk.serials(quantity, new=gone)
            named["quantity"] = str(len(named["serials"]) or 1)
        lines.append(named)
    if not lines:
        return
    path = f"/v1/sales-orders/{order['id']}/returns"
    await walk.asks("take back", path, lines=lines, credit=walk.chance.random() < 0.7)


async def undoes_shipment(walk: Walk) -> None:
    shipment = await walk.any_of(_SHIPMENTS, walk.party_ids)
    if shipment:
        path = f"/v1/shipments/{shipment['id']}/reverse"
        await walk.asks(f"undo {shipment['kind']}", path, reason="Wrong")


async def undoes_return(walk: Walk) -> None:
    made = await walk.any_of(_RETURNS, walk.party_ids)
    if made:
        await walk.asks("undo return", f"/v1/shipments/{made['id']}/reverse", reason="Wrong")


async def invoices(walk: Walk) -> None:
    order = await walk.order()
    if not order:
        return
    facts: dict[str, object] = {"before_delivery": walk.chance.random() < 0.4}
    if walk.chance.random() < 0.5:
        facts["lines"] = [
            {
                "order_line_id": str(line["id"]),
                "quantity": walk.number(line["quantity"] - line["invoiced"], unit=line["unit"]),
            }
            for line in walk.some(await walk.order_lines(order))
        ]
    await walk.asks("invoice", f"/v1/sales-orders/{order['id']}/invoices", **facts)


async def credits_invoice(walk: Walk) -> None:
    invoice = await walk.any_of(_INVOICES, walk.party_ids)
    if not invoice:
        return
    facts: dict[str, object] = {"invoice_again": walk.chance.random() < 0.6}
    if walk.chance.random() < 0.7:
        facts["lines"] = [
            {"position": line["position"], "quantity": walk.number(line["quantity"])}
            for line in walk.some(await walk.rows(_INVOICE_LINES, invoice["id"]))
        ]
    await walk.asks("credit invoice", f"/v1/invoices/{invoice['id']}/credit", **facts)


SELLING = {
    sells: 5,
    changes_order: 3,
    cancels: 1,
    ships: 8,
    takes_back: 7,
    undoes_shipment: 3,
    undoes_return: 4,
    invoices: 6,
    credits_invoice: 4,
}

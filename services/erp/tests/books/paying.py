"""Acts of a cashier and a storekeeper: paid, allocated, refunded, written off, counted."""

from uuid import UUID

from .walk import Row, Walk, money


async def pays(walk: Walk) -> None:
    party = walk.chance.choice((*walk.customers, walk.supplier))
    facts = {
        "party_id": party["id"],
        "direction": "out" if party is walk.supplier else "in",
        "amount": money(walk.chance.choice(("0.01", "0.03", "1", "9.99", "20", "31.5"))),
        "write_off_rest": walk.chance.random() < 0.2,
    }
    open_ones = await walk.rows(
        "select source_id from open_item where party_id = $1 and open_amount > 0 order by id",
        UUID(party["id"]),
    )
    if walk.chance.random() < 0.6:
        facts["allocations"] = [
            {"document_id": str(one["source_id"]), "write_off_rest": walk.chance.random() < 0.3}
            for one in walk.some(open_ones)
        ]
    await walk.asks("pay", "/v1/payments", **facts)


async def _on_payment(walk: Walk, act: str, **facts: object) -> None:
    payment = await walk.payment()
    if payment:
        await walk.asks(act, f"/v1/payments/{payment['id']}/{act}", **facts)


async def allocates(walk: Walk) -> None:
    await _on_payment(walk, "allocate")


async def releases(walk: Walk) -> None:
    payment = await walk.payment()
    if not payment:
        return
    settled = await walk.any_of(
        """select i.source_id from allocation a join open_item i on i.id = a.open_item_id
           where a.payment_id = $1 order by a.id""",
        payment["id"],
    )
    if settled:
        path = f"/v1/payments/{payment['id']}/release"
        await walk.asks("release", path, document_id=str(settled["source_id"]))


async def refunds(walk: Walk) -> None:
    await _on_payment(walk, "refund")


async def writes_rest_off(walk: Walk) -> None:
    await _on_payment(walk, "write-off")


async def has_rest_again(walk: Walk) -> None:
    await _on_payment(walk, "write-off/reverse")


async def undoes_difference(walk: Walk) -> None:
    await _on_payment(walk, "reverse")


async def writes_debt_off(walk: Walk) -> None:
    document = await walk.document()
    if document and walk.chance.random() < 0.5:
        facts: Row = {"document_id": str(document["id"]), "reason": "Gone"}
        if walk.chance.random() < 0.5:
            facts["amount"] = money("0.5")
        await walk.asks("write debt off", "/v1/receivables/write-offs", **facts)


async def undoes_debt(walk: Walk) -> None:
    payment = await walk.payment()
    if payment:
        path = f"/v1/receivables/write-offs/{payment['id']}/reverse"
        await walk.asks("undo write-off", path)


async def counts(walk: Walk) -> None:
    item = walk.chance.choice(walk.items[:2])
    quantity = walk.number(4, unit=item["unit"])
    sign = walk.chance.choice(("", "-"))
    line: dict[str, object] = {"sku": item["sku"], "quantity": sign + quantity}
    if not sign and walk.chance.random() < 0.5:
        line["unit_cost"] = walk.price()
    await walk.asks("count", "/v1/stock-adjustments", reason="Counted", lines=[line])


PAYING = {
    pays: 6,
    allocates: 2,
    releases: 3,
    refunds: 1,
    writes_rest_off: 2,
    has_rest_again: 2,
    undoes_difference: 2,
    writes_debt_off: 1,
    undoes_debt: 1,
    counts: 2,
}

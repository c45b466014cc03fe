"""What is left of suppliers' bills: kept with their open items, filtered and sorted by."""

from decimal import Decimal
from uuid import UUID

import asyncpg
import pytest
from alembic.script import ScriptDirectory

from erp.app import SERVICE

MODULE = ScriptDirectory(str(SERVICE.migrations)).get_revision("e581").module
OF_ITEMS = """select b.id, b.open_amount, coalesce(o.open_amount, 0) as item from bill b
  left join open_item o on o.source_id = b.id where b.supplier_id = $1"""


def money(amount):
    return {"amount": amount, "currency": "CNY"}


@pytest.fixture
async def billed(buyer):
    """A supplier, and its bills over 10, 20 and 30."""
    number = await buyer.supplier()
    supplier = buyer.suppliers[number]["id"]
    bills = [
        await buyer.desk.add(
            "/v1/bills",
            supplier_id=supplier,
            supplier_number=buyer.desk.word("B"),
            expenses=[{"account": "6402", "description": "Power", "amount": money(amount)}],
        )
        for amount in ("10.00", "20.00", "30.00")
    ]
    return supplier, bills


async def agree(buyer, supplier):
    """Each bill keeps what its open item says; by id."""
    rows = await buyer.desk.rows(OF_ITEMS, UUID(supplier))
    assert all(row["open_amount"] == row["item"] for row in rows)
    return {str(row["id"]): row["open_amount"] for row in rows}


async def test_lists_are_asked_for_what_is_left_and_sorted_by_it(buyer, billed):
    """Paid, taken back and credited ones change with their items."""
    supplier, (ten, twenty, thirty) = billed
    ids = [ten["id"], twenty["id"], thirty["id"]]
    assert await agree(buyer, supplier) == dict(zip(ids, (10, 20, 30), strict=True))
    pays = {"party_id": supplier, "direction": "out"}
    paid = await buyer.erp.post("/v1/payments", pays | {"amount": money("25.00")})
    assert paid.status_code == 201, paid.text
    left = await agree(buyer, supplier)
    assert sum(left.values()) == Decimal(35)

    async def listed(**query):
        return await buyer.desk.listed("/v1/bills", supplier_id=supplier, **query)

    ascending = sorted(ids, key=left.get)
    assert await listed(sort="open_amount") == ascending
    assert await listed(sort="-open_amount", limit="2") == ascending[:0:-1]
    least = str(left[ascending[1]])
    assert await listed(open_amount_from=least, sort="open_amount") == ascending[1:]
    assert await listed(open_amount_from="0.01", open_amount_to="29.99") == [
        one for one in reversed(ids) if 0 < left[one] < 30
    ]


async def test_a_bill_taken_back_is_left_with_nothing(buyer, billed):
    supplier, (ten, *_) = billed
    reply = await buyer.erp.post(f"/v1/bills/{ten['id']}/reverse", {"reason": "Twice"})
    assert reply.is_success, reply.text
    assert Decimal(reply.json()["open_amount"]) == 0
    assert (await agree(buyer, supplier))[ten["id"]] == 0
    with pytest.raises(asyncpg.RestrictViolationError):
        await buyer.desk.rows(
            "update bill set reversal_reason = 'x' where id = $1", UUID(ten["id"])
        )


async def test_bills_from_before_take_it_over(buyer, billed):
    """By the statement of the migration, in batches."""
    supplier, _ = billed
    statement = MODULE.TAKE_OVER.replace(":after", "$1::uuid").replace(":batch", "$2::integer")
    sql = await asyncpg.connect(buyer.erp.owner_url)
    transaction = sql.transaction()
    await transaction.start()
    await sql.execute("alter table bill disable trigger user")
    await sql.execute("update bill set open_amount = 0")
    after: UUID | None = UUID(int=0)
    batches = 0
    while after is not None:
        after, batches = await sql.fetchval(statement, after, 2), batches + 1
    rows = await sql.fetch(OF_ITEMS, UUID(supplier))
    await transaction.rollback()
    await sql.close()
    assert batches > 1
    assert sorted(row["open_amount"] for row in rows) == [10, 20, 30]
    assert all(row["open_amount"] == row["item"] for row in rows)

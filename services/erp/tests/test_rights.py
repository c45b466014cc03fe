"""What the ERP's runtime role may not do by SQL, and what the database refuses it besides."""

from contextlib import asynccontextmanager

import asyncpg
import pytest
from sqlalchemy import make_url

UNBALANCED = (
    """insert into public.journal_entry
        (id, effective_on, recorded_at, period_id, source_type, source_id, memo, actor)
      select $1, effective_on, now(), period_id, 'test', $1, '', 'test'
        from public.journal_entry where source_id = $2 limit 1""",
    """insert into public.journal_line (id, entry_id, position, account_id, debit, credit)
      select gen_random_uuid(), $1, 1, a.id, 5, 0 from public.account a where a.role = 'bank'""",
)
SHADOW = (
    "create temporary table journal_line (like public.journal_line)",
    """insert into pg_temp.journal_line (id, entry_id, position, account_id, debit, credit)
      select gen_random_uuid(), $1, n.at, a.id, 5 * (2 - n.at), 5 * (n.at - 1)
        from public.account a, generate_series(1, 2) as n(at) where a.role = 'bank'""",
)


@asynccontextmanager
async def acting(url):
    """One transaction by SQL."""
    sql = await asyncpg.connect(url)
    try:
        async with sql.transaction():
            yield sql
    finally:
        await sql.close()


async def run(sql, statements, *values):
    for statement in statements:
        await sql.execute(statement, *(values[n] for n in range(2) if f"${n + 1}" in statement))


@pytest.fixture
async def invoice(office, desk):
    """An invoice of 10.00, of which 4.00 are paid."""
    customer = await desk.customer()
    made = await office.invoices(customer, "10")
    await office.books(customer, "4")
    return made


@pytest.mark.parametrize(
    "statement",
    [
        "delete from purchase_receipt",
        "update purchase_receipt set number = ''",
        "delete from purchase_receipt_line",
        "update purchase_receipt_line set quantity = 1",
        "delete from shipment",
        "delete from shipment_line",
        "update shipment_line set quantity = 1",
        "delete from invoice",
        "update invoice set gross = 0",
        "delete from invoice_line",
        "update invoice_number set number = number + 1",
        "delete from payment",
        "update allocation set amount = 0",
        "delete from stock_move",
        "update journal_line set debit = 0",
        "delete from journal_entry",
        "delete from open_item",
        "update tax_code set rate = 0",
        "delete from approval",
    ],
)
async def test_written_documents_stay(erp, statement):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with acting(erp.runtime_url) as sql:
            await sql.execute(statement)


async def test_no_table_of_the_session_stands_in_front_of_the_journal(erp, desk, invoice):
    async with desk.erp.database.driver() as sql:
        entry_id = await sql.fetchval("select gen_random_uuid()")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with acting(erp.runtime_url) as sql:
            await run(sql, SHADOW, entry_id)
    with pytest.raises(asyncpg.CheckViolationError, match="does not balance"):
        async with acting(erp.runtime_url) as sql:
            await run(sql, UNBALANCED, entry_id, invoice["id"])


async def test_a_guard_looks_at_the_schema_whatever_the_session_has(erp, desk, invoice):
    """As in a database of an earlier version, whose role may make temporary tables."""
    role, database = make_url(erp.runtime_url).username, make_url(erp.runtime_url).database
    may = f'temporary on database "{database}"'
    async with acting(erp.owner_url) as owner:
        await owner.execute(f"grant {may} to {role}")
        entry_id = await owner.fetchval("select gen_random_uuid()")
    try:
        with pytest.raises(asyncpg.CheckViolationError, match="does not balance"):
            async with acting(erp.runtime_url) as sql:
                await run(sql, (*SHADOW, *UNBALANCED), entry_id, invoice["id"])
    finally:
        async with acting(erp.owner_url) as owner:
            await owner.execute(f"revoke {may} from {role}")
    assert await desk.count("journal_entry", "id = $1", entry_id) == 0


@pytest.mark.parametrize("url", ["runtime_url", "owner_url"])
@pytest.mark.parametrize(
    "change",
    [
        "state = 'paid'",
        "state = 'issued'",
        "state = 'credited'",
        "state = 'written_off'",
        "open_amount = 0, state = 'paid'",
        "open_amount = 5",
        "credited = 6",
        "credited = 10, open_amount = 0, state = 'credited'",
    ],
)
async def test_an_invoice_is_settled_as_its_open_item_says(erp, invoice, url, change):
    """E15: no state, open or credited amount of an invoice is set by itself."""
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        async with acting(getattr(erp, url)) as sql:
            await sql.execute(f"update invoice set {change} where id = $1", invoice["id"])
    assert refused.value.constraint_name in {"ck_invoice_agrees", "ck_invoice_credited"}


async def test_an_open_item_is_not_settled_without_its_invoice(erp, invoice):
    """E15: what is noted as credited or written off shows on the invoice."""
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        async with acting(erp.runtime_url) as sql:
            await sql.execute(
                "update open_item set credited = 4, written_off = 0 where source_id = $1",
                invoice["id"],
            )
    assert refused.value.constraint_name == "ck_invoice_agrees"


async def test_a_credit_note_stays_as_it_was_issued(erp, office, invoice):
    note = await office.credits(invoice)
    with pytest.raises(asyncpg.CheckViolationError, match="as it was issued"):
        async with acting(erp.runtime_url) as sql:
            await sql.execute("update invoice set state = 'paid' where id = $1", note["id"])

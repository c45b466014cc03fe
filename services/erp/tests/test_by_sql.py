"""What the database itself promises, whoever writes: tried by SQL alone, as the application."""

from contextlib import asynccontextmanager

import asyncpg
import pytest

from chassis.clock import business_day

REFUSED = (asyncpg.IntegrityConstraintViolationError, asyncpg.InsufficientPrivilegeError)
"""By a guard, or because the application may not do it at all."""
ENTRY = "(select id from journal_entry where source_id = $1 limit 1)"
MORE_LINES = f"""insert into journal_line
    (id, entry_id, position, account_id, debit, credit, party_id)
  select gen_random_uuid(), {ENTRY}, 90 + side, a.id, 5 * side, 5 * (1 - side), null
    from account a, generate_series(0, 1) as side where a.role = 'bank'"""
NEW_ENTRY = """insert into journal_entry
    (id, effective_on, recorded_at, period_id, source_type, source_id, memo, actor)
  select $1, effective_on, now(), period_id, 'test', $1, '', 'test'
    from journal_entry where source_id = $2 limit 1"""
NEW_LINES = """insert into journal_line (id, entry_id, position, account_id, debit, credit)
  select gen_random_uuid(), $1, row_number() over (), a.id, n.debit, n.credit
    from (values ($2::text, 5.00, 0.00), ('sales', 0.00, $3::numeric)) as n(role, debit, credit)
    join account a on a.role = n.role"""
BY_NOBODY = """insert into journal_line
    (id, entry_id, position, account_id, debit, credit, party_id)
  select gen_random_uuid(), $1, n.side + 1, a.id, 5 * n.side, 5 * (1 - n.side), gen_random_uuid()
    from account a, generate_series(0, 1) as n(side) where a.role = 'receivable'"""
AGAIN = """insert into invoice_line select gen_random_uuid(), invoice_id, 99, role, order_line_id,
    item_id, description, quantity, unit_price, discount, net, tax_code, 0, 0
  from invoice_line where invoice_id = $1"""
TAXED = """with code as (insert into tax_code values ('Y0', 'Another', 0))
  insert into invoice_tax values ($1, 'Y0', 0, 0, 0, 0, 0)"""
ALONE = """insert into invoice select gen_random_uuid(), version, created_at, updated_at, kind,
    state, customer_id, order_id, credits_id, effective_on, due_on, currency, net, tax, gross,
    open_amount, credited, reason from invoice where id = $1"""
COUNTED = "last_number = last_number + 1"
SERIES = "(select series from invoice_number where invoice_id = $1)"
BEYOND = """insert into allocation select gen_random_uuid(), now(), a.payment_id, a.open_item_id,
    a.effective_on, 1, 'test' from allocation a join open_item i on i.id = a.open_item_id
  where i.source_id = $1"""
LOST = """insert into stock_move (id, item_id, from_location_id, to_location_id, lot, quantity,
    value, effective_on, recorded_at, source_type, source_id, memo, actor)
  select gen_random_uuid(), $1, f.id, t.id, '', 1, 0, date ':today', now(), 'stock_adjustment',
    gen_random_uuid(), '', 'test'
    from location f, location t where f.code = 'MAIN-STOCK' and t.code = 'LOSS'"""


@pytest.fixture(params=["runtime_url", "owner_url"])
def deed(request, erp):
    """One transaction by SQL: as the application, and as the owner; `:today` is today there."""
    today = str(business_day(erp.settings.time_zone))

    async def done(*statements, at=()):
        async with _writing(getattr(erp, request.param)) as sql:
            for statement in statements:
                wanted = [at[n - 1] for n in range(1, 5) if f"${n}" in statement]
                await sql.execute(statement.replace(":today", today), *wanted)

    return done


@asynccontextmanager
async def _writing(url):
    sql = await asyncpg.connect(url)
    try:
        async with sql.transaction():
            yield sql
    finally:
        await sql.close()


@pytest.fixture
async def invoice(office, desk):
    """An invoice of 10.00, of which 4.00 are paid."""
    customer = await desk.customer()
    made = await office.invoices(customer, "10")
    await office.books(customer, "4")
    yield made
    assert await office.owes(customer) == ("6.00", "0.00")


@pytest.fixture
async def item(office, desk):
    """Five pieces worth 10.00."""
    made = await desk.item()
    value = {"amount": "10", "currency": "CNY"}
    await office.does(
        "/v1/stock-receipts", lines=[{"sku": made["sku"], "quantity": "5", "value": value}]
    )
    return made


async def test_a_posted_entry_takes_no_more_lines(deed, invoice):
    """E1: not even a pair that balances."""
    with pytest.raises(asyncpg.RestrictViolationError, match="no more lines"):
        await deed(MORE_LINES, at=[invoice["id"]])


@pytest.mark.parametrize("credit", ["4.99", "5.01"])
async def test_an_entry_that_does_not_balance_is_not_committed(deed, invoice, desk, credit):
    """E2: by a cent, in either direction."""
    entry_id = await _fresh(desk)
    with pytest.raises(asyncpg.CheckViolationError, match="does not balance"):
        await deed(
            NEW_ENTRY.replace("$2", f"'{invoice['id']}'"),
            NEW_LINES.replace("$2::text", "'bank'").replace("$3::numeric", credit),
            at=[entry_id],
        )
    assert await desk.count("journal_entry", "id = $1", entry_id) == 0


@pytest.mark.parametrize("role", ["receivable", "payable", "inventory"])
async def test_a_line_on_a_kept_account_says_whose_it_is(deed, invoice, desk, role):
    """E14, E29: what nobody owes, and what is of no item, cannot be proven."""
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await deed(
            NEW_ENTRY.replace("$2", f"'{invoice['id']}'"),
            NEW_LINES.replace("$2::text", f"'{role}'").replace("$3::numeric", "5.00"),
            at=[await _fresh(desk)],
        )
    assert refused.value.constraint_name == "ck_journal_line_says_whose"


async def test_a_line_names_a_party_that_exists(deed, invoice, desk):
    """Neither a customer nor a supplier: nobody owes it."""
    with pytest.raises(asyncpg.ForeignKeyViolationError) as refused:
        await deed(
            NEW_ENTRY.replace("$2", f"'{invoice['id']}'"),
            BY_NOBODY,
            at=[await _fresh(desk)],
        )
    assert refused.value.constraint_name == "fk_journal_line_party_id_party"


async def _fresh(desk):
    async with desk.erp.database.driver() as sql:
        return await sql.fetchval("select gen_random_uuid()")


@pytest.mark.parametrize(
    "statement",
    [
        "update period set ends_on = ends_on - 1",
        "update period set fiscal_year_id = fiscal_year_id",
        "delete from period",
        "update fiscal_year set starts_on = starts_on - 1",
        "delete from fiscal_year",
        "update account set role = null where role = 'receivable'",
        "update account set kind = 'income' where role = 'receivable'",
    ],
)
async def test_what_entries_stand_on_does_not_change(deed, invoice, statement):
    """E1, E6: neither the days of a period nor what an account is."""
    with pytest.raises(REFUSED):
        await deed(statement)


async def test_a_locked_period_is_opened_by_nobody(deed, office):
    """E6: closed may be opened again, locked may not."""
    may = "update period set state = '{}' where starts_on = '2014-05-01'"
    await deed(may.format("closed"), may.format("open"))
    with pytest.raises(asyncpg.RestrictViolationError):
        await deed(may.format("locked"), may.format("open"))


@pytest.mark.business_day
@pytest.mark.parametrize(
    ("statement", "error"),
    [
        (f"update invoice_series set {COUNTED} + 1 where series = {SERIES}", "one"),
        (f"update invoice_series set {COUNTED} where series = {SERIES}", "nobody has"),
        (f"update invoice_series set last_number = last_number where series = {SERIES}", "one"),
        (f"update invoice_series set series = 'X' where series = {SERIES}", "one"),
        (f"delete from invoice_series where series = {SERIES}", "never changed"),
        ("insert into invoice_series values ('NEW', 7, date ':today')", "one"),
        ("insert into invoice_series values ('NEW', 1, date ':today')", "nobody has"),
        ("update journal_series set last_number = last_number + 1", "nobody has"),
        ("update journal_series set last_number = last_number - 1", "one"),
        (
            f"update invoice_series set {COUNTED}, last_on = '1999-9-9' where series = {SERIES}",
            "never",
        ),
    ],
)
async def test_a_series_counts_one_by_one(deed, invoice, statement, error):
    """E12: no number is left out, given twice, or dated before the one before it."""
    with pytest.raises(REFUSED, match=f"{error}|permission denied"):
        await deed(statement, at=[invoice["id"]])


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        (AGAIN, "takes nothing more"),
        (TAXED, "takes nothing more"),
        (ALONE, "what its lines come to"),
    ],
)
async def test_an_invoice_is_what_its_lines_come_to(deed, invoice, statement, error):
    """E12, E19: nothing joins an issued one, and none is issued without its lines."""
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match=error):
        await deed(statement, at=[invoice["id"]])


@pytest.mark.parametrize(
    "statement",
    [
        BEYOND,
        "update open_item set open_amount = 0 where source_id = $1",
        "update open_item set open_amount = open_amount + 1 where source_id = $1",
        "update open_item set amount = amount + 1 where source_id = $1",
        "update open_item set party_id = gen_random_uuid() where source_id = $1",
        "update open_item set effective_on = effective_on - 1 where source_id = $1",
        "update payment set unallocated = amount where amount = 4",
        "update payment set amount = amount + 1",
        "update payment set effective_on = effective_on - 1",
        "truncate open_item cascade",
        "truncate payment cascade",
    ],
)
async def test_what_is_open_is_what_allocations_left_of_it(deed, invoice, statement):
    """E14, E15: on both sides, and of what was asked and paid nothing changes."""
    with pytest.raises(REFUSED):
        await deed(statement, at=[invoice["id"]])


@pytest.mark.business_day
async def test_no_payment_settles_what_another_party_owes(deed, invoice, office, desk):
    """E14, E15: whoever else writes the allocation, with all amounts right."""
    other = await desk.customer()
    paid = await office.books(other, "3")
    settle = f"""with item as (update open_item set open_amount = open_amount - 3
        where source_id = $1 returning id),
      asked as (update invoice set open_amount = open_amount - 3 where id = $1),
      used as (update payment set unallocated = 0 where id = '{paid["id"]}')
      insert into allocation select gen_random_uuid(), now(), '{paid["id"]}', id, date ':today',
        3, 'test' from item"""
    with pytest.raises(asyncpg.CheckViolationError, match="allocations left"):
        await deed(settle, at=[invoice["id"]])
    assert await office.owes(other) == ("0.00", "3.00")


@pytest.mark.parametrize(
    "statements",
    [
        ["update stock_level set on_hand = on_hand + 1 where item_id = $1"],
        ["update item_valuation set value = value + 0.01 where item_id = $1"],
        ["update item_valuation set quantity = quantity + 1 where item_id = $1"],
        [
            "update stock_level set on_hand = on_hand + 1 where item_id = $1",
            "update item_valuation set quantity = quantity + 1 where item_id = $1",
        ],
        [LOST],
        [LOST, "update stock_level set on_hand = on_hand - 1 where item_id = $1"],
        ["delete from stock_level where item_id = $1"],
        ["delete from item_valuation where item_id = $1"],
        ["update stock_level set reserved = on_hand + 1 where item_id = $1"],
        ["update stock_proof set quantity = quantity + 1 where item_id = $1"],
        ["update stock_proof set moved_on = null where item_id = $1"],
        ["update stock_proof set proven_from = '2999-1-1' where item_id = $1"],
        ["update item_valuation set moved_on = '1999-9-9' where item_id = $1"],
        ["delete from stock_proof where item_id = $1"],
    ],
)
async def test_stock_is_what_its_moves_and_the_books_say(deed, item, desk, statements):
    """E24, E26, E29: no level and no worth without its moves and entries, and the other way."""
    with pytest.raises(REFUSED):
        await deed(*statements, at=[item["id"]])
    [level] = (await desk.see(f"/v1/stock-levels?sku={item['sku']}"))["items"]
    assert (level["on_hand"], level["reserved"]) == ("5", "0")


async def test_no_entry_alone_changes_the_inventory_account(deed, item, desk, office):
    """E29: by item and warehouse, to the cent, at every COMMIT."""
    entry_id = await _fresh(desk)
    lines = f"""insert into journal_line
        (id, entry_id, position, account_id, debit, credit, item_id, warehouse_id)
      select gen_random_uuid(), '{entry_id}', at, a.id, debit, credit, $1,
        (select id from warehouse)
        from (values (1, 'inventory', 0.01, 0), (2, 'sales', 0, 0.01)) n(at, role, debit, credit)
        join account a on a.role = n.role"""
    entry = f"""insert into journal_entry
        (id, effective_on, recorded_at, period_id, source_type, source_id, memo, actor)
      select '{entry_id}', '{office.today}', now(), id, 'test', $1, '', 'test' from period
       where '{office.today}' between starts_on and ends_on"""
    with pytest.raises(asyncpg.CheckViolationError, match="the books say"):
        await deed(entry, lines, at=[item["id"]])


def _moved(*moves):
    """Moves worth nothing, each so many on a day (negative: lost), in one statement."""
    rows = ", ".join(f"({quantity}, date '{day}')" for day, quantity in moves)
    return f"""insert into stock_move (id, item_id, from_location_id, to_location_id, lot,
        quantity, value, effective_on, recorded_at, source_type, source_id, memo, actor)
      select gen_random_uuid(), $1, case when n.quantity < 0 then s.id else o.id end,
        case when n.quantity < 0 then o.id else s.id end, '', abs(n.quantity), 0, n.day, now(),
        'stock_adjustment', gen_random_uuid(), '', 'test'
        from (values {rows}) as n(quantity, day), location s, location o
       where s.code = 'MAIN-STOCK' and o.code = 'LOSS'"""


def _stored(quantity, day):
    """What is stored of the item is what those moves made of it."""
    return (
        f"update stock_level set on_hand = on_hand + {quantity} where item_id = $1",
        f"""update item_valuation set quantity = quantity + {quantity},
             moved_on = greatest(moved_on, '{day}') where item_id = $1""",
    )


BEFORE, EARLY, LATE = "2013-02-01", "2013-03-01", "2014-03-01"


@pytest.fixture
async def old_item(office, item):
    """Beside the five pieces of today: two worth 4.00 that came on an early day."""
    line = {"sku": item["sku"], "quantity": "2", "value": {"amount": "4", "currency": "CNY"}}
    await office.does("/v1/stock-receipts", lines=[line], effective_on=EARLY)
    return item


@pytest.mark.parametrize(
    "moves",
    [
        [[(BEFORE, -1)]],
        [[(EARLY, -3)]],
        [[(LATE, -3)]],
        [[(EARLY, -2)]],
        [[(LATE, -2)]],
        [[(BEFORE, -1)], [(EARLY, 1)]],
        [[(EARLY, 1)], [(BEFORE, -1)]],
        [[(EARLY, 1), (BEFORE, -1)]],
    ],
    ids=str,
)
async def test_no_past_day_is_short_or_worth_something_without_pieces(deed, old_item, desk, moves):
    """E27, E30: with all that is stored of today right, also if later moves make up for it."""
    total = sum(quantity for one in moves for _, quantity in one)
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await deed(*(_moved(*one) for one in moves), *_stored(total, LATE), at=[old_item["id"]])
    assert refused.value.constraint_name == "ck_stock_move_days_end_well"
    assert await desk.count("stock_move", "item_id = $1", old_item["id"]) == 2


@pytest.mark.parametrize(
    "moves", [[[(EARLY, -1)]], [[(LATE, -1), (LATE, 1)]], [[(LATE, -2)], [(BEFORE, 1)]]], ids=str
)
async def test_moves_after_which_every_day_has_enough_are_taken(deed, old_item, desk, moves):
    """E27: in whatever order they are written, as long as it is so at COMMIT."""
    total = sum(quantity for one in moves for _, quantity in one)
    await deed(*(_moved(*one) for one in moves), *_stored(total, LATE), at=[old_item["id"]])
    count = 2 + sum(map(len, moves))
    assert await desk.count("stock_move", "item_id = $1", old_item["id"]) == count


@pytest.mark.parametrize(
    "moves",
    [[[(EARLY, -1)], [(LATE, 1)]], [[(EARLY, -1), (LATE, 1)]], [[(LATE, 1)], [(EARLY, -1)]]],
    ids=str,
)
async def test_what_comes_later_covers_no_day_before(deed, desk, office, moves):
    """E27: of an item that never moved; what is on hand at COMMIT is right, and no day after."""
    fresh = await desk.item()
    with pytest.raises(asyncpg.CheckViolationError, match=f"short on {EARLY}"):
        await deed(*(_moved(*one) for one in moves), *_stored(0, LATE), at=[fresh["id"]])
    await deed(_moved((EARLY, 1), (LATE, -1)), *_stored(0, LATE), at=[fresh["id"]])


async def test_moves_of_the_version_before_are_taken_while_ours_is_rolled_out(deed, desk):
    """It stores no day of the last move: the database keeps it."""
    fresh = await desk.item()
    stored = (
        "update stock_level set on_hand = on_hand + 1 where item_id = $1",
        "update item_valuation set quantity = quantity + 1 where item_id = $1",
    )
    for day, moved_on in ((EARLY, EARLY), (LATE, LATE), (EARLY, LATE)):
        await deed(_moved((day, 1)), *stored, at=[fresh["id"]])
        known = f"item_id = $1 and moved_on = '{moved_on}'"
        assert await desk.count("item_valuation", known, fresh["id"]) == 1

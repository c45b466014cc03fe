"""The books: entries balance, stay, lie in open periods, and are numbered without a gap."""

import asyncio
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.clock import business_day
from erp.ledger.posting import Posting, PostingLine, credit, debit, months_of, totals
from erp.ledger.schemas import NewYear
from erp.ledger.service.entries import post
from erp.ledger.service.years import ensure_year, open_year

pytestmark = pytest.mark.business_day


@pytest.fixture(scope="session")
async def books(erp):
    """Fiscal years 2001 to 2003, apart from what other tests post; 2001-06 is closed."""
    async with erp.database.transaction() as work:
        for year in (2001, 2002, 2003):
            await ensure_year(work, date(year, 5, 5))
        await ensure_year(work, work.today())
    return erp


def line(account, debit="0", credit="0"):
    return {"account": account, "debit": debit, "credit": credit}


def sale(amount="12.30", on="2001-02-03"):
    lines = [line("1002", debit=amount), line("6001", credit=amount)]
    return {"memo": "Cash sale", "effective_on": on, "lines": lines}


async def posted(books, **facts):
    reply = await books.post("/v1/journal-entries", sale(**facts))
    assert reply.status_code == 201, reply.text
    return reply.json()["id"]


async def test_an_entry_is_posted_whole_and_numbered(books, desk):
    entry = await desk.see(f"/v1/journal-entries/{await posted(books)}")
    assert [(one["account"], one["debit"], one["credit"]) for one in entry["lines"]] == [
        ("1002", "12.30", "0.00"),
        ("6001", "0.00", "12.30"),
    ]
    assert entry["number"] >= 1
    assert entry["fiscal_year"] == "2001"


@pytest.mark.parametrize(
    "statement",
    [
        "update journal_line set debit = 99 where debit > 0",
        "delete from journal_line",
        "update journal_entry set memo = 'changed'",
        "delete from journal_entry",
        "truncate journal_number, journal_line, journal_entry",
    ],
)
@pytest.mark.parametrize("role", ["runtime_url", "owner_url"])
async def test_a_posted_entry_is_never_changed(books, statement, role):
    """E1: not by SQL of the application's role, nor by the owner of the tables."""
    await posted(books)
    sql = await asyncpg.connect(getattr(books, role))
    try:
        with pytest.raises((asyncpg.RestrictViolationError, asyncpg.InsufficientPrivilegeError)):
            await sql.execute(statement)
    finally:
        await sql.close()


async def _insert_lines(sql, entry_id, *sides):
    account = await sql.fetchval("select id from account where code = '1002'")
    for position, (debited, credited) in enumerate(sides, 10):
        await sql.execute(
            "insert into journal_line (id, entry_id, position, account_id, debit, credit)"
            " values ($1, $2, $3, $4, $5, $6)",
            uuid4(),
            entry_id,
            position,
            account,
            Decimal(debited),
            Decimal(credited),
        )


async def test_an_unbalanced_commit_fails(books):
    """E2: the database refuses to commit an entry whose sides differ, or that has no two lines."""
    alike = await posted(books)
    sql = await asyncpg.connect(books.runtime_url)
    try:
        for sides in ((("1.01", "0"), ("0", "1")), (("1", "0"),), ()):
            with pytest.raises(asyncpg.CheckViolationError, match="does not balance"):
                async with sql.transaction():
                    await _insert_lines(sql, await _insert_entry(sql, alike), *sides)
    finally:
        await sql.close()


async def _insert_entry(sql, alike):
    return await sql.fetchval(
        """insert into journal_entry (id, effective_on, recorded_at, period_id, source_type,
               source_id, memo, actor)
             select gen_random_uuid(), effective_on, now(), period_id, 'test', id, '', 'test'
               from journal_entry where id = $1 returning id""",
        alike,
    )


@pytest.mark.parametrize("sides", [("1", "1"), ("0", "0"), ("-1", "0")])
async def test_a_line_has_one_side_and_no_sign(books, sides):
    """E4: debit or credit, never both, never negative."""
    entry_id = await posted(books)
    sql = await asyncpg.connect(books.runtime_url)
    try:
        with pytest.raises(asyncpg.CheckViolationError, match="one_side"):
            await _insert_lines(sql, entry_id, sides)
    finally:
        await sql.close()


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([line("1002", debit="10"), line("6001", credit="9.99")], "entry_unbalanced"),
        ([line("1002", debit="10"), line("nowhere", credit="10")], "missing_reference"),
        ([line("1002", debit="10", credit="10"), line("6001", credit="1")], "invalid_input"),
        ([line("1002", debit="10")], "invalid_input"),
    ],
)
async def test_a_wrong_entry_is_refused_and_nothing_is_posted(books, problem, desk, lines, code):
    before = await desk.count("journal_entry", "true")
    reply = await books.post(
        "/v1/journal-entries", {"memo": "wrong", "effective_on": "2001-02-03", "lines": lines}
    )
    problem(reply, 422, code)
    assert await desk.count("journal_entry", "true") == before


@pytest.mark.parametrize(("currency", "status"), [("CNY", 201), ("USD", 422)])
async def test_a_line_may_name_the_currency_of_the_company(books, currency, status):
    lines = [line("1002", debit="1") | {"currency": currency}, line("6001", credit="1")]
    sent = {"memo": "Fee", "effective_on": "2001-02-03", "lines": lines}
    reply = await books.post("/v1/journal-entries", sent)
    assert reply.status_code == status, reply.text
    assert status == 201 or reply.json()["code"] == "currency_not_supported"


async def test_only_the_account_that_is_missing_is_named(books, problem):
    lines = [line("1002", debit="10"), line("nowhere", credit="10")]
    reply = await books.post(
        "/v1/journal-entries", {"memo": "wrong", "effective_on": "2001-02-03", "lines": lines}
    )
    missing = problem(reply, 422, "missing_reference")
    assert missing["facts"] == {"entity": "account", "reference": "nowhere"}


async def test_a_day_in_no_year_is_refused(books, problem):
    problem(await books.post("/v1/journal-entries", sale(on="1900-01-01")), 422, "no_period")


@pytest.mark.parametrize("account", ["1122", "2202", "1405", "receivable"])
async def test_what_documents_keep_is_not_posted_by_hand(books, problem, account):
    """E14, E29: control accounts agree with their documents, so only documents post to them."""
    lines = [line(account, debit="10"), line("6001", credit="10")]
    body = {"memo": "wrong", "effective_on": "2001-02-03", "lines": lines}
    problem(await books.post("/v1/journal-entries", body), 409, "control_account")


async def test_entries_are_listed_by_their_days(books, desk):
    for day in ("2001-08-01", "2001-08-02", "2001-08-03"):
        await posted(books, on=day)
    path = "/v1/journal-entries?effective_on_gte=2001-08-02"
    listed = (await desk.see(f"{path}&effective_on_lte=2001-08-03"))["items"]
    assert [one["effective_on"] for one in listed] == ["2001-08-03", "2001-08-02"]
    none = "/v1/journal-entries?effective_on_gte=2001-08-04&effective_on_lte=2001-08-05"
    assert (await desk.see(none))["items"] == []


async def test_the_trial_balance_is_of_today_unless_a_day_is_named(desk):
    known = desk.erp.settings
    assert (await desk.see("/v1/reports/trial-balance"))["on"] == str(business_day(known.time_zone))


async def test_what_a_document_posted_is_not_reversed_by_hand(books, desk, problem):
    """E14: the document is credited instead."""
    customer = await desk.customer()
    body = {"party_id": customer["id"], "amount": {"amount": "10", "currency": "CNY"}}
    paid = (await books.post("/v1/payments", body)).json()
    [entry] = (await desk.see(f"/v1/journal-entries?source_id={paid['id']}"))["items"]
    reversal = {"memo": "mistake"}
    refused = await books.post(f"/v1/journal-entries/{entry['id']}/reverse", reversal)
    problem(refused, 409, "control_account")


async def test_a_closed_period_takes_nothing(books, desk, problem):
    """E6: neither an entry nor a reversal enters it; open again, it takes both."""
    entry_id = await posted(books, on="2002-06-15")
    (june,) = [
        one for one in (await desk.see("/v1/periods"))["items"] if one["starts_on"] == "2002-06-01"
    ]
    path = f"/v1/periods/{june['id']}"
    closed = await desk.change(path, {"state": "closed"}, revision=june["version"])
    assert closed.json()["state"] == "closed"
    problem(await books.post("/v1/journal-entries", sale(on="2002-06-30")), 409, "period_closed")
    reversal = {"memo": "mistake", "effective_on": "2002-06-20"}
    refused = await books.post(f"/v1/journal-entries/{entry_id}/reverse", reversal)
    assert problem(refused, 409, "period_closed")["facts"]["effective_on"] == "2002-06-20"
    await desk.change(path, {"state": "open"}, revision=closed.json()["version"])
    assert await posted(books, on="2002-06-30")


async def test_a_locked_period_stays_locked(books, desk, problem):
    (may,) = [
        one for one in (await desk.see("/v1/periods"))["items"] if one["starts_on"] == "2002-05-01"
    ]
    path = f"/v1/periods/{may['id']}"
    locked = await desk.change(path, {"state": "locked"}, revision=may["version"])
    again = await desk.change(path, {"state": "open"}, revision=locked.json()["version"])
    problem(again, 409, "period_locked")


async def test_a_reversal_is_linked_dated_in_its_own_period_and_made_once(books, desk, problem):
    """E1, E7: the only correction, on the day the user chose."""
    entry_id = await posted(books, amount="77.00", on="2001-03-01")
    reversal = {"memo": "Wrong customer", "effective_on": "2001-09-09"}
    made = (await books.post(f"/v1/journal-entries/{entry_id}/reverse", reversal)).json()["id"]
    view = await desk.see(f"/v1/journal-entries/{made}")
    assert (view["reverses_id"], view["effective_on"]) == (entry_id, "2001-09-09")
    assert [(one["debit"], one["credit"]) for one in view["lines"]] == [
        ("0.00", "77.00"),
        ("77.00", "0.00"),
    ]
    assert (await desk.see(f"/v1/journal-entries/{entry_id}"))["reversed_by_id"] == made
    again = await books.post(f"/v1/journal-entries/{entry_id}/reverse", reversal)
    problem(again, 409, "already_reversed")


async def test_the_trial_balance_is_the_sum_of_postings(books, desk):
    """E5: for any date, and equal on the twentieth call."""
    before = await desk.see("/v1/reports/trial-balance?on=2003-07-10")
    await posted(books, amount="100.25", on="2003-07-10")
    await posted(books, amount="900.00", on="2003-07-11")
    after = await desk.see("/v1/reports/trial-balance?on=2003-07-10")
    assert after["debit"] == after["credit"]

    def held(balance):
        return {one["code"]: Decimal(one["balance"]) for one in balance["accounts"]}

    assert held(after)["1002"] - held(before)["1002"] == Decimal("100.25")
    assert held(after)["6001"] - held(before)["6001"] == Decimal("-100.25")
    for _ in range(20):
        assert await desk.see("/v1/reports/trial-balance?on=2003-07-10") == after


async def test_the_trial_balance_of_a_party_an_item_or_a_warehouse(books, desk):
    """E5: for any dimension it is the sum of those lines; what documents keep is in one of them."""
    customer, item = await desk.customer(), await desk.item()
    worth = {"sku": item["sku"], "quantity": "3", "value": {"amount": "7.50", "currency": "CNY"}}
    await desk.add("/v1/stock-receipts", lines=[worth])
    body = {"party_id": customer["id"], "amount": {"amount": "2.25", "currency": "CNY"}}
    await desk.add("/v1/payments", **body)
    [warehouse] = (await desk.see("/v1/warehouses"))["items"]
    whole = await _balances(desk, "")
    for wanted, role, held in (
        (f"?item_id={item['id']}", "inventory", "7.50"),
        (f"?item_id={item['id']}", "equity_opening", "-7.50"),
        (f"?party_id={customer['id']}", "receivable", "-2.25"),
        (f"?party_id={customer['id']}&item_id={item['id']}", "receivable", "0.00"),
        (f"?item_id={item['id']}&on=2001-12-31", "inventory", "0.00"),
        (f"?warehouse_id={warehouse['id']}", "inventory", whole["inventory"]),
        (f"?warehouse_id={uuid4()}", "inventory", "0.00"),
    ):
        assert (await _balances(desk, wanted))[role] == held, wanted


async def _balances(desk, wanted):
    """What the report says of each account, once it is the sum of the postings."""
    answer = await desk.see(f"/v1/reports/trial-balance{wanted}")
    return {one["role"]: one["balance"] for one in answer["accounts"] if one["role"]}


@pytest.mark.parametrize("amount", ["5.005", "0.000001"])
async def test_parts_of_a_cent_are_refused(books, desk, problem, amount):
    """E3: what is booked is what was written; nothing is rounded on the way."""
    lines = [line("1002", debit=amount), line("6001", credit=amount)]
    body = {"memo": "wrong", "effective_on": "2001-02-03", "lines": lines}
    refusal = problem(await books.post("/v1/journal-entries", body), 422, "invalid_input")
    assert [(one["pointer"], one["code"]) for one in refusal["errors"]] == [
        ("/lines/0/debit", "too_many_decimals"),
        ("/lines/1/credit", "too_many_decimals"),
    ]


async def test_a_reversal_is_of_the_same_party_item_and_warehouse(books, desk):
    """E1, E5: so that each of them comes to what it was."""
    item = await desk.item()
    async with books.database.transaction() as work:
        warehouse_id = await work.sql.fetchval("select id from warehouse")
        item_id = UUID(item["id"])
        sides = (
            PostingLine("cogs", Decimal(3), item_id=item_id, warehouse_id=warehouse_id),
            PostingLine("sales", credit=Decimal(3), item_id=item_id, warehouse_id=warehouse_id),
        )
        entry = Posting(uuid4(), date(2001, 2, 3), "test", uuid4(), "wrong", sides)
        await post(work, [entry])
    reversal = {"memo": "mistake", "effective_on": "2001-02-04"}
    made = await books.post(f"/v1/journal-entries/{entry.id}/reverse", reversal)
    assert made.status_code == 201, made.text
    for wanted in (f"?item_id={item['id']}", f"?item_id={item['id']}&warehouse_id={warehouse_id}"):
        assert (await _balances(desk, wanted))["cogs"] == "0.00"
        assert (await _balances(desk, wanted + "&on=2001-02-03"))["cogs"] == "3.00"


async def test_parallel_postings_are_numbered_without_a_gap(books, desk):
    """E12's promise for the journal: contiguous also when every fifth act is rolled back."""

    async def one(number):
        try:
            async with books.database.transaction() as work:
                lines = (debit("bank", Decimal(number)), credit("sales", Decimal(number)))
                entry = Posting(uuid4(), date(2003, 1, 2), "test", uuid4(), "parallel", lines)
                await post(work, [entry])
                if number % 5 == 0:
                    raise ZeroDivisionError  # noqa: TRY301 - the rollback under test
        except ZeroDivisionError:
            return

    await asyncio.gather(*(one(number) for number in range(1, 61)))
    async with books.database.driver() as sql:
        numbers = [
            row["number"]
            for row in await sql.fetch(
                "select n.number from journal_number n join fiscal_year y"
                " on y.id = n.fiscal_year_id and y.name = '2003' order by 1"
            )
        ]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_fiscal_years_do_not_overlap(books, problem):
    year = {"name": "Again", "starts_on": "2001-06-01", "ends_on": "2002-05-31"}
    problem(await books.post("/v1/fiscal-years", year), 409, "year_overlaps")
    year = {"name": "Long", "starts_on": "2031-01-01", "ends_on": "2040-12-31"}
    problem(await books.post("/v1/fiscal-years", year), 422, "invalid_input")


async def test_a_past_day_needs_the_permission_and_a_day_to_come_is_refused(books, problem):
    clerk = await books.as_("ledger.write")
    headers = {"Idempotency-Key": str(uuid4())}
    refused = await clerk.post("/v1/journal-entries", json=sale(), headers=headers)
    assert problem(refused, 403, "forbidden")["facts"] == {"scope": "backdate"}
    problem(await books.post("/v1/journal-entries", sale(on="2999-01-01")), 422, "invalid_input")


async def test_reading_the_books_needs_the_permission(books):
    stranger = await books.as_("parties.read")
    for path in ("accounts", "fiscal-years", "periods", "journal-entries", "reports/trial-balance"):
        assert (await stranger.get(f"/v1/{path}")).status_code == 403


def test_a_negative_debit_is_a_credit():
    """E4: no line is ever negative."""
    lines = (debit("bank", Decimal("-3.10")), credit("sales", Decimal("-3.10")))
    assert totals(lines) == (Decimal("3.10"), Decimal("3.10"))
    assert lines[0].credit == Decimal("3.10")


def test_a_fiscal_year_is_cut_into_months():
    months = months_of(date(2001, 11, 15), date(2002, 2, 10))
    assert months == [
        (date(2001, 11, 15), date(2001, 11, 30)),
        (date(2001, 12, 1), date(2001, 12, 31)),
        (date(2002, 1, 1), date(2002, 1, 31)),
        (date(2002, 2, 1), date(2002, 2, 10)),
    ]


async def test_an_account_is_opened_once(books, desk, problem):
    code = f"9{uuid4().int % 10**8}"
    made = await desk.add("/v1/accounts", code=code, name="Petty cash", kind="asset")
    assert (made["role"], made["name_zh"]) == (None, "")
    assert await desk.see(f"/v1/accounts/{made['id']}") == made
    problem(await desk.client.get(f"/v1/accounts/{uuid4()}"), 404, "not_found")
    body = {"code": code, "name": "Again", "kind": "asset"}
    problem(await books.post("/v1/accounts", body), 409, "duplicate_account")
    named_as_role = {"code": "receivable", "name": "Ours", "kind": "asset"}
    problem(await books.post("/v1/accounts", named_as_role), 409, "duplicate_account")
    listed = await desk.see("/v1/accounts?kind=asset&limit=200")
    assert code in {one["code"] for one in listed["items"]}


async def test_a_year_named_like_another_is_refused(books):
    from erp.ledger.errors import YearOverlaps  # noqa: PLC0415 - one test alone needs it

    year = NewYear(name="2001", starts_on=date(2041, 1, 1), ends_on=date(2041, 12, 31))
    with pytest.raises(YearOverlaps):
        async with books.database.transaction() as work:
            await open_year(work, year)

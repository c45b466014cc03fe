"""The company's chart of accounts: taken before anything is posted, with all roles."""

import asyncpg
import pytest

from erp.app import SERVICE
from erp.ledger.service.years import ensure_year
from erp.ledger.states import AccountRole
from identity.testing.service import running

CHINESE = {"chart": "cn_small_enterprises"}
CNY = {"currency": "CNY"}


@pytest.fixture
async def new_company(cluster):
    """An ERP in which nothing is posted yet, but years are open: one for each test."""
    async with running(SERVICE, cluster) as erp:
        async with erp.database.transaction() as work:
            await ensure_year(work, work.today())
        yield erp


@pytest.fixture
def company(desk, new_company):
    return type(desk)(new_company)


async def take(desk, **body):
    return await desk.erp.client.put("/v1/chart-of-accounts", json=body)


async def role_to(desk, role, account):
    return await desk.erp.client.put(f"/v1/account-roles/{role}", json={"account": account})


def own_chart(**changed):
    """A chart with an account for each role, numbered through."""
    return [
        {"code": changed.get(role, f"{number}00"), "name": role, "kind": "asset", "role": role}
        for number, role in enumerate(AccountRole, 10)
    ]


async def test_a_chart_is_taken_and_its_roles_are_named(company):
    """Accounts keep their ids and histories; accounts that the company opened stay."""
    before = (await company.see("/v1/accounts?limit=200"))["items"]
    own = await company.add("/v1/accounts", code="9999", name="Ours", kind="asset")
    accounts = (await take(company, **CHINESE)).json()["accounts"]
    by_code = {one["code"]: one for one in accounts}
    assert (by_code["2221"]["name_zh"], by_code["2221"]["role"]) == ("应交税费", None)
    assert by_code["222101"]["role"] == "tax_output"
    ids = {one["role"]: one["id"] for one in accounts if one["role"]}
    assert ids == {one["role"]: one["id"] for one in before}
    assert by_code["9999"]["id"] == own["id"]
    sales = by_code["5001"]
    [taken, *_] = (await company.see(f"/v1/accounts/{sales['id']}/history"))["items"]
    told = {one["field"]: (one["before"], one["after"]) for one in taken["changes"]}
    assert told["code"] == ("6001", "5001")
    roles = (await company.see("/v1/account-roles"))["items"]
    assert [one["role"] for one in roles] == sorted(AccountRole)
    assert {"role": "sales", "account": "5001", "account_name": sales["name"]} in roles
    again = (await take(company, **CHINESE)).json()["accounts"]
    assert again == accounts


async def test_codes_are_exchanged_at_once(company):
    """The company's own chart; and back again with two codes the other way round."""
    for sales, bank in (("7001", "7002"), ("7002", "7001")):
        reply = await take(company, accounts=own_chart(sales=sales, bank=bank))
        assert reply.status_code == 200, reply.text
        by_role = {one["role"]: one["code"] for one in reply.json()["accounts"]}
        assert (by_role["sales"], by_role["bank"]) == (sales, bank)


@pytest.mark.parametrize(
    ("accounts", "code"),
    [
        (own_chart()[1:], "chart_incomplete"),
        (own_chart() + own_chart()[:1], "invalid_input"),
        ([*own_chart(), {"code": "1000", "name": "Twice", "kind": "asset"}], "invalid_input"),
        ([*own_chart(), {"code": "grni", "name": "A word", "kind": "asset"}], "duplicate_account"),
        (own_chart(bank="8888"), "duplicate_account"),
    ],
)
async def test_a_wrong_chart_changes_nothing(company, problem, accounts, code):
    await company.add("/v1/accounts", code="8888", name="Ours", kind="asset")
    before = await company.see("/v1/accounts?limit=200")
    reply = await take(company, accounts=accounts)
    problem(reply, 409 if code == "duplicate_account" else 422, code)
    assert await company.see("/v1/accounts?limit=200") == before
    problem(await take(company), 422, "invalid_input")
    problem(await take(company, **CHINESE, accounts=accounts), 422, "invalid_input")


async def test_the_missing_role_is_named(company, problem):
    told = problem(await take(company, accounts=own_chart()[1:]), 422, "chart_incomplete")
    assert told["facts"] == {"role": "bank"}


async def test_a_chart_that_is_in_use_stays(desk, office, problem):
    await office.invoices(await desk.customer(), "10")
    problem(await take(desk, **CHINESE), 409, "chart_in_use")


async def test_documents_post_to_the_account_that_has_the_role(desk, office, problem):
    """From now on; what was posted stays where it is."""
    customer, code = await desk.customer(), desk.word("S")
    await desk.add("/v1/accounts", code=code, name="Sales of advice", kind="income")
    present = {one["role"]: one["account"] for one in await roles_of(desk)}
    first = await office.invoices(customer, "10")
    moved = await role_to(desk, "sales", code)
    assert moved.json() == {"role": "sales", "account": code, "account_name": "Sales of advice"}
    second = await office.invoices(customer, "10")
    assert [await credited(desk, one) for one in (first, second)] == [present["sales"], code]
    await office.credits(first)
    assert (await role_to(desk, "sales", present["sales"])).status_code == 200
    assert await office.owes(customer) == ("10.00", "0.00")
    problem(await role_to(desk, "sales", desk.word("NONE")), 422, "missing_reference")
    problem(await role_to(desk, "sales", present["cogs"]), 409, "account_has_role")
    assert (await role_to(desk, "tips", code)).status_code == 422


async def roles_of(desk):
    return (await desk.see("/v1/account-roles"))["items"]


async def credited(desk, invoice):
    """The account that the invoice's income was posted to."""
    [entry] = (await desk.see(f"/v1/journal-entries?source_id={invoice['id']}"))["items"]
    [line] = [one for one in entry["lines"] if float(one["credit"])]
    return line["account"]


async def test_what_documents_keep_stays_once_it_has_entries(desk, office, problem):
    customer, code = await desk.customer(), desk.word("R")
    await office.invoices(customer, "10")
    await desk.add("/v1/accounts", code=code, name="Other debtors", kind="asset")
    problem(await role_to(desk, "receivable", code), 409, "role_in_use")


async def test_a_control_role_takes_no_account_with_entries(company, problem):
    """Its balance is that of documents from the first entry on."""
    code = company.word("R")
    await company.add("/v1/accounts", code=code, name="Debtors", kind="asset")
    assert (await role_to(company, "receivable", code)).status_code == 200
    used, other = company.word("U"), company.word("O")
    for one in (used, other):
        await company.add("/v1/accounts", code=one, name="Used", kind="asset")
    await company.add(
        "/v1/journal-entries",
        memo="Cash",
        lines=[{"account": used, "debit": "1"}, {"account": other, "credit": "1"}],
    )
    problem(await role_to(company, "receivable", used), 409, "account_has_entries")


async def test_no_role_is_ever_without_account(desk):
    """The database's promise."""
    for statement in (
        "update account set role = null where role = 'cogs'",
        "update account set role = 'cash' where role = 'cogs'",
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            await desk.rows(statement)

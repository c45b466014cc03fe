"""C29: clauses that are part of a contract where the data say so; as data, frozen, repeatable."""

import pytest

from crm.contracts.rules.clauses import rendered, wrong_clauses
from crm.contracts.rules.conditions import asked_of


def clause(body, test, variable, value=""):
    return {"heading": "", "body": body, "when": when(test, variable, value)}


def when(test, variable, value=""):
    return {"variable": variable, "test": test, "value": value}


CLAUSES = [
    {"heading": "", "body": "Always."},
    clause("Tax {{ account.tax_id }}.", "present", "account.tax_id"),
    clause("No tax number.", "absent", "account.tax_id"),
    clause("Key terms.", "equals", "account.segment", "key"),
    clause("Bank guarantee.", "at_least", "quote.total", "100000"),
]


@pytest.mark.parametrize(
    ("values", "bodies"),
    [
        (("", "small", ""), ["Always.", "No tax number."]),
        (("91", "key", "99999.99"), ["Always.", "Tax 91.", "Key terms."]),
        (("", "", "100000"), ["Always.", "No tax number.", "Bank guarantee."]),
    ],
)
def test_the_same_values_include_the_same_clauses(values, bodies):
    """C29: present, absent, equal, and at least an amount: the edge belongs to it."""
    names = ("account.tax_id", "account.segment", "quote.total_number")
    assert asked_of(CLAUSES) == set(names)
    snapshot = dict(zip(names, values, strict=True))
    assert [one.body for one in rendered(CLAUSES, snapshot)] == bodies
    assert rendered(CLAUSES, snapshot) == rendered(CLAUSES, dict(reversed(snapshot.items())))


@pytest.mark.parametrize(
    ("condition", "field", "code"),
    [
        (when("present", "account.secret"), "when/variable", "unknown_variable"),
        (when("equals", "account.name"), "when/value", "value_missing"),
        (when("present", "account.name", "x"), "when/value", "value_unused"),
        (when("at_least", "account.name", "1"), "when/variable", "not_an_amount"),
        (when("at_least", "quote.total", "many"), "when/value", "not_a_number"),
        (when("at_least", "quote.total", "NaN"), "when/value", "not_a_number"),
    ],
)
async def test_what_is_no_condition_is_refused(contracts, problem, condition, field, code):
    wrong = {"heading": "", "body": "x", "when": condition}
    [found] = wrong_clauses([wrong])
    assert (found.field, found.code) == (field, code)
    body = {"code": contracts.desk.word("T"), "name": "T", "clauses": [wrong]}
    refused = problem(await contracts.crm.post(contracts.templates, body), 422, "invalid_input")
    assert refused["errors"][0]["pointer"] == f"/clauses/0/{field}"


async def test_a_contract_has_the_clauses_that_its_data_ask_for(contracts, quotes):
    """C29: frozen with the version; generating again gives the same text, other data the next."""
    template = await contracts.published(*CLAUSES)
    assert template["clauses"][0]["when"] is None
    assert template["clauses"][3]["when"] == when("equals", "account.segment", "key")
    account = await contracts.desk.account(segment="small")
    line = {"product": (await quotes.product("60000.00"))["code"], "quantity": "2"}
    quote, _ = await quotes.sent(line, account_id=account["id"])
    assert (await quotes.act(quote, "accept", person="Lin")).status_code == 200
    contract = await contracts.generated(template, quote_id=quote["id"], account_id=account["id"])
    first = await contracts.text(contract)
    assert "1. \nAlways." in first["text"] or "1.\nAlways." in first["text"]
    assert "No tax number." in first["text"]
    assert "Bank guarantee." in first["text"]
    assert "Key terms." not in first["text"]
    assert first["snapshot"]["quote.total_number"] == "120000"
    again = await contracts.act(contract, "generate")
    assert (again["contract_version"], again["text_hash"]) == (1, first["text_hash"])
    path = f"/v1/accounts/{account['id']}"
    seen = await contracts.desk.see(path)
    changed = await contracts.desk.change(path, {"segment": "key"}, revision=seen["version"])
    assert changed.status_code == 200, changed.text
    second = await contracts.act(contract, "generate")
    assert second["contract_version"] == 2
    assert "Key terms." in (await contracts.text(contract))["text"]
    assert (await contracts.text(contract, 1))["text"] == first["text"]


async def test_who_does_not_see_the_quote_leaves_the_account(contracts, quotes, problem):
    """C66: a contract keeps to the account of its quote, also for who may not see that quote."""
    desk = contracts.desk
    other = (await desk.user(roles=["seller"]))["id"]
    user = await desk.user(roles=["seller"])
    login = {"login": user["login"], "password": "correct horse battery"}
    reply = await desk.client.post("/v1/sessions", json=login)
    seller = contracts.crm.with_key(reply.json()["token"])
    line = {"product": (await quotes.product())["code"], "quantity": "1"}
    quote, _ = await quotes.sent(line, owner_id=other)
    assert (await quotes.act(quote, "accept", person="Lin")).status_code == 200
    contract = await contracts.draft(
        quote_id=quote["id"], account_id=quote["account_id"], owner_id=user["id"]
    )
    assert (await seller.get(f"/v1/quotes/{quote['id']}")).status_code == 404
    account = await desk.account()
    refused = await seller.patch(
        f"{contracts.path}/{contract['id']}",
        json={"account_id": account["id"]},
        headers={"If-Match": f'"{contract["version"]}"'},
    )
    told = problem(refused, 422, "invalid_input")
    assert told["errors"][0]["code"] == "other_account"
    assert (await contracts.get(contract))["account_id"] == quote["account_id"]

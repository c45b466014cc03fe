"""Every list is searched by words: a record is found by its number, its party and its product."""

from datetime import date, timedelta
from itertools import count, pairwise
from uuid import uuid4

import pytest

from chassis.storage import paging
from chassis.storage.searching import Searched
from crm import searched

EXEMPT = {
    "/v1/approval-delegations": "users and days, which have no words",
    "/v1/approval-rules": "a handful, each with its place",
    "/v1/assignment-decisions": "records of the program, asked by subject, rule and user",
    "/v1/assignment-queue": "records of the program, asked by subject",
    "/v1/hand-overs": "a handful; asked by the user who left",
    "/v1/custom-fields": "at most 300 of a record type; all are shown in a form",
    "/v1/events": "a feed for machines, read in its order",
    "/v1/events/states": "a feed for machines, read in its order",
    "/v1/api-keys": "a handful; seen whole by an administrator",
    "/v1/audit-entries": "read in its order, by act, actor, address, subject and time",
    "/v1/sessions": "those who are logged in now",
    "/v1/me/sessions": "a handful; where one is logged in",
    "/v1/me/logins": "the own ones, the newest first",
    "/v1/jobs": "kinds and states are words of the program, and filters",
    "/v1/saved-views": "a handful; what a person asks lists",
    "/v1/exports": "a person's own jobs, the newest first",
    "/v1/imports": "a person's own jobs, the newest first",
    "/v1/forecast-snapshots": "a handful; asked by day, the newest first",
    "/v1/follow-up-runs": "asked for by record, plan and state",
    "/v1/leads/{lead_id}/events": "what one lead did, the last first",
    "/v1/merges": "asked for by record, the newest first",
    "/v1/import-mappings": "a handful; those that fit a file are suggested",
}
OF_ONE_RECORD = (
    "/history",
    "/touches",
    "/consents",
    "/notes",
    "/timeline",
    "/attachments",
    "/errors",
    "/undo-report",
    "/stage-changes",
)
"""What happened to a record or in a job is read through, the newest first."""


_DAYS = count()
"""A currency has one rate a day."""


async def _rate_and_quota(desk, user, word):
    """What a currency is worth, said by a bank of that word; what the user is to win."""
    day = (date(2001, 1, 1) + timedelta(days=next(_DAYS))).isoformat()
    facts = {"currency": "SGD", "day": day, "rate": "5.2", "source": word}
    rate = await desk.add("/v1/exchange-rates", **facts)
    days = {"first_day": "2030-01-01", "last_day": "2030-03-31"}
    goal = {"owner_id": user["id"], "amount": {"amount": "9.00", "currency": "CNY"}}
    name = f"Q1 {desk.word()}"
    return rate, await desk.add("/v1/sales-quotas", name=name, **goal, **days)


async def _hours(desk, user):
    """When work is done, and when the user is away."""
    hours = [{"weekday": 1, "start": "09:00", "end": "18:00"}]
    facts = {"zone": "Asia/Shanghai", "hours": hours}
    calendar = await desk.add("/v1/calendars", name=f"Büro {desk.word()}", **facts)
    times = {"starts_at": "2030-01-01T08:00:00Z", "ends_at": "2030-01-02T08:00:00Z"}
    away = {"name": f"Leave {desk.word()}", "user_id": user["id"]}
    return calendar, await desk.add("/v1/absences", **away, **times)


async def _rule_and_plan(desk):
    """A rule that gives points, and a plan to follow up."""
    points = {"based_on": "field", "points": 1}
    rule = await desk.add("/v1/score-rules", name=f"Points {desk.word()}", **points)
    steps = {"steps": [{"delay_days": 1, "name": "Call"}]}
    return rule, await desk.add("/v1/follow-up-plans", name=f"Plan {desk.word()}", **steps)


async def _asked(desk, quote, account, product):
    """The approval that a quote waits for."""
    lines = [{"product": product["code"], "quantity": "1"}]
    lines[0] |= {"unit_price": {"amount": "9.00", "currency": "CNY"}}
    team = await desk.add("/v1/teams", name=desk.word("Team"))
    values = {"lines": lines, "account_id": account["id"], "team_id": team["id"]}
    await desk.change(f"/v1/quotes/{quote['id']}", values, revision=1)
    only = {"fact": "team_id", "values": [team["id"]]}
    steps = {"steps": [{"approvers": "role", "role": "sales_manager"}], "conditions": [only]}
    rule = {"kind": "quote", "name": "All", "position": 1}
    await desk.add("/v1/approval-rules", **rule, **steps)
    reply = await desk.crm.post(f"/v1/quotes/{quote['id']}/submit", None)
    return reply.json()["approval"]["approval_id"]


async def _ways_of_selling(desk, word):
    """A pipeline, a stage of it and a lost reason, by their lists."""
    way = await desk.add("/v1/pipelines", code=f"w-{word}", name=f"Großkunden {word}")
    stage = await desk.add(
        "/v1/pipeline-stages", pipeline_id=way["id"], code=f"s-{word}", name=f"Besuch {word}"
    )
    lost = await desk.add("/v1/lost-reasons", code=f"r-{word}", name=f"Zu spät {word}")
    return {"/v1/pipelines": way, "/v1/pipeline-stages": stage, "/v1/lost-reasons": lost}


async def _rushed(desk, order):
    """A request that its goods come sooner."""
    sooner = {"wanted_on": "2030-01-01", "reason": "A fair"}
    return await desk.add("/v1/rush-requests", order_id=order["id"], **sooner)


async def _papers(desk, word):
    """A template of contracts, and a contract."""
    paper = {"code": f"T-{word}", "name": f"Verträge für {word}"}
    template = await desk.add("/v1/contract-templates", **paper)
    return template, await desk.add("/v1/contracts", name=f"Vertrag für {word}")


@pytest.fixture
async def trade(desk):
    """A customer, its people, and what it ordered: by list, with what finds it."""
    word = uuid4().hex[:10]
    account = await desk.account(name=f"Électricité {word}")
    contact = await desk.contact(account["id"], name=f"Ольга {word}", title="Директор")
    product = await desk.product(code=f"P-{word}", name=f"蓝港灯具 {word}")
    order = await desk.order(account["id"], product["code"])
    rush = await _rushed(desk, order)
    quote = await desk.add("/v1/quotes", name=f"Angebot für {word}")
    template, contract = await _papers(desk, word)
    approval = await _asked(desk, quote, account, product)
    user = await desk.user(name=f"Δέσποινα {word}")
    team = await desk.add("/v1/teams", name=f"华东 {word}")
    money = {"amount": "9.00", "currency": "CNY"}
    prices = f"L-{word}"
    listed = await desk.send("/v1/price-lists", word, 1, code=prices, name=f"Händler {word}")
    assert listed.status_code == 201, listed.text
    price = await desk.add(
        "/v1/product-prices", product=product["code"], price_list="standard", price=money
    )
    costs = {"valid_from": "2026-01-01", "cost": "4.00"}
    cost = await desk.add("/v1/product-costs", product_id=product["id"], **costs)
    lead = await desk.add("/v1/leads", name=f"Σοφία {word}", company=f"宁波 {word}")
    code = f"R-{word}"
    reason = await desk.add("/v1/lead-reasons", code=code, name=f"Zu teuer für {word}")
    asked = [{"input": "name", "required": True}, {"input": "email"}]
    form = await desk.add("/v1/lead-forms", code=word, name=f"Für {word}", inputs=asked)
    calendar, absence = await _hours(desk, user)
    ruled = {"subject_type": "account", "position": 1, "user_ids": [user["id"]]}
    rule = await desk.add("/v1/assignment-rules", name=f"Rule {desk.word()}", **ruled)
    rate, quota = await _rate_and_quota(desk, user, word)
    scored, plan = await _rule_and_plan(desk)
    named = await desk.crm.add_named()
    call = {"kind": "call", "name": f"蓝港 {word}", "text": "Ольга"}
    activity = await desk.add("/v1/activities", **call)
    named |= await _ways_of_selling(desk, word)
    return {path: (one["id"], [one["name"]]) for path, one in named.items()} | {
        "/v1/accounts": (account["id"], [account["name"]]),
        "/v1/contacts": (
            contact["id"],
            [contact["name"], account["name"], f"директор {word}", f"ольга electricite {word}"],
        ),
        "/v1/leads": (lead["id"], [lead["name"], lead["company"], f"σοφια {word}"]),
        "/v1/lead-reasons": (reason["id"], [code, f"fur {word}"]),
        "/v1/lead-forms": (form["id"], [word, f"fur {word}"]),
        "/v1/products": (product["id"], [product["code"], f"langang {word}"]),
        "/v1/product-prices": (price["id"], [product["code"], product["name"]]),
        "/v1/product-costs": (cost["id"], [product["code"], product["name"]]),
        "/v1/activities": (activity["id"], [f"langang {word}", f"ольга {word}"]),
        "/v1/price-lists": (listed.json()["id"], [prices, f"handler {word}"]),
        "/v1/orders": (
            order["id"],
            [order["number"], account["name"], product["code"], f"{order['number']} {word}"],
        ),
        "/v1/rush-requests": (rush["id"], [rush["number"]]),
        "/v1/quotes": (quote["id"], [quote["number"], f"angebot fur {word}"]),
        "/v1/contract-templates": (template["id"], [template["code"], f"vertrage fur {word}"]),
        "/v1/contracts": (contract["id"], [contract["number"], f"vertrag fur {word}"]),
        "/v1/approvals": (approval, [quote["number"], f"angebot fur {word}"]),
        "/v1/users": (user["id"], [user["login"], user["name"], f"δέσποινα {word}"]),
        "/v1/teams": (team["id"], [team["name"], f"huadong {word}"]),
        "/v1/calendars": (calendar["id"], [calendar["name"]]),
        "/v1/absences": (absence["id"], [absence["name"]]),
        "/v1/exchange-rates": (rate["id"], [word]),
        "/v1/sales-quotas": (quota["id"], [quota["name"]]),
        "/v1/assignment-rules": (rule["id"], [rule["name"]]),
        "/v1/follow-up-plans": (plan["id"], [plan["name"]]),
        "/v1/score-rules": (scored["id"], [scored["name"]]),
    }


async def lists_of(desk):
    """Every list that has pages, and what it may be asked."""
    document = await desk.see("/openapi.json")
    asked = {
        path: {one["name"] for one in acts["get"].get("parameters", [])}
        for path, acts in document["paths"].items()
        if "get" in acts
    }
    return {
        path: names
        for path, names in asked.items()
        if names & {"cursor", "after"} and not path.endswith(OF_ONE_RECORD)
    }


async def test_every_list_is_searched_or_says_why_not(desk, trade):
    lists = await lists_of(desk)
    assert {path for path, names in lists.items() if "q" not in names} == set(EXEMPT)
    assert {path for path, names in lists.items() if "q" in names} == set(trade)


@pytest.mark.parametrize("tested", [paging.FIRST_TESTED, (0, 0)])
async def test_a_record_is_found_by_what_names_it_and_by_nothing_else(
    desk, trade, monkeypatch, tested
):
    """Among the first records of the list, and among those that only the index gives."""
    monkeypatch.setattr(paging, "FIRST_TESTED", tested)
    for path, (record, questions) in trade.items():
        for q in questions:
            assert record in await desk.listed(path, q=q, limit=200), (path, q)
            assert await desk.listed(path, q=f"{q} {uuid4().hex}") == [], (path, q)


async def test_an_order_is_found_by_parts_of_its_number(desk, trade):
    record, (number, *_) = trade["/v1/orders"]
    counted = number.rpartition("-")[2]
    for part in (number.lower(), number.replace("-", ""), counted, counted.lstrip("0")):
        assert record in await desk.listed("/v1/orders", q=part, limit=200), part


@pytest.mark.parametrize("q", ["", "   ", "%", "-_-", "。"])
async def test_a_question_without_a_word_is_refused_by_every_list(desk, q):
    for path, names in (await lists_of(desk)).items():
        if "q" in names:
            reply = await desk.client.get(path, params={"q": q})
            assert reply.status_code == 422, (path, reply.text)
            expected = "nothing_to_search" if q.strip() else "empty"
            assert reply.json()["errors"][0]["code"] == expected


LISTS = {name: one for name, one in vars(searched).items() if isinstance(one, Searched)}


SCANS = ("seqscan", "indexscan", "indexonlyscan")
"""What is left is a bitmap of an index, which is how words are looked up."""


@pytest.mark.parametrize("name", [name for name, one in LISTS.items() if one.indexed])
async def test_words_are_looked_up_in_indexes(crm, name):
    """No text of a table is taken to pieces for a question, however large the table is."""
    found = LISTS[name].found([["%abc%", "abc"], ["% de%", "^de"]])
    async with crm.database.driver() as sql, sql.transaction():
        for kind in SCANS:
            await sql.execute(f"set local enable_{kind} = off")
        await sql.execute("set local plan_cache_mode = force_generic_plan")
        asked = f"select {LISTS[name].key} from {LISTS[name].source}"
        condition = found.condition.format("$1")
        await sql.execute(f"prepare asked (text[]) as {asked} where {condition}")
        rows = await sql.fetch("explain execute asked(array[array['%a%', 'a'], array['%c%', 'c']])")
        await sql.execute("deallocate asked")
    plan = [row[0].strip() for row in rows]
    assert any("search_grams" in line for line in plan), plan
    for before, line in pairwise(plan):
        if line.startswith("Filter") and "search_grams" in line:  # of rows another index found
            assert before.startswith(("Recheck Cond", "Index Cond")), plan

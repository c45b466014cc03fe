"""C28: by what discounts are measured, and what rules ask beside what is offered."""

import json

import pytest


def named(*people, **facts):
    return {"approvers": "users", "user_ids": [one for one, _ in people]} | facts


def cny(amount):
    return {"amount": amount, "currency": "CNY"}


async def test_without_a_list_price_the_price_of_the_day_is_what_percents_are_off(
    approving, problem
):
    """C28: of a product that is priced in price lists only, by the quantity break that holds."""
    team, boss = await approving.team(), await approving.person()
    await approving.rule(team, named(boss))
    lamp = await approving.desk.product()
    for least, price in (("0", "10.00"), ("100", "8.00")):
        facts = {"product": lamp["code"], "min_quantity": least, "price": cny(price)}
        await approving.desk.add("/v1/product-prices", **facts)
    for quantity, price, day_price in (("1", "5.00", "10.00"), ("100", "4.00", "8.00")):
        line = {"product": lamp["code"], "quantity": quantity, "unit_price": cny(price)}
        quote = await approving.quotes.draft(line, team_id=team["id"])
        [shown] = quote["lines"]
        assert (shown["list_price"], shown["day_price"]) == (None, day_price)
        trial = await approving.desk.see(f"/v1/quotes/{quote['id']}/approval")
        assert (trial["percent"], trial["line_percent"], trial["needed"]) == ("50", "50", True)
        problem(await approving.sends(quote), 409, "approval_needed")
    asked = await approving.submits(quote)
    revised = await approving.decides(boss[1], asked)
    assert revised.json()["state"] == "approved"
    assert (await approving.sends(quote)).status_code == 200
    second = await approving.quotes.revised(quote)
    assert second["lines"][0]["day_price"] == "8.00"


async def test_a_price_list_below_the_list_price_is_no_base(approving):
    """C28: where a product has a list price, that is what everybody pays, and the base."""
    lamp = await approving.quotes.product("10.00")
    facts = {"product": lamp["code"], "min_quantity": "0", "price": cny("6.00")}
    await approving.desk.add("/v1/product-prices", **facts)
    quote = await approving.quotes.draft({"product": lamp["code"], "quantity": "1"})
    trial = await approving.desk.see(f"/v1/quotes/{quote['id']}/approval")
    assert (quote["lines"][0]["day_price"], trial["percent"]) == ("6.00", "40")


async def _cost(approving, quote):
    """The product costs more than the approver saw."""
    product = quote["lines"][0]["product_id"]
    facts = {"product_id": product, "valid_from": "2021-01-01", "cost": "7.50"}
    await approving.desk.add("/v1/product-costs", **facts)


async def _segment(approving, quote):
    """The customer is another one than the approver saw."""
    path = f"/v1/accounts/{quote['account_id']}"
    await approving.desk.change(path, {"segment": "small"}, revision=1)


async def _pipeline(approving, quote):
    """The deal goes another way than the approver saw."""
    deal = await approving.desk.see(f"/v1/opportunities/{quote['opportunity_id']}")
    way = await approving.desk.add("/v1/pipelines", code=approving.desk.word("way"), name="Other")
    stage = {"pipeline_id": way["id"], "code": "first", "name": "First", "position": 1}
    await approving.desk.add("/v1/pipeline-stages", **stage, probability=10)
    reply = await approving.crm.client.patch(
        f"/v1/opportunities/{deal['id']}/stage",
        json={"pipeline": way["code"], "stage": "first"},
        headers={"If-Match": f'"{deal["version"]}"'},
    )
    assert reply.status_code == 200, reply.text


async def _judged(approving):
    """A quote of a deal, approved by a rule that asks about its margin, customer and way."""
    team, boss = await approving.team(), await approving.person()
    desk = approving.desk
    account = await desk.account(segment="key", industry="retail")
    facts = {"name": desk.word("Deal"), "account_id": account["id"]}
    deal = await desk.add("/v1/opportunities", **facts)
    lamp = await approving.quotes.product("10.00")
    cost = {"product_id": lamp["id"], "valid_from": "2020-01-01", "cost": "7.0865"}
    await desk.add("/v1/product-costs", **cost)
    conditions = [
        {"fact": "margin_percent", "below": "50"},
        {"fact": "segment", "values": ["key", "small"]},
    ]
    await approving.rule(team, named(boss), position=2, conditions=conditions)
    of_way = [{"fact": "pipeline_id", "values": [deal["pipeline_id"]]}]
    await approving.rule(team, named(boss), position=1, conditions=[*of_way, *conditions])
    line = {"product": lamp["code"], "quantity": "2"}
    quote = await approving.quotes.draft(
        line, team_id=team["id"], account_id=account["id"], opportunity_id=deal["id"]
    )
    asked = await approving.submits(quote)
    assert (await approving.decides(boss[1], asked)).json()["state"] == "approved"
    return quote, asked, boss[1]


@pytest.mark.parametrize("change", [_cost, _segment, _pipeline])
async def test_another_fact_that_the_rule_asks_about_voids_the_approval(approving, problem, change):
    """C28: a change after approval voids it, also one beside the quote."""
    quote, asked, boss = await _judged(approving)
    path = f"/v1/quotes/{quote['id']}/approval"
    assert (await approving.desk.see(path))["approved"] is True
    await change(approving, quote)
    assert (await approving.desk.see(path))["approved"] is False
    problem(await approving.sends(quote), 409, "approval_needed")
    again = await approving.submits(quote)
    assert again["id"] != asked["id"]
    assert await approving.state(asked) == ("voided", "draft")
    assert (await approving.decides(boss, again)).json()["state"] == "approved"
    assert (await approving.sends(quote)).status_code == 200


async def test_a_fact_that_no_rule_asks_about_voids_nothing(approving):
    """C28: what nobody judged may change."""
    quote, _, _ = await _judged(approving)
    path = f"/v1/accounts/{quote['account_id']}"
    await approving.desk.change(path, {"industry": "hotels"}, revision=1)
    assert (await approving.sends(quote)).status_code == 200


async def test_the_margin_that_was_judged_is_in_no_reply(approving):
    """`costs.read`: an approval keeps it for its rule, and shows it to nobody."""
    quote, asked, _ = await _judged(approving)
    margin = quote["margin_percent"]
    rows = await approving.desk.rows("select measures from approval where id = $1", asked["id"])
    assert margin.startswith(json.loads(json.dumps(rows[0]["measures"]))["margin_percent"][:2])
    crm = approving.crm
    scopes = {one for one in crm.service.permissions if one != "admin"}
    seller = await crm.as_(*scopes - {"costs.read", "costs.write"})
    at, approval = f"/v1/quotes/{quote['id']}", f"/v1/approvals/{asked['id']}"
    paths = [at, f"{at}/approval", f"{at}/history", approval, f"{approval}/progress"]
    paths += [f"/v1/approvals?subject_id={quote['id']}", "/v1/approvals/export"]
    replies = [await seller.get(path) for path in paths]
    shown = " ".join(one.text for one in replies if one.status_code == 200)
    assert sum(one.status_code == 200 for one in replies) >= 6
    assert "margin_percent" not in approving_text(replies[3:])
    assert f'"{margin}"' not in shown
    assert margin not in json.dumps(await crm.feed())


def approving_text(replies):
    """What replies about approvals say."""
    return " ".join(one.text for one in replies if one.status_code == 200)


async def test_an_archived_cost_counts_no_more_for_rule_and_view(approving, problem):
    """A cost entered for a wrong product: both forget it, the day is free, the history stays."""
    desk = approving.desk
    team, boss = await approving.team(), await approving.person()
    low = [{"fact": "margin_percent", "below": "20"}]
    await approving.rule(team, named(boss), conditions=low)
    lamp = await approving.quotes.product("10.00")
    facts = {"product_id": lamp["id"], "currency": "CNY"}
    right = await desk.add("/v1/product-costs", **facts, valid_from="2020-01-01", cost="5.00")
    wrong = await desk.add("/v1/product-costs", **facts, valid_from="2021-01-01", cost="9.00")
    line = {"product": lamp["code"], "quantity": "1"}
    quote = await approving.quotes.draft(line, team_id=team["id"])
    trial = f"/v1/quotes/{quote['id']}/approval"
    seen = await desk.see(trial)
    assert (quote["margin"], seen["margin_percent"], seen["needed"]) == ("1.00", "10", True)
    path = f"/v1/product-costs/{wrong['id']}"
    reader = await approving.crm.as_("costs.read")
    problem(await reader.post(f"{path}/archive", json={}), 403, "forbidden")
    assert (await approving.crm.post(f"{path}/archive", None)).status_code == 200
    quote, seen = await approving.quotes.get(quote), await desk.see(trial)
    assert (quote["margin"], seen["margin_percent"], seen["needed"]) == ("5.00", "50", False)
    history = await desk.see(f"{path}/history")
    assert history["items"][0]["changes"][0]["field"] == "status"
    events = await desk.events_of(wrong["id"])
    assert [one["payload"]["status"] for one in events] == ["active", "archived"]
    assert "9" not in json.dumps([one["payload"].get("cost") for one in events])
    other = await desk.add("/v1/product-costs", **facts, valid_from="2021-01-01", cost="6.00")
    problem(await approving.crm.post(f"{path}/restore", None), 409, "cost_taken")
    path = f"/v1/product-costs/{other['id']}/archive"
    assert (await approving.crm.post(path, None)).status_code == 200
    assert (await desk.see(f"/v1/product-costs/{right['id']}"))["status"] == "active"


async def test_a_rule_that_is_asked_before_the_one_that_approved_is_asked(approving, problem):
    """C28, decision 0118: an approval counts as long as the rule that asked for it matches."""
    team, boss, director = (
        await approving.team(),
        await approving.person(),
        await approving.person(),
    )
    await approving.rule(team, named(boss), position=2)
    quote = await approving.draft(team)
    asked = await approving.submits(quote)
    assert (await approving.decides(boss[1], asked)).json()["state"] == "approved"
    await approving.rule(team, named(director), position=1)
    seen = await approving.desk.see(f"/v1/quotes/{quote['id']}/approval")
    assert (seen["needed"], seen["approved"]) == (True, False)
    problem(await approving.sends(quote), 409, "approval_needed")
    again = await approving.submits(quote)
    assert await approving.state(asked) == ("voided", "draft")
    assert (await approving.decides(director[1], again)).json()["state"] == "approved"
    assert (await approving.sends(quote)).status_code == 200

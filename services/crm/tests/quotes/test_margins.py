"""Margins of quotes by line and document: for who may see costs, and for nobody else."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.quotes.rules.margins import CostedLine, margin_of_line, margin_of_quote

COSTS = "/v1/product-costs"
NUMBERS = st.decimals(0, 100_000, places=6)
CENTS = st.decimals(0, 100_000, places=2)
SECRET = "4.177777"
"""A cost that is found wherever it leaks."""


async def costed(quotes, cost=SECRET, **facts):
    product = await quotes.product(**facts)
    await quotes.desk.add(COSTS, product_id=product["id"], valid_from="2020-01-01", cost=cost)
    return product


@given(lines=st.lists(st.tuples(NUMBERS, CENTS, st.none() | NUMBERS), max_size=6))
def test_margins_of_lines_sum_to_that_of_the_quote(lines):
    found = [CostedLine(*one) for one in lines]
    whole = margin_of_quote(found, decimals=2)
    parts = [margin_of_line(one, decimals=2).margin for one in found]
    if not parts or None in parts:
        assert whole.margin is None
    else:
        assert whole.margin == sum((one for one in parts if one is not None), Decimal(0))
    assert (whole.percent is None) == (whole.margin is None or not sum(one.net for one in found))


async def test_margins_of_lines_and_of_the_quote_are_what_is_left_after_costs(quotes):
    lamp, bulb = await costed(quotes, "4"), await costed(quotes, "12.005", price="10.00")
    lines = [{"product": one["code"], "quantity": "3"} for one in (lamp, bulb)]
    quote = await quotes.draft(*lines, discount="0.1")
    shown = [(one["unit_cost"], one["margin"], one["margin_percent"]) for one in quote["lines"]]
    # 27.00 - 12.00, and 27.00 - 36.02 (36.015, half-up).
    assert shown == [("4.00", "15.00", "55.555556"), ("12.005", "-9.02", "-33.407407")]
    assert (quote["margin"], quote["margin_percent"]) == ("5.98", "11.074074")


async def test_a_missing_cost_leaves_the_quote_without_a_margin(quotes):
    lamp, other = await costed(quotes, "4"), await quotes.product()
    lines = [{"product": one["code"], "quantity": "1"} for one in (lamp, other)]
    quote = await quotes.draft(*lines)
    assert [one["margin"] for one in quote["lines"]] == ["6.00", None]
    assert (quote["margin"], quote["margin_percent"]) == (None, None)


async def test_costs_of_other_days_and_currencies_do_not_count(quotes):
    """The last cost up to the day on which the quote was priced."""
    product = await costed(quotes, "4")
    for day, cost, currency in (
        ("2021-01-01", "5", "CNY"),
        ("2090-01-01", "9", "CNY"),
        ("2022-01-01", "1", "EUR"),
    ):
        facts = {"product_id": product["id"], "valid_from": day, "cost": cost}
        await quotes.desk.add(COSTS, currency=currency, **facts)
    quote = await quotes.draft({"product": product["code"], "quantity": "1"})
    assert quote["margin"] == "5.00"


async def test_costs_and_margins_reach_nobody_without_the_permission(quotes):
    """`costs.read`: no reply, list, file, history, event, approval or page shows them else."""
    product = await costed(quotes)
    crm, desk = quotes.crm, quotes.desk
    team = await desk.add("/v1/teams", name=desk.word("Team"))
    only = {"fact": "team_id", "values": [team["id"]]}
    rule = {"kind": "quote", "name": "All", "position": 1, "conditions": [only]}
    steps = [{"approvers": "role", "role": "sales_manager"}]
    made = await desk.add("/v1/approval-rules", **rule, steps=steps)
    quote = await quotes.draft({"product": product["code"], "quantity": "7"}, team_id=team["id"])
    margin, percent = quote["margin"], quote["margin_percent"]
    assert None not in {margin, percent}
    scopes = {one for one in crm.service.permissions if one != "admin"} - {"costs.read"}
    seller = await crm.as_(*scopes - {"costs.write"})
    at = f"/v1/quotes/{quote['id']}"
    await quotes.act(quote, "submit")
    archived = {"status": "archived"}
    await desk.change(f"/v1/approval-rules/{made['id']}", archived, revision=1)
    sent, token = await quotes.send(quote)
    replies = [
        await seller.get(path)
        for path in (
            at,
            f"{at}/history",
            f"{at}/approval",
            f"{at}/timeline",
            f"/v1/quotes?number={quote['number']}&include=products",
            "/v1/quotes/export",
            f"/v1/approvals?subject_id={quote['id']}",
            f"/v1/search?q={quote['number']}",
            "/v1/events/states?type=tandem.crm.quote-changed.v1&limit=500",
        )
    ]
    replies.append(await seller.post("/v1/open-quotes/show", json={"token": token}))
    told = " ".join(one.text for one in replies) + json.dumps(await crm.feed())
    for secret in (SECRET, f'"{margin}"', percent, f",{margin},"):
        assert secret not in told
    own = (await seller.get(at)).json()
    assert {own["margin"], own["margin_percent"], own["lines"][0]["unit_cost"]} == {None}
    assert (sent["margin"], sent["margin_percent"]) == (margin, percent)
    file = (await crm.client.get("/v1/quotes/export")).text
    assert f",{margin}," in file


@pytest.mark.parametrize(("cost", "needed"), [("9", True), ("5", False), (None, True)])
async def test_a_rule_on_the_margin_is_met_where_a_cost_is_missing(quotes, problem, cost, needed):
    """C28: what cannot be judged is approved by somebody."""
    desk = quotes.desk
    team = await desk.add("/v1/teams", name=desk.word("Team"))
    low = {"fact": "margin_percent", "below": "20"}
    only = {"fact": "team_id", "values": [team["id"]]}
    rule = {"kind": "quote", "name": "Low margins", "position": 1}
    steps = [{"approvers": "role", "role": "sales_manager"}]
    await desk.add("/v1/approval-rules", **rule, conditions=[low, only], steps=steps)
    product = await (costed(quotes, cost) if cost else quotes.product())
    line = {"product": product["code"], "quantity": "1"}
    quote = await quotes.draft(line, team_id=team["id"])
    trial = await desk.see(f"/v1/quotes/{quote['id']}/approval")
    assert trial["needed"] is needed
    reply = await quotes.act(quote, "send", channel="email")
    if needed:
        problem(reply, 409, "approval_needed")
    else:
        assert reply.status_code == 200

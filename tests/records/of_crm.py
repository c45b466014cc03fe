"""The record types of the CRM."""

from datetime import date, timedelta
from itertools import count

from identity.testing.desk import Desk
from tests.records.kind import (
    ADDRESS,
    CNY,
    EMPTY_ADDRESS,
    NEVER_EMPTY,
    PERIOD,
    REACHABLE,
    TWO,
    Kind,
    Values,
    both,
    coded,
    given,
)


async def account(desk: Desk) -> str:
    """Id of an account."""
    return str((await desk.add("/v1/accounts", name=desk.word("Account")))["id"])


async def product(desk: Desk) -> str:
    """Code of a product that costs one yuan."""
    code = desk.word("P")
    await desk.add("/v1/products", code=code, name="Lamp", list_price=CNY)
    return code


async def contact_sent(desk: Desk) -> Values:
    return {"account_id": await account(desk), "name": "Lin", "phone": "1", "primary": True}


async def product_price_sent(desk: Desk) -> Values:
    return {"product": await product(desk), "price": CNY, "min_quantity": "1.0"}


async def order_sent(desk: Desk) -> Values:
    line = {"product": await product(desk), "quantity": "2.0", "discount": "0.10"}
    return {"account_id": await account(desk), "lines": [line], "note": "Today."}


async def user_new(desk: Desk) -> Values:
    login, secret = desk.word("user").lower(), "correct horse battery"
    return {"login": login, "name": "Lin Mei", "password": secret, "roles": ["seller"]}


async def stage_sent(desk: Desk) -> Values:
    way = desk.word("way")
    pipeline = await desk.add("/v1/pipelines", code=way, name=way)
    return {"pipeline_id": pipeline["id"], "code": desk.word("S"), "name": "Step"}


async def lead_form_new(desk: Desk) -> Values:
    inputs = [{"input": "name", "required": True}, {"input": "email"}]
    return {"code": desk.word("f").lower(), "name": "Ask us", "inputs": inputs}


HOURS = [{"weekday": 1, "start": "09:00", "end": "18:00"}]


"""Mondays only."""


CLAUSE = {"heading": "Parties", "body": "With {{ account.name }}."}
"""A clause of a template."""


async def absence_new(desk: Desk) -> Values:
    user = await desk.add("/v1/users", **await user_new(desk))
    times = {"starts_at": "2030-01-01T08:00:00Z", "ends_at": "2030-01-02T08:00:00Z"}
    return {"name": desk.word("N"), "user_id": user["id"], **times}


_DAYS = count(1)


async def product_cost_sent(desk: Desk) -> Values:
    code = await product(desk)
    [found] = await desk.listed("/v1/products", code=code)
    return {"product_id": found, "valid_from": "2030-01-01", "cost": "4.5"}


async def exchange_rate_sent(_desk: Desk) -> Values:
    day = date(2001, 1, 1) + timedelta(days=next(_DAYS))
    return {"currency": "AUD", "day": day.isoformat(), "rate": "4.7"}


async def sales_quota_sent(desk: Desk) -> Values:
    user = await desk.add("/v1/users", **await user_new(desk))
    days = {"first_day": "2030-01-01", "last_day": "2030-03-31"}
    return {"name": desk.word("N"), "owner_id": user["id"], "amount": CNY, **days}


CONDITION = {
    "fact": "industry",
    "operator": "equals",
    "values": ["Steel"],
    "at_least": None,
    "at_most": None,
}


STEP = {"delay_days": 2, "working_days": True, "kind": "call", "name": "Ask", "text": "Twice."}


async def assignment_rule_new(desk: Desk) -> Values:
    team = await desk.add("/v1/teams", name=desk.word("T"))
    return {
        "name": desk.word("N"),
        "subject_type": "account",
        "position": 1,
        "team_id": team["id"],
    }


OF_CRM = (
    Kind(
        half="crm",
        path="/v1/accounts",
        table="account",
        **both(given(name="Mill", phone="1", billing_address={"city": "Ningbo"})),
        change={"phone": "2"},
        fields=REACHABLE
        | {
            "kind": ("person", NEVER_EMPTY),
            "stage": ("prospect", NEVER_EMPTY),
            "industry": ("Steel", ""),
            "segment": ("A", ""),
            "price_list": ("hotels", None),
            "billing_address": (ADDRESS, EMPTY_ADDRESS),
            "shipping_address": (ADDRESS, EMPTY_ADDRESS),
        },
        apart=frozenset({"owner_id"}),
        found=True,
    ),
    Kind(
        half="crm",
        path="/v1/contacts",
        table="contact",
        **both(contact_sent),
        change={"phone": "2"},
        fields={
            "name": ("Other", NEVER_EMPTY),
            "title": ("Buyer", ""),
            "email": ("b@mill.example", ""),
            "phone": ("2", ""),
            "primary": (True, NEVER_EMPTY),
            "consent": (
                {"email": "granted", "phone": "refused"},
                {"email": "unknown", "phone": "unknown"},
            ),
        },
        found=True,
    ),
    Kind(
        half="crm",
        path="/v1/products",
        table="product",
        **both(coded("code", "P", name="Lamp", list_price=CNY)),
        change={"name": "Other"},
        fields={
            "code": ("P-94A1B2C3D", NEVER_EMPTY),
            "name": ("Other", NEVER_EMPTY),
            "description": ("Of steel.", ""),
            "category": ("LAMPS", ""),
            "unit": ("PR", NEVER_EMPTY),
            "unit_decimals": (2, NEVER_EMPTY),
            "active": (False, NEVER_EMPTY),
            "discontinued_on": ("2030-01-01", None),
            "list_price": (CNY, None),
        },
        code="code",
        found=True,
    ),
    Kind(
        half="crm",
        path="/v1/product-prices",
        table="product_price",
        **both(product_price_sent),
        change={"price": TWO},
        fields=PERIOD | {"price_list": ("trade", NEVER_EMPTY), "price": (TWO, NEVER_EMPTY)},
    ),
    Kind(
        half="crm",
        path="/v1/price-lists",
        table="price_list",
        sent=coded("code", "L", name="Trade"),
        change={"name": "Other"},
    ),
    Kind(
        half="crm",
        path="/v1/orders",
        table="customer_order",
        **both(order_sent),
        change={"note": "Soon, please."},
        fields={
            "requested_on": ("2030-01-01", None),
            "ship_to": (ADDRESS, EMPTY_ADDRESS),
            "note": ("Soon.", ""),
        },
        apart=frozenset({"freight", "lines"}),
    ),
    Kind(
        half="crm",
        path="/v1/users",
        table="local_user",
        new=user_new,
        fields={
            "name": ("Other", NEVER_EMPTY),
            "roles": (["marketer"], NEVER_EMPTY),
            "email": ("c@mill.example", ""),
            "language": ("zh-CN", None),
            "capacity": (5, None),
        },
        apart=frozenset({"team_id", "calendar_id"}),
    ),
    Kind(
        half="crm",
        path="/v1/teams",
        table="team",
        new=coded("name", "Team"),
        fields={
            "name": ("Team 94A1B2C3D", NEVER_EMPTY),
            "description": ("Sells.", ""),
            "active": (False, NEVER_EMPTY),
        },
        apart=frozenset({"parent_id"}),
        found=True,
    ),
    Kind(
        half="crm",
        path="/v1/opportunities",
        table="opportunity",
        **both(coded("name", "N")),
        change={"name": "Other"},
        fields={
            "name": ("Other", NEVER_EMPTY),
            "amount": (CNY, None),
            "probability": (15, NEVER_EMPTY),
            "forecast_category": ("commit", NEVER_EMPTY),
            "opened_on": ("2030-01-01", None),
            "closes_on": ("2030-01-02", None),
            "source": ("Fair", ""),
            "next_step": ("Call", ""),
            "note": ("Soon.", ""),
        },
        apart=frozenset(
            {
                *("account_id", "owner_id", "team_id", "contacts", "competitor_ids", "lines"),
                "lost_reason",
            }
        ),
        found=True,
    ),
    Kind(
        half="crm",
        path="/v1/pipelines",
        table="pipeline",
        **both(coded("code", "W", name="Way")),
        change={"name": "Other"},
        fields={
            "code": ("C94A1B2C3D", NEVER_EMPTY),
            "name": ("Other", NEVER_EMPTY),
            "name_zh": ("销售", ""),
        },
        apart=frozenset({"is_default"}),
        code="code",
        found=True,
    ),
    Kind(
        half="crm",
        path="/v1/pipeline-stages",
        table="pipeline_stage",
        **both(stage_sent),
        change={"name": "Other"},
        fields={
            "code": ("C94A1B2C3D", NEVER_EMPTY),
            "name": ("Other", NEVER_EMPTY),
            "name_zh": ("报价", ""),
            "position": (7, NEVER_EMPTY),
            "probability": (15, NEVER_EMPTY),
            "forecast_category": ("commit", NEVER_EMPTY),
            "required_fields": (["amount"], NEVER_EMPTY),
            "exit_fields": (["note"], NEVER_EMPTY),
            "stale_after_days": (9, None),
        },
    ),
    Kind(
        half="crm",
        path="/v1/lost-reasons",
        table="lost_reason",
        **both(coded("code", "R", name="Reason")),
        change={"name": "Other"},
        fields={
            "code": ("C94A1B2C3D", NEVER_EMPTY),
            "name": ("Other", NEVER_EMPTY),
            "name_zh": ("价格", ""),
            "note": ("Soon.", ""),
        },
        code="code",
        found=True,
    ),
    Kind(
        half="crm",
        path="/v1/competitors",
        table="competitor",
        **both(coded("name", "Rival")),
        change={"name": "Other"},
        fields={
            "name": ("Other", NEVER_EMPTY),
            "website": ("rival.example", ""),
            "note": ("Soon.", ""),
        },
        found=True,
    ),
    Kind(
        half="crm",
        path="/v1/leads",
        table="lead",
        **both(given(name="Lin", phone="1", address={"city": "Ningbo"}, source="fair")),
        change={"phone": "2"},
        fields={
            "name": ("Other", NEVER_EMPTY),
            "company": ("Mill", ""),
            "title": ("Buyer", ""),
            "email": ("b@mill.example", ""),
            "phone": ("2", ""),
            "language": ("zh-CN", ""),
            "note": ("Lamps.", ""),
            "address": (ADDRESS, EMPTY_ADDRESS),
            "consent": (
                {"email": "granted", "phone": "refused"},
                {"email": "unknown", "phone": "unknown"},
            ),
        },
        apart=frozenset({"owner_id", "team_id"}),
        found=True,
    ),
    Kind(
        half="crm",
        path="/v1/lead-reasons",
        table="lead_reason",
        new=coded("code", "R", name="Too dear"),
        fields={"name": ("Other", NEVER_EMPTY)},
        found=True,
    ),
    Kind(
        half="crm",
        path="/v1/lead-forms",
        table="lead_form",
        new=lead_form_new,
        fields={
            "name": ("Other", NEVER_EMPTY),
            "name_zh": ("其他", ""),
            "consent_text_zh": ("同意。", ""),
            "source": ("web", ""),
            "campaign": ("May", ""),
            "min_seconds": (9, NEVER_EMPTY),
        },
        apart=frozenset({"inputs", "consent_text", "consent_version", "confirmed"}),
        found=True,
    ),
    Kind(
        half="crm",
        path="/v1/calendars",
        table="calendar",
        **both(coded("name", "N", zone="Asia/Shanghai", hours=HOURS)),
        change={"name": "Other"},
        fields={
            "name": ("Other", NEVER_EMPTY),
            "note": ("Soon.", ""),
            "zone": ("Europe/Berlin", NEVER_EMPTY),
            "country": ("CN", ""),
            "hours": ([{"weekday": 2, "start": "10:00", "end": "12:00"}], NEVER_EMPTY),
            "exceptions": ([{"day": "2030-01-02", "name": "", "hours": []}], []),
        },
        apart=frozenset({"region"}),
        found=True,
    ),
    Kind(
        half="crm",
        path="/v1/absences",
        table="absence",
        **both(absence_new),
        change={"name": "Other"},
        fields={
            "name": ("Other", NEVER_EMPTY),
            "note": ("Soon.", ""),
            "starts_at": ("2030-01-01T07:00:00Z", NEVER_EMPTY),
            "ends_at": ("2030-01-03T08:00:00Z", NEVER_EMPTY),
        },
    ),
    Kind(
        half="crm",
        path="/v1/exchange-rates",
        table="exchange_rate",
        **both(exchange_rate_sent),
        change={"rate": "4.8"},
        fields={
            "rate": ("4.9", NEVER_EMPTY),
            "units": (100, NEVER_EMPTY),
            "source": ("Central bank", ""),
        },
    ),
    Kind(
        half="crm",
        path="/v1/product-costs",
        table="product_cost",
        **both(product_cost_sent),
        change={"cost": "4.8"},
        fields={"cost": ("4.9", NEVER_EMPTY), "note": ("Calculated", "")},
    ),
    Kind(
        half="crm",
        path="/v1/sales-quotas",
        table="sales_quota",
        **both(sales_quota_sent),
        change={"name": "Other"},
        fields={
            "name": ("Other", NEVER_EMPTY),
            "note": ("Soon.", ""),
            "first_day": ("2030-01-02", NEVER_EMPTY),
            "last_day": ("2030-03-30", NEVER_EMPTY),
            "amount": (TWO, NEVER_EMPTY),
        },
    ),
    Kind(
        half="crm",
        path="/v1/assignment-rules",
        table="assignment_rule",
        **both(assignment_rule_new),
        change={"name": "Other"},
        fields={
            "name": ("Other", NEVER_EMPTY),
            "note": ("Soon.", ""),
            "position": (7, NEVER_EMPTY),
            "method": ("load", NEVER_EMPTY),
            "conditions": ([CONDITION], []),
        },
        apart=frozenset({"user_ids", "team_id"}),
        found=True,
    ),
    Kind(
        half="crm",
        path="/v1/activities",
        table="activity",
        **both(given(kind="call", name="Ask for the order", text="By phone.")),
        change={"name": "Other"},
        fields={
            "name": ("Other", NEVER_EMPTY),
            "text": ("Soon.", ""),
            "outcome": ("Bought.", ""),
            "location": ("Ningbo", ""),
            "channel": ("wechat", ""),
            "priority": ("high", NEVER_EMPTY),
            "starts_at": ("2030-01-01T08:00:00Z", None),
            "due_on": ("2030-01-02", None),
            "remind_at": ("2030-01-01T07:00:00Z", None),
            "system_generated": (True, NEVER_EMPTY),
            "bulk": (True, NEVER_EMPTY),
        },
        apart=frozenset(
            {"record_type", "record_id", "related", "contact_ids", "user_ids", "owner_id"}
            | {"team_id", "ends_at", "due_at", "direction"}
        ),
        found=True,
    ),
    Kind(
        half="crm",
        path="/v1/score-rules",
        table="score_rule",
        **both(coded("name", "N", based_on="touch", points=10)),
        change={"name": "Other"},
        fields={
            "name": ("Other", NEVER_EMPTY),
            "note": ("Soon.", ""),
            "points": (-20, NEVER_EMPTY),
            "conditions": ([CONDITION | {"fact": "source"}], []),
            "half_life_days": (14, None),
            "count_max": (3, None),
        },
        found=True,
    ),
    Kind(
        half="crm",
        path="/v1/follow-up-plans",
        table="follow_up_plan",
        **both(coded("name", "N", steps=[STEP])),
        change={"name": "Other"},
        fields={
            "name": ("Other", NEVER_EMPTY),
            "note": ("Soon.", ""),
            "steps": ([STEP | {"delay_days": 5}], NEVER_EMPTY),
            "stop_on_reply": (False, NEVER_EMPTY),
            "stop_stages": (["qualified"], []),
        },
    ),
    Kind(
        half="crm",
        path="/v1/quotes",
        table="quote",
        **both(coded("name", "N")),
        change={"name": "Other"},
        fields={
            "name": ("Other", NEVER_EMPTY),
            "language": ("en", NEVER_EMPTY),
            "discount": ("0", NEVER_EMPTY),
            "discount_amount": (TWO, None),
            "valid_until": ("2090-01-02", None),
            "terms": ("30 days net.", ""),
            "note": ("Soon.", ""),
        },
        apart=frozenset(
            {
                *("account_id", "contact_id", "opportunity_id", "owner_id", "team_id"),
                "lines",
            }
        ),
        found=True,
    ),
    Kind(
        half="crm",
        path="/v1/contract-templates",
        table="contract_template",
        **both(coded("code", "T", name="Supply")),
        change={"name": "Other"},
        fields={
            "name": ("Other", NEVER_EMPTY),
            "language": ("en", NEVER_EMPTY),
            "clauses": ([CLAUSE | {"when": None}], NEVER_EMPTY),
            "note": ("Soon.", ""),
        },
        code="code",
        found=True,
    ),
    Kind(
        half="crm",
        path="/v1/contracts",
        table="contract",
        **both(coded("name", "N")),
        change={"name": "Other"},
        fields={
            "name": ("Other", NEVER_EMPTY),
            "starts_on": ("2030-01-01", None),
            "ends_on": ("2090-01-02", None),
            "renewal_on": ("2089-01-02", None),
            "notice_days": (30, None),
            "note": ("Soon.", ""),
        },
        apart=frozenset(
            {
                *("account_id", "contact_id", "opportunity_id", "quote_id", "template_id"),
                *("owner_id", "team_id"),
            }
        ),
        found=True,
    ),
)

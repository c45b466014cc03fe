"""What every path of the CRM refuses, before it does anything."""

import asyncio
import re
from typing import Any
from uuid import uuid4

import pytest

from crm.accounts.schemas import NewAccount
from crm.accounts.service.accounts import ACCOUNT
from crm.app import SERVICE
from identity.routes import ROUTERS as CALLERS
from records import writes

ROUTES = sorted(
    (method, route.path)
    for router in SERVICE.routers
    if router not in CALLERS
    for route in router.routes
    for method in route.methods
    if route.path.startswith("/v1/")
    and route.path.split("/")[2]
    not in {"exports", "imports", "import-mappings", "open-forms", "open-quotes"}
)
"""Without public forms and quotes, which need no key (their tests say so), without jobs over files
of any record type, which tests of all record types look at, and without keys and sessions, which
are tested with their library."""
ASKED_BY_POST = {
    "/v1/accounts/matches",
    "/v1/approval-rules/try",
    "/v1/assignment-rules/try",
    "/v1/hand-overs/preview",
    "/v1/leads/{lead_id}/conversion-preview",
}
"""Reads whose question is too long for an address: they change nothing."""
CHANGES = [(method, path) for method, path in ROUTES if path not in ASKED_BY_POST]
OF_WHO_ASKED = "/v1/approvals/{approval_id}/withdraw"
"""Who asked may see what was asked, which is enough."""
WRITES = [(method, path) for method, path in CHANGES if method != "GET" and path != OF_WHO_ASKED]
SEARCH = "/v1/search"
"""Everybody may search what one may read."""
READS = [(method, path) for method, path in ROUTES if method == "GET" and path != SEARCH]
POSTS = [path for method, path in CHANGES if method == "POST"]
PATCHES = [path for method, path in ROUTES if method == "PATCH"]
AREAS = {
    "users": "staff",
    "teams": "staff",
    "accounts": "accounts",
    "activities": "activities",
    "my-day": "activities",
    "calendar-feed": "activities",
    "contacts": "accounts",
    "leads": "leads",
    "lead-reasons": "lead_settings",
    "lead-forms": "lead_settings",
    "products": "catalog",
    "product-prices": "catalog",
    "product-costs": "costs",
    "orders": "orders",
    "rush-requests": "orders",
    "rush-answers": "orders",
    "price-lists": "catalog",
    "tags": "tags",
    "order-fulfilments": "orders",
    "order-refusals": "orders",
    "product-availabilities": "orders",
    "account-debts": "orders",
    "custom-fields": "custom_fields",
    "saved-views": "views",
    "opportunities": "opportunities",
    "quotes": "quotes",
    "contracts": "contracts",
    "contract-templates": "contract_templates",
    "approvals": "quotes",
    "approval-rules": "approvals",
    "approval-delegations": "quotes",
    "pipelines": "pipelines",
    "pipeline-stages": "pipelines",
    "lost-reasons": "pipelines",
    "competitors": "pipelines",
    "calendars": "calendars",
    "absences": "absences",
    "assignment-rules": "assignment",
    "assignment-requests": "assignment",
    "assignment-decisions": "assignment",
    "assignment-queue": "assignment",
    "hand-overs": "staff",
    "merges": "merges",
    "exchange-rates": "rates",
    "forecast": "forecasts",
    "forecast-snapshots": "forecasts",
    "sales-quotas": "forecasts",
    "insights": "insights",
    "score-rules": "score_rules",
    "lead-response-times": "leads",
    "follow-up-plans": "follow_up_plans",
    "follow-up-runs": "activities",
}
MIRRORED = {
    *("order-fulfilments", "order-refusals", "product-availabilities", "account-debts"),
    "rush-answers",
}
"""What only a bridge writes."""


def filled(path):
    """The path with something in the place of each parameter."""
    path = re.sub(r"\{\w+_id\}", lambda _: str(uuid4()), path)
    system = "erp" if path.split("/")[2] in MIRRORED else "shop"
    return path.replace("{system}", system).replace("{external_id}", "X-1")


def area(path):
    if path.endswith(("/erase", "/personal-data")):
        return "persons"
    if path.startswith(("/v1/accounts", "/v1/contacts", "/v1/leads")) and path.endswith("/merge"):
        return "merges"
    return AREAS[path.split("/")[2]]


def written_with(path):
    if area(path) == "persons":
        return "persons.erase"
    if path.split("/")[2] in {"approvals", "approval-delegations"}:
        return "quotes.approve"
    if path.startswith("/v1/rush-requests") and path.endswith(("/grant", "/refuse")):
        return "rush.decide"
    verb = "sync" if path.split("/")[2] in MIRRORED else "write"
    return "custom_fields.manage" if area(path) == "custom_fields" else f"{area(path)}.{verb}"


def read_with(path):
    if path.startswith("/v1/approval-delegations"):
        return "quotes.approve"
    return f"{area(path)}.read"


def test_every_path_is_known_here():
    """A new path is checked by the tests below, or this one fails."""
    assert {path.split("/")[2] for _, path in ROUTES} == {*AREAS, "search"}


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_a_wrong_key_opens_nothing(crm, problem, method, path):
    """Wrong API key: 401, and the problem says what to send."""
    stranger = crm.with_key("tdm_crm_wrong")
    problem(await stranger.request(method, filled(path), json={}), 401, "unauthorized")


@pytest.mark.parametrize(("method", "path"), WRITES)
async def test_reading_is_not_enough_to_write(crm, problem, method, path):
    """Missing scope: 403, and the problem names it."""
    reader = await crm.as_(*(f"{one}.read" for one in AREAS.values()))
    reply = await reader.request(
        method, filled(path), json={}, headers={"Idempotency-Key": str(uuid4())}
    )
    told = problem(reply, 403, "forbidden")
    assert told["facts"] == {"scope": written_with(path)}


@pytest.mark.parametrize(("method", "path"), READS)
async def test_one_areas_scope_does_not_read_anothers(crm, problem, method, path):
    """Missing scope: each area has its own."""
    writing = {written_with(f"/v1/{one}") for one in AREAS.keys() - MIRRORED}
    others = {one for one in writing if one.partition(".")[0] != area(path)}
    stranger = await crm.as_(*others & SERVICE.permissions.keys())
    told = problem(await stranger.request(method, filled(path)), 403, "forbidden")
    assert told["facts"] == {"scope": read_with(path)}


@pytest.mark.parametrize("path", POSTS)
async def test_a_post_needs_an_idempotency_key(crm, problem, path):
    """E13, B40: missing where required is 400."""
    reply = await crm.client.post(filled(path), json={})
    problem(reply, 400, "idempotency_key_required")


@pytest.mark.parametrize("path", PATCHES)
async def test_a_change_says_which_version_it_is_based_on(crm, problem, path):
    reply = await crm.client.patch(filled(path), json={})
    problem(reply, 428, "revision_required")


@pytest.mark.parametrize("path", PATCHES)
async def test_what_is_not_there_cannot_be_changed(crm, problem, path):
    bodies: dict[str, Any] = {
        "{note_id}": {"text": "Call back."},
        "{attachment_id}": {"filename": "a.txt"},
        "custom-fields": {"custom": {"grade": None}},
    }
    body = bodies.get(path.rpartition("/")[2], {})
    reply = await crm.client.patch(filled(path), json=body, headers={"If-Match": '"1"'})
    problem(reply, 404, "not_found")


ERASED_ELSEWHERE = "/v1/accounts/by-external/{system}/{external_id}/erase"
"""Answers that there was nothing to erase: the other half asks for what it has erased."""


@pytest.mark.parametrize(
    "path", [path for path in POSTS if "_id}" in path and path != ERASED_ELSEWHERE]
)
async def test_nothing_is_done_to_what_is_not_there(crm, problem, path):
    bodies = {
        "external-refs": {"system": "shop", "external_id": "X-1"},
        "notes": {"text": "Call back."},
        "merge": {"loser_id": str(uuid4()), "loser_version": 1},
        "password": {"password": "correct horse battery"},
        "disqualify": {"reason": "none"},
        "touches": {"source": "fair"},
        "grant": {"granted_on": "2030-01-01"},
        "withdraw": {"reason": "It waits"},
        "events": {"event_id": "E-1", "kind": "page_viewed"},
        "send": {"channel": "post"},
        "accept": {"person": "Lin"},
        "decline": {"person": "Lin"},
        "sign": {"signer": "Lin"},
        "renew": {"renewal_on": None},
        "dismiss": {"record_type": "lead", "record_id": str(uuid4())},
    }
    last = path.rpartition("/")[2]
    if path.startswith("/v1/rush-requests/"):
        bodies["refuse"] = {"reason": "No machine is free"}
    if path.startswith("/v1/tags/"):
        bodies["merge"] = {"into": str(uuid4())}
    named = {"params": {"filename": "a.txt"}} if last == "attachments" else {}
    named["headers"] = {"If-Match": "*"}
    problem(await crm.post(filled(path), bodies.get(last, {}), **named), 404, "not_found")


@pytest.mark.parametrize("path", [path for _, path in READS if "_id}" in path])
async def test_what_is_not_there_cannot_be_seen(crm, problem, path):
    params = {"loser_id": str(uuid4())} if path.endswith("/merge-preview") else None
    problem(await crm.client.get(filled(path), params=params), 404, "not_found")


@pytest.mark.parametrize("path", [path for path in POSTS if path.count("/") == 2])
async def test_malformed_json_is_said_to_be_so(crm, problem, path):
    reply = await crm.client.post(
        path,
        content=b'{"name": "Lamp',
        headers={"Idempotency-Key": str(uuid4()), "Content-Type": "application/json"},
    )
    problem(reply, 400, "malformed_json")


@pytest.mark.parametrize("path", [path for path in POSTS if path.count("/") == 2])
async def test_a_field_we_do_not_know_is_refused(crm, problem, path):
    told = problem(await crm.post(path, {"flavour": "red"}), 422, "invalid_input")
    assert ("/flavour", "extra_forbidden") in pointed(told)


def pointed(told):
    """Where a problem points, and with which codes."""
    return [(error["pointer"], error["code"]) for error in told["errors"]]


async def test_a_body_of_ten_megabytes_is_too_large(crm, problem):
    reply = await crm.post("/v1/accounts", {"name": "x" * 10_000_000})
    problem(reply, 413, "too_large")


@pytest.mark.parametrize("system", ["ERP", "e rp", "x" * 33])
async def test_a_system_has_a_short_plain_name(crm, problem, system):
    reply = await crm.client.put(
        f"/v1/accounts/by-external/{system}/1", json={"source_version": 1, "name": "X"}
    )
    problem(reply, 422, "invalid_input")


@pytest.mark.parametrize("version", [0, -1, "x", None])
async def test_a_source_version_counts_from_one(desk, problem, version):
    reply = await desk.client.put(
        f"/v1/accounts/by-external/shop/{desk.word()}",
        json={"source_version": version, "name": "X"},
    )
    problem(reply, 422, "invalid_input")


async def test_a_stale_etag_changes_nothing(desk, problem):
    account = await desk.account()
    path = f"/v1/accounts/{account['id']}"
    await desk.change(path, {"industry": "Lamps"}, revision=1)
    told = problem(await desk.change(path, {"industry": "Toys"}, revision=1), 412, "stale_revision")
    conflict = {"field": "industry", "original": "", "theirs": "Lamps", "mine": "Toys"}
    assert told["facts"] == {"expected": 1, "current": 2, "conflicts": [conflict]}
    assert (await desk.see(path))["industry"] == "Lamps"


async def test_a_repeated_post_makes_one_account(desk):
    """E13, B42: the lost answer is given again, and nothing is done twice."""
    headers = {"Idempotency-Key": str(uuid4())}
    body = {"name": desk.word("Repeated")}
    first = await desk.client.post("/v1/accounts", json=body, headers=headers)
    again = await desk.client.post("/v1/accounts", json=body, headers=headers)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert len(await desk.listed("/v1/accounts", q=body["name"])) == 1
    assert len(await desk.events_of(first.json()["id"])) == 1


async def test_ten_twins_at_once_make_one_account(desk):
    """E13: whoever comes at the same time is answered what the first one was."""
    headers = {"Idempotency-Key": str(uuid4())}
    body = {"name": desk.word("Twin")}
    replies = await asyncio.gather(
        *(desk.client.post("/v1/accounts", json=body, headers=headers) for _ in range(10))
    )
    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.json()["id"] for reply in replies}) == 1
    assert len(await desk.listed("/v1/accounts", q=body["name"])) == 1


async def test_a_key_used_for_another_body_is_refused(desk, problem):
    """E13, B40: same key with another body is 422, and makes nothing."""
    headers = {"Idempotency-Key": str(uuid4())}
    name = desk.word("Other")
    await desk.client.post("/v1/accounts", json={"name": desk.word()}, headers=headers)
    reply = await desk.client.post("/v1/accounts", json={"name": name}, headers=headers)
    problem(reply, 422, "idempotency_key_reused")
    assert await desk.listed("/v1/accounts", q=name) == []


async def test_a_refused_request_does_not_use_up_its_key(desk, problem):
    """E13: only committed results are kept; refusals are judged anew."""
    headers = {"Idempotency-Key": str(uuid4())}
    body = {"product": (code := desk.word("P")), "price": {"amount": "1.00", "currency": "CNY"}}
    refused = await desk.client.post("/v1/product-prices", json=body, headers=headers)
    problem(refused, 422, "missing_reference")
    await desk.product(code=code)
    assert (
        await desk.client.post("/v1/product-prices", json=body, headers=headers)
    ).status_code == 201


async def test_problems_speak_chinese_to_who_reads_chinese(desk):
    account = await desk.account()
    await desk.crm.post(
        f"/v1/accounts/{account['id']}/external-refs",
        {"system": "erp", "external_id": desk.word()},
    )
    reply = await desk.client.patch(
        f"/v1/accounts/{account['id']}",
        json={"tax_id": "91330106"},
        headers={"If-Match": '"1"', "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"},
    )
    assert reply.json()["title"] == "该内容由 ERP 主管"
    assert "tax_id 由 ERP 主管" in reply.json()["detail"]
    assert reply.headers["Content-Language"] == "zh-CN"


async def test_wrong_fields_are_told_in_chinese_too(desk):
    reply = await desk.crm.post(
        "/v1/accounts", {"name": "X", "email": "nobody"}, headers={"Accept-Language": "zh"}
    )
    assert reply.json()["errors"] == [
        {
            "pointer": "/email",
            "code": "email_form",
            "message": "请填写电子邮箱，例如 name@company.com。",
        }
    ]


async def test_the_document_of_the_api_names_every_refusal(crm):
    document = (await crm.client.get("/openapi.json")).json()
    responses = document["paths"]["/v1/product-prices"]["post"]["responses"]
    assert "`overlapping_price`" in responses["409"]["description"]
    assert "`managed_by_erp`" in responses["409"]["description"]


async def test_a_request_cut_off_before_its_commit_leaves_nothing(crm, desk):
    """C67, B01: state and event are committed together, or neither is."""
    name = desk.word("Lost")

    async def lost():
        async with crm.database.transaction() as work:
            made.append(await writes.create(work, ACCOUNT, NewAccount(name=name)))
            await work.settle()
            raise ConnectionAbortedError

    made: list[Any] = []
    with pytest.raises(ConnectionAbortedError):
        await lost()
    assert await desk.listed("/v1/accounts", q=name) == []
    assert await desk.events_of(made[0]) == []

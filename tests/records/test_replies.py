"""Replies to `get` and lists: tags of the record, and the records that `include` names."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from chassis.actor import SYSTEM
from erp.ledger.service.years import ensure_year
from identity.testing.desk import Desk
from identity.testing.desk import require_problem as problem
from records.includes import Include
from records.paths import RecordPaths, described_by
from records.replies import include_related, replies_of
from tests.records.annotated import paths_with
from tests.records.kind import Values
from tests.records.kinds import HALVES
from tests.records.of_crm import user_new
from tests.records.test_one_search import types_of

_ASSIGNED = ("operation", "production_order", "work_centre")
NEVER_HERE = {
    *(("bill", "credits"), ("invoice", "credits"), ("payment", "supplier")),
    *(("open_item", "customer"), ("open_item", "supplier")),
    *(("account", "owner"), ("user", "team"), ("team", "parent"), ("item", "category")),
    *(("opportunity", "lost_reason"), ("opportunity", "order"), ("user", "calendar")),
    *(("purchase_suggestion", "order"), ("purchase_suggestion", "supplier")),
    ("sales_quota", "team"),
    *((of, "customer") for of in ("inspection_plan", "inspection", "nonconformance")),
    ("soft_reservation", "customer"),
    *(("inspection_plan", "supplier"), ("nonconformance", "supplier")),
    *(("demand_forecast", "customer"), ("shared_resource", "calendar")),
    *(("lead", one) for one in ("account", "contact", "opportunity")),
    *(("quote", one) for one in ("account", "contact", "owner", "team", "products")),
    *(
        ("contract", one)
        for one in ("template", "quote", "opportunity", "account", "contact", "owner", "team")
    ),
}
"""What the records of the fixture do not refer to; tests of their own do."""


def read_at(of: RecordPaths) -> set[str]:
    """Which of `list` and `get` the type has."""
    return {route.name.removeprefix(f"{of.name}_") for route in of.router.routes}


def test_every_include_leads_to_a_type_that_is_described():
    for half in HALVES:
        for of in types_of(half).values():
            for name, one in of.reads.includes.items():
                assert described_by(one.view).reads.view is one.view, (of.name, name)


def test_what_documents_refer_to_can_be_included():
    """Each field of a view that names a record by its id, unless the type lies above it."""
    lies_above = {
        *(("invoice", "order_id"), ("bill", "purchase_order_id"), ("open_item", "order_id")),
        *(("purchase_return", "reversal_id"), ("stock_move", "order_line_id")),
        *(("serial", "order_line_id"), ("purchase_suggestion", "order_line_id")),
        *(("approval", "subject_id"), ("journal_entry", "reverses_id")),
        *(("journal_entry", "reversed_by_id"), ("activity", "record_id")),
        ("opportunity", "stage_id"),  # its code is in the view
        ("quote", "opportunity_id"),
        *(("assignment_decision", "subject_id"), ("assignment_queue", "subject_id")),
        # Rules are read by another permission; users are no records of the ERP.
        *(("approval", "rule_id"), ("approval_delegation", "from_user_id")),
        ("approval_delegation", "to_user_id"),
        ("follow_up_run", "record_id"),
        # What was ordered and is made is read by other permissions than plans.
        *(("planned_order", "purchase_order_id"), ("planned_order", "production_order_id")),
        *(("plan_message", "planned_order_id"), ("stock_move", "lot_id")),
        *(("lot", "owner_id"), ("lot", "supplier_id")),
        *(("production_order", "bill_of_material_id"), ("production_order", "routing_id")),
        ("production_order", "rework_of_id"),
        # Schedules are read by another permission than orders and work centres.
        *(("schedule_try", "base_id"), ("schedule_try", "schedule_id")),
        *(("schedule_assignment", f"{one}_id") for one in _ASSIGNED),
        ("scheduled_order", "production_order_id"),
        # Inspections are read by another permission than plans, lots and orders.
        *(("inspection", f"{one}_id") for one in ("plan", "lot", "order_line")),
        *(("nonconformance", f"{one}_id") for one in ("production_order", "order", "lot")),
        ("nonconformance", "inspection_id"),
        *(("soft_reservation", "order_id"), ("soft_reservation", "order_line_id")),
        # Invoices and cases are read by other permissions than repairs.
        *(("repair_order", f"{one}_id") for one in ("invoice", "nonconformance")),
    }
    texts = {"tax_id", "source_id", "external_id"}
    for half in HALVES:
        for of in types_of(half).values():
            fields = {name for name in of.reads.view.model_fields if name.endswith("_id")} - texts
            left = fields - {one.path for one in of.reads.includes.values()}
            assert {(of.name, name) for name in left} <= lies_above


async def test_each_type_shows_its_tags_where_it_has_some(records, desks):
    half, found = records
    desk = desks[half.service.name]
    tag = await desk.add("/v1/tags", name=desk.word("Tag"), colour="#102030")
    used = {name: tag[name] for name in ("id", "name", "colour")}
    shown = 0
    for of in types_of(half.service.name).values():
        path = of.router.prefix
        if not of.reads.has_tags:
            continue
        assert path in paths_with(half.service.name, "tags")
        at = f"{path}/{found[path]}"
        assert (await desk.client.put(f"{at}/tags/{tag['id']}")).is_success
        [row] = (await desk.see(f"{path}?tag={tag['name']}&fields=id,tags"))["items"]
        assert row["id"] == found[path]
        assert used in row["tags"]
        if "get" in read_at(of):
            assert (await desk.see(at))["tags"] == row["tags"]
        shown += 1
        assert (await desk.client.delete(f"{at}/tags/{tag['id']}")).is_success
        assert used not in (await desk.see(f"{at}/tags"))["tags"]
    assert shown == len(paths_with(half.service.name, "tags"))


def ids_at(value: Any, path: str) -> list[str]:
    """The ids that stand in a reply."""
    if isinstance(value, list):
        return [one for part in value for one in ids_at(part, path)]
    if value is None or not path:
        return [value] if value else []
    name, _, rest = path.partition(".")
    return ids_at(value[name], rest)


async def expected(desk: Desk, include: Include, record: Values) -> Any:
    """What the routes of the included type say of the records that are referred to."""
    of = described_by(include.view)
    seen = []
    for one in dict.fromkeys(ids_at(record, include.path)):
        path = f"{of.router.prefix}/{one}"
        if include.by != "id":
            rows = await all_rows(desk, of.router.prefix)
            ids = [row["id"] for row in rows if row[include.by] == one]
            path = f"{of.router.prefix}/{(ids or [UUID(int=0)])[0]}"
        reply = await desk.client.get(path)
        if reply.is_success:
            own = replies_of(of.reads).view.model_fields.keys() - of.reads.view.model_fields.keys()
            seen.append({name: v for name, v in reply.json().items() if name not in own})
    return seen if include.many else next(iter(seen), None)


async def all_rows(desk: Desk, path: str, **asked: str) -> list[Values]:
    """The rows of all pages; other tests of the session may have added hundreds."""
    rows: list[Values] = []
    wanted = asked | {"limit": "200"}
    while True:
        page = (await desk.client.get(path, params=wanted)).raise_for_status().json()
        rows += page["items"]
        if page["next_cursor"] is None:
            return rows
        wanted["cursor"] = page["next_cursor"]


async def related(desk: Desk) -> None:
    """Records of the CRM that refer to all that they can."""
    account = await desk.add("/v1/accounts", name=desk.word("Mill"))
    contact = await desk.add("/v1/contacts", account_id=account["id"], name="Lin")
    user = await desk.add("/v1/users", **await user_new(desk))
    team = await desk.add("/v1/teams", name=desk.word("Team"))
    about = {"owner_id": user["id"], "team_id": team["id"]}
    await desk.add("/v1/leads", name="Lin", phone="1", **about)
    await desk.add("/v1/opportunities", name="Lamps", account_id=account["id"], **about)
    rule = {"subject_type": "account", "position": 1, "team_id": team["id"]}
    await desk.add("/v1/assignment-rules", name="All", **rule)
    with_whom = {"contact_ids": [contact["id"]], "user_ids": [user["id"]]}
    await desk.add("/v1/activities", kind="call", name="Ask", **with_whom, **about)
    steps = [{"delay_days": 9, "name": "Call"}]
    plan = await desk.add("/v1/follow-up-plans", name="After a fair", steps=steps)
    run = {"plan_id": plan["id"], "record_type": "contact", "record_id": contact["id"]}
    await desk.add("/v1/follow-up-runs", **run)


async def test_each_type_brings_along_what_it_refers_to(records, desks):
    """As its own routes show it; in the list and the record, with `fields=` as well."""
    half, found = records
    desk = desks[half.service.name]
    if half.service.name == "crm":
        await related(desk)
    missing, unseen = set(), set()
    for of in types_of(half.service.name).values():
        names = list(of.reads.includes)
        if not names:
            continue
        path = of.router.prefix
        rows = await all_rows(desk, path, include=",".join(names))
        if not rows:
            unseen.add(of.name)
            continue
        row = next((one for one in rows if one["id"] == found.get(path)), rows[0])
        for name, include in of.reads.includes.items():
            assert row["included"][name] == await expected(desk, include, row), (of.name, name)
            if not any(one["included"][name] for one in rows):
                missing.add((of.name, name))
        [first, *rest] = names
        slim = await all_rows(desk, path, fields="id", include=first)
        slim_row = next(one for one in slim if one["id"] == row["id"])
        assert slim_row["included"] == {
            first: row["included"][first],
            **dict.fromkeys(rest),
        }
        assert slim_row.keys() == {"id", "included"}
        assert (await desk.see(f"{path}?fields=id&limit=1"))["items"][0].keys() == {"id"}
        refused = await desk.client.get(path, params={"include": "nobody"})
        [error] = problem(refused, 422, "invalid_input")["errors"]
        assert (error["pointer"], error["code"]) == ("/query/include", "literal_error")
        if "get" in read_at(of):
            at = f"{path}/{row['id']}"
            assert (await desk.see(f"{at}?include={','.join(names)}")) == row
            assert (await desk.see(at))["included"] is None
    assert missing <= NEVER_HERE
    assert unseen <= {"serial", "purchase_suggestion", "assignment_decision", "hand_over"} | {
        *("planned_order", "plan_message"),  # a worker makes them
        "rush_request",  # of the CRM: the orders of the fixture are not placed
    }


async def test_what_the_caller_may_not_read_stays_away(records, desks):
    """The record is shown, with null or nothing in place of the others."""
    half, _ = records
    desk = desks[half.service.name]
    checked = 0
    for of in types_of(half.service.name).values():
        apart = {
            name: one
            for name, one in of.reads.includes.items()
            if described_by(one.view).read != of.read
        }
        if not apart:
            continue
        reader = await desk.server.as_(of.read)
        reply = await reader.get(of.router.prefix, params={"include": ",".join(apart)})
        assert reply.is_success, reply.text
        for row in reply.json()["items"]:
            for name, one in apart.items():
                assert row["included"][name] == ([] if one.many else None)
                checked += 1
    assert checked or half.service.name == "crm"


async def test_who_and_which_team_stands_behind_a_record(desks):
    desk = desks["crm"]
    boss = await desk.add("/v1/teams", name=desk.word("Team"))
    login = desk.word("user").lower()
    owner = await desk.add(
        "/v1/users",
        login=login,
        name="Lin",
        password="correct horse battery",
        roles=["seller"],
        team_id=boss["id"],
    )
    account = await desk.add("/v1/accounts", name=desk.word(), owner_id=owner["id"])
    contact = await desk.add("/v1/contacts", account_id=account["id"], name="Mei")
    seen = await desk.see(f"/v1/accounts/{account['id']}?include=owner")
    assert seen["included"]["owner"]["login"] == login
    member = await desk.see(f"/v1/users/{owner['id']}?include=team")
    assert member["included"]["team"]["name"] == boss["name"]
    below = await desk.add("/v1/teams", name=desk.word("Team"), parent_id=boss["id"])
    team = await desk.see(f"/v1/teams/{below['id']}?include=parent")
    assert team["included"]["parent"]["id"] == boss["id"]
    seen = await desk.see(f"/v1/contacts/{contact['id']}?include=account")
    assert seen["included"]["account"]["id"] == account["id"]


@pytest.mark.parametrize("count", [1, 30])
async def test_one_statement_for_each_name_whatever_the_page_holds(desks, count):
    desk = desks["erp"]
    async with desk.server.database.transaction() as work:
        await ensure_year(work, work.today())
    customers = [await desk.add("/v1/customers", name=desk.word()) for _ in range(count)]
    payments = [
        await desk.add(
            "/v1/payments",
            party_id=one["id"],
            direction="in",
            amount={"amount": "1.00", "currency": "CNY"},
        )
        for one in customers
    ]
    of = types_of("erp")["payment"]
    heard: list[str] = []
    async with desk.server.database.reading(actor=SYSTEM) as at:
        records: Sequence[Any] = await replies_of(of.reads).get_all(
            at, [UUID(one["id"]) for one in payments]
        )
        at.sql.add_query_logger(lambda record: heard.append(record.query))
        records = await include_related(at, of.reads, ["customer", "supplier"], records)
        await asyncio.sleep(0)
    assert {str(one.included.customer.id) for one in records} == {one["id"] for one in customers}
    assert all(one.included.supplier is None for one in records)
    assert len(heard) == 2


async def test_a_category_is_brought_along_by_its_code(desks):
    desk = desks["erp"]
    category = await desk.add("/v1/item-categories", code=desk.word("C"), name="Bolts")
    [unit, *_] = (await desk.see("/v1/units"))["items"]
    facts = {"name": "Bolt", "kind": "goods", "unit": unit["code"]}
    for code in (category["code"], None):
        sku = desk.word("B")
        await desk.add("/v1/items", sku=sku, category=code, **facts)
        [row] = (await desk.see(f"/v1/items?sku={sku}&include=category"))["items"]
        included = row["included"]["category"]
        assert (included and included["id"]) == (category["id"] if code else None)

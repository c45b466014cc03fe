"""Saved views: judged by the list's own rules, kept for oneself, a team or all."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest

from identity.testing.desk import Desk
from tests.records.kind import Values

VIEWS = "/v1/saved-views"
PASSWORD = "correct horse battery"
HALVES = pytest.mark.parametrize("half", ["crm", "erp"])
READ = {"crm": "orders.read", "erp": "sales.read"}
SAMPLES: Mapping[str, Values] = {
    "crm": {
        "record_type": "order",
        "query": {"state": "placed,cancelled", "total_from": "10", "created_from": "2026-01-01"},
        "sort": "-total",
        "fields": ["number", "total"],
    },
    "erp": {
        "record_type": "sales_order",
        "query": {"state": "confirmed", "ordered_on_lte": "2026-12-31", "q": "mill"},
        "sort": "number",
        "fields": ["number", "state"],
    },
}


async def person(desk: Desk, role: str, **values: Any) -> Any:
    """A client of a user of the role who is logged in."""
    login = desk.word("user").lower()
    user = {"login": login, "name": "Lin Mei", "password": PASSWORD, "roles": [role]}
    await desk.add("/v1/users", **user | values)
    reply = await desk.client.post("/v1/sessions", json={"login": login, "password": PASSWORD})
    return desk.server.with_key(reply.json()["token"])


def once() -> dict[str, str]:
    """A key that nobody used before."""
    return {"Idempotency-Key": str(uuid4())}


async def saved(client: Any, view: Values, **values: Any) -> Any:
    """The reply to a view that is to be kept."""
    body = view | {"name": f"View {uuid4().hex}"} | values
    return await client.post(VIEWS, json=body, headers=once())


@HALVES
async def test_a_view_is_kept_and_its_address_is_what_the_list_takes(desks, half):
    desk = desks[half]
    view = await desk.add(VIEWS, name=desk.word("View"), **SAMPLES[half])
    assert {name: view[name] for name in SAMPLES[half]} == SAMPLES[half]
    assert (view["shared_with"], view["mine"], view["errors"]) == ("nobody", True, [])
    rows = (await desk.see(view["url"]))["items"]
    assert all(list(row) == view["fields"] for row in rows)
    assert await desk.see(f"{VIEWS}/{view['id']}") == view
    listed = await desk.see(f"{VIEWS}?record_type={view['record_type']}&mine=true")
    assert view in listed["items"]


@HALVES
@pytest.mark.parametrize(
    ("values", "error_of"),
    [
        ({"query": {"colour": "red"}}, ("/query/colour", "unknown_parameter")),
        ({"query": {"limit": "5"}}, ("/query/limit", "unknown_parameter")),
        ({"query": {"state": "lost"}}, ("/query/state", "literal_error")),
        ({"query": {"total_from": "many"}}, ("/query/total_from", "amount_form")),
        (
            {"query": {"total_from": "2", "total_to": "1"}},
            ("/query/total_from", "range_reversed"),
        ),
        (
            {"query": {"created_from": "soon"}},
            ("/query/created_from", "day_form"),
        ),
        ({"sort": "colour"}, ("/sort", "unknown_sort")),
        ({"fields": ["colour"]}, ("/fields", "unknown_field")),
        ({"record_type": "nobody"}, ("/record_type", "literal_error")),
    ],
)
async def test_what_the_list_would_refuse_is_no_view(desks, problem, half, values, error_of):
    desk, (pointer, code) = desks[half], error_of
    reply = await saved(desk.client, SAMPLES[half], **values)
    [error] = problem(reply, 422, "invalid_input")["errors"]
    assert (error["pointer"], error["code"]) == (pointer, code)
    kept = await desk.add(VIEWS, name=desk.word("View"), **SAMPLES[half])
    if "record_type" not in values:
        reply = await desk.change(f"{VIEWS}/{kept['id']}", values, revision=1)
        problem(reply, 422, "invalid_input")
        assert await desk.see(f"{VIEWS}/{kept['id']}") == kept


@HALVES
async def test_after_an_upgrade_a_view_says_what_does_not_hold_any_more(desks, half):
    desk = desks[half]
    view = await desk.add(VIEWS, name=desk.word("View"), **SAMPLES[half])
    async with desk.server.database.transaction() as work:
        await work.sql.execute(
            """update saved_view set query = query || '{"colour": "red"}', sort = 'colour',
                 fields = '{number,colour}' where id = $1""",
            view["id"],
        )
    seen = await desk.see(f"{VIEWS}/{view['id']}")
    assert {error["pointer"] for error in seen["errors"]} == {"/query/colour", "/sort", "/fields"}
    assert seen["id"] in [one["id"] for one in (await desk.see(VIEWS + "?limit=200"))["items"]]


@HALVES
async def test_a_private_view_is_not_there_for_others(desks, problem, half):
    desk = desks[half]
    scopes = ("views.write", "views.share", READ[half])
    owner, other = await desk.server.as_(*scopes), await desk.server.as_(*scopes)
    mine = (await saved(owner, SAMPLES[half])).json()
    path = f"{VIEWS}/{mine['id']}"
    change = {"headers": {"If-Match": '"1"'}, "json": {"name": "Other"}}
    for who in (other, desk.client):
        problem(await who.get(path), 404, "not_found")
        problem(await who.patch(path, **change), 404, "not_found")
        problem(await who.delete(path, headers={"If-Match": '"1"'}), 404, "not_found")
        problem(await who.post(f"{path}/make-default", headers=once()), 404, "not_found")
    assert (await owner.get(path)).json() == mine
    shared = await owner.patch(path, headers={"If-Match": '"1"'}, json={"shared_with": "all"})
    assert (shared.status_code, shared.json()["version"]) == (200, 2)
    seen = (await other.get(path)).json()
    assert (seen["mine"], seen["shared_with"]) == (False, "all")
    change["headers"] = {"If-Match": '"2"'}
    problem(await other.patch(path, **change), 403, "view_of_another")
    problem(await other.delete(path, headers={"If-Match": '"2"'}), 403, "view_of_another")
    reader = await desk.server.as_("views.write")
    problem(await reader.get(path), 404, "not_found")
    assert (await desk.client.delete(path, headers={"If-Match": '"2"'})).status_code == 204


async def test_a_team_sees_what_is_shared_with_it(desks, problem):
    desk = desks["crm"]
    east = await desk.add("/v1/teams", name=desk.word("East"))
    owner = await person(desk, "sales_manager", team_id=east["id"])
    seller = await person(desk, "seller", team_id=east["id"])
    stranger = await person(desk, "seller")
    view = (await saved(owner, SAMPLES["crm"], shared_with="team")).json()
    path = f"{VIEWS}/{view['id']}"
    assert (await seller.get(path)).json()["shared_with"] == "team"
    problem(await stranger.get(path), 404, "not_found")
    problem(await saved(seller, SAMPLES["crm"], shared_with="team"), 403, "forbidden")
    problem(await saved(seller, SAMPLES["crm"], shared_with="all"), 403, "forbidden")
    loner = await person(desk, "sales_manager")
    problem(await saved(loner, SAMPLES["crm"], shared_with="team"), 422, "no_team")


@HALVES
async def test_one_begins_with_one_view_of_a_type(desks, half):
    desk = desks[half]
    first = await desk.add(VIEWS, name=desk.word("View"), **SAMPLES[half])
    second = await desk.add(VIEWS, name=desk.word("View"), **SAMPLES[half])
    for view in (first, second, second):
        reply = await desk.server.post(f"{VIEWS}/{view['id']}/make-default", {})
        assert reply.json()["is_default"] is True
    assert (await desk.see(f"{VIEWS}/{first['id']}"))["is_default"] is False
    reply = await desk.server.post(f"{VIEWS}/{second['id']}/drop-default", {})
    assert reply.json()["is_default"] is False


@HALVES
async def test_names_are_ones_own_and_a_stale_version_changes_nothing(desks, problem, half):
    desk = desks[half]
    name = desk.word("View")
    view = await desk.add(VIEWS, name=name, **SAMPLES[half])
    problem(await saved(desk.client, SAMPLES[half], name=name.lower()), 409, "view_name_taken")
    other = await desk.add(VIEWS, name=desk.word("View"), **SAMPLES[half])
    path = f"{VIEWS}/{other['id']}"
    problem(await desk.change(path, {"name": name}, revision=1), 409, "view_name_taken")
    problem(await desk.change(path, {"name": "X"}, revision=7), 412, "stale_revision")
    assert (await desk.change(path, {"fields": []}, revision=1)).json()["version"] == 2
    assert (await desk.change(path, {"fields": []}, revision=2)).json()["version"] == 2
    assert (await desk.see(f"{VIEWS}/{view['id']}")) == view

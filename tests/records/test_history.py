"""Every record type keeps who changed which field from what to what, by which way (C64)."""

import asyncio
import importlib
import pkgutil
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from crm.staff.schemas import AddTeam
from identity.testing.desk import Desk
from records.types import RecordType
from records.writes import create
from tests.records.kind import Kind, Values
from tests.records.kinds import HALVES, KINDS

EMPTY: tuple[Any, ...] = (None, "", [], {})
NOT_KEPT = {"id", "version", "revision", "created_at", "updated_at", "weighted"}
NOT_KEPT |= {"open_quantity"}  # counted from what is kept
OF_ONE_RECORD = {"name", "code", "sku", "tax_id"}
"""Fields whose value one record has at most, of some kinds."""
PATHS = {
    (half, route.path)
    for half, service in HALVES.items()
    for router in service.routers
    for route in router.routes
}


def has(kind: Kind, act: str) -> bool:
    """Whether there is such a route of the kind, such as `/archive`."""
    return any(
        half == kind.half and path.startswith(f"{kind.path}/") and path.endswith(act)
        for half, path in PATHS
    )


def named(half: str, table: str) -> Kind:
    """The kind."""
    return next(one for one in KINDS if (one.half, one.table) == (half, table))


def by_name(kind: Kind) -> str:
    """How the test of it is named."""
    return str(kind)


WITH_HISTORY = [one for one in KINDS if has(one, "_id}/history")]
CHANGED = [one for one in WITH_HISTORY if one.fields]
SENT = [one for one in WITH_HISTORY if one.sent and one.change]
IN_BATCHES = [one for one in SENT if has(one, "{system}/batch")]


@lru_cache
def record_types() -> Mapping[tuple[str, str], RecordType[Any, Any]]:
    """Every record type of the services, by half and name."""
    found = {}
    for half in HALVES:
        package = importlib.import_module(half)
        for module in pkgutil.walk_packages(package.__path__, f"{half}."):
            if ".migrations" in module.name or module.name.endswith("__main__"):
                continue
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, RecordType):
                    found[half, value.name] = value
    return found


def seen(reply: httpx.Response) -> Values:
    """The body of a reply that must be a success."""
    assert reply.is_success, reply.text
    body: Values = reply.json()
    return body


async def changed(desk: Desk, kind: Kind, record: Values) -> Values:
    """The record with another value of one field, as it is then."""
    reply = await desk.change(
        f"{kind.path}/{record['id']}", other(kind), revision=record["version"]
    )
    return seen(reply)


def other(kind: Kind) -> Values:
    """A field of a change, and another value for it."""
    name = next((one for one in kind.fields if one not in OF_ONE_RECORD), "name")
    return {name: kind.fields[name][0]}


async def sent(desk: Desk, kind: Kind, external_id: str, version: int, values: Values) -> Values:
    """The record as the shop sends it."""
    return seen(await desk.send(kind.path, external_id, version, system="shop", **values))


async def history(desk: Desk, kind: Kind, record_id: str, **asked: Any) -> list[Values]:
    """The changes of a record, the last first, by small pages."""
    found: list[Values] = []
    cursor: dict[str, str] = {}
    while True:
        path = f"{kind.path}/{record_id}/history"
        page = seen(await desk.client.get(path, params={"limit": 2} | asked | cursor))
        found += page["items"]
        if not page["next_cursor"]:
            return found
        cursor = {"cursor": page["next_cursor"]}


def replayed(changes: list[Values]) -> Values:
    """What the changes made of the record; each begins where the one before it ended."""
    now: Values = {}
    for change in reversed(changes):
        for one in change["changes"]:
            name, before, after = one["field"], one["before"], one["after"]
            if name == "external_refs":
                links = now.setdefault(name, [])
                if before:
                    links.remove(before)
                if after:
                    links.append(after)
                continue
            if name in now:
                assert before == now[name], one
            else:
                assert before in EMPTY or blank(before), one
            now[name] = after
    return now


async def assert_history_is_whole(desk: Desk, kind: Kind, record_id: str) -> list[Values]:
    """The history leads to the record as it is seen, field by field; its changes."""
    changes = await history(desk, kind, record_id)
    now, shown = replayed(changes), await desk.see(f"{kind.path}/{record_id}")
    for name, value in now.items():
        if name in shown:
            assert value == shown[name], name
    missing = {
        name
        for name, value in shown.items()
        if name not in now and name not in NOT_KEPT and value not in EMPTY and not blank(value)
    }
    assert missing <= computed(kind), missing
    assert changes[-1]["is_new"] is True
    assert [one["is_new"] for one in changes[:-1]] == [False] * (len(changes) - 1)
    revisions = [one["revision"] for one in changes]
    assert revisions == sorted(revisions, reverse=True)
    return changes


def blank(value: Any) -> bool:
    """Whether it is an address of which nothing is known."""
    return isinstance(value, dict) and not any(value.values())


def computed(kind: Kind) -> set[str]:
    """Fields of the view that are no fields of the record: looked up or counted."""
    found = record_types()[kind.half, kind.table]
    return {one for one in found.reads.view.model_fields if not hasattr(found.entity, one)}


def test_every_record_type_has_a_history():
    assert {(one.half, one.table) for one in WITH_HISTORY} == set(record_types())


@pytest.mark.parametrize("kind", WITH_HISTORY, ids=by_name)
async def test_a_new_record_is_one_change_with_its_first_values(desks, kind):
    desk = desks[kind.half]
    record = await kind.make(desk)
    (change,) = await assert_history_is_whole(desk, kind, record["id"])
    assert (change["revision"], change["version"], change["way"]) == (1, 1, "bridge")
    assert change["actor"].startswith("key:")
    assert change["actor_name"].startswith("test ")
    assert all(one["before"] is None for one in change["changes"])


@pytest.mark.parametrize("kind", CHANGED, ids=by_name)
async def test_a_change_is_told_with_what_was_before(desks, kind):
    desk = desks[kind.half]
    record = await kind.make(desk)
    now = await changed(desk, kind, record)
    newest = (await assert_history_is_whole(desk, kind, record["id"]))[0]
    told = {one["field"]: (one["before"], one["after"]) for one in newest["changes"]}
    differs = {one for one in record if record[one] != now[one]} - NOT_KEPT
    assert told == {one: (record[one], now[one]) for one in differs}


@pytest.mark.parametrize("kind", WITH_HISTORY, ids=by_name)
async def test_acts_and_links_are_told(desks, kind):
    """Each is one change; one that changes nothing is none."""
    desk = desks[kind.half]
    record = await kind.make(desk)
    path = f"{kind.path}/{record['id']}"
    for act in [one for one in ("archive", "restore", "withdraw") if has(kind, f"/{one}")]:
        for _ in range(2):
            seen(await desk.server.post(f"{path}/{act}", {}))
        newest = (await history(desk, kind, record["id"], field="status"))[0]
        assert newest["changes"][0]["after"] == (await desk.see(path))["status"]
    if has(kind, "_id}/external-refs"):
        ref = {"system": "till", "external_id": desk.word("L")}
        for _ in range(2):
            seen(await desk.server.post(f"{path}/external-refs", ref))
        changes = await history(desk, kind, record["id"], field="external_refs")
        assert changes[0]["changes"][0]["after"] == ref
        assert len([one for one in changes if not one["is_new"]]) == 1
        at = f"{path}/external-refs/{ref['system']}/{ref['external_id']}"
        for _ in range(2):
            left = seen(await desk.server.client.delete(at))
            assert ref not in left["external_refs"]
        newest, linked = await history(desk, kind, record["id"], field="external_refs")
        assert (newest["changes"][0]["before"], newest["changes"][0]["after"]) == (ref, None)
        assert linked["changes"][0]["after"] == ref
    await assert_history_is_whole(desk, kind, record["id"])


@pytest.mark.parametrize("kind", CHANGED, ids=by_name)
async def test_a_field_that_such_records_have_not_is_refused(desks, problem, kind):
    desk = desks[kind.half]
    record = await kind.make(desk)
    path = f"{kind.path}/{record['id']}/history"
    for name in ("nope", "updated_at", "sort_key"):
        reply = await desk.client.get(path, params={"field": name})
        [error] = problem(reply, 422, "invalid_input")["errors"]
        assert (error["pointer"], error["code"]) == ("/query/field", "unknown_field")
        known = error["message"].partition(": ")[2].rstrip(".").split(", ")
        assert {"external_refs", *kind.fields} <= {*known, "category"}
        for one in known:
            await history(desk, kind, record["id"], field=one)


@pytest.mark.parametrize("kind", CHANGED, ids=by_name)
async def test_what_changes_nothing_is_no_change(desks, problem, kind):
    """Neither a refused change, nor one that says what is so already."""
    desk = desks[kind.half]
    record = await kind.make(desk)
    now = await changed(desk, kind, record)
    before = await history(desk, kind, record["id"])
    path = f"{kind.path}/{record['id']}"
    late = await desk.change(path, other(kind), revision=record["version"])
    problem(late, 412, "stale_revision")
    seen(await desk.change(path, other(kind), revision=now["version"]))
    assert await history(desk, kind, record["id"]) == before


@pytest.mark.parametrize("kind", SENT, ids=by_name)
async def test_what_a_system_sends_is_kept_with_its_link(desks, kind):
    desk = desks[kind.half]
    values, external_id = await kind.sent(desk), desk.word("X")
    record = await sent(desk, kind, external_id, 1, values)
    await sent(desk, kind, external_id, 2, values)
    (change,) = await assert_history_is_whole(desk, kind, record["id"])
    told = {one["field"]: one["after"] for one in change["changes"]}
    assert told["external_refs"] == {"system": "shop", "external_id": external_id}
    await sent(desk, kind, external_id, 3, kind.change)
    assert len(await assert_history_is_whole(desk, kind, record["id"])) == 2


@pytest.mark.parametrize("kind", IN_BATCHES, ids=by_name)
async def test_batches_keep_a_row_for_each_record_that_changed(desks, kind):
    """A dry run keeps none; of a batch with a refused item, the others keep theirs."""
    desk = desks[kind.half]
    path = f"{kind.path}/by-external/shop/batch"

    async def send(items: list[Values], **asked: str) -> list[Values]:
        reply = await desk.server.post(path, {"items": items}, params=asked)
        return list(seen(reply)["items"])

    items = [
        await kind.sent(desk) | {"external_id": desk.word("B"), "source_version": 1}
        for _ in range(3)
    ]
    dry = await send(items, dry_run="true")
    question = "select from record_change where record_id = any($1::uuid[])"
    assert await desk.rows(question, [one["id"] for one in dry]) == []
    lacking = {"external_id": desk.word("B"), "source_version": 1}
    done = await send([*items, lacking])
    assert [one["status"] for one in done] == ["created"] * 3 + ["failed"]
    ids = [one["id"] for one in done[:3]]
    for record_id in ids:
        (change,) = await assert_history_is_whole(desk, kind, record_id)
        assert change["is_new"]
    await send([items[0] | kind.change | {"source_version": 2}, *items[1:]])
    assert [len(await history(desk, kind, one)) for one in ids] == [2, 1, 1]


@pytest.mark.parametrize("kind", CHANGED, ids=by_name)
async def test_a_stale_change_is_told_what_others_changed(desks, problem, kind):
    """C70: of each field the value that was seen, the present one, and the one sent."""
    desk = desks[kind.half]
    record = await kind.make(desk)
    now = await changed(desk, kind, record)
    path = f"{kind.path}/{record['id']}"
    refused = await desk.change(path, other(kind), revision=record["version"])
    facts = problem(refused, 412, "stale_revision")["facts"]
    conflicts = {one["field"]: one for one in facts["conflicts"]}
    differs = {one for one in record if record[one] != now[one]} - NOT_KEPT
    assert set(conflicts) == differs
    for field, one in conflicts.items():
        assert (one["original"], one["theirs"]) == (record[field], now[field])
        assert ("mine" in one) == (field in other(kind))


async def test_of_a_part_that_was_sent_no_other_part_is_called_the_callers(desks, problem):
    """A client that merges `mine` would empty the rest of the address."""
    desk = desks["crm"]
    account = await desk.add(
        "/v1/accounts", name=desk.word("Mill"), billing_address={"city": "Ningbo"}
    )
    path = f"/v1/accounts/{account['id']}"
    seen(await desk.change(path, {"billing_address": {"city": "Yuyao"}}, revision=1))
    part = {"billing_address": {"postal_code": "315000"}}
    facts = problem(await desk.change(path, part, revision=1), 412, "stale_revision")["facts"]
    (conflict,) = facts["conflicts"]
    assert conflict["mine"] == part["billing_address"]


async def test_a_new_record_without_a_phone_has_none_in_its_history(desks):
    desk = desks["crm"]
    account = await desk.add("/v1/accounts", name=desk.word("Mill"))
    kind = next(one for one in KINDS if one.path == "/v1/accounts" and one.half == "crm")
    (first,) = await history(desk, kind, account["id"])
    assert not {one["field"] for one in first["changes"]} & {"phone", "phone_raw"}


async def test_a_field_changed_back_is_no_conflict(desks, problem):
    desk = desks["crm"]
    team = await desk.add("/v1/teams", name=desk.word("T"))
    path = f"/v1/teams/{team['id']}"
    for version, text in enumerate(("North", ""), start=1):
        seen(await desk.change(path, {"description": text}, revision=version))
    refused = await desk.change(path, {"active": False}, revision=1)
    assert problem(refused, 412, "stale_revision")["facts"]["conflicts"] == []


@pytest.mark.parametrize("kind", WITH_HISTORY, ids=by_name)
async def test_record_and_history_are_one_transaction(desks, kind):
    """Killed at any point, both are there or neither: one transaction wrote both rows."""
    desk = desks[kind.half]
    record = await kind.make(desk)
    if kind.fields:
        await changed(desk, kind, record)
    written = await desk.rows(
        f"""select r.xmin = h.xmin as together, r.version = h.revision as level
              from {kind.table} r join record_change h
                on h.record_type = $1 and h.record_id = r.id
             where r.id = $2 order by h.revision desc limit 1""",
        kind.table,
        record["id"],
    )
    assert written == [{"together": True, "level": True}]


async def test_side_by_side_each_has_what_was_before_it(desks):
    """However many change a field at once, each begins where the one before it ended."""
    desk, kind = desks["crm"], named("crm", "account")
    external_id = desk.word("X")
    record = await sent(desk, kind, external_id, 1, {"name": "Name 1"})
    versions = range(2, 12)
    await asyncio.gather(
        *(sent(desk, kind, external_id, one, {"name": f"Name {one}"}) for one in versions)
    )
    changes = await assert_history_is_whole(desk, kind, record["id"])
    assert len(changes) >= 2
    assert len({one["revision"] for one in changes}) == len(changes)


async def test_what_changes_on_the_way_has_its_history(desks):
    """The primary contact that steps back for another one."""
    desk, kind = desks["crm"], named("crm", "contact")
    account = await desk.add("/v1/accounts", name=desk.word("A"))
    first, _ = [
        await desk.add("/v1/contacts", account_id=account["id"], name=name, primary=True)
        for name in ("Lin", "Mei")
    ]
    changes = await assert_history_is_whole(desk, kind, first["id"])
    told = {"field": "primary", "before": True, "after": False, "redacted": False}
    assert changes[0]["changes"] == [told]


async def test_ways_and_imports(desks, problem):
    """A key is the API, a user a screen, and an import says so."""
    desk, kind = desks["crm"], named("crm", "team")
    crm = desk.server
    import_id = str(uuid4())

    async def way_of(client: httpx.AsyncClient, **more: str) -> tuple[str, str | None]:
        headers = {"Idempotency-Key": str(uuid4())} | more
        body = {"name": desk.word("T")}
        made = seen(await client.post("/v1/teams", json=body, headers=headers))
        (change,) = await history(desk, kind, made["id"])
        return change["way"], change["import_id"]

    client = await crm.as_("admin")
    assert await way_of(client) == ("api", None)
    imported = {"Tandem-Import-Id": import_id}
    assert await way_of(client, **imported) == ("import", import_id)
    login, password = desk.word("user").lower(), "correct horse battery"
    await desk.add("/v1/users", login=login, name="Lin", password=password, roles=["admin"])
    began = await crm.client.post("/v1/sessions", json={"login": login, "password": password})
    assert await way_of(crm.with_key(seen(began)["token"])) == ("ui", None)
    wrong = await crm.post("/v1/teams", {"name": "T"}, headers={"Tandem-Import-Id": "monday"})
    refused = problem(wrong, 422, "invalid_input")
    assert refused["errors"][0]["pointer"] == "/header/Tandem-Import-Id"


async def test_what_the_service_does_by_itself_is_a_rule(desks):
    desk, kind = desks["crm"], named("crm", "team")
    async with desk.server.database.transaction() as work:
        team = record_types()["crm", "team"]
        record_id = await create(work, team, AddTeam(name=desk.word("T")))
    (change,) = await history(desk, kind, str(record_id))
    assert (change["way"], change["actor"]) == ("rule", "system:system")


async def test_nobody_changes_what_was(desks):
    """The database refuses it; only values may be taken out, and the row stays."""
    desk, kind = desks["crm"], named("crm", "contact")
    record = await kind.make(desk)
    for tried in (
        "delete from record_change where record_id = $1",
        "update record_change set way = 'ui' where record_id = $1",
        "update record_change set actor_name = 'x' where record_id = $1",
        "update record_change set changes = '{}' where record_id = $1",
        """update record_change set changes = changes || '{"name": [null, "x"]}'
            where record_id = $1""",
        """update record_change set changes = changes || '{"x": null}' where record_id = $1""",
    ):
        with pytest.raises((asyncpg.RestrictViolationError, asyncpg.InsufficientPrivilegeError)):
            await desk.rows(tried, record["id"])
    redact = "select redact_record_changes('contact', $1::uuid[], '{name,title}') as rows"
    assert await desk.rows(redact, [record["id"]]) == [{"rows": 1}]
    (change,) = await history(desk, kind, record["id"])
    told = {one["field"]: one for one in change["changes"]}
    assert told["name"] == {"field": "name", "before": None, "after": None, "redacted": True}
    assert told["account_id"]["redacted"] is False


async def test_a_stranger_reads_no_history(desks, problem):
    """Who may not read the records reads no history; what there is not has none."""
    desk = desks["crm"]
    record = await desk.add("/v1/teams", name=desk.word("T"))
    client = await desk.server.as_("catalog.read")
    problem(await client.get(f"/v1/teams/{record['id']}/history"), 403, "forbidden")
    problem(await desk.client.get(f"/v1/teams/{uuid4()}/history"), 404, "not_found")

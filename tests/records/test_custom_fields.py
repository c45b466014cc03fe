"""Custom fields on records of every type: values by every way in, in history, events and rights."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from chassis.api.app import create_app
from crm.custom import CustomField as CrmField
from erp.custom import CustomField as ErpField
from identity.testing.desk import Desk
from identity.testing.desk import require_problem as problem
from identity.testing.service import ServiceUnderTest, running
from records.custom.tables import FIELDS_MAX
from records.types import record_types
from tests.records.kinds import HALVES, KINDS

FIELDS = "/v1/custom-fields"
SIZES = [{"key": "S", "label": "Small", "label_zh": "小"}, {"key": "L", "label": "Large"}]
SAMPLES = {
    "text": ("Blue ", "Blue", 7),
    "long_text": ("a\nb", "a\nb", True),
    "number": ("1.5", "1.50", 1.5),
    "money": ({"amount": "1.5", "currency": "CNY"}, {"amount": "1.50", "currency": "CNY"}, "1"),
    "whole_number": (7, 7, "7"),
    "yes_no": (False, False, "no"),
    "day": ("2030-02-28", "2030-02-28", "2030-02-29"),
    "instant": ("2030-01-01T08:00:00+08:00", "2030-01-01T00:00:00Z", "2030-01-01T00:00:00"),
    "choice": ("S", "S", "M"),
    "choices": (["L", "S"], ["L", "S"], ["L", "L"]),
    "reference": (None, None, str(uuid4())),
    "email": ("Lin@Mill.Example", "Lin@mill.example", "lin"),
    "phone": ("138 0013 8000", "+8613800138000", 138),
    "url": ("https://mill.example/a", "https://mill.example/a", "mill"),
}
"""Of each kind a value, how it is kept, and what is none."""
EXTRA: dict[str, dict[str, Any]] = {
    "number": {"scale": 2, "min": "0", "max": "99.99"},
    "text": {"max_length": 10},
    "choice": {"choices": SIZES},
    "choices": {"choices": SIZES},
}
WITH_FIELDS = {
    (half, name)
    for half, entity in (("crm", CrmField), ("erp", ErpField))
    for name, one in record_types(entity).items()
    if one.has_custom_fields
}
WITHOUT = {
    *("/v1/orders", "/v1/sales-orders", "/v1/payments", "/v1/opening-stock", "/v1/users"),
    *("/v1/journal-entries", "/v1/journal-entries/openings", "/v1/purchase-orders"),
}
"""Documents, and users, who are kept by the chassis."""
MADE = [kind for kind in KINDS if (kind.half, kind.table) in WITH_FIELDS]
SENT = [
    (kind, batch)
    for kind in MADE
    for batch in (False, True)
    if kind.sent and not (batch and (kind.half, kind.path) == ("crm", "/v1/price-lists"))
]
CHANGED = [kind for kind in MADE if kind.fields]


@pytest.fixture(scope="module")
async def halves(cluster):
    """A desk in each half, of databases that only these tests use."""
    async with running(HALVES["crm"], cluster) as crm, running(HALVES["erp"], cluster) as erp:
        yield {"crm": Desk(crm), "erp": Desk(erp)}


async def define(desk, record_type, kind="text", **settings):
    """A custom field with a key of its own."""
    key = f"f{uuid4().hex[:10]}"
    given = {"record_type": record_type, "key": key, "kind": kind, "label": key}
    return await desk.add(FIELDS, **given | EXTRA.get(kind, {}) | settings)


async def new_of(kind, desk):
    """What a new one is made of by POST."""
    assert kind.new is not None
    return await kind.new(desk)


def of(kind):
    return kind.table


def pointers(refused):
    return {one["pointer"]: one["code"] for one in refused["errors"]}


def test_every_record_type_has_custom_fields():
    """All that are tested here, and each shows them."""
    assert {(kind.half, kind.table) for kind in MADE} == WITH_FIELDS
    named = {(kind.half, kind.table) for kind in KINDS if kind.path not in WITHOUT}
    assert named == WITH_FIELDS


@pytest.mark.parametrize("kind", [one for one in MADE if one.new], ids=str)
async def test_values_of_every_kind_are_taken_with_a_new_record(halves, kind):
    """Each is shown in its one form; what is no value is refused by its name; nothing is made."""
    desk = halves[kind.half]
    refers = {"refers_to": of(kind)}
    fields = {
        name: await define(desk, of(kind), name, **(refers if name == "reference" else {}))
        for name in SAMPLES
    }
    keys = {name: one["key"] for name, one in fields.items()}
    other = await kind.make(desk)
    assert other["custom"] == {}
    given = {keys[name]: value for name, (value, _, _) in SAMPLES.items()}
    given[keys["reference"]] = other["id"]
    made = await desk.add(kind.path, **await new_of(kind, desk), custom=given)
    kept = {keys[name]: shown for name, (_, shown, _) in SAMPLES.items()}
    kept[keys["reference"]] = other["id"]
    assert made["custom"] == kept
    counted = f"select count(*) as n from {kind.table}"
    body = await new_of(kind, desk)
    [before] = await desk.rows(counted)
    wrong = {keys[name]: bad for name, (_, _, bad) in SAMPLES.items() if name != "long_text"}
    refused = problem(
        await desk.server.post(kind.path, body | {"custom": wrong}), 422, "invalid_input"
    )
    expected = {f"/custom/{key}" for key in wrong if key != keys["reference"]}
    assert {one.split("/amount")[0] for one in pointers(refused)} == expected
    stranger = {"custom": {keys["reference"]: str(uuid4())}}
    refused = problem(await desk.server.post(kind.path, body | stranger), 422, "invalid_input")
    assert pointers(refused) == {f"/custom/{keys['reference']}": "missing_reference"}
    refused = problem(
        await desk.server.post(kind.path, body | {"custom": {"nobody": 1}}), 422, "invalid_input"
    )
    assert pointers(refused) == {"/custom/nobody": "unknown_custom_field"}
    assert await desk.rows(counted) == [before]


@pytest.mark.parametrize("kind", CHANGED, ids=str)
async def test_a_change_is_merged_by_key_and_kept_in_the_history(halves, kind):
    desk = halves[kind.half]
    one, two = [(await define(desk, of(kind), "number"))["key"] for _ in "ab"]
    at = f"{kind.path}/{(await kind.make(desk))['id']}"
    for given, shown in (
        ({one: "1", two: "2"}, {one: "1.00", two: "2.00"}),
        ({one: "3"}, {one: "3.00", two: "2.00"}),
        ({two: None}, {one: "3.00"}),
        ({one: "3.0"}, {one: "3.00"}),
    ):
        reply = await desk.merge(at, {"custom": given})
        assert reply.status_code == 200, reply.text
        assert reply.json()["custom"] == shown
    assert (await desk.merge(at, {"custom": None})).status_code == 422
    history = (await desk.see(f"{at}/history"))["items"]
    changes = [
        [(c["field"], c["before"], c["after"]) for c in row["changes"]] for row in history[:3]
    ]
    assert changes == [
        [(f"custom.{two}", "2.00", None)],
        [(f"custom.{one}", "1.00", "3.00")],
        sorted([(f"custom.{one}", None, "1.00"), (f"custom.{two}", None, "2.00")]),
    ]
    only = (await desk.see(f"{at}/history?field=custom.{one}"))["items"]
    assert [len(row["changes"]) for row in only] == [1, 1]
    stale = problem(
        await desk.change(at, {"custom": {one: "9"}}, revision=1), 412, "stale_revision"
    )
    conflicts = {one["field"]: one for one in stale["facts"]["conflicts"]}
    assert conflicts[f"custom.{one}"]["mine"] == "9"
    assert conflicts[f"custom.{one}"]["theirs"] == "3.00"


@pytest.mark.parametrize(("kind", "batch"), SENT, ids=str)
async def test_another_system_sends_values_as_well(halves, kind, batch):
    """With a new record and with a known one; a wrong item of a batch leaves the others be."""
    desk = halves[kind.half]
    key = (await define(desk, of(kind), "whole_number"))["key"]
    sent, system_id = await kind.sent(desk), desk.word()
    outcome, ours = await desk.upsert(
        kind.path, system_id, 1, sent | {"custom": {key: 1}}, batch=batch
    )
    same = sent if kind.path != "/v1/supplier-prices" else {}
    again, _ = await desk.upsert(kind.path, system_id, 2, same | {"custom": {key: 2}}, batch=batch)
    assert (outcome, again) == ("created", "updated")
    rows = await desk.rows(f"select custom from {kind.table} where id = $1", ours)
    assert rows == [{"custom": {key: 2}}]
    if batch:
        items = [
            sent | {"external_id": system_id, "source_version": 3, "custom": {key: value}}
            for value in ("x",)
        ]
        [refused] = await desk.send_many(kind.path, items)
        assert pointers(refused["problem"]) == {f"/custom/{key}": "int_type"}


async def test_events_have_the_values(halves):
    for half, path, name in (("crm", "/v1/accounts", "account"), ("erp", "/v1/items", "item")):
        desk = halves[half]
        key = (await define(desk, name))["key"]
        (kind,) = [one for one in MADE if (one.half, one.path) == (half, path)]
        made = await desk.add(path, **await new_of(kind, desk), custom={key: "Blue"})
        await desk.merge(f"{path}/{made['id']}", {"custom": {key: "Red"}})
        events = [one for one in await desk.server.feed() if one["subject"] == made["id"]]
        assert [one["data"]["custom"] for one in events] == [{key: "Blue"}, {key: "Red"}]
        assert events[-1]["data"]["changed"] == ["custom"]
        assert "custom" in events[0]["data"]["changed"]


async def test_a_required_field_and_a_default(halves):
    """A new record needs the one, and gets the other; neither is emptied against the rule."""
    desk = halves["crm"]
    needed = await define(desk, "product_price", required=False)
    usual = await define(desk, "product_price", "choice", default="L")
    (kind,) = [one for one in MADE if one.path == "/v1/product-prices"]
    before = await kind.make(desk)
    at = f"{FIELDS}/{needed['id']}"
    lacks = problem(await desk.merge(at, {"required": True}), 409, "custom_field_breaks_records")
    assert lacks["facts"]["count"] >= 1
    assert before["id"] in lacks["facts"]["record_ids"] or lacks["facts"]["count"] > 10
    for row in await desk.rows("select id from product_price where not custom ? $1", needed["key"]):
        path = f"{kind.path}/{row['id']}"
        assert (await desk.merge(path, {"custom": {needed["key"]: "x"}})).is_success
    assert (await desk.merge(at, {"required": True})).is_success
    refused = problem(
        await desk.server.post(kind.path, await new_of(kind, desk)), 422, "invalid_input"
    )
    assert pointers(refused) == {f"/custom/{needed['key']}": "missing"}
    made = await desk.add(kind.path, **await new_of(kind, desk), custom={needed["key"]: "y"})
    assert made["custom"][usual["key"]] == "L"
    path = f"{kind.path}/{made['id']}"
    refused = problem(
        await desk.merge(path, {"custom": {needed["key"]: None}}), 422, "invalid_input"
    )
    assert pointers(refused) == {f"/custom/{needed['key']}": "never_empty"}
    assert usual["key"] not in (await desk.merge(path, {"custom": {usual["key"]: ""}})).json()
    assert (await desk.merge(at, {"required": False})).is_success
    archived = await desk.server.post(f"{FIELDS}/{usual['id']}/archive", None)
    assert archived.is_success, "its default is for no other test's records"


async def test_narrowing_names_the_records_that_break(halves):
    """Choices that are used, limits, lengths and patterns; archiving a choice breaks nothing."""
    desk = halves["crm"]
    choice = await define(desk, "team", "choice")
    number = await define(desk, "team", "number")
    text = await define(desk, "team")
    values = {choice["key"]: "S", number["key"]: "5", text["key"]: "Blue"}
    made = await desk.add("/v1/teams", name=desk.word(), custom=values)
    at = f"/v1/teams/{made['id']}"
    for field, narrowed in (
        (choice, {"choices": [SIZES[1]]}),
        (number, {"max": "4.99"}),
        (text, {"max_length": 3}),
        (text, {"pattern": "^R"}),
    ):
        path = f"{FIELDS}/{field['id']}"
        refused = await desk.merge(path, narrowed)
        broken = problem(refused, 409, "custom_field_breaks_records")["facts"]
        assert (broken["count"], broken["record_ids"]) == (1, [made["id"]])
    archived = [SIZES[0] | {"archived": True}, SIZES[1]]
    assert (await desk.merge(f"{FIELDS}/{choice['id']}", {"choices": archived})).is_success
    kept = await desk.merge(at, {"custom": {choice["key"]: "S", text["key"]: "Red"}})
    assert kept.json()["custom"][choice["key"]] == "S"
    await desk.merge(at, {"custom": {choice["key"]: "L"}})
    refused = problem(await desk.merge(at, {"custom": {choice["key"]: "S"}}), 422, "invalid_input")
    assert pointers(refused) == {f"/custom/{choice['key']}": "literal_error"}


async def test_renaming_keeps_the_key_and_what_never_changes_is_refused(halves):
    desk = halves["erp"]
    field = await define(desk, "customer", "number")
    at = f"{FIELDS}/{field['id']}"
    renamed = (await desk.merge(at, {"label": "Width", "label_zh": "宽度"})).json()
    assert (renamed["key"], renamed["label"], renamed["label_zh"]) == (
        field["key"],
        "Width",
        "宽度",
    )
    for name, value in (("key", "k"), ("kind", "text"), ("record_type", "item"), ("scale", 4)):
        refused = problem(await desk.merge(at, {name: value}), 422, "invalid_input")
        assert pointers(refused) == {f"/{name}": "extra_forbidden"}
    with pytest.raises(asyncpg.RestrictViolationError):
        await desk.rows("update custom_field set kind = 'text' where id = $1", field["id"])
    taken = {"record_type": "customer", "key": field["key"], "kind": "text", "label": "x"}
    problem(await desk.server.post(FIELDS, taken), 409, "custom_field_key_taken")


@pytest.mark.parametrize(
    ("kind", "settings", "wrong"),
    [
        ("text", {"scale": 2}, {"/scale": "not_of_kind"}),
        ("number", {"max_length": 2}, {"/max_length": "not_of_kind"}),
        ("number", {"min": "2", "max": "1"}, {"/max": "limits_in_order"}),
        ("day", {"min": "soon"}, {"/min": "limit_form"}),
        ("text", {"pattern": "(?=x)"}, {"/pattern": "pattern_form"}),
        ("text", {"min_length": 3, "max_length": 2}, {"/max_length": "limits_in_order"}),
        ("choice", {"choices": []}, {"/choices": "missing"}),
        ("choice", {"choices": [SIZES[0]] * 2}, {"/choices/1/key": "chosen_twice"}),
        ("choice", {"default": "XL"}, {"/default": "literal_error"}),
        ("reference", {"refers_to": "nothing"}, {"/refers_to": "literal_error"}),
        ("long_text", {"sorted": True}, {"/sorted": "not_sortable"}),
        ("long_text", {"filtered": True}, {"/filtered": "not_filterable"}),
        ("number", {"default": 1.5}, {"/default": "decimal_text_required"}),
        ("text", {"record_type": "journal"}, {"/record_type": "literal_error"}),
    ],
)
async def test_a_definition_that_makes_no_sense_is_refused(halves, kind, settings, wrong):
    desk = halves["crm"]
    given = {"record_type": "team", "key": f"f{uuid4().hex[:9]}", "kind": kind, "label": "x"}
    body = given | EXTRA.get(kind, {}) | settings
    assert pointers(problem(await desk.server.post(FIELDS, body), 422, "invalid_input")) == wrong


async def test_an_archived_field_takes_no_values_and_keeps_those_there_are(halves):
    desk = halves["crm"]
    field = await define(desk, "team")
    key, at = field["key"], f"{FIELDS}/{field['id']}"
    made = await desk.add("/v1/teams", name=desk.word(), custom={key: "Blue"})
    await desk.server.post(f"{at}/archive", None)
    path = f"/v1/teams/{made['id']}"
    assert (await desk.see(path))["custom"] == {key: "Blue"}
    refused = problem(await desk.merge(path, {"custom": {key: "Red"}}), 422, "invalid_input")
    assert pointers(refused) == {f"/custom/{key}": "archived_custom_field"}
    assert (await desk.merge(path, {"description": "Sells.", "custom": {key: "Blue"}})).is_success
    assert (await desk.merge(path, {"custom": {key: None}})).json()["custom"] == {}
    await desk.server.post(f"{at}/restore", None)
    assert (await desk.merge(path, {"custom": {key: "Red"}})).is_success


async def test_a_field_is_deleted_when_nothing_uses_it(halves):
    desk = halves["erp"]
    field = await define(desk, "supplier", sorted=True)
    key, at = field["key"], f"{FIELDS}/{field['id']}"
    made = await desk.add("/v1/suppliers", name="Mill", custom={key: "x"})
    delete = desk.client.delete
    seen = {"If-Match": '"1"'}
    refused = problem(await delete(at, headers=seen), 409, "custom_field_in_use")
    assert refused["facts"]["users"] == "1 × supplier"
    await desk.merge(f"/v1/suppliers/{made['id']}", {"custom": {key: None}})
    problem(await delete(at, headers={"If-Match": '"2"'}), 412, "stale_revision")
    assert (await delete(at, headers=seen)).status_code == 204
    problem(await desk.client.get(at), 404, "not_found")
    problem(await delete(at, headers=seen), 404, "not_found")
    events = [one["data"] for one in await desk.server.feed() if one["subject"] == field["id"]]
    assert [(one["version"], one["deleted"]) for one in events] == [(1, False), (2, True)]
    assert not await desk.rows("select from custom_order where field_id = $1", field["id"])


async def test_300_fields_without_a_change_of_the_schema_and_none_beyond(cluster):
    """Twenty at once for the last places: no more are made than there is room for."""
    async with running(HALVES["crm"], cluster) as crm:
        desk = Desk(crm)
        columns = """select count(*) as n from information_schema.columns
          where table_schema = 'public'"""
        before = await desk.rows(columns)
        fields = [await define(desk, "team", "number") for _ in range(FIELDS_MAX - 10)]
        body = {"record_type": "team", "kind": "text", "label": "x"}
        replies = await asyncio.gather(
            *(desk.server.post(FIELDS, body | {"key": f"last{n}"}) for n in range(20))
        )
        codes = sorted(one.status_code for one in replies)
        assert codes == [201] * 10 + [409] * 10
        problem(
            replies[[one.status_code for one in replies].index(409)], 409, "too_many_custom_fields"
        )
        with pytest.raises(asyncpg.CheckViolationError):
            await desk.rows(
                """insert into custom_field select (jsonb_populate_record(f, jsonb_build_object(
                    'id', gen_random_uuid(), 'key', 'more'))).* from custom_field f limit 1"""
            )
        assert await desk.rows(columns) == before
        values = {one["key"]: str(n % 90) for n, one in enumerate(fields)}
        made = await desk.add("/v1/teams", name=desk.word(), custom=values)
        assert made["custom"] == {key: f"{value}.00" for key, value in values.items()}


async def test_a_field_that_changes_meanwhile_is_seen_by_every_process(cluster):
    """A process that knows the fields of before makes no record by them, and then knows better."""
    async with running(HALVES["crm"], cluster) as crm:
        desk = Desk(crm)
        await desk.add("/v1/teams", name=desk.word())
        settings = dict.fromkeys(("label_zh", "pattern"), "''") | {"choices": "'[]'"}
        insert = f"""insert into custom_field (id, record_type, key, kind, label, required,
            filtered, sorted, personal, position, status, version, created_at, updated_at,
            {", ".join(settings)})
          values (gen_random_uuid(), 'team', 'elsewhere', 'text', 'x', true, false, false, false,
            0, 'active', 1, now(), now(), {", ".join(settings.values())})"""
        await desk.rows(insert)
        body = {"name": desk.word()}
        refused = problem(await desk.server.post("/v1/teams", body), 422, "invalid_input")
        assert pointers(refused) == {"/custom/elsewhere": "missing"}
        made = await desk.add("/v1/teams", **body, custom={"elsewhere": "x"})
        await desk.rows("update custom_field set max_length = 2 where key = 'elsewhere'")
        late = await desk.merge(f"/v1/teams/{made['id']}", {"custom": {"elsewhere": "long"}})
        assert pointers(problem(late, 422, "invalid_input")) == {
            "/custom/elsewhere": "string_too_long"
        }


async def test_another_process_makes_records_by_the_new_fields_at_once(cluster):
    """Two processes of one service: the change in one refuses nothing in the other."""
    async with running(HALVES["crm"], cluster) as one, beside(one) as other:
        here, there = Desk(one), Desk(other)
        for desk in (here, there):
            await desk.add("/v1/teams", name=desk.word())
        usual = await define(here, "team", "choice", default="L")
        made = await there.add("/v1/teams", name=there.word())
        assert made["custom"] == {usual["key"]: "L"}
        key, name = str(uuid4()), there.word()
        await here.merge(f"{FIELDS}/{usual['id']}", {"default": "S"})
        headers, body = {"Idempotency-Key": key}, {"name": name}
        twice = [await there.client.post("/v1/teams", json=body, headers=headers) for _ in range(2)]
        assert [reply.status_code for reply in twice] == [201, 201]
        assert twice[0].json() == twice[1].json()
        assert twice[0].json()["custom"] == {usual["key"]: "S"}
        [count] = await there.rows("select count(*) as n from team where name = $1", name)
        assert count["n"] == 1


@asynccontextmanager
async def beside(first: ServiceUnderTest) -> AsyncIterator[ServiceUnderTest]:
    """Another process of the service, on the same database."""
    settings = first.settings.model_copy()
    database = first.service.connect(settings)
    app = create_app(first.service, settings, database)
    own = {"settings": settings, "database": database, "app": app, "_clients": []}
    second = replace(first, **own)
    second.client = second.with_key(first.admin_key)
    try:
        yield second
    finally:
        await second.close()


async def test_a_definition_waits_for_those_who_write_by_it(cluster):
    """Records and a definition at once: whichever comes first, every record fits the fields."""
    async with running(HALVES["crm"], cluster) as crm:
        desk = Desk(crm)
        field = await define(desk, "team")
        key, at = field["key"], f"{FIELDS}/{field['id']}"
        made = [await desk.add("/v1/teams", name=desk.word()) for _ in range(8)]
        acts = [desk.merge(f"/v1/teams/{one['id']}", {"custom": {key: "long"}}) for one in made]
        acts.insert(4, desk.merge(at, {"max_length": 2}))
        replies = await asyncio.gather(*acts)
        narrowed = replies[4].is_success
        kept = await desk.rows("select custom from team where custom ? $1", key)
        assert (len(kept) == 0) if narrowed else replies[4].json()["facts"]["count"] > 0


async def test_phones_and_amounts_are_found_however_they_are_written(halves):
    """A phone by its number, an amount by what it is worth; both kept in one form."""
    desk = halves["crm"]
    phone = (await define(desk, "team", "phone", filtered=True))["key"]
    amount = (await define(desk, "team", "money", filtered=True))["key"]
    given = {phone: "138 0013 8001", amount: {"amount": "12.3", "currency": "CNY"}}
    made = await desk.add("/v1/teams", name=desk.word(), custom=given)
    assert made["custom"] == {
        phone: "+8613800138001",
        amount: {"amount": "12.30", "currency": "CNY"},
    }
    for key, text in ((phone, "13800138001"), (phone, "+86 138-0013-8001"), (amount, "12.3")):
        assert await desk.listed("/v1/teams", **{f"custom.{key}": text}) == [made["id"]]
    assert await desk.listed("/v1/teams", **{f"custom.{amount}": "12.31"}) == []
    wrong = await desk.client.get("/v1/teams", params={f"custom.{amount}": "much"})
    refused = problem(wrong, 422, "invalid_input")
    assert pointers(refused).keys() == {f"/query/custom.{amount}"}


async def test_rights(halves):
    desk = halves["crm"]
    field = await define(desk, "team")
    at = f"{FIELDS}/{field['id']}"
    stranger = await desk.server.as_("staff.write")
    reader = await desk.server.as_("custom_fields.read")
    manager = await desk.server.as_("custom_fields.manage", "custom_fields.read")
    problem(await stranger.get(FIELDS), 403, "forbidden")
    body = {"record_type": "team", "key": "mine", "kind": "text", "label": "x"}
    once = {"Idempotency-Key": str(uuid4())}
    problem(await reader.post(FIELDS, json=body, headers=once), 403, "forbidden")
    problem(await reader.delete(at, headers={"If-Match": '"1"'}), 403, "forbidden")
    listed = (await reader.get(FIELDS, params={"record_type": "team"})).json()["items"]
    assert field["id"] in [one["id"] for one in listed]
    assert {one["record_type"] for one in listed} == {"team"}
    made = await manager.post(FIELDS, json=body, headers=once)
    assert made.status_code == 201, made.text
    assert (
        await manager.delete(f"{FIELDS}/{made.json()['id']}", headers={"If-Match": '"1"'})
    ).status_code == 204

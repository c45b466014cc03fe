"""Lanes that something holds: how they are found, what they say, and how they go on."""

import asyncio
import json
from urllib.parse import quote
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from chassis.texts import Texts
from sync_bridge.app import SERVICE
from sync_bridge.cli import cli
from sync_bridge.lanes import views
from sync_bridge.lanes.rules.explanations import TEXTS
from tests.halves import Fault

ITEMS, PRODUCTS = "/v1/items", "/v1/products"
ACCOUNTS, CUSTOMERS, ORDERS = "/v1/accounts", "/v1/customers", "/v1/orders"
BUSY = """insert into lane (key, id, kind, subject, pending, state, next_at, since, reason, number,
    name, number_key, name_key)
  select 'crm.customer:' || s, s, 'crm.customer', s, 0, 'idle', now(), now(), null,
    'C-' || at, 'Firm ' || at, 'c-' || at, 'firm ' || at
    from (select gen_random_uuid() as s, at from generate_series(1, $1) at) n"""


async def lanes(rig, **wanted):
    reply = await rig.bridge.client.get("/v1/lanes", params=wanted)
    assert reply.status_code == 200, reply.text
    return reply.json()["items"]


async def see(rig, name, **headers):
    return await rig.bridge.client.get(f"/v1/lanes/{quote(str(name), safe=':')}", headers=headers)


async def retry(rig, **command):
    reply = await rig.bridge.post("/v1/lanes/retry", command)
    assert reply.status_code == 200, reply.text
    return reply.json()


@pytest.fixture
async def parked(rig):
    """Three items that the CRM refused."""
    ids = []
    for sku, name in (("BOLT-8", "Bolt"), ("NUT-8", "Nut"), ("NUT-9", "Nut, large")):
        ids.append(rig.erp.makes(ITEMS, sku=sku, name=name))
        rig.crm.faults.append(Fault(422, "invalid_input", method="PUT"))
        await rig.synchronize()
    return rig, ids


@pytest.fixture
async def order(rig):
    """An order of an account that is under review."""
    rig.erp.makes(CUSTOMERS, name="Elm Ltd", email="elm@example.com")
    await rig.deliver()
    await rig.fetch_as_owner("delete from inbox")
    await rig.fetch_as_owner("delete from lane")
    account = rig.crm.makes(ACCOUNTS, name="Elm", email="elm@example.com")
    await rig.synchronize()
    money = {"amount": "2.00", "currency": "CNY"}
    facts = {"account_id": account, "ordered_on": "2026-05-05", "lines": [], "freight": money}
    rig.crm.makes(ORDERS, number="SO-7", state="placed", content_version=1, **facts)
    await rig.synchronize()
    return rig, account


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"number": "nut-8"}, {"NUT-8"}),
        ({"name": "nut"}, {"NUT-8", "NUT-9"}),
        ({"name": "utn"}, set()),
        ({"subject": 0}, {"BOLT-8"}),
        ({"kind": "erp.product"}, {"BOLT-8", "NUT-8", "NUT-9"}),
        ({"kind": "erp.price"}, set()),
        ({"reason": "invalid_input", "number": "NUT-9"}, {"NUT-9"}),
        ({"reason": "unreachable"}, set()),
    ],
)
async def test_lanes_are_found_by_what_people_call_the_record(parked, wanted, found):
    rig, ids = parked
    if "subject" in wanted:
        wanted = {"subject": ids[wanted["subject"]]}
    assert {lane["number"] for lane in await lanes(rig, **wanted)} == found


async def test_lanes_are_found_in_letters_of_any_case_and_width(rig):
    rig.erp.makes(ITEMS, sku="ＢＯＬＴ-Ж", name="ΟΔΌΣ Straße ＡＢＣ")
    await rig.synchronize()
    for wanted in ({"name": "οδός STRASSE abc"}, {"number": "bolt-ж"}):
        assert [one["number"] for one in await lanes(rig, **wanted)] == ["ＢＯＬＴ-Ж"], wanted


@pytest.mark.parametrize("asked", ["\u200b", "\u2060 \ufeff", "\u202e"])
@pytest.mark.parametrize("by", ["name", "number"])
async def test_nothing_is_no_name(rig, by, asked):
    """It would be the beginning of every name; blanks alone as well, in bodies too."""
    paths = ("/v1/lanes", "/v1/inbox", "/v1/quarantine", "/v1/reviews")
    replies = [await rig.bridge.client.get(path, params={by: asked}) for path in paths]
    replies += [
        await rig.bridge.post("/v1/lanes/retry", {"filter": {by: text}}) for text in (asked, " ")
    ]
    for reply in replies:
        assert reply.status_code == 422, reply.text
        assert [one["code"] for one in reply.json()["errors"]] == ["nothing_to_search"]


async def test_a_lane_is_seen_by_its_key_and_by_its_id(parked):
    rig, ids = parked
    by_key = (await see(rig, f"erp.product:{ids[0]}")).json()
    assert (by_key["number"], by_key["name"], by_key["state"]) == ("BOLT-8", "Bolt", "parked")
    assert (await see(rig, by_key["id"])).json() == by_key
    for unknown in (uuid4(), f"erp.product:{uuid4()}"):
        assert (await see(rig, unknown)).status_code == 404
    stranger = rig.bridge.with_key("wrong")
    assert (await stranger.get(f"/v1/lanes/{by_key['id']}")).status_code == 401


async def test_each_way_to_find_lanes_has_its_index(bridge):
    async with bridge.database.driver() as sql:
        await sql.execute(BUSY, 20_000)
        await sql.execute("analyze lane")
        for index, where in (
            ("ix_lane_number", "number_key = $1 and number_key <> ''"),
            ("ix_lane_name", "name_key >= $1 and name_key < $1 || chr(1114111) and name_key <> ''"),
            ("ix_lane_reason", "reason = $1"),
        ):
            plan = await sql.fetch(
                f"explain select * from lane where {where} order by since, id limit 51", "firm 777"
            )
            assert index in "\n".join(row[0] for row in plan)


async def test_a_parked_lane_says_why_and_what_to_do_in_both_languages(parked):
    rig, ids = parked
    english = (await see(rig, f"erp.product:{ids[0]}")).json()["explanation"]
    assert english.startswith("The other half refused it (invalid_input)")
    chinese = (await see(rig, f"erp.product:{ids[0]}", **{"Accept-Language": "zh"})).json()
    assert chinese["explanation"].startswith("对方拒绝了该记录（invalid_input）")
    assert "invalid_input）：invalid_input" in chinese["explanation"], (
        "no words of another language"
    )


async def test_what_a_half_refused_is_explained_in_the_readers_language(parked):
    """A title that both catalogues have is translated; the fields are the same in any language."""
    rig, ids = parked
    said = "Another product has this code: /code taken"
    async with rig.bridge.database.driver() as sql:
        await sql.execute("update lane set reason = 'duplicate_code', detail = $1", said)
    for language, words in (("en", said), ("zh", "产品编码已被使用：/code taken")):
        reply = await see(rig, f"erp.product:{ids[0]}", **{"Accept-Language": language})
        assert words in reply.json()["explanation"]


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("parked", "review"),
        ("parked", "unreachable"),
        ("parked", "http_503"),
        ("ready", "missing_dependency"),
        ("waiting", "invalid_input"),
    ],
)
async def test_a_filter_that_no_lane_can_have_is_refused(parked, state, reason):
    """It found nothing, and looked as if all had been retried."""
    rig, _ = parked
    asked = {"filter": {"state": state, "reason": reason}}
    reply = await rig.bridge.client.post(
        "/v1/lanes/retry", json=asked, headers={"Idempotency-Key": f"odd {state} {reason}"}
    )
    (error,) = reply.json()["errors"]
    assert (reply.status_code, error["pointer"], error["code"]) == (
        *(422, "/filter", "reason_of_other_state"),
    )


async def test_a_lane_that_waits_names_the_record_and_the_review(order):
    """The order waits for its account, and the account for an answer."""
    rig, account = order
    (review,) = (await rig.bridge.client.get("/v1/reviews")).json()["items"]
    (held,) = await lanes(rig, kind="crm.order")
    needs = {"type": "customer", "half": "crm", "subject": account, "number": "", "name": "Elm"}
    assert held["needs"] == needs | {
        "lane": f"crm.customer:{account}",
        "lane_state": "waiting",
        "lane_reason": "review",
        "review": review["id"],
    }
    assert held["explanation"] == (
        "Waits until the customer 'Elm' of the CRM is linked. "
        "The review of that one is open: answer it."
    )
    (asked,) = await lanes(rig, kind="crm.customer")
    assert asked["needs"]["review"] == review["id"]
    assert asked["explanation"] == (
        "The review of the customer 'Elm' of the CRM is open: answer it."
    )
    chinese = await see(rig, asked["key"], **{"Accept-Language": "zh-CN"})
    assert chinese.json()["explanation"] == "CRM 的客户“Elm”的人工核对尚未答复：请答复。"


async def test_a_lane_behind_a_parked_one_says_so(order):
    rig, _ = order
    await rig.fetch("update review set state = 'withdrawn'")
    await rig.fetch("update lane set state = 'ready', waits_for = null where kind = 'crm.customer'")
    await rig.fetch(
        """update lane set state = 'parked', reason = 'invalid_input'
        where kind = 'crm.customer'"""
    )
    (held,) = await lanes(rig, kind="crm.order")
    assert held["explanation"] == (
        "Waits until the customer 'Elm' of the CRM is linked. "
        "The lane of that one is parked (invalid_input): see to it first."
    )


@pytest.mark.parametrize(
    ("change", "begins"),
    [
        ("reason = 'retries_exhausted', detail = 'http_500'", "It failed too often"),
        ("reason = 'internal_error', detail = 'KeyError'", "The bridge could not record"),
        ("reason = 'record_missing'", "The half that published the record"),
        ("reason = 'pair_taken'", "One of the two records is linked"),
        ("state = 'ready', attempts = 3, reason = 'unreachable'", "Tries that failed: 3, the"),
        ("state = 'ready', reason = null, detail = null", None),
    ],
)
async def test_whatever_holds_a_lane_is_said_in_words(parked, change, begins):
    rig, ids = parked
    await rig.fetch(f"update lane set {change}")
    told = (await see(rig, f"erp.product:{ids[0]}")).json()["explanation"]
    assert told is None if begins is None else told.startswith(begins)


def test_every_explanation_is_told_in_chinese():
    texts = Texts.load([SERVICE.locale])
    assert [text for text in TEXTS if texts.text(text, "zh-CN") == text] == []


async def test_many_lanes_are_retried_at_once(parked):
    """B34: each is judged alone; each act is kept, with who and why."""
    rig, ids = parked
    named = [f"erp.product:{ids[0]}", (await lanes(rig, number="NUT-8"))[0]["id"], "erp.product:x"]
    done = await retry(rig, lanes=named, note="mended")
    assert (done["retried"], done["more"]) == (2, False)
    assert [one["status"] for one in done["items"]] == ["retried", "retried", "failed"]
    assert done["items"][2]["problem"]["code"] == "not_found"
    await rig.drain()
    assert {one["code"] for one in rig.crm.records[PRODUCTS].values()} == {"BOLT-8", "NUT-8"}
    acts = (await rig.bridge.client.get("/v1/lanes/acts")).json()["items"]
    assert [(act["act"], act["note"]) for act in acts] == [("retry", "mended")] * 2
    again = await retry(rig, lanes=named[:1])
    assert again["items"][0]["problem"]["code"] == "lane_not_parked"


async def test_lanes_are_retried_by_what_finds_them(parked):
    rig, _ = parked
    one = await retry(rig, filter={"name": "nut"}, limit=1)
    assert (one["retried"], one["more"]) == (1, True)
    rest = await retry(rig, filter={"reason": "invalid_input"})
    assert (rest["retried"], rest["more"]) == (2, False)
    assert (await retry(rig, filter={}))["retried"] == 0
    await rig.drain()
    assert len(rig.crm.records[PRODUCTS]) == 3


@pytest.mark.parametrize(
    "command",
    [
        {},
        {"lanes": []},
        {"lanes": ["a"], "filter": {}},
        {"filter": {"state": "idle"}},
        {"limit": 0},
    ],
)
async def test_what_is_to_be_retried_is_said_in_one_way(parked, command):
    rig, _ = parked
    reply = await rig.bridge.post("/v1/lanes/retry", command)
    assert (reply.status_code, reply.json()["code"]) == (422, "invalid_input")
    assert len(await lanes(rig, state="parked")) == 3


async def test_a_repeated_bulk_retry_is_done_once(parked):
    rig, _ = parked
    key = {"Idempotency-Key": str(uuid4())}
    first = await rig.bridge.post("/v1/lanes/retry", {"filter": {}}, headers=key)
    again = await rig.bridge.post("/v1/lanes/retry", {"filter": {}}, headers=key)
    assert first.json() == again.json()
    assert len(await rig.fetch("select * from lane_act")) == 3


async def test_who_only_looks_retries_nothing(parked):
    rig, _ = parked
    observer = await rig.bridge.as_("bridge.read")
    headers = {"Idempotency-Key": str(uuid4())}
    reply = await observer.post("/v1/lanes/retry", json={"filter": {}}, headers=headers)
    assert reply.status_code == 403


@pytest.fixture
async def paused(rig):
    """A flow that is held because the CRM refused the bridge's key."""
    item = rig.erp.makes(ITEMS, sku="BOLT-8")
    rig.crm.faults.append(Fault(401, "unauthorized", method="PUT"))
    await rig.synchronize()
    return rig, f"erp.product:{item}"


async def test_a_lane_of_a_paused_flow_says_so(paused):
    rig, key = paused
    told = (await see(rig, key)).json()
    assert (told["state"], told["reason"]) == ("ready", "http_401")
    assert told["explanation"].startswith("The other half refuses the bridge's key")


@pytest.mark.parametrize("valid", [True, False])
async def test_a_retry_while_paused_tries_once(paused, valid):
    """The pause is lifted for one try; where the key is refused again, it is longer."""
    rig, key = paused
    if not valid:
        rig.crm.faults.append(Fault(401, "unauthorized", method="PUT"))
    assert (await rig.bridge.post(f"/v1/lanes/{key}/retry", {})).json()["explanation"] is None
    await rig.drain()
    pauses = (await rig.bridge.client.get("/v1/flows/pauses")).json()["items"]
    assert [pause["refusals"] for pause in pauses] == ([] if valid else [2])
    assert len(rig.crm.records.get(PRODUCTS, {})) == (1 if valid else 0)
    assert len([call for call in rig.crm.calls if call.method == "PUT"]) == 2


async def test_a_lane_whose_tries_fail_is_retried_without_its_pause(rig):
    item = rig.erp.makes(ITEMS, sku="BOLT-8")
    rig.settings = rig.settings.model_copy(update={"backoff_cap_seconds": 3600})
    rig.crm.faults.append(Fault(503, "unavailable", headers={"Retry-After": "3000"}))
    await rig.synchronize()
    assert PRODUCTS not in rig.crm.records
    done = await retry(rig, filter={"state": "ready", "kind": "erp.product"})
    assert [one["lane"] for one in done["items"]] == [f"erp.product:{item}"]
    await rig.drain()
    assert rig.crm.the(PRODUCTS)["code"] == "BOLT-8"


async def test_a_lane_that_is_being_delivered_is_left_alone(parked):
    rig, ids = parked
    await rig.fetch("update lane set state = 'ready', lease_until = now() + interval '1 minute'")
    done = await retry(rig, lanes=[f"erp.product:{ids[0]}"])
    assert done["items"][0]["problem"]["code"] == "lane_moving"


async def test_the_needed_record_is_read_from_how_a_lane_writes_it():
    record = uuid4()
    plain = views.Need.parse(f"product erp:{record}")
    asked = views.Need.parse(f"review customer crm:{record}")
    assert (plain.entity, plain.half, plain.subject, plain.review) == (
        "product",
        "erp",
        record,
        False,
    )
    assert (asked.lane, asked.review) == (f"crm.customer:{record}", True)


async def test_lanes_are_handled_at_the_command_line(parked, monkeypatch):
    rig, ids = parked
    monkeypatch.setenv("BRIDGE_DATABASE_URL", rig.bridge.runtime_url)
    monkeypatch.setenv("BRIDGE_MIGRATION_DATABASE_URL", rig.bridge.owner_url)

    async def run(*words):
        result = await asyncio.to_thread(CliRunner().invoke, cli, words)
        assert result.exit_code == 0, result.output
        return result.stdout

    assert "NUT-8" in await run("lanes", "list", "--name", "nut")
    assert "BOLT-8" not in await run("lanes", "list", "--name", "nut")
    assert "refused it" in await run("lanes", "show", f"erp.product:{ids[0]}")
    told = await run("lanes", "retry-all", "--kind", "erp.product", "--note", "mended", "--json")
    assert json.loads(told)["retried"] == 3

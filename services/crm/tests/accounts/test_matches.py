"""Accounts that are, or may be, a firm that is known elsewhere."""

import csv
import os
from pathlib import Path

import asyncpg
import pytest

from chassis.actor import SYSTEM
from chassis.storage.connections import driver_url
from crm.accounts.queries.matching import Wanted, matches
from values.address import Address
from values.matching import match_keys

PATH = "/v1/accounts/matches"
SHARED = Path(os.environ.get("TANDEM_SHARED", "../shared")) / "data"


async def found(desk, **probe):
    """Reasons by id, for one probe."""
    reply = await desk.client.post(PATH, json={"items": [{"key": "mine"} | probe]})
    assert reply.status_code == 200, reply.text
    [item] = reply.json()["items"]
    assert item["key"] == "mine"
    return {one["id"]: one["reasons"] for one in item["candidates"]}


@pytest.mark.parametrize(
    ("kept", "asked", "reason"),
    [
        ({"tax_id": "DE 12.{n}-9"}, {"tax_id": "ｄｅ12{n}9"}, "tax_id"),
        ({"email": "Office.{n}@Firm.example"}, {"email": " office.{n}@FIRM.example "}, "email"),
        (
            {"phone": "+86 571 {d}"},
            {"phone": "0571-{d} 转 12", "address": {"country": "CN"}},
            "phone",
        ),
        ({"phone": "+86 571 {d}"}, {"phone": "{d}"}, "phone"),
        (
            {
                "name": "Blue {n} Ltd",
                "billing_address": {"postal_code": "315 000"},
            },
            {"name": "BLUE {n}, Limited", "delivery_address": {"postal_code": "315000"}},
            "name_and_address",
        ),
        (
            {
                "name": "上海{n}有限公司",
                "shipping_address": {"city": "上海", "line1": "人民路 8 号"},
            },
            {
                "legal_name": "上海{n}股份有限公司",
                "address": {"city": "上海", "line1": "人民路8号"},
            },
            "name_and_address",
        ),
    ],
)
async def test_a_firm_is_found_however_it_is_written(desk, kept, asked, reason):
    """B52: what both records have in common, in any spelling, is named."""
    words = {
        "n": desk.word("X")[2:],
        "d": "8" + str(int(desk.word("X").removeprefix("X-"), 16))[-7:],
    }

    def filled(one):
        if isinstance(one, dict):
            return {name: filled(value) for name, value in one.items()}
        return one.format(**words)

    account = await desk.account(**filled(kept))
    assert await found(desk, **filled(asked)) == {account["id"]: [reason]}


async def test_other_places_and_other_numbers_are_other_firms(desk):
    word = desk.word("X")
    await desk.account(name=f"{word} Ltd", billing_address={"postal_code": "315000"})
    await desk.account(name=f"{word} Two", phone="+86 571 8123 4567")
    assert await found(desk, name=word, address={"postal_code": "200000"}) == {}
    assert await found(desk, name=word) == {}
    assert await found(desk, phone="+86 21 8123 4567") == {}


async def test_what_fills_a_field_says_nothing(desk):
    await desk.account(tax_id="00000000", phone="000000000")
    assert await found(desk, tax_id="0000 0000", phone="000000000", email="", name="") == {}


async def test_the_same_id_of_a_third_system_is_found(desk):
    number = desk.word("S")
    sent = (await desk.send("/v1/accounts", number, 1, system="shop", name="Sent")).json()
    refs = [{"system": "shop", "external_id": number}]
    assert await found(desk, external_refs=refs) == {sent["id"]: ["external_id"]}
    refs = [{"system": "store", "external_id": number}]
    assert await found(desk, external_refs=refs) == {}


async def test_a_contact_speaks_for_its_account(desk):
    word = desk.word("x").lower()
    account = await desk.account()
    await desk.contact(account["id"], email=f"{word}@firm.example")
    assert await found(desk, email=f"{word}@firm.example") == {account["id"]: ["email"]}


async def test_a_changed_record_is_compared_by_what_it_is_now(desk):
    word = desk.word("x").lower()
    account = await desk.account(email=f"{word}@firm.example")
    path = f"/v1/accounts/{account['id']}"
    reply = await desk.change(path, {"email": f"new.{word}@firm.example"}, revision=1)
    assert reply.status_code == 200
    assert await found(desk, email=f"{word}@firm.example") == {}
    assert await found(desk, email=f"new.{word}@firm.example") == {account["id"]: ["email"]}


async def test_no_more_than_twenty_are_shown_the_best_first(desk):
    word = desk.word("x").lower()
    for _ in range(21):
        await desk.account(email=f"{word}@firm.example")
    best = await desk.account(tax_id=f"{word}1", email=f"other-{word}@firm.example")
    probe = {"key": "1", "email": f"{word}@firm.example", "tax_id": f"{word}1"}
    reply = await desk.client.post(PATH, json={"items": [probe, {"key": "2"}]})
    many, none = reply.json()["items"]
    assert (len(many["candidates"]), many["truncated"]) == (20, True)
    assert many["candidates"][0]["id"] == best["id"]
    assert (none["candidates"], none["truncated"]) == ([], False)


async def test_a_candidate_shows_what_a_person_compares(desk):
    word = desk.word("x").lower()
    account = await desk.account(
        email=f"{word}@firm.example", billing_address={"city": "Ningbo"}, phone="0571 8123 4567"
    )
    await desk.crm.post(f"/v1/accounts/{account['id']}/archive", {})
    reply = await desk.client.post(
        PATH, json={"items": [{"key": "1", "email": f"{word}@firm.example"}]}
    )
    [one] = reply.json()["items"][0]["candidates"]
    told = ("id", "name", "tax_id", "email", "phone", "external_refs")
    assert {name: one[name] for name in told} == {name: account[name] for name in told}
    assert [address["city"] for address in one["addresses"]] == ["Ningbo"]
    assert (one["status"], one["version"]) == ("archived", 2)


async def test_too_many_probes_are_refused(desk):
    items = [{"key": str(at)} for at in range(201)]
    reply = await desk.client.post(PATH, json={"items": items})
    assert reply.status_code == 422


@pytest.mark.parametrize(
    ("file", "column"),
    [("unicode_names/customer.csv", 0), ("zh_company_names/company_short_names.csv", 0)],
)
def test_every_name_has_a_key_that_case_and_legal_form_leave(file, column):
    if not (SHARED / file).exists():
        pytest.skip(f"{file} is not here: set TANDEM_SHARED")
    with (SHARED / file).open(encoding="utf-8") as lines:
        names = [row[column] for row in csv.reader(lines)][1:5000]
    for name in filter(str.strip, names):
        key = match_keys(name=name).name
        assert key, name
        assert match_keys(name=f" {name.upper().casefold()} ").name == key
        if key.isalpha():
            assert match_keys(name=f"{name} Co., Ltd.").name == key


MANY = """insert into account (id, version, created_at, updated_at, name, sort_key, email,
    email_key, phone_raw, phone_e164, phone_digits, status, kind, stage, tax_id, website,
    industry, segment, language, currency, billing_address, shipping_address, erp_dunning_block,
    match_tax_id, match_email, match_phone, match_name, match_places)
  select gen_random_uuid(), 1, now(), now(), 'A' || n, 'a' || n, '', '', '', '', '', 'active',
    'company', 'customer', '', '', '', '', '', 'CNY', '{}', '{}', false,
    't' || n, n || '@b.example', '+86' || (13800000000 + n), 'a' || n % 9000,
    array['postal code ' || n % 50]
  from generate_series(1, 10000) as n"""


class Recorder:
    """A reading of who reaches all: takes down what is asked, and answers nothing."""

    actor = SYSTEM

    @property
    def sql(self):
        return self

    async def fetch(self, statement, *arguments):
        self.asked = statement, arguments
        return []


@pytest.fixture
async def many(crm):
    """A connection that sees ten thousand accounts; nobody else does."""
    sql = await asyncpg.connect(
        driver_url(crm.owner_url),
        server_settings={"plan_cache_mode": "force_generic_plan", "jit": "off"},
    )
    transaction = sql.transaction()
    await transaction.start()
    await sql.execute(MANY)
    await sql.execute("analyze account")
    yield sql
    await transaction.rollback()
    await sql.close()


async def test_probes_are_answered_by_indexes(many):
    """No table is scanned, under the plans that the service uses."""
    keys = match_keys(
        tax_id="t77", email="77@b.example", name="a77", addresses=[Address(postal_code="27")]
    )
    asked = Recorder()
    await matches(asked, [Wanted(keys, [("shop", "77")])] * 200)
    statement, arguments = asked.asked
    plan = "\n".join(row[0] for row in await many.fetch(f"explain {statement}", *arguments))
    for key in ("match_tax_id", "match_email", "match_phone", "match_name"):
        assert f"ix_account_{key}" in plan, plan
    assert "Seq Scan on account" not in plan, plan
    found = await many.fetch(statement, *arguments)
    assert len(found) == 2 * 200, "the 77th, and the 9,077th by name and place"

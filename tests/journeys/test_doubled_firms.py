"""The same firms entered on both sides before the bridge saw them: none is doubled (B51, B52)."""

import csv
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from chassis.testing.waiting import until
from tests.journeys.test_two_halves import paused, tandem

__all__ = ["tandem"]

SHARED = Path(os.environ.get("TANDEM_SHARED", "../shared")) / "data"
ACCOUNTS, CUSTOMERS = "/v1/accounts", "/v1/customers"
FIRMS = 122
STREETS = ("Harbour Road", "Mill Lane", "Canal Street", "Dyke", "Station Road")


@dataclass
class Firm:
    """A firm as sales and as the office entered it, each in its own spelling."""

    account: dict[str, Any]
    customer: dict[str, Any]
    same_id: str = ""
    """Its id in a third system, which both were told."""
    exact: bool = False
    """Whether it is linked without a question."""
    ids: dict[str, str] = field(default_factory=dict)


def made_names():
    """As many different names as are wanted, none like another one."""
    first = ("Alder", "Birch", "Cedar", "Elm", "Hazel", "Larch", "Maple", "Oak", "Pine", "Rowan")
    second = ("Bearings", "Castings", "Gears", "Looms", "Mills", "Pumps", "Sails", "Tools")
    return [f"{one} {other} {at}" for at, one in enumerate(first * 2) for other in second]


def real_names():
    """Names of Chinese firms and of American buyers, with forms of both."""
    found = []
    for file, names_of in (
        ("zh_company_names/company_short_names.csv", lambda row: row["short_name"]),
        ("prospects/prospective_buyers.csv", lambda row: f"{row['FirstName']} {row['LastName']}"),
    ):
        if not (SHARED / file).exists():
            pytest.skip(f"{file} is not here: set TANDEM_SHARED")
        with (SHARED / file).open(encoding="utf-8") as lines:
            found.append(
                list(dict.fromkeys(filter(str.strip, map(names_of, csv.DictReader(lines)))))
            )
    chinese, american = found
    return [name for pair in zip(chinese[:70], american[:70], strict=True) for name in pair]


def entered(names):
    """122 firms that agree in this or that, and the reasons why each is known."""
    names, firms = iter(names), []

    def add(count, agreeing, **rest):
        for at in range(count):
            name, mark = next(names), uuid4().hex[:8]
            ours, theirs = agreeing(at, mark)
            both = {"name": name} | ours, {"name": f"{name.upper()} Co., Ltd."} | theirs
            more = {key: value(mark) if callable(value) else value for key, value in rest.items()}
            firms.append(Firm(*both, **more))

    add(30, _tax_id, exact=True)
    add(20, lambda *_: ({}, {}), exact=True, same_id=lambda mark: f"S-{mark}")
    add(20, lambda _, mark: _mailbox(f"sales@{mark}.example"))
    add(10, lambda _, mark: _mailbox(f"firm{mark}@qq.com"))
    add(15, _phone)
    add(25, _address)
    add(2, lambda *_: ({"phone": "+86 21 6391 0000"}, {"phone": "021-63910000"}))
    assert len(firms) == FIRMS
    return firms


def _tax_id(at, mark):
    text = f"91{mark}{at:04}".upper()
    return {"tax_id": text}, {"tax_id": f"{text[:6].lower()} {text[6:10]}-{text[10:]}"}


def _mailbox(address):
    name, _, domain = address.partition("@")
    return {"email": address}, {"email": f"{name}@{domain.upper()}"}


def _phone(at, _):
    return {"phone": f"+86 138 0013 {8000 + at}"}, {"phone": f"1380013{8000 + at}", "bill_to": _CN}


def _address(at, _):
    street = {
        "line1": f"{at + 1} {STREETS[at % 5]}",
        "city": "Ningbo",
        "postal_code": f"3150{at:02}",
    }
    return {"billing_address": street | _CN}, {"ship_to": street | {"city": "NINGBO"} | _CN}


_CN = {"country": "CN"}


def strangers():
    """Different firms that look alike: only their names, or only the provider of their mail."""
    same = f"Willow Traders {uuid4().hex[:6]}"
    ours = {"name": f"Poplar {uuid4().hex[:6]}", "email": f"{uuid4().hex[:8]}@163.com"}
    theirs = {"name": f"Aspen {uuid4().hex[:6]}", "email": f"{uuid4().hex[:8]}@163.com"}
    return [Firm({"name": same}, {"name": same}), Firm(ours, theirs)]


async def enter(half, path, side, firms, **more):
    """Enter the firms, each with its id in a system of the half's own or in one of both."""
    own = {"account": "leads", "customer": "ledger"}[side]
    for system, some in (
        ("shop", [one for one in firms if one.same_id]),
        (own, [one for one in firms if not one.same_id]),
    ):
        items = [
            {"external_id": one.same_id or uuid4().hex, "source_version": 1, **getattr(one, side)}
            for one in some
        ]
        body = {"items": [item | more for item in items]}
        reply = await half.post(f"{path}/by-external/{system}/batch", body)
        assert reply.is_success, reply.text
        for one, row in zip(some, reply.json()["items"], strict=True):
            assert row["status"] == "created", row
            one.ids[side] = row["id"]


async def standing(tandem, *, waiting):
    """Wait until nothing moves and so many lanes wait for a person."""

    async def stands():
        lanes = (await tandem.bridge.client.get("/v1/status")).json()["lanes"]
        return lanes == {"ready": 0, "waiting": waiting, "parked": 0}

    await until(stands, within_seconds=120)


async def all_of(service, path, **query):
    """All records of a list."""
    found, cursor = [], None
    while True:
        asked = {"limit": 200} | query | ({"cursor": cursor} if cursor else {})
        page = (await service.client.get(path, params=asked)).json()
        found += page["items"]
        cursor = page.get("next_cursor")
        if not cursor:
            return found


async def linked(tandem):
    """The ERP's customer of each account that has one."""
    return {
        account["id"]: link["external_id"]
        for account in await all_of(tandem.crm, ACCOUNTS)
        for link in account["external_refs"]
        if link["system"] == "erp"
    }


async def count(tandem):
    return [
        len(await all_of(tandem.crm, ACCOUNTS)),
        len(await all_of(tandem.erp, CUSTOMERS)),
    ]


async def answer_all(tandem, firms):
    """A person answers each question; how many there were, and how many candidates each had."""
    twins = {one.ids["account"]: one.ids["customer"] for one in firms}
    twins |= {theirs: ours for ours, theirs in twins.items()}
    asked = []
    while reviews := await all_of(tandem.bridge, "/v1/reviews", state="open"):
        for review in reviews:
            candidates = [one["id"] for one in review["candidates"]]
            assert twins[review["subject"]] in candidates
            reply = await tandem.bridge.post(
                f"/v1/reviews/{review['id']}/decision",
                {"decision": "link", "candidate": twins[review["subject"]]},
                headers={"If-Match": f'"{review["version"]}"'},
            )
            # What was answered just before may have answered this one, or opened it anew.
            assert reply.status_code in {200, 409, 412}, reply.text
            asked.append(len(candidates))
        await moved(tandem)
    return asked


async def moved(tandem):
    """Wait until all that was answered took effect."""

    async def calm():
        lanes = (await tandem.bridge.client.get("/v1/status")).json()["lanes"]
        return lanes["ready"] == 0

    await until(calm, within_seconds=120)


@pytest.mark.parametrize("names", [made_names, real_names])
async def test_firms_entered_on_both_sides_stay_as_many(tandem, names):
    """B51, B52: 122 stay 122.

    What names one firm links it; of what only agrees no twin is made before a person answered. What
    agrees in nothing that counts is another firm.
    """
    firms, others = entered(names()), strangers()
    before = await count(tandem)
    async with paused(tandem, "crm.customer"), paused(tandem, "erp.customer"):
        await enter(tandem.crm, ACCOUNTS, "account", firms + others, stage="customer")
        await enter(tandem.erp, CUSTOMERS, "customer", firms + others)
    likely = [one for one in firms if not one.exact]
    await standing(tandem, waiting=2 * len(likely))
    now = await linked(tandem)
    for one in firms:
        assert now.get(one.ids["account"]) == (one.ids["customer"] if one.exact else None)
    entries = len(firms) + 2 * len(others)
    assert [now - then for now, then in zip(await count(tandem), before, strict=True)] == [
        entries
    ] * 2

    asked = await answer_all(tandem, firms)
    assert len(asked) >= len(likely)
    assert max(asked) == 2
    await standing(tandem, waiting=0)
    await tandem.settled()
    now = await linked(tandem)
    assert all(now[one.ids["account"]] == one.ids["customer"] for one in firms)
    assert all(now[one.ids["account"]] != one.ids["customer"] for one in others)
    assert [now - then for now, then in zip(await count(tandem), before, strict=True)] == [
        entries
    ] * 2

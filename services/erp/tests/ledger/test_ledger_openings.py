"""Balances of the books' first day: against the opening balances, each once."""

from decimal import Decimal

import pytest

from importer.mapping import Mapping
from importer.running import run_import

PATH = "/v1/journal-entries/openings/by-external/oldbooks/batch"
DAY = "2014-01-01"


@pytest.fixture
async def accounts(desk, office):
    """Codes of a till and of a loan that nothing else posts to; the books are open in 2014."""
    codes = [desk.word("T"), desk.word("L")]
    for code, kind in zip(codes, ("asset", "liability"), strict=True):
        await desk.add("/v1/accounts", code=code, name=kind, kind=kind)
    return codes


def opening(key, *lines, version=1, **facts):
    item = {"external_id": key, "source_version": version, "memo": "Opening", "effective_on": DAY}
    return item | {"lines": list(lines)} | facts


async def send(desk, *items, **more):
    """What becomes of openings that are sent: statuses, or codes of problems."""
    reply = await desk.erp.post(PATH, {"items": list(items)}, **more)
    assert reply.status_code == 200, reply.text
    return [
        one["problem"]["code"] if one["status"] == "failed" else one["status"]
        for one in reply.json()["items"]
    ]


async def balances(desk, codes):
    found = (await desk.see(f"/v1/reports/trial-balance?on={DAY}"))["accounts"]
    return [one["balance"] for code in codes for one in found if one["code"] == code]


async def test_balances_are_posted_once_against_the_opening_balances(desk, accounts):
    """By whatever key it is sent again; another content of what is posted is refused."""
    till, loan = accounts
    key, sides = desk.word(), ({"account": till, "debit": "120"}, {"account": loan, "credit": "50"})
    opened = {one["role"]: one["account"] for one in await roles_of(desk)}["equity_opening"]
    [before] = await balances(desk, [opened])
    assert await send(desk, opening(key, *sides)) == ["created"]
    assert await send(desk, opening(key, *sides)) == ["unchanged"]
    assert await send(desk, opening(key, *sides, version=2)) == ["unchanged"]
    [after] = await balances(desk, [opened])
    assert Decimal(after) - Decimal(before) == -70
    assert await balances(desk, accounts) == ["120.00", "-50.00"]
    other = opening(key, {"account": till, "debit": "1"}, version=3)
    assert await send(desk, other) == ["entry_posted"]
    [entry] = (await desk.see(f"/v1/journal-entries?account={till}"))["items"]
    assert (entry["source_type"], entry["effective_on"]) == ("opening", DAY)
    assert [one["account"] for one in entry["lines"]] == [till, loan, opened]


async def test_the_same_balances_under_another_id_are_refused(desk, accounts):
    """By whatever system and in whatever order of lines, as long as they are not reversed."""
    till, loan = accounts
    sides = ({"account": till, "debit": "12"}, {"account": loan, "credit": "5"})
    first = desk.word()
    assert await send(desk, opening(first, *sides)) == ["created"]
    second, third = (opening(desk.word(), *reversed(sides)) for _ in range(2))
    assert await send(desk, second, third) == ["opening_repeated"] * 2
    other_day = second | {"effective_on": "2014-01-02"}
    assert await send(desk, other_day) == ["created"]
    assert await send(desk, third, third | {"external_id": desk.word(), "lines": [sides[0]]}) == [
        "opening_repeated",
        "created",
    ]
    [entry] = [
        one
        for one in (await desk.see(f"/v1/journal-entries?account={loan}"))["items"]
        if one["effective_on"] == DAY
    ]
    await desk.add(f"/v1/journal-entries/{entry['id']}/reverse", memo="Wrong", effective_on=DAY)
    assert await send(desk, third) == ["created"]


async def roles_of(desk):
    return (await desk.see("/v1/account-roles"))["items"]


async def test_what_open_items_and_stock_open_is_not_opened_twice(desk, accounts):
    for role in ("receivable", "payable", "inventory", "grni"):
        code = {one["role"]: one["account"] for one in await roles_of(desk)}[role]
        item = opening(desk.word(), {"account": code, "debit": "5"})
        assert await send(desk, item) == (["created"] if role == "grni" else ["control_account"]), (
            role
        )


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"lines": [{"account": "NOSUCH", "debit": "5"}]}, "missing_reference"),
        ({"effective_on": "1999-01-01"}, "no_period"),
        ({"lines": [{"account": "6001", "debit": "0.001"}]}, "invalid_input"),
    ],
)
async def test_a_wrong_one_is_refused_alone(desk, accounts, facts, code):
    till, _ = accounts
    right = opening(desk.word(), {"account": till, "debit": "5"})
    assert await send(
        desk, opening(desk.word(), {"account": till, "debit": "5"}) | facts, right
    ) == [
        code,
        "created",
    ]


async def test_a_file_of_balances_is_one_entry(desk, accounts, tmp_path):
    """Rows with one id make one entry; sent again nothing is posted."""
    (till, loan), word = accounts, desk.word()
    (tmp_path / "Balances.csv").write_text(
        f"Company,Account,Balance\n{word},{till},120.00\n{word},{loan},-50.00\n"
    )
    number = {"column": "Balance", "type": "decimal"}
    mapping = Mapping.model_validate(
        {
            "resources": [
                {
                    "name": "opening-balances",
                    "file": "Balances.csv",
                    "target": PATH,
                    "external_id": "Company",
                    "fields": {"memo": {"const": "Opening"}, "effective_on": {"const": DAY}},
                    "rows": {
                        "into": "lines",
                        "fields": {
                            "account": "Account",
                            "debit": number | {"part": "positive"},
                            "credit": number | {"part": "negative"},
                        },
                    },
                }
            ]
        }
    )
    for outcome in ("created", "unchanged"):
        report = await run_import(mapping, desk.client, source=tmp_path, errors_to=tmp_path / "e")
        assert [dict(one.counts) for one in report.resources] == [{outcome: 1}], report
    assert await balances(desk, accounts) == ["120.00", "-50.00"]

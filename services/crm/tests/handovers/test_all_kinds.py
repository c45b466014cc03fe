"""All that a user has open goes to others: every type that a module declares."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from crm import open_work

PATH = "/v1/hand-overs"
KINDS = {
    "account": "/v1/accounts",
    "activity": "/v1/activities",
    "contract": "/v1/contracts",
    "lead": "/v1/leads",
    "opportunity": "/v1/opportunities",
    "quote": "/v1/quotes",
}
NOT_WORKED_ON = {
    *("file_part", "forecast_snapshot_deal", "sales_quota"),
    *("touch_figure", "opportunity_stage_figure"),
}
"""Tables with an owner of which nothing is still to be done: parts of files, figures, targets."""
MADE = {"activity": {"kind": "task"}}
CLOSING: dict[str, tuple[str, Any, str]] = {
    "account": ("archive", None, "restore"),
    "activity": ("cancel", {}, "reopen"),
    "contract": ("archive", None, "restore"),
    "opportunity": ("archive", None, "restore"),
    "quote": ("archive", None, "restore"),
}


@pytest.fixture
def busy(desk):
    """A user with so many open records of each type, and their ids by type."""

    async def make(count):
        user = await desk.user()
        made = {}
        for kind, path in KINDS.items():
            facts = MADE.get(kind, {}) | {"owner_id": user["id"]}
            made[kind] = [
                (await desk.add(path, name=desk.word("Open"), **facts))["id"] for _ in range(count)
            ]
        return user, made

    return make


async def owners_of(desk, made):
    """The owners of all records, by type."""
    found = {}
    for kind in (one for one in open_work.declared() if one.type in made):
        rows = await desk.rows(
            f"select {kind.owner} as owner from {kind.table} where id = any($1::uuid[])",
            [UUID(one) for one in made[kind.type]],
        )
        found[kind.type] = [str(row["owner"]) for row in rows]
    return found


def test_every_type_that_is_declared_is_tried_here():
    """Who declares another type adds it here, to the triggers and to their test.

    Approvals have theirs (`quotes/test_leaving_approvers.py`).
    """
    assert {one.type for one in open_work.declared()} == {*KINDS, "approval"}


async def test_every_type_with_an_owner_is_declared(desk):
    """W1: of every table of records with an owner; one that nobody works on is named."""
    rows = await desk.rows(
        """select c.table_name from information_schema.columns c
            where c.table_schema = 'public' and c.column_name = 'owner_id'"""
    )
    declared = {one.table for one in open_work.declared()}
    assert {row["table_name"] for row in rows} - declared == NOT_WORKED_ON


async def test_one_act_moves_everything(busy, desk):
    """Nothing is left behind, the report says what moved, and the user is disabled."""
    user, made = await busy(4)
    others = [await desk.user() for _ in range(2)]
    reply = await desk.crm.post(
        PATH,
        {
            "from_user_id": user["id"],
            "to_user_ids": [one["id"] for one in others],
            "disable": True,
        },
    )
    assert reply.status_code == 201, reply.text
    assert reply.json()["moved"] == [{"type": one, "count": 4} for one in sorted(KINDS)]
    counts = Counter(one for found in (await owners_of(desk, made)).values() for one in found)
    assert counts == {one["id"]: 2 * len(KINDS) for one in others}
    assert (await desk.see(f"/v1/users/{user['id']}/open-work"))["total"] == 0
    assert not (await desk.see(f"/v1/users/{user['id']}"))["active"]
    for kind, ids in made.items():
        newest = (await desk.see(f"{KINDS[kind]}/{ids[0]}/history"))["items"][0]
        assert [one["field"] for one in newest["changes"]] == ["owner_id"]


@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_a_user_with_anything_open_is_not_disabled(desk, problem, kind):
    """Neither by the service nor by the database; and no disabled user is given anything."""
    user, disabled = await desk.user(), await desk.user()
    facts = MADE.get(kind, {}) | {"owner_id": user["id"]}
    made = await desk.add(KINDS[kind], name=desk.word("Open"), **facts)
    path = f"/v1/users/{user['id']}"
    refused = problem(await desk.crm.post(f"{path}/disable", None), 409, "owns_open_records")
    assert f"{kind} 1" in refused["detail"]
    await desk.crm.post(f"/v1/users/{disabled['id']}/disable", None)
    async with desk.crm.database.driver() as sql:
        with pytest.raises(asyncpg.CheckViolationError, match="owns"):
            await sql.execute("update local_user set active = false where id = $1", user["id"])
        with pytest.raises(asyncpg.CheckViolationError, match="is disabled"):
            await sql.execute(
                f"update {kind} set owner_id = $2 where id = $1", made["id"], disabled["id"]
            )


@pytest.mark.parametrize("kind", sorted(CLOSING))
async def test_what_is_taken_up_again_loses_a_disabled_owner(desk, kind):
    close, body, again = CLOSING[kind]
    user = await desk.user()
    facts = MADE.get(kind, {}) | {"owner_id": user["id"]}
    path = f"{KINDS[kind]}/{(await desk.add(KINDS[kind], name=desk.word(), **facts))['id']}"
    for act, given in ((f"{path}/{close}", body), (f"/v1/users/{user['id']}/disable", None)):
        reply = await desk.crm.post(act, given)
        assert reply.is_success, reply.text
    reply = await desk.crm.post(f"{path}/{again}", {} if kind == "activity" else None)
    assert reply.is_success, reply.text
    assert (await desk.see(path))["owner_id"] is None


async def test_a_lead_or_a_deal_taken_up_again_loses_a_disabled_owner(desk):
    user = await desk.user()
    reason = await desk.add("/v1/lead-reasons", code=desk.word("R"), name="No budget")
    lead = await desk.add("/v1/leads", name="Wang", owner_id=user["id"])
    amount = {"amount": "10.00", "currency": "CNY"}
    deal = await desk.add("/v1/opportunities", name="Lamps", owner_id=user["id"], amount=amount)
    for path, body in (
        (f"/v1/leads/{lead['id']}/disqualify", {"reason": reason["code"]}),
        (f"/v1/opportunities/{deal['id']}/win", {}),
        (f"/v1/users/{user['id']}/disable", None),
        (f"/v1/leads/{lead['id']}/reopen", None),
        (f"/v1/opportunities/{deal['id']}/reopen", {}),
    ):
        reply = await desk.crm.post(path, body)
        assert reply.is_success, reply.text
    assert (await desk.see(f"/v1/leads/{lead['id']}"))["owner_id"] is None
    assert (await desk.see(f"/v1/opportunities/{deal['id']}"))["owner_id"] is None


async def test_what_is_given_at_the_same_moment_moves_or_is_refused(busy, desk):
    """Of every type: a disabled user owns nothing open, whatever came meanwhile."""
    user, _ = await busy(1)
    other = await desk.user()
    command = {"from_user_id": user["id"], "to_user_ids": [other["id"]], "disable": True}
    replies = await asyncio.gather(
        desk.crm.post(PATH, command),
        *(
            desk.crm.post(path, {"name": desk.word(), "owner_id": user["id"]} | MADE.get(kind, {}))
            for kind, path in KINDS.items()
            for _ in range(3)
        ),
    )
    assert replies[0].status_code in {201, 409}, replies[0].text
    if replies[0].status_code == 201:
        async with desk.crm.database.driver() as sql:
            assert await open_work.counts_of(sql, UUID(user["id"])) == {}

"""When a person is erased, texts that nobody agreed to go with it, and others stay (C29)."""

import asyncpg
import pytest
from services.crm.tests.merging.conftest import Merger


async def erased(contracts, contact):
    """The report: what was deleted, and what is kept."""
    reply = await contracts.crm.post(f"/v1/contacts/{contact['id']}/erase", None)
    assert reply.status_code == 200, reply.text
    return [
        {one["what"]: one["count"] for one in reply.json()[part]} for part in ("erased", "kept")
    ]


async def texts_of(desk, contract):
    rows = await desk.rows(
        "select text from contract_text where contract_id = $1 order by contract_version",
        contract["id"],
    )
    return [row["text"] for row in rows]


@pytest.fixture
async def parties(contracts, desk):
    """An account with two persons, and a template that names one."""
    account = await desk.account()
    first, second = [
        await desk.contact(account["id"], name=f"{name} {desk.word()}") for name in ("Ada", "Bea")
    ]
    template = await contracts.published({"body": "To {{ contact.name }}."})
    return account, first, second, template


async def test_a_draft_that_was_voided_keeps_no_text(contracts, desk, parties):
    account, first, _, template = parties
    made = await contracts.generated(template, account_id=account["id"], contact_id=first["id"])
    await contracts.act(made, "void", reason="Not wanted")
    gone, kept = await erased(contracts, first)
    assert (gone["contract_texts"], "contracts" in kept) == (1, False)
    assert await texts_of(desk, made) == []
    left = await contracts.get(made)
    assert (left["state"], left["contract_version"], left["text_hash"]) == ("void", None, "")


async def test_what_was_sent_and_voided_keeps_its_text(contracts, desk, parties):
    account, first, _, template = parties
    sent = await contracts.sent(template, account_id=account["id"], contact_id=first["id"])
    await contracts.act(sent, "void", reason="Not wanted")
    gone, kept = await erased(contracts, first)
    assert ("contract_texts" in gone, kept["contracts"]) == (False, 1)
    assert len(await texts_of(desk, sent)) == 1


@pytest.mark.parametrize("is_sent", [False, True])
async def test_earlier_versions_for_the_person_go(contracts, desk, parties, is_sent):
    """The draft was made for somebody else then, whose text stays, whether it was sent or not."""
    account, first, second, template = parties
    made = await contracts.generated(template, account_id=account["id"], contact_id=first["id"])
    changed = (await contracts.change(made, contact_id=second["id"])).json()
    made = await contracts.act(changed, "generate")
    assert made["contract_version"] == 2
    if is_sent:
        made = await contracts.act(made, "send")
    known = await desk.see(f"/v1/contacts/{first['id']}/personal-data")
    [shown] = [one for one in known["documents"] if one["number"] == made["number"]]
    [text] = shown["texts"]
    assert first["name"] in text
    gone, kept = await erased(contracts, first)
    assert (gone["contract_texts"], "contracts" in kept) == (1, False)
    [left] = await texts_of(desk, made)
    assert second["name"] in left
    now = await contracts.get(made)
    assert {name: now[name] for name in made} == made


async def test_the_database_lets_go_only_of_what_nobody_agreed_to(contracts, desk, parties):
    """C29: whoever writes; whom a text names may change where records are merged."""
    account, first, second, template = parties
    made = await contracts.generated(template, account_id=account["id"], contact_id=first["id"])
    changed = (await contracts.change(made, contact_id=second["id"])).json()
    sent = await contracts.act(await contracts.act(changed, "generate"), "send")
    where = "where contract_id = $1 and contract_version ="
    async with desk.crm.database.driver() as sql:
        for statement in (
            f"delete from contract_text {where} 2",
            f"update contract_text set text = 'x' {where} 1",
            "update contract set contract_version = null, text_hash = '' where id = $1",
        ):
            with pytest.raises(asyncpg.PostgresError):
                await sql.execute(statement, sent["id"])
        await sql.execute(f"update contract_text set contact_id = null {where} 2", sent["id"])
        await sql.execute(f"delete from contract_text {where} 1", sent["id"])
    assert len(await texts_of(desk, sent)) == 1


async def test_texts_go_with_a_merged_contact(contracts, desk, parties):
    """The earlier version names the loser: the winner's erasure finds it."""
    account, first, second, template = parties
    made = await contracts.generated(template, account_id=account["id"], contact_id=first["id"])
    changed = (await contracts.change(made, contact_id=None)).json()
    assert changed["contact_id"] is None
    await Merger(desk).merged("contacts", second["id"], first["id"])
    gone, _ = await erased(contracts, second)
    assert gone["contract_texts"] == 1
    assert await texts_of(desk, made) == []

"""Who answered a quote is erased with the person; when, and to which text, stays."""

import asyncpg
import pytest

from tests.records.traces import traces

REFUSED = (
    asyncpg.RestrictViolationError,
    asyncpg.CheckViolationError,
    asyncpg.InsufficientPrivilegeError,
)
ANSWER = {"note": "By Friday, says Quillon."}


@pytest.fixture
def answered(quotes):
    """A quote that was answered, as a user entered it."""

    async def make(person, **facts):
        sent, _ = await quotes.sent(**facts)
        reply = await quotes.act(sent, "accept", person=person, **ANSWER)
        assert reply.status_code == 200, reply.text
        return await quotes.get(sent)

    return make


async def tables_with(desk):
    """Tables in which the name of the private person is left."""
    return {table for table, _ in await traces(desk.crm, ("Zoe Quillon",))}


async def test_erasing_a_contact_empties_its_answers(quotes, desk, answered):
    """By the contact that the quote went to, and by the name at the account."""
    account = await desk.account()
    contact = await desk.contact(account["id"], name="Mei Quillon")
    of = {"account_id": account["id"]}
    mine = await answered("M. Quillon", contact_id=contact["id"], **of)
    named = await answered("Mei Quillon", **of)
    other = await answered("Bo Tan", **of)
    known = await desk.see(f"/v1/contacts/{contact['id']}/personal-data")
    documents = [one for one in known["documents"] if one["document_type"] == "quote_answer"]
    assert {one["person"] for one in documents} == {"M. Quillon", "Mei Quillon"}
    reply = await quotes.crm.post(f"/v1/contacts/{contact['id']}/erase", None)
    assert reply.status_code == 200, reply.text
    counts = {one["what"]: one["count"] for one in reply.json()["erased"]}
    kept = {one["what"]: one["count"] for one in reply.json()["kept"]}
    assert (counts["quote_answers"], kept["quotes"]) == (2, 2)
    for before in (mine, named):
        now = (await quotes.get(before))["answer"]
        assert (now["person"], now["note"], now["source_address"]) == ("", "", "")
        for name in ("state", "text_hash", "answered_at", "by"):
            assert now.get(name) == before["answer"].get(name)
        assert now["text_hash"] == before["text_hash"]
    assert (await quotes.get(other))["answer"]["person"] == "Bo Tan"
    again = await quotes.crm.post(f"/v1/contacts/{contact['id']}/erase", None)
    assert again.status_code == 200, again.text


async def test_nothing_is_left_of_the_name(quotes, desk, answered):
    account = await desk.account(kind="person", name="Zoe Quillon")
    await answered("Zoe Quillon", account_id=account["id"], name="Lamps")
    assert "quote_answer" in await tables_with(desk)
    reply = await quotes.crm.post(f"/v1/accounts/{account['id']}/erase", None)
    assert reply.status_code == 200, reply.text
    # What was sent stays, as text and as the data that its PDF is made of.
    assert await tables_with(desk) <= {"quote", "quote_document", "record_change"}
    rows = await desk.rows(
        """select record_type, changes from record_change
           where (changes - 'text')::text like '%Zoe Quillon%'"""
    )
    assert rows == []


@pytest.mark.parametrize(
    "change",
    [
        "set person = 'Somebody else'",
        "set emptied = true, person = '', note = '', text_hash = repeat('1', 64)",
        "set emptied = true",
        "set note = ''",
    ],
)
async def test_nothing_else_of_an_answer_is_changed(desk, answered, change):
    quote = await answered("Bo Tan")
    with pytest.raises(REFUSED):
        await desk.rows(f"update quote_answer {change} where quote_id = $1", quote["id"])
    with pytest.raises(REFUSED):
        await desk.rows("delete from quote_answer where quote_id = $1", quote["id"])

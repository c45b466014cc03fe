"""Versions of quotes: sent, fixed, revised, revoked, expired, answered (C27)."""

import asyncio
import hashlib
import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from services.crm.tests.quotes.conftest import cny

from chassis.clock import business_day
from crm.quotes.service.expiring import expire


def today(crm, days=0):
    """The business day, or one so many days on."""
    return (business_day(ZoneInfo(crm.settings.zone)) + timedelta(days=days)).isoformat()


async def test_a_quote_has_a_number_of_its_year(quotes, crm):
    first, second = await quotes.draft(), await quotes.draft()
    year = today(crm)[:4]
    numbers = [one["number"] for one in (first, second)]
    assert all(re.fullmatch(rf"Q-{year}-\d{{5,}}", one) for one in numbers)
    counted = [int(one.rpartition("-")[2]) for one in numbers]
    assert counted[1] == counted[0] + 1
    assert (first["quote_version"], first["state"], first["language"]) == (1, "draft", "zh-CN")


async def test_quotes_drawn_up_at_once_have_numbers_of_their_own(quotes):
    account = (await quotes.desk.account())["id"]
    made = await asyncio.gather(*(quotes.draft(account_id=account) for _ in range(8)))
    assert len({one["number"] for one in made}) == 8


@pytest.mark.business_day
async def test_sending_fixes_text_validity_and_token(quotes, crm):
    quote = await quotes.draft(language="en", terms="30 days net.")
    sent, token = await quotes.send(quote)
    assert (sent["state"], sent["channel"], sent["version"]) == ("sent", "email", 2)
    assert sent["valid_until"] == today(crm, 30)
    assert sent["sent_at"]
    assert sent["text_hash"] == hashlib.sha256(sent["text"].encode()).hexdigest()
    for word in (sent["number"], "Lamp", "Total: 20.00 CNY", "30 days net.", sent["valid_until"]):
        assert word in sent["text"]
    assert len(token) == 22
    rows = await quotes.desk.rows("select * from quote_token where quote_id = $1", sent["id"])
    assert token not in str(rows)
    assert rows[0]["token_hash"] == hashlib.sha256(token.encode()).digest()


async def test_the_text_is_in_the_language_of_the_quote(quotes):
    sent, _ = await quotes.sent(terms="货到付款")
    assert "报价单" in sent["text"]
    assert "条款：货到付款" in sent["text"]


async def test_a_repeat_of_sending_shows_no_token(quotes):
    quote = await quotes.draft()
    path, headers = f"{quotes.path}/{quote['id']}/send", {"Idempotency-Key": quote["id"]}
    first, again = [
        await quotes.crm.client.post(path, json={"channel": "post"}, headers=headers)
        for _ in range(2)
    ]
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json()["answer_by"]["token"]
    assert again.json()["answer_by"]["token"] is None
    assert again.json()["quote"] == first.json()["quote"]


async def test_a_quote_sent_twice_is_refused_and_nothing_changes(quotes, problem):
    sent = await quotes.get((await quotes.sent())[0])
    refused = problem(await quotes.act(sent, "send", channel="post"), 409, "quote_state_refused")
    assert sent["number"] in refused["detail"]
    assert await quotes.get(sent) == sent


async def test_what_is_not_complete_is_not_sent(quotes, desk, problem):
    bare = await desk.add(quotes.path, name="Nothing yet")
    refused = problem(await quotes.act(bare, "send", channel="email"), 409, "quote_incomplete")
    assert "account_id, lines" in refused["detail"]
    past = await quotes.act(await quotes.draft(), "send", channel="email", valid_until="2020-01-31")
    assert problem(past, 422, "invalid_input")["errors"][0]["pointer"] == "/valid_until"
    assert (await quotes.get(bare))["state"] == "draft"


async def test_what_was_sent_is_not_changed(quotes, problem):
    """C27: of what was sent, only who looks after it, and what the customer does not see."""
    sent = await quotes.get((await quotes.sent())[0])
    line = {"product": sent["lines"][0]["product_code"], "quantity": "1"}
    for values in (
        {"name": "Other"},
        {"discount": "0.1"},
        {"terms": "x"},
        {"valid_until": "2099-01-01"},
        {"lines": [line]},
        {"language": "en"},
        {"account_id": None},
    ):
        refused = problem(await quotes.change(sent, **values), 409, "quote_fixed")
        assert sent["number"] in refused["detail"]
    assert await quotes.get(sent) == sent
    noted = await quotes.change(sent, note="Call on Friday.")
    assert (noted.status_code, noted.json()["note"]) == (200, "Call on Friday.")


async def test_the_database_keeps_what_was_sent(quotes):
    """C27: whoever writes."""
    sent, _ = await quotes.sent()
    for statement in (
        "update quote set name = 'Other', sort_key = 'other' where id = $1",
        "update quote set terms = 'x' where id = $1",
        "update quote set text = 'x' where id = $1",
        "update quote set valid_until = '2099-01-01' where id = $1",
        "update quote set state = 'draft' where id = $1",
        "delete from quote_line where quote_id = $1",
    ):
        async with quotes.crm.database.driver() as sql:
            with pytest.raises(asyncpg.CheckViolationError, match="sent"):
                await sql.execute(statement, sent["id"])
    async with quotes.crm.database.driver() as sql:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await sql.execute("delete from quote where id = $1", sent["id"])


async def test_a_change_makes_the_next_version(quotes, problem):
    """C27: the former one holds until the next one is sent, then it is superseded."""
    lamp = await quotes.product()
    line = {"product": lamp["code"], "quantity": "2", "discount": "0.1", "tax_rate": "0.13"}
    sent, _ = await quotes.sent(line, discount="0.05", terms="T", note="N")
    second = await quotes.revised(sent)
    same = ("number", "name", "account_id", "lines", "discount", "total", "terms", "note")
    assert [second[name] for name in same] == [sent[name] for name in same]
    assert (second["quote_version"], second["state"], second["text"]) == (2, "draft", "")
    problem(await quotes.act(sent, "revise"), 409, "quote_version_in_work")
    assert (await quotes.get(sent))["state"] == "sent"
    cheaper = (await quotes.change(second, discount="0.2")).json()
    sent_again, _ = await quotes.send(cheaper)
    assert (await quotes.get(sent))["state"] == "superseded"
    problem(await quotes.act(sent, "accept", person="Lin"), 409, "quote_state_refused")
    accepted = (await quotes.act(sent_again, "accept", person="Lin")).json()
    assert accepted["state"] == "accepted"
    problem(await quotes.act(accepted, "revise"), 409, "quote_state_refused")


async def test_a_version_is_not_sent_when_the_former_one_was_accepted(quotes, problem):
    sent, _ = await quotes.sent()
    second = await quotes.revised(sent)
    await quotes.act(sent, "accept", person="Lin Mei")
    problem(await quotes.act(second, "send", channel="post"), 409, "another_quote_accepted")
    assert (await quotes.get(second))["state"] == "draft"


async def test_an_answer_is_kept_with_person_time_and_hash(quotes, problem):
    sent, _ = await quotes.sent()
    reply = await quotes.act(sent, "accept", person="Lin Mei", note="Signed, folder 7.")
    accepted = reply.json()
    said = accepted["answer"]
    assert (said["person"], said["note"]) == ("Lin Mei", "Signed, folder 7.")
    assert (said["text_hash"], said["source_address"]) == (sent["text_hash"], "")
    assert said["by"].startswith(("user:", "key:"))
    accepted = await quotes.get(accepted)
    for act in ("accept", "decline", "revoke"):
        values = {} if act == "revoke" else {"person": "Lin"}
        problem(await quotes.act(accepted, act, **values), 409, "quote_state_refused")
    assert await quotes.get(accepted) == accepted
    other, _ = await quotes.sent()
    declined = (await quotes.act(other, "decline", person="Lin Mei", note="Too dear.")).json()
    assert (declined["state"], declined["answer"]["note"]) == ("declined", "Too dear.")
    async with quotes.crm.database.driver() as sql:
        with pytest.raises(asyncpg.PostgresError):
            await sql.execute(
                "update quote_answer set person = 'x' where quote_id = $1", sent["id"]
            )


async def test_what_was_revoked_is_not_accepted(quotes, problem):
    sent, _ = await quotes.sent()
    revoked = (await quotes.act(sent, "revoke")).json()
    assert revoked["state"] == "revoked"
    problem(await quotes.act(sent, "accept", person="Lin"), 409, "quote_state_refused")
    assert (await quotes.revised(sent))["quote_version"] == 2


async def test_what_has_expired_is_not_accepted(quotes, problem):
    """C27: on the day itself, whether the worker has marked it or not."""
    sent = await quotes.expired()
    refused = problem(await quotes.act(sent, "accept", person="Lin"), 409, "quote_expired")
    assert "2020-01-31" in refused["detail"]
    assert (await quotes.get(sent))["state"] == "sent"
    async with quotes.crm.database.driver() as sql:
        with pytest.raises(asyncpg.CheckViolationError, match="accepted_in_time"):
            await sql.execute(
                "update quote set state = 'accepted', answered_on = '2020-02-01' where id = $1",
                sent["id"],
            )
    async with quotes.crm.database.transaction() as work:
        await expire(work, {})
    assert (await quotes.get(sent))["state"] == "expired"
    problem(await quotes.act(sent, "accept", person="Lin"), 409, "quote_state_refused")


async def test_of_two_who_accept_versions_at_once_one_does(quotes):
    """C27: one version of a number, and one quote of a deal."""
    deal = await quotes.deal()
    sent = [(await quotes.sent(opportunity_id=deal["id"]))[0] for _ in range(4)]
    replies = await asyncio.gather(
        *(quotes.act(one, "accept", person="Lin") for one in sent for _ in range(2))
    )
    assert sorted(one.status_code for one in replies) == [200] + [409] * 7
    states = sorted([(await quotes.get(one))["state"] for one in sent])
    assert states == ["accepted", "sent", "sent", "sent"]


async def test_who_sends_and_who_accepts_at_once_agree(quotes):
    """C27: the former version is accepted, or the next one is sent; never both."""
    first, _ = await quotes.sent()
    second = await quotes.revised(first)
    accepted, sent = await asyncio.gather(
        quotes.act(first, "accept", person="Lin"), quotes.act(second, "send", channel="email")
    )
    assert sorted([accepted.status_code, sent.status_code]) == [200, 409]


async def test_the_database_lets_one_of_a_deal_be_accepted(quotes):
    """C27."""
    deal = await quotes.deal()
    first, second = [(await quotes.sent(opportunity_id=deal["id"]))[0] for _ in range(2)]
    await quotes.act(first, "accept", person="Lin")
    async with quotes.crm.database.driver() as sql:
        with pytest.raises(asyncpg.UniqueViolationError, match="uq_quote_accepted_of_deal"):
            await sql.execute(
                "update quote set state = 'accepted', answered_on = sent_on where id = $1",
                second["id"],
            )


async def test_a_quote_of_a_deal_takes_over_its_account(quotes, desk, problem):
    deal = await quotes.deal()
    quote = await quotes.draft(opportunity_id=deal["id"])
    assert quote["account_id"] == deal["account_id"]
    other = await desk.account()
    reply = await quotes.change(quote, account_id=other["id"])
    assert problem(reply, 422, "invalid_input")["errors"][0]["code"] == "other_account"
    found = await quotes.crm.client.get(quotes.path, params={"opportunity_id": deal["id"]})
    assert [one["id"] for one in found.json()["items"]] == [quote["id"]]


async def test_each_change_is_published(quotes):
    sent, _ = await quotes.sent()
    await quotes.act(sent, "accept", person="Lin")
    events = await quotes.desk.events_of(sent["id"])
    assert [one["payload"]["state"] for one in events] == ["draft", "sent", "accepted"]
    assert events[1]["payload"]["changed"][:2] == ["channel", "sent_at"]
    assert events[1]["payload"]["lines"][0]["net"] == "20.00"
    assert "text" not in events[1]["payload"]


async def test_lists_are_asked_by_what_quotes_are(quotes):
    sent, _ = await quotes.sent()
    line = sent["lines"][0]
    for wanted in (
        {"number": sent["number"]},
        {"state": "sent,accepted", "account_id": sent["account_id"]},
        {"product_id": line["product_id"]},
        {"q": sent["number"]},
        {"account_id": sent["account_id"], "total_from": "20.00", "total_to": "20.00"},
        {"account_id": sent["account_id"], "sort": "-total"},
        {"account_id": sent["account_id"], "sort": "valid_until"},
    ):
        found = await quotes.crm.client.get(quotes.path, params=wanted)
        assert [one["id"] for one in found.json()["items"]] == [sent["id"]], wanted


async def test_a_price_in_another_currency_is_refused(quotes, problem):
    lamp = await quotes.product()
    price = cny("1.00") | {"currency": "EUR"}
    line = {"product": lamp["code"], "quantity": "1", "unit_price": price}
    reply = await quotes.crm.post(quotes.path, {"name": "Q", "lines": [line]})
    problem(reply, 422, "currency_not_supported")


async def test_accounts_of_quotes_that_were_sent_are_merged(quotes, desk):
    """The text stays as it was sent; the quote is the winner's."""
    winner, loser = await desk.account(), await desk.account()
    sent, _ = await quotes.sent(account_id=loser["id"])
    body = {"loser_id": loser["id"], "loser_version": loser["version"]}
    path = f"/v1/accounts/{winner['id']}/merge"
    merged = await quotes.crm.post(path, body, headers={"If-Match": "*"})
    assert merged.is_success, merged.text
    found = await quotes.get(sent)
    assert (found["account_id"], found["text"]) == (winner["id"], sent["text"])


async def test_of_many_who_revise_at_once_the_others_hear_of_the_draft(quotes):
    """C27: one version is worked on at a time, and who comes second is told to change that one."""
    sent, _ = await quotes.sent()
    replies = await asyncio.gather(*(quotes.act(sent, "revise") for _ in range(6)))
    assert sorted(one.status_code for one in replies) == [201] + [409] * 5
    codes = {one.json()["code"] for one in replies if one.status_code == 409}
    assert codes == {"quote_version_in_work"}

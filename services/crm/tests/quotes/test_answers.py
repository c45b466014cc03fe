"""A customer answers a quote by its token: once, in time, to the text that was read."""

import asyncio
from urllib.parse import quote_plus
from uuid import uuid4

import pytest

from crm.quotes import open_router

PAGE = "/quotes/"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def stranger(crm, monkeypatch):
    """Somebody without a key, from an address whose requests nobody counted so far."""
    address = f"2001:db8::{uuid4().hex[:4]}/64"
    monkeypatch.setattr(open_router, "source_of", lambda _scope: address)
    return crm.with_key("")


def filled(quote, token, **values):
    """What the page sends."""
    said = {"token": token, "text_hash": quote["text_hash"], "person": "Lin Mei"}
    said |= {"answer": "accepted"} | values
    return "&".join(f"{name}={quote_plus(value)}" for name, value in said.items())


async def answer(client, quote, token, **values):
    return await client.post(PAGE, content=filled(quote, token, **values), headers=FORM)


async def test_opening_the_page_answers_nothing(quotes, stranger):
    sent, token = await quotes.sent(language="en")
    for _ in range(3):
        page = await stranger.get(PAGE, params={"token": token})
        assert page.status_code == 200
    assert sent["text"].splitlines()[0] in page.text
    assert sent["text_hash"] in page.text
    assert "<script" not in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert (await quotes.get(sent))["state"] == "sent"


async def test_the_answer_is_kept_with_person_time_address_and_hash(quotes, stranger):
    sent, token = await quotes.sent(language="en")
    reply = await answer(stranger, sent, token, note="Please by Friday.")
    assert reply.status_code == 200, reply.text
    assert "Thank you" in reply.text or "谢谢" in reply.text
    found = await quotes.get(sent)
    said = found["answer"]
    assert found["state"] == "accepted"
    assert (said["person"], said["note"]) == ("Lin Mei", "Please by Friday.")
    assert (said["text_hash"], said["by"]) == (sent["text_hash"], "system:quote-answer")
    assert said["source_address"].startswith("2001:db8::")


async def test_a_token_counts_once(quotes, stranger, problem):
    sent, token = await quotes.sent()
    assert (await answer(stranger, sent, token, answer="declined")).status_code == 200
    for value in ("accepted", "declined"):
        assert (await answer(stranger, sent, token, answer=value)).status_code == 409
    body = {"token": token, "answer": "accepted", "person": "Lin", "text_hash": sent["text_hash"]}
    problem(await stranger.post("/v1/open-quotes/answer", json=body), 409, "quote_state_refused")
    assert (await quotes.get(sent))["state"] == "declined"


async def test_of_ten_answers_at_once_one_counts(quotes, stranger):
    sent, token = await quotes.sent()
    replies = await asyncio.gather(
        *(
            answer(stranger, sent, token, answer=value)
            for value in ("accepted", "declined")
            for _ in range(5)
        )
    )
    assert sorted(one.status_code for one in replies) == [200] + [409] * 9


async def test_revoked_expired_and_replaced_tokens_are_refused(quotes, stranger, problem):
    revoked, first = await quotes.sent()
    await quotes.act(revoked, "revoke")
    replaced, second = await quotes.sent()
    again = (await quotes.act(replaced, "token")).json()["token"]
    expired = await quotes.expired()
    issued = (await quotes.act(expired, "token")).json()["token"]
    for quote, token, code in (
        (revoked, first, "quote_state_refused"),
        (replaced, second, "quote_token_invalid"),
        (expired, issued, "quote_expired"),
    ):
        body = {"token": token}
        problem(await stranger.post("/v1/open-quotes/show", json=body), 409, code)
        body |= {"answer": "accepted", "person": "Lin", "text_hash": quote["text_hash"]}
        problem(await stranger.post("/v1/open-quotes/answer", json=body), 409, code)
        page = await stranger.get(PAGE, params={"token": token}, headers={"Accept-Language": "zh"})
        assert page.status_code == 409
        assert "zh" in page.text
    states = [(await quotes.get(one))["state"] for one in (revoked, replaced, expired)]
    assert states == ["revoked", "sent", "sent"]
    assert (await answer(stranger, replaced, again)).status_code == 200


async def test_a_token_guessed_a_thousand_times_is_stopped_and_nothing_changes(quotes, stranger):
    sent, _ = await quotes.sent()
    path = "/v1/open-quotes/answer"
    body = {"answer": "accepted", "person": "Lin", "text_hash": sent["text_hash"]}
    codes = [
        (await stranger.post(path, json=body | {"token": f"guess-{at}"})).status_code
        for at in range(1000)
    ]
    assert set(codes) == {409, 429}
    assert codes.count(409) <= 40
    assert (await quotes.get(sent))["state"] == "sent"


async def test_who_answers_has_read_the_text(quotes, stranger, problem):
    sent, token = await quotes.sent()
    body = {"token": token, "answer": "accepted", "person": "Lin", "text_hash": "0" * 64}
    problem(await stranger.post("/v1/open-quotes/answer", json=body), 409, "quote_text_changed")
    empty = await answer(stranger, sent, token, person="")
    assert empty.status_code == 422
    assert (await quotes.get(sent))["state"] == "sent"


async def test_a_program_reads_and_answers_as_a_person_does(quotes, stranger):
    sent, token = await quotes.sent()
    seen = (await stranger.post("/v1/open-quotes/show", json={"token": token})).json()
    assert (seen["number"], seen["total"]) == (sent["number"], sent["total"])
    assert "note" not in seen
    body = {"token": token, "answer": "accepted", "person": "Lin"}
    body |= {"text_hash": seen["text_hash"]}
    reply = await stranger.post("/v1/open-quotes/answer", json=body)
    assert reply.json() == {"answer": "accepted"}


async def test_the_token_stands_in_no_path_and_in_no_table(quotes, stranger):
    """Paths are logged; of the token only its hash is kept, and no reply that has it."""
    sent, token = await quotes.sent()
    page = await stranger.get(PAGE, params={"token": token})
    assert page.url.path == PAGE
    assert 'action="/quotes/"' in page.text
    kept = await quotes.desk.rows("select reply from idempotency_key where reply is not null")
    assert kept
    assert token.encode() not in b"".join(bytes(one["reply"]) for one in kept)
    assert sent["number"].encode() in b"".join(bytes(one["reply"]) for one in kept)

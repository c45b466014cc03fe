"""Public forms: whoever fills one in becomes a lead once; a robot does not."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from chassis.storage.connections import driver_url
from crm.leads.forms import stamped

FORMS, OPEN = "/v1/lead-forms", "/v1/open-forms"
INPUTS = [
    {"input": "name", "required": True},
    {"input": "email", "required": True, "label": "Your address", "label_zh": "您的邮箱"},
    {"input": "note"},
]
WORDS = {"consent_text": "You may write to me.", "consent_version": "2026-1"}


@pytest.fixture
def visitor(crm):
    """Somebody whom nobody knows."""
    return crm.with_key("")


@pytest.fixture
async def make(desk):
    """Makes a form."""

    async def made(**more):
        code = f"f{uuid4().hex}"
        values: dict[str, Any] = {
            "code": code,
            "name": "Ask us",
            "name_zh": "联系我们",
            "inputs": INPUTS,
        }
        values |= {"source": "web", "campaign": "spring", "min_seconds": 0}
        return await desk.add(FORMS, **values | more)

    return made


async def filled(visitor, form, **values):
    """What a person sends who fills the form in."""
    shown = await visitor.get(f"{OPEN}/{form['code']}")
    assert shown.status_code == 200, shown.text
    email = f"{uuid4().hex}@mill.example"
    return {"stamp": shown.json()["stamp"], "name": "Lin", "email": email} | values


async def send(visitor, form, body):
    return await visitor.post(f"{OPEN}/{form['code']}/submit", json=body)


async def leads_of(desk, body):
    reply = await desk.client.get("/v1/leads", params={"email": body["email"]})
    return reply.json()["items"]


async def test_a_form_that_is_sent_makes_a_lead(desk, visitor, make):
    form = await make()
    body = await filled(visitor, form, note="Lamps?", company="not asked")
    sent = await send(visitor, form, body)
    assert (sent.status_code, sent.json()) == (202, {"confirmation_needed": False})
    [lead] = await leads_of(desk, body)
    assert (lead["name"], lead["note"], lead["company"]) == ("Lin", "Lamps?", "")
    touch = lead["first_touch"]
    assert (touch["source"], touch["campaign"], touch["medium"]) == ("web", "spring", "form")
    assert lead["consent"]["email"] == "unknown"
    assert (await desk.see(f"{FORMS}/{form['id']}"))["leads"] == 1


async def test_the_same_form_sent_ten_times_at_once_makes_one_lead(desk, visitor, make):
    """C6: by a double click, by a repeat after a lost reply."""
    form = await make()
    body = await filled(visitor, form)
    replies = await asyncio.gather(*(send(visitor, form, body) for _ in range(10)))
    assert {one.status_code for one in replies} == {202}
    assert len({one.content for one in replies}) == 1
    assert len(await leads_of(desk, body)) == 1


async def test_a_robot_is_answered_like_a_person_and_makes_no_lead(desk, visitor, make):
    form = await make()
    body = await filled(visitor, form, website="http://spam.example")
    sent = await send(visitor, form, body)
    assert (sent.status_code, sent.json()) == (202, {"confirmation_needed": False})
    assert await leads_of(desk, body) == []
    seen = await desk.see(f"{FORMS}/{form['id']}")
    assert (seen["leads"], seen["robots"]) == (0, 1)


async def test_a_form_comes_back_in_the_time_of_people(crm, desk, visitor, make, problem):
    slow = await make(min_seconds=60)
    body = await filled(visitor, slow)
    problem(await send(visitor, slow, body), 409, "form_sent_too_fast")
    async with crm.database.driver() as sql:
        key = await sql.fetchval("select stamp_key from lead_form where id = $1", slow["id"])
    for age, code in ((timedelta(hours=25), "form_expired"), (timedelta(hours=1), None)):
        reply = await send(visitor, slow, body | {"stamp": stamped(key, datetime.now(UTC) - age)})
        if code:
            problem(reply, 409, code)
        else:
            assert reply.status_code == 202
    other = await filled(visitor, await make())
    problem(await send(visitor, slow, other), 409, "form_stamp_invalid")
    forged = f"1{body['stamp']}"
    problem(await send(visitor, slow, body | {"stamp": forged}), 409, "form_stamp_invalid")
    assert len(await leads_of(desk, body)) == 1


async def test_what_is_required_is_needed_and_what_is_wrong_is_said(visitor, make, problem):
    form = await make(inputs=[*INPUTS[:2], {"input": "note", "required": True}])
    body = await filled(visitor, form)
    refused = problem(await send(visitor, form, body), 422, "invalid_input")
    assert [one["pointer"] for one in refused["errors"]] == ["/note"]
    refused = problem(await send(visitor, form, body | {"email": "x"}), 422, "invalid_input")
    assert [one["pointer"] for one in refused["errors"]] == ["/email"]


async def test_a_large_body_and_a_name_without_end_are_refused(visitor, make, problem):
    form = await make()
    body = await filled(visitor, form, name="x" * 10_000)
    problem(await send(visitor, form, body), 422, "invalid_input")
    problem(await send(visitor, form, body | {"note": "x" * 17_000}), 413, "too_large")


async def test_one_address_sends_a_form_so_often_in_a_minute(visitor, make, problem):
    form = await make()
    body = await filled(visitor, form)
    replies = [await send(visitor, form, body) for _ in range(45)]
    assert replies[0].status_code == 202
    refused = [one for one in replies if one.status_code == 429]
    problem(refused[0], 429, "rate_limited")


async def test_an_archived_form_takes_no_leads(desk, visitor, make, problem):
    form = await make()
    body = await filled(visitor, form)
    await desk.crm.post(f"{FORMS}/{form['id']}/archive", None)
    problem(await send(visitor, form, body), 404, "not_found")
    problem(await visitor.get(f"{OPEN}/{form['code']}"), 404, "not_found")


async def test_a_consent_is_kept_with_its_words_time_and_address(desk, visitor, make):
    """C56: also when the form's words change later."""
    form = await make(**WORDS)
    body = await filled(visitor, form, agreed=True)
    assert (await send(visitor, form, body)).status_code == 202
    later = {"consent_text": "Other words.", "consent_version": "2026-2"}
    await desk.change(f"{FORMS}/{form['id']}", later, revision=1)
    [lead] = await leads_of(desk, body)
    assert lead["consent"] == {"email": "granted", "phone": "unknown"}
    [kept] = (await desk.see(f"/v1/leads/{lead['id']}/consents"))["items"]
    assert (kept["text"], kept["text_version"]) == ("You may write to me.", "2026-1")
    assert (kept["channel"], kept["state"], kept["proof"]) == ("email", "granted", "form")
    assert kept["source_address"] == "127.0.0.1"
    sql = await asyncpg.connect(driver_url(desk.crm.owner_url))
    try:
        for statement in (
            "update lead_consent set text = 'x' where lead_id = $1",
            "delete from lead_consent where lead_id = $1",
        ):
            with pytest.raises(asyncpg.RestrictViolationError):
                await sql.execute(statement, lead["id"])
    finally:
        await sql.close()


async def confirmation(desk, visitor, form):
    """A lead whose consent waits for its confirmation, and the token."""
    body = await filled(visitor, form, agreed=True)
    assert (await send(visitor, form, body)).json() == {"confirmation_needed": True}
    [lead] = await leads_of(desk, body)
    assert lead["consent"]["email"] == "unknown"
    issued = await desk.crm.post(f"/v1/leads/{lead['id']}/confirmation", None)
    assert issued.status_code == 200, issued.text
    return lead, issued.json()["token"]


async def test_a_consent_counts_when_it_was_confirmed_once(desk, visitor, make, problem):
    """C56: by a token that only the person has, and of which only a hash is kept."""
    lead, token = await confirmation(desk, visitor, await make(**WORDS, confirmed=True))
    assert len(token) >= 22
    page = await visitor.get("/forms/confirmations/", params={"token": token})
    assert page.status_code == 200
    assert (await desk.see(f"/v1/leads/{lead['id']}"))["consent"]["email"] == "unknown"
    replies = await asyncio.gather(
        *(visitor.post(f"{OPEN}/confirm", json={"token": token}) for _ in range(5))
    )
    assert sorted(one.status_code for one in replies) == [204] + [409] * 4
    assert (await desk.see(f"/v1/leads/{lead['id']}"))["consent"]["email"] == "granted"
    [kept] = (await desk.see(f"/v1/leads/{lead['id']}/consents"))["items"]
    assert kept["proof"] == "confirmation"
    again = await desk.crm.post(f"/v1/leads/{lead['id']}/confirmation", None)
    problem(again, 409, "nothing_to_confirm")
    rows = await desk.rows(
        "select token_hash from lead_confirmation where lead_id = $1", lead["id"]
    )
    assert rows == [{"token_hash": None}]


async def test_a_token_is_replaced_by_a_later_one_ends_and_is_not_guessed(
    desk, visitor, make, problem
):
    lead, first = await confirmation(desk, visitor, await make(**WORDS, confirmed=True))
    key = {"Idempotency-Key": uuid4().hex}
    path = f"/v1/leads/{lead['id']}/confirmation"
    later = (await desk.client.post(path, headers=key)).json()["token"]
    repeated = (await desk.client.post(path, headers=key)).json()
    assert repeated["token"] is None
    for token in (first, "guess", later[:-1]):
        reply = await visitor.post(f"{OPEN}/confirm", json={"token": token})
        problem(reply, 409, "confirmation_invalid")
    async with desk.crm.database.driver() as sql:
        past = datetime.now(UTC) - timedelta(seconds=1)
        await sql.execute(
            "update lead_confirmation set expires_at = $1 where lead_id = $2", past, lead["id"]
        )
    reply = await visitor.post(f"{OPEN}/confirm", json={"token": later})
    problem(reply, 409, "confirmation_invalid")


async def test_a_form_works_as_a_page_without_script(desk, visitor, make):
    form = await make(**WORDS, consent_text_zh="同意联系我。")
    chinese = {"Accept-Language": "zh-CN"}
    page = await visitor.get(f"/forms/{form['code']}", headers=chinese)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "script" not in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    for word in ("联系我们", "您的邮箱", "同意联系我。"):
        assert word in page.text
    [stamp] = re.findall(r'name="stamp" value="([^"]+)"', page.text)
    body = {"stamp": stamp, "website": "", "name": "Lin", "email": f"{uuid4().hex}@x.example"}
    body |= {"note": "", "agreed": "true"}
    sent = await visitor.post(f"/forms/{form['code']}", data=body, headers=chinese)
    assert (sent.status_code, "谢谢" in sent.text) == (200, True)
    [lead] = await leads_of(desk, body)
    assert lead["consent"]["email"] == "granted"
    wrong = await visitor.post(f"/forms/{form['code']}", data=body | {"email": "<b>"})
    assert (wrong.status_code, "<b>" in wrong.text) == (422, False)
    gone = await visitor.get("/forms/none")
    assert (gone.status_code, gone.headers["content-type"][:9]) == (404, "text/html")


async def test_a_consent_is_confirmed_by_a_page(desk, visitor, make):
    lead, token = await confirmation(desk, visitor, await make(**WORDS, confirmed=True))
    page = await visitor.get("/forms/confirmations/", params={"token": token})
    assert f'value="{token}"' in page.text
    sent = await visitor.post("/forms/confirmations/", data={"token": token})
    assert sent.status_code == 200
    assert (await desk.see(f"/v1/leads/{lead['id']}"))["consent"]["email"] == "granted"
    assert (await visitor.post("/forms/confirmations/", data={"token": token})).status_code == 409


async def test_a_form_asks_for_somebody_whom_one_can_reach(desk, problem):
    base = {"code": f"f{uuid4().hex}", "name": "Ask us"}
    for inputs, code in (
        (INPUTS[:1], "nobody_to_reach"),
        ([{"input": "name"}, INPUTS[1]], "nobody_to_reach"),
        ([*INPUTS, INPUTS[0]], "asked_twice"),
    ):
        refused = problem(
            await desk.crm.post(FORMS, base | {"inputs": inputs}), 422, "invalid_input"
        )
        assert [one["code"] for one in refused["errors"]] == [code]
    half = base | {"inputs": INPUTS, "consent_text": "Yes."}
    problem(await desk.crm.post(FORMS, half), 422, "consent_incomplete")
    unsaid = base | {"inputs": INPUTS, "confirmed": True}
    problem(await desk.crm.post(FORMS, unsaid), 422, "consent_incomplete")


async def test_an_erased_lead_leaves_no_address_in_its_consents(desk, visitor, make):
    form = await make(**WORDS)
    body = await filled(visitor, form, agreed=True)
    await send(visitor, form, body)
    [lead] = await leads_of(desk, body)
    assert (await desk.crm.post(f"/v1/leads/{lead['id']}/erase", None)).status_code == 200
    [kept] = (await desk.see(f"/v1/leads/{lead['id']}/consents"))["items"]
    assert (kept["source_address"], kept["text"]) == ("", "You may write to me.")

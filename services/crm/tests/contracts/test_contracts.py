"""Contracts: generated, sent, fixed, signed, renewed, ended (C29)."""

import asyncio
import hashlib
import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from services.crm.tests.quotes.conftest import cny

from chassis.clock import business_day
from crm.contracts.queries.templates import CONTRACT_TEMPLATES
from crm.contracts.service.snapshots import text_from


def today(crm, days=0):
    """The business day, or one so many days on."""
    return (business_day(ZoneInfo(crm.settings.zone)) + timedelta(days=days)).isoformat()


async def test_a_contract_is_generated_from_template_and_data(contracts, desk):
    """C29: number, names and days are printed in the language of the template."""
    account = await desk.account(name=f"蓝港 {desk.word()}")
    made = await contracts.generated(account_id=account["id"])
    assert re.fullmatch(r"C-\d{4}-\d{5,}", made["number"])
    assert (made["state"], made["contract_version"]) == ("draft", 1)
    text = await contracts.text(made)
    assert f"is made with {account['name']}." in text["text"]
    assert "from December 1, 2026." in text["text"]
    assert text["text_hash"] == hashlib.sha256(text["text"].encode()).hexdigest()
    assert text["text_hash"] == made["text_hash"]
    assert text["snapshot"]["account.name"] == account["name"]
    assert "account.tax_id" not in text["snapshot"]


async def test_generating_again_gives_the_identical_text(contracts):
    """C29: neither version nor bytes change, and the snapshot makes the same text at any time."""
    made = await contracts.generated()
    first = await contracts.text(made)
    again = await contracts.act(made, "generate")
    assert (again["contract_version"], again["version"]) == (1, made["version"])
    assert await contracts.text(made) == first
    async with contracts.crm.database.reading() as at:
        template = await CONTRACT_TEMPLATES.get(at, first["template_id"])
        assert text_from(template, first["snapshot"]) == first["text"]


async def test_changed_data_make_the_next_version(contracts, desk):
    """C29: the version before stays as it was."""
    account = await desk.account()
    made = await contracts.generated(account_id=account["id"])
    first = await contracts.text(made)
    renamed = await desk.change(
        f"/v1/accounts/{account['id']}", {"name": "Other Ltd"}, revision=account["version"]
    )
    assert renamed.status_code == 200, renamed.text
    refused = await contracts.try_act(made, "send")
    assert refused.status_code == 409
    assert "account.name" in refused.json()["detail"]
    again = await contracts.act(made, "generate")
    assert again["contract_version"] == 2
    assert "Other Ltd" in (await contracts.text(made))["text"]
    assert await contracts.text(made, 1) == first


async def test_another_version_of_the_template_is_another_text(contracts):
    template = await contracts.published()
    made = await contracts.generated(template)
    second = await contracts.act(template, "revise", at=contracts.templates, expected=201)
    await contracts.act(second, "publish", at=contracts.templates)
    assert (await contracts.act(made, "generate"))["contract_version"] == 1
    changed = await contracts.change(made, template_id=second["id"])
    assert changed.status_code == 200, changed.text
    assert (await contracts.act(made, "generate"))["contract_version"] == 2


async def test_what_clauses_name_must_be_there(contracts, problem):
    """No contract has a gap where a value is missing."""
    clauses = [{"body": "{{ contact.name }} until {{ contract.ends_on }}, {{ quote.total }}"}]
    made = await contracts.draft(await contracts.published(*clauses))
    refused = problem(await contracts.try_act(made, "generate"), 409, "contract_incomplete")
    for name in ("contact.name", "contract.ends_on", "quote.total"):
        assert name in refused["detail"]
    bare = await contracts.desk.add(contracts.path, name="Bare")
    refused = problem(await contracts.try_act(bare, "generate"), 409, "contract_incomplete")
    assert "template_id" in refused["detail"]
    reply = await contracts.crm.client.get(f"{contracts.path}/{bare['id']}/text")
    problem(reply, 409, "contract_not_generated")


async def test_only_versions_in_use_are_taken(contracts, problem):
    draft = await contracts.template()
    body = {"name": "N", "template_id": draft["id"]}
    problem(await contracts.crm.post(contracts.path, body), 409, "contract_template_not_published")
    archived = await contracts.published()
    await contracts.act(archived, "archive", at=contracts.templates)
    body["template_id"] = archived["id"]
    problem(await contracts.crm.post(contracts.path, body), 409, "contract_template_not_published")


@pytest.mark.parametrize(("language", "money"), [("en", "CN¥1,250.00"), ("zh-CN", "¥1,250.00")])
async def test_a_contract_takes_over_an_accepted_quote(contracts, quotes, language, money):
    """Account and owner follow from it; lines and amounts are printed in the language."""
    lamp = await quotes.product("12.50", name="Desk lamp 台灯")
    line = {"product": lamp["code"], "quantity": "100"}
    quote, _ = await quotes.sent(line)
    early = await contracts.crm.post(contracts.path, {"name": "N", "quote_id": quote["id"]})
    assert early.json()["errors"][0]["code"] == "not_accepted"
    reply = await quotes.act(quote, "accept", person="Wang")
    assert reply.status_code == 200, reply.text
    terms = "{{ quote.number }}: {{ quote.total }}\n{{ quote.lines }} {{quote.accepted_on}}"
    template = await contracts.published({"body": terms}, language=language)
    made = await contracts.desk.add(
        contracts.path, name="Lamps", quote_id=quote["id"], template_id=template["id"]
    )
    assert made["account_id"] == quote["account_id"]
    text = (await contracts.text(await contracts.act(made, "generate")))["text"]
    assert f"{quote['number']}: {money}" in text
    assert f"1. {lamp['code']} Desk lamp 台灯" in text
    assert "100 C62 x 12.5" in text
    other = await contracts.desk.account()
    body = {"name": "N", "quote_id": quote["id"], "account_id": other["id"]}
    refused = await contracts.crm.post(contracts.path, body)
    assert refused.json()["errors"][0]["code"] == "other_account"


async def test_a_text_has_an_end(contracts, quotes, problem):
    """Two hundred lines, named a thousand times, are refused and not printed."""
    lamp = await quotes.product("1.00", name="L" * 200)
    quote, _ = await quotes.sent(*[{"product": lamp["code"], "quantity": "1"}] * 50)
    await quotes.act(quote, "accept", person="Wang")
    template = await contracts.published({"body": "{{quote.lines}}" * 600})
    made = await contracts.desk.add(
        contracts.path, name="Lamps", quote_id=quote["id"], template_id=template["id"]
    )
    problem(await contracts.try_act(made, "generate"), 409, "contract_too_long")


async def test_what_was_sent_is_not_changed(contracts, problem):
    """C29: of what was sent, only who looks after it, and what the customer does not see."""
    sent = await contracts.get(await contracts.sent())
    assert sent["sent_on"] == today(contracts.crm)
    for values in (
        {"name": "Other"},
        {"starts_on": "2027-01-01"},
        {"ends_on": "2029-01-01"},
        {"template_id": None},
        {"account_id": None},
        {"renewal_on": "2028-01-01"},
    ):
        problem(await contracts.change(sent, **values), 409, "contract_fixed")
    problem(await contracts.try_act(sent, "generate"), 409, "contract_fixed")
    problem(await contracts.try_act(sent, "send"), 409, "contract_state_refused")
    assert await contracts.get(sent) == sent
    noted = await contracts.change(sent, note="Call on Friday.")
    assert (noted.status_code, noted.json()["note"]) == (200, "Call on Friday.")


async def test_the_database_keeps_texts_and_what_was_sent(contracts):
    """C29: whoever writes."""
    sent, draft = await contracts.get(await contracts.sent()), await contracts.generated()
    for statement, record in (
        ("update contract set name = 'Other', sort_key = 'other' where id = $1", sent),
        ("update contract set ends_on = '2099-01-01' where id = $1", sent),
        ("update contract set contract_version = null, text_hash = '' where id = $1", sent),
        ("update contract set state = 'draft', sent_on = null where id = $1", sent),
        ("update contract set state = 'ended' where id = $1", sent),
        ("delete from contract where id = $1", sent),
        ("update contract_text set text = 'x' where contract_id = $1", sent),
        ("delete from contract_text where contract_id = $1", sent),
        ("update contract_text set text = 'x' where contract_id = $1", draft),
        ("delete from contract_text where contract_id = $1", draft),
        ("update contract_text set contract_version = 2 where contract_id = $1", draft),
        ("update contract set state = 'signed' where id = $1", draft),
    ):
        async with contracts.crm.database.driver() as sql:
            with pytest.raises(asyncpg.PostgresError):
                await sql.execute(statement, record["id"])
    assert await contracts.get(sent) == sent


async def test_a_contract_goes_its_way(contracts, problem):
    """Draft, sent, signed, ended; each act once, dated not ahead."""
    made = await contracts.generated(ends_on="2090-01-01", renewal_on="2089-12-01")
    problem(await contracts.try_act(made, "sign", signer="W"), 409, "contract_state_refused")
    sent = await contracts.act(made, "send")
    ahead = {"signer": "Wang", "signed_on": today(contracts.crm, 1)}
    refused = problem(await contracts.try_act(sent, "sign", **ahead), 422, "invalid_input")
    assert refused["errors"][0]["pointer"] == "/signed_on"
    signed = await contracts.act(sent, "sign", signer="Wang Fang")
    assert (signed["state"], signed["signer"]) == ("signed", "Wang Fang")
    assert signed["signed_on"] == today(contracts.crm)
    problem(await contracts.try_act(signed, "void"), 409, "contract_state_refused")
    early = await contracts.try_act(signed, "renew", renewal_on="2089-12-01")
    assert problem(early, 422, "invalid_input")["errors"][0]["pointer"] == "/renewal_on"
    renewed = await contracts.act(signed, "renew", renewal_on="2090-12-01", ends_on="2091-01-01")
    assert (renewed["renewal_on"], renewed["ends_on"]) == ("2090-12-01", "2091-01-01")
    assert renewed["text_hash"] == signed["text_hash"]
    before = {"ended_on": today(contracts.crm, -1)}
    refused = problem(await contracts.try_act(signed, "end", **before), 422, "invalid_input")
    assert refused["errors"][0]["code"] == "before_it_was_signed"
    ended = await contracts.act(signed, "end", reason="Both agreed.")
    assert (ended["state"], ended["closing_reason"]) == ("ended", "Both agreed.")
    problem(await contracts.try_act(ended, "end"), 409, "contract_state_refused")


async def test_what_is_not_signed_may_be_voided(contracts):
    for record in (await contracts.draft(), await contracts.sent()):
        void = await contracts.act(record, "void", reason="They went elsewhere.")
        assert (void["state"], void["closed_on"]) == ("void", today(contracts.crm))


async def test_of_acts_at_once_one_counts(contracts):
    """Signing and voiding at once: the contract ends in exactly one state."""
    sent = await contracts.sent()
    acts = [contracts.try_act(sent, "sign", signer="W"), contracts.try_act(sent, "void")] * 1
    replies = await asyncio.gather(*acts, contracts.try_act(sent, "sign", signer="V"))
    assert sorted(one.status_code for one in replies) == [200, 409, 409]
    draft = await contracts.draft()
    replies = await asyncio.gather(*(contracts.try_act(draft, "generate") for _ in range(4)))
    assert [one.status_code for one in replies] == [200] * 4
    assert (await contracts.get(draft))["contract_version"] == 1


async def test_contracts_drawn_up_at_once_have_numbers_of_their_own(contracts):
    template, account = await contracts.published(), await contracts.desk.account()
    made = await asyncio.gather(
        *(contracts.draft(template, account_id=account["id"]) for _ in range(6))
    )
    assert len({one["number"] for one in made}) == 6


async def test_wrong_dates_are_refused(contracts, problem):
    body = {"name": "N", "starts_on": "2026-12-01", "ends_on": "2026-11-30"}
    refused = problem(await contracts.crm.post(contracts.path, body), 422, "invalid_input")
    assert refused["errors"][0]["pointer"] == "/ends_on"
    for days in (-1, 3651, "3", True):
        wrong = {"name": "N", "notice_days": days}
        problem(await contracts.crm.post(contracts.path, wrong), 422, "invalid_input")


async def test_merged_accounts_keep_their_contracts(contracts, desk):
    """The contract moves, its text stays."""
    winner, loser = await desk.account(), await desk.account()
    sent = await contracts.sent(account_id=loser["id"])
    body = {"loser_id": loser["id"], "loser_version": loser["version"]}
    at = f"/v1/accounts/{winner['id']}/merge"
    merged = await contracts.crm.post(at, body, headers={"If-Match": "*"})
    assert merged.is_success, merged.text
    moved = await contracts.get(sent)
    assert moved["account_id"] == winner["id"]
    assert loser["name"] in (await contracts.text(sent))["text"]


async def test_a_lost_right_shows_nothing(crm, contracts, problem):
    made = await contracts.draft()
    path = f"{contracts.path}/{made['id']}"
    reader = await crm.as_("contracts.read")
    assert (await reader.get(path)).status_code == 200
    for act in ("generate", "send"):
        reply = await reader.post(
            f"{path}/{act}", headers={"Idempotency-Key": f"{made['id']}{act}"}
        )
        problem(reply, 403, "forbidden")
    stranger = await crm.as_("quotes.read")
    problem(await stranger.get(f"{path}/text"), 403, "forbidden")


async def test_amounts_are_those_of_the_quote(contracts, quotes):
    """C26: net and tax add up to the total, as on the quote."""
    lamp = await quotes.product()
    line = {"product": lamp["code"], "quantity": "3", "unit_price": cny("33.33")}
    quote, _ = await quotes.sent(line | {"tax_rate": "0.06"})
    await quotes.act(quote, "accept", person="Wang")
    template = await contracts.published({"body": "{{quote.net}} {{quote.tax}} {{quote.total}}"})
    made = await contracts.desk.add(
        contracts.path, name="Lamps", quote_id=quote["id"], template_id=template["id"]
    )
    text = (await contracts.text(await contracts.act(made, "generate")))["text"]
    assert "CN¥99.99 CN¥6.00 CN¥105.99" in text


async def test_an_erased_person_leaves_drafts_and_stays_in_what_was_sent(contracts, desk):
    """Texts of drafts are deleted; what was agreed to is kept, and said to be."""
    account = await desk.account()
    contact = await desk.contact(account["id"], name=f"Quillon {desk.word()}")
    template = await contracts.published({"body": "To {{ contact.name }}."})
    facts = {"account_id": account["id"], "contact_id": contact["id"]}
    draft = await contracts.generated(template, **facts)
    sent = await contracts.sent(template, **facts)
    known = await desk.see(f"/v1/contacts/{contact['id']}/personal-data")
    shown = {one["number"]: one for one in known["documents"]}
    assert contact["name"] in shown[draft["number"]]["texts"][0]
    reply = await contracts.crm.post(f"/v1/contacts/{contact['id']}/erase", None)
    assert reply.status_code == 200, reply.text
    counts = {one["what"]: one["count"] for one in reply.json()["erased"]}
    assert counts["contract_texts"] == 1
    assert {one["what"]: one["count"] for one in reply.json()["kept"]}["contracts"] == 1
    left = await contracts.get(draft)
    assert (left["contract_version"], left["text_hash"]) == (None, "")
    assert await desk.rows("select * from contract_text where contract_id = $1", draft["id"]) == []
    assert contact["name"] in (await contracts.text(sent))["text"]
    assert (await contracts.act(draft, "generate"))["contract_version"] == 1


async def test_an_archived_draft_gets_no_text_and_is_not_sent(contracts, problem):
    """C29: what is out of the way goes to nobody; restored it does."""
    contract = await contracts.generated()
    await contracts.act(contract, "archive")
    for act in ("generate", "send"):
        problem(await contracts.try_act(contract, act), 409, "contract_archived")
    assert (await contracts.get(contract))["state"] == "draft"
    await contracts.act(contract, "restore")
    assert (await contracts.act(contract, "send"))["state"] == "sent"

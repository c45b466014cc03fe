"""Records that may have a twin already: a person decides, nothing is joined by guess."""

from uuid import uuid4

import pytest

from chassis.texts import Texts
from sync_bridge.app import SERVICE
from sync_bridge.identity.views import AGREES, AGREES_LINKED, NAMED, REASONS
from sync_bridge.labels import BY_NUMBER
from tests.halves import Fault

ACCOUNTS, CUSTOMERS = "/v1/accounts", "/v1/customers"
MANY = """with made as (
  insert into lane (key, id, kind, subject, pending, state, next_at, since, number_key)
  select 'crm.customer:' || s, s, 'crm.customer', s, 0, 'idle', now(), now(), 'c-' || at
    from (select gen_random_uuid() as s, at from generate_series(1, $1) at) n
  returning subject)
insert into review (id, version, created_at, updated_at, entity, half, subject, candidates, state)
  select gen_random_uuid(), 1, now(), now(), 'customer', 'crm', subject,
    jsonb_build_array(jsonb_build_object('id', gen_random_uuid()::text)), 'open' from made"""


async def review(rig):
    (one,) = (await rig.bridge.client.get("/v1/reviews", params={"state": "open"})).json()["items"]
    return one


async def decide(rig, one, version=None, **decision):
    return await rig.bridge.post(
        f"/v1/reviews/{one['id']}/decision",
        decision,
        headers={"If-Match": f'"{version or one["version"]}"'},
    )


@pytest.fixture
async def asked(rig):
    """An account whose e-mail a customer has as well."""
    customer = rig.erp.makes(CUSTOMERS, name="Elm Ltd", email="elm@example.com")
    await rig.deliver()
    await rig.fetch_as_owner("delete from inbox")
    await rig.fetch_as_owner("delete from lane")
    account = rig.crm.makes(ACCOUNTS, name="Elm", email="elm@example.com")
    await rig.synchronize()
    return rig, account, customer


async def test_the_same_e_mail_is_for_a_person_to_judge(asked):
    """B52: below certainty nothing is joined and nothing is made."""
    rig, account, customer = asked
    one = await review(rig)
    assert (one["half"], one["subject"]) == ("crm", account)
    assert [(c["id"], c["why"]) for c in one["candidates"]] == [(customer, "email")]
    assert (await rig.lane("crm.customer"))["state"] == "waiting"
    assert rig.erp.wrote() == []


async def test_a_person_links(asked):
    """B51, B52: the decision joins the two, and the lane goes on by itself."""
    rig, account, customer = asked
    reply = await decide(rig, await review(rig), decision="link", candidate=customer)
    assert (reply.status_code, reply.json()["state"]) == (200, "linked")
    await rig.synchronize()
    (pair,) = (await rig.bridge.client.get("/v1/mappings")).json()["items"]
    assert (pair["crm_id"], pair["erp_id"], pair["how"]) == (account, customer, "person")
    assert rig.erp.the(CUSTOMERS)["name"] == "Elm"


async def test_a_person_has_a_new_one_made(asked):
    rig, account, _ = asked
    assert (await decide(rig, await review(rig), decision="create")).status_code == 200
    await rig.synchronize()
    assert len(rig.erp.records[CUSTOMERS]) == 2
    mapped = await rig.bridge.client.get("/v1/mappings", params={"crm_id": account})
    assert mapped.json()["items"][0]["how"] == "created"


async def test_a_decision_needs_the_present_version_and_a_candidate(asked):
    rig, _, _ = asked
    one = await review(rig)
    assert (await decide(rig, one, version=9, decision="create")).status_code == 412
    assert (await decide(rig, one, decision="link")).status_code == 422
    wrong = await decide(rig, one, decision="link", candidate=str(uuid4()))
    assert wrong.json()["code"] == "not_a_candidate"
    missing = await rig.bridge.post(
        f"/v1/reviews/{uuid4()}/decision", {"decision": "create"}, headers={"If-Match": '"1"'}
    )
    assert missing.status_code == 404


@pytest.fixture
async def both(rig):
    """An account and a customer with one e-mail, made on both sides before either crossed."""
    account = rig.crm.makes(ACCOUNTS, name="Elm", email="elm@example.com")
    customer = rig.erp.makes(CUSTOMERS, name="Elm Ltd", email="elm@example.com")
    await rig.synchronize()
    return rig, account, customer


async def test_two_records_are_one_question(both):
    """B51, B52: whichever was seen first is asked about; the other one waits for the answer."""
    rig, account, customer = both
    one = await review(rig)
    assert {one["subject"], one["candidates"][0]["id"]} == {account, customer}
    lanes = await rig.fetch("select distinct state, waits_for from lane")
    assert [lane["state"] for lane in lanes] == ["waiting"]
    assert lanes[0]["waits_for"] == f"review customer {one['half']}:{one['subject']}"
    assert (len(rig.crm.records[ACCOUNTS]), len(rig.erp.records[CUSTOMERS])) == (1, 1)


async def test_one_answer_joins_both(both):
    rig, account, customer = both
    one = await review(rig)
    await decide(rig, one, decision="link", candidate=one["candidates"][0]["id"])
    await rig.synchronize()
    (pair,) = await rig.fetch("select * from pair")
    assert (str(pair["crm_id"]), str(pair["erp_id"])) == (account, customer)
    assert await rig.fetch("select * from lane where state <> 'idle'") == []


async def test_one_answer_keeps_both_apart(both):
    """After "it is new" each record has a twin of its own, and nobody is asked again."""
    rig, _, _ = both
    await decide(rig, await review(rig), decision="create")
    await rig.synchronize()
    assert (len(rig.crm.records[ACCOUNTS]), len(rig.erp.records[CUSTOMERS])) == (2, 2)
    assert len(await rig.fetch("select * from pair")) == 2
    assert len(await rig.fetch("select * from review")) == 1
    assert await rig.fetch("select * from lane where state <> 'idle'") == []


async def test_a_corrected_record_is_looked_at_again(asked):
    """A new state may no longer need the answer: the question goes away by itself."""
    rig, account, customer = asked
    rig.erp.records[CUSTOMERS][customer]["tax_id"] = "T-7"
    rig.crm.changes(ACCOUNTS, account, tax_id="T-7")
    await rig.synchronize()
    (pair,) = await rig.fetch("select * from pair")
    assert pair["how"] == "certain"
    assert (await rig.fetch("select state from review"))[0]["state"] == "withdrawn"


async def test_two_accounts_of_one_company_are_for_a_person(rig):
    """B51: a customer that is linked already gets no second account."""
    rig.crm.makes(ACCOUNTS, name="Elm", tax_id="T-1")
    await rig.synchronize()
    rig.crm.makes(ACCOUNTS, name="Elm branch", tax_id="T-1")
    await rig.synchronize()
    one = await review(rig)
    assert one["candidates"][0]["linked_to"] is not None
    assert len(await rig.fetch("select * from pair")) == 1


async def test_a_second_branch_is_made_with_the_tax_id_of_the_first(rig):
    """Decision 0050: "it is new" makes it a branch, and later edits cross both ways."""
    rig.crm.makes(ACCOUNTS, name="Elm", tax_id="T-1")
    await rig.synchronize()
    branch = rig.crm.makes(ACCOUNTS, name="Elm, Suzhou", tax_id="T-1")
    await rig.synchronize()
    assert (await decide(rig, await review(rig), decision="create")).status_code == 200
    await rig.synchronize()
    first, second = rig.erp.records[CUSTOMERS].values()
    assert (second["name"], second["tax_id"], second["tax_id_shared"]) == (
        "Elm, Suzhou",
        "T-1",
        True,
    )
    assert "tax_id_shared" not in first
    rig.crm.changes(ACCOUNTS, branch, name="Elm, Wuxi")
    rig.erp.changes(CUSTOMERS, second["id"], tax_id="T-1B")
    await rig.synchronize()
    assert rig.crm.records[ACCOUNTS][branch]["tax_id"] == "T-1B"
    assert rig.erp.records[CUSTOMERS][second["id"]]["name"] == "Elm, Wuxi"
    assert await rig.fetch("select * from lane where state <> 'idle'") == []


async def test_a_new_record_whose_tax_id_nobody_has_is_no_branch(asked):
    rig, account, _ = asked
    rig.crm.records[ACCOUNTS][account]["tax_id"] = "T-9"
    await decide(rig, await review(rig), decision="create")
    await rig.synchronize()
    (made,) = [one for one in rig.erp.records[CUSTOMERS].values() if one["name"] == "Elm"]
    assert (made["tax_id"], "tax_id_shared" in made) == ("T-9", False)


async def test_a_branch_of_the_erp_is_made_without_a_question(rig):
    """It says itself that another one has its tax id, and that one is linked elsewhere."""
    rig.erp.makes(CUSTOMERS, name="Elm", tax_id="T-1")
    await rig.synchronize()
    rig.erp.makes(CUSTOMERS, name="Elm, Suzhou", tax_id="T-1", tax_id_shared=True)
    await rig.synchronize()
    assert await rig.fetch("select * from review") == []
    accounts = rig.crm.records[ACCOUNTS].values()
    assert [(one["name"], one["tax_id"]) for one in accounts] == [
        ("Elm", "T-1"),
        ("Elm, Suzhou", "T-1"),
    ]


async def test_a_link_that_another_record_has_parks(asked):
    """B51: what the half itself says is linked elsewhere is not forced."""
    rig, _, customer = asked
    await decide(rig, await review(rig), decision="link", candidate=customer)
    rig.settings = rig.settings.model_copy(update={"attempts_max": 30})
    rig.erp.faults += [Fault(409, "already_linked", method="POST") for _ in range(9)]
    for _ in range(9):
        await rig.synchronize()
    lane = await rig.lane("crm.customer")
    assert (lane["state"], lane["reason"]) == ("parked", "already_linked")


async def test_an_answer_may_be_changed_until_it_took_effect(asked):
    """The last answer counts; once the two are linked they are to be unlinked first."""
    rig, account, customer = asked
    one = await review(rig)
    await decide(rig, one, decision="create", note="looks new")
    changed = await decide(rig, one, version=2, decision="link", candidate=customer, note="is it")
    assert (changed.status_code, changed.json()["state"]) == (200, "linked")
    assert changed.json()["note"] == "is it"
    await rig.synchronize()
    (pair,) = await rig.fetch("select * from pair")
    assert (str(pair["crm_id"]), str(pair["erp_id"])) == (account, customer)
    late = await decide(rig, one, version=3, decision="create")
    assert (late.status_code, late.json()["code"]) == (409, "answer_took_effect")
    acts = await rig.fetch("select act, note from lane_act order by at")
    assert [(act["act"], act["note"]) for act in acts] == [
        ("create", "looks new"),
        ("link", "is it"),
    ]


async def test_a_withdrawn_question_is_answered_no_more(asked):
    rig, account, customer = asked
    one = await review(rig)
    rig.erp.records[CUSTOMERS][customer]["tax_id"] = "T-7"
    rig.crm.changes(ACCOUNTS, account, tax_id="T-7")
    await rig.synchronize()
    await rig.fetch_as_owner("delete from pair")
    again = await decide(rig, one, version=2, decision="create")
    assert (again.status_code, again.json()["code"]) == (409, "review_closed")


async def test_a_person_may_leave_a_record_apart(asked):
    rig, account, customer = asked
    one = await review(rig)
    assert (await decide(rig, one, decision="apart")).json()["state"] == "apart"
    await rig.synchronize()
    rig.crm.changes(ACCOUNTS, account, name="Elm & Co")
    await rig.synchronize()
    assert (len(rig.erp.records[CUSTOMERS]), await rig.fetch("select * from pair")) == (1, [])
    await decide(rig, one, version=2, decision="link", candidate=customer)
    await rig.synchronize()
    assert rig.erp.the(CUSTOMERS)["name"] == "Elm & Co"


async def test_a_review_says_who_is_who_and_what_agrees(asked):
    """B52: names of both sides, and the reasons in words of the reader's language."""
    rig, account, customer = asked
    await rig.deliver()
    rig.erp.changes(CUSTOMERS, customer, number="C-7")
    await rig.deliver()
    one = await review(rig)
    assert (one["subject"], one["name"], one["number"]) == (account, "Elm", "")
    (candidate,) = one["candidates"]
    assert (candidate["name"], candidate["number"]) == ("Elm Ltd", "C-7")
    assert candidate["explanation"] == "What agrees: the same e-mail address."
    path = f"/v1/reviews/{one['id']}"
    seen = await rig.bridge.client.get(path, headers={"Accept-Language": "zh-CN"})
    assert seen.headers["ETag"] == f'"{one["version"]}"'
    assert seen.json()["candidates"][0]["explanation"] == "一致之处：电子邮箱相同。"
    assert (await rig.bridge.client.get(f"/v1/reviews/{uuid4()}")).status_code == 404


async def test_a_candidate_that_is_linked_says_so(rig):
    first = rig.crm.makes(ACCOUNTS, name="Elm", tax_id="T-1")
    await rig.synchronize()
    rig.crm.makes(ACCOUNTS, name="Elm branch", tax_id="T-1")
    await rig.synchronize()
    (candidate,) = (await review(rig))["candidates"]
    assert candidate["explanation"] == (
        f"What agrees: the same tax id. It is linked already, to CRM:{first}."
    )


async def test_a_candidate_that_is_linked_cannot_be_chosen(rig):
    rig.crm.makes(ACCOUNTS, name="Elm", tax_id="T-1")
    await rig.synchronize()
    rig.crm.makes(ACCOUNTS, name="Elm branch", tax_id="T-1")
    await rig.synchronize()
    one = await review(rig)
    chosen = one["candidates"][0]["id"]
    refused = await decide(rig, one, decision="link", candidate=chosen)
    assert (refused.status_code, refused.json()["code"]) == (409, "pair_taken")
    assert (await review(rig))["version"] == one["version"]


async def test_a_lane_that_is_skipped_asks_no_more(asked):
    rig, account, _ = asked
    lane = await rig.lane("crm.customer")
    skipped = await rig.bridge.post(f"/v1/lanes/{lane['id']}/skip", {"note": "a test record"})
    assert skipped.is_success, skipped.text
    (one,) = (await rig.bridge.client.get("/v1/reviews")).json()["items"]
    assert (one["subject"], one["state"]) == (account, "withdrawn")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"name": "elm"}, True),
        ({"name": "elm l"}, True),
        ({"name": "ltd"}, False),
        ({"number": "c-7"}, True),
        ({"number": "c-"}, False),
    ],
)
async def test_reviews_are_found_by_what_both_sides_are_called(asked, wanted, found):
    rig, _, customer = asked
    rig.erp.changes(CUSTOMERS, customer, number="C-7")
    await rig.deliver()
    reply = await rig.bridge.client.get("/v1/reviews", params=wanted)
    assert len(reply.json()["items"]) == found, reply.text


def test_every_reason_is_told_in_chinese():
    texts = Texts.load([SERVICE.locale])
    told = [AGREES, AGREES_LINKED, *REASONS.values()]
    assert [text for text in told if texts.text(text, "zh-CN") == text] == []


async def test_names_of_reviews_are_found_in_the_indexes(bridge):
    async with bridge.database.driver() as sql:
        await sql.execute(MANY, 5000)
        await sql.execute("analyze lane")
        await sql.execute("analyze review")
        condition = NAMED.format(f"where {BY_NUMBER}").format("$1")
        rows = await sql.fetch(f"explain select * from review where {condition}", "c-77")
    plan = "\n".join(row[0] for row in rows)
    for index in ("ix_review_subject", "ix_review_candidates", "ix_lane_number"):
        assert index in plan, plan


@pytest.mark.parametrize(
    ("wanted", "number"),
    [
        ({"half": "crm"}, 1),
        ({"half": "erp"}, 0),
        ({"reason": "email"}, 1),
        ({"reason": "phone"}, 0),
        ({"subject": "account"}, 1),
        ({"subject": "customer"}, 0),
        ({"candidate": "customer"}, 1),
        ({"candidate": "account"}, 0),
    ],
)
async def test_reviews_are_found_by_what_they_are_about(asked, wanted, number):
    rig, account, customer = asked
    ids = {"account": account, "customer": customer}
    params = {name: ids.get(value, value) for name, value in wanted.items()}
    reply = await rig.bridge.client.get("/v1/reviews", params=params)
    assert len(reply.json()["items"]) == number, reply.text

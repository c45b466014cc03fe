"""C1 to C5: leads become accounts, contacts and deals, or join those that there are."""

import asyncio
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.storage.connections import driver_url
from crm.leads.schemas.conversion import ConvertLead
from crm.leads.service.converting import convert

PATH = "/v1/leads"
NEW = {"use": "new"}
NONE = {"use": "none"}


def existing(record):
    return {"use": "existing", "id": record["id"]}


async def lead_of(desk, **facts):
    word = uuid4().hex[:12]
    standard = {
        "name": f"Lin {word}",
        "company": f"Mill {word}",
        "email": f"lin@{word}.example",
        "phone": f"138{int(word[:8], 16) % 10**8:08d}",
        "source": "fair",
    }
    return await desk.add(PATH, **standard | facts)


async def converted(crm, lead, **answers):
    reply = await crm.post(f"{PATH}/{lead['id']}/convert", answers)
    assert reply.status_code == 200, reply.text
    return reply.json()


async def previewed(crm, lead, **answers):
    reply = await crm.post(f"{PATH}/{lead['id']}/conversion-preview", answers)
    assert reply.status_code == 200, reply.text
    return reply.json()


async def got(crm, many, record_id):
    reply = await crm.client.get(f"/v1/{many}/{record_id}")
    assert reply.status_code == 200, reply.text
    return reply.json()


async def counts_of(desk, lead):
    """How many records of each type name the lead's firm or person."""
    found = {}
    for table in ("account", "contact", "opportunity"):
        rows = await desk.rows(
            f"select 1 from {table} where name in ($1, $2)", lead["name"], lead["company"]
        )
        found[table] = len(rows)
    return found


async def test_a_lead_becomes_an_account_a_contact_and_a_deal(crm, desk):
    owner = await desk.user()
    lead = await lead_of(
        desk,
        title="Buyer",
        language="zh",
        address={"city": "Hangzhou", "country": "CN"},
        consent={"email": "granted"},
        owner_id=owner["id"],
        note="Forty lamps.",
    )
    preview = await previewed(crm, lead)
    assert [preview[one]["use"] for one in ("account", "contact", "opportunity")] == ["new"] * 3
    assert (preview["account"]["name"], preview["contact"]["name"]) == (
        lead["company"],
        lead["name"],
    )
    assert (preview["obstacle"], preview["duplicates"]) == (None, [])
    deal = {**NEW, "amount": {"amount": "400.00", "currency": "CNY"}, "next_step": "Visit."}
    done = await converted(crm, lead, opportunity=deal)
    assert done["status"] == "converted"
    assert done["converted_at"] is not None
    account = await got(crm, "accounts", done["account_id"])
    assert (account["name"], account["kind"], account["stage"]) == (
        lead["company"],
        "company",
        "prospect",
    )
    assert (account["billing_address"], account["language"]) == (lead["address"], "zh")
    assert (account["email"], account["owner_id"]) == ("", owner["id"])
    contact = await got(crm, "contacts", done["contact_id"])
    assert (contact["account_id"], contact["primary"]) == (account["id"], True)
    for field in ("name", "title", "email", "phone", "consent"):
        assert contact[field] == lead[field]
    deal = await got(crm, "opportunities", done["opportunity_id"])
    assert (deal["name"], deal["account_id"]) == (lead["company"], account["id"])
    assert [one["contact_id"] for one in deal["contacts"]] == [contact["id"]]
    assert (deal["source"], deal["note"], deal["owner_id"]) == ("fair", "Forty lamps.", owner["id"])
    assert (deal["amount"]["amount"], deal["next_step"]) == ("400.00", "Visit.")
    events = [one["type"] for one in await desk.events_of(lead["id"])]
    assert events == ["tandem.crm.lead-changed.v1", "tandem.crm.lead-converted.v1"]
    listed = await crm.client.get(PATH, params={"opportunity_id": deal["id"]})
    assert [one["id"] for one in listed.json()["items"]] == [lead["id"]]


async def test_a_private_person_becomes_an_account_of_a_person(crm, desk):
    lead = await lead_of(desk, company="")
    done = await converted(crm, lead, contact=NONE, opportunity=NONE)
    account = await got(crm, "accounts", done["account_id"])
    assert (account["kind"], account["name"]) == ("person", lead["name"])
    assert (account["email"], account["phone"]) == (lead["email"], lead["phone"])
    assert (done["contact_id"], done["opportunity_id"]) == (None, None)


@pytest.fixture
async def refuses(crm):
    """Lets the inserts into a table fail, of acts that say so."""
    owner = await asyncpg.connect(driver_url(crm.owner_url))
    tables = list[str]()

    async def refuse(table):
        tables.append(table)
        await owner.execute(
            f"""create function refuse_{table}() returns trigger language plpgsql as $$ begin
              if current_setting('tests.refuse', true) = '{table}' then
                raise exception 'no room';
              end if;
              return new;
            end $$;
            create trigger refuse before insert on {table}
              for each row execute function refuse_{table}()"""
        )

    yield refuse
    for table in tables:
        await owner.execute(f"drop trigger refuse on {table}; drop function refuse_{table}()")
    await owner.close()


@pytest.mark.parametrize("table", ["opportunity", "opportunity_stage_change", "outbox"])
async def test_a_failure_on_the_way_leaves_nothing(crm, desk, refuses, table):
    """C1: whichever insert fails, there is no account, contact or deal, and the lead is as before.

    The last inserts are those of the events.
    """
    lead = await lead_of(desk)
    await refuses(table)

    async def failing():
        async with crm.database.transaction() as work:
            await work.sql.execute("select set_config('tests.refuse', $1, true)", table)
            await convert(work, UUID(lead["id"]), ConvertLead())

    with pytest.raises(Exception, match="no room"):
        await failing()
    assert await counts_of(desk, lead) == {"account": 0, "contact": 0, "opportunity": 0}
    assert await got(crm, "leads", lead["id"]) == lead
    assert len(await desk.events_of(lead["id"])) == 1


async def test_twenty_calls_at_once_make_one_deal(crm, desk):
    """C2: and the later ones answer with the same ids."""
    lead = await lead_of(desk)
    replies = await asyncio.gather(
        *(crm.post(f"{PATH}/{lead['id']}/convert", {}) for _ in range(20))
    )
    assert {one.status_code for one in replies} == {200}, [one.text for one in replies]
    assert len({one.content for one in replies}) == 1
    assert await counts_of(desk, lead) == {"account": 1, "contact": 1, "opportunity": 1}


async def test_twice_is_once(crm, desk):
    """C2: also with other answers."""
    lead = await lead_of(desk)
    first = await converted(crm, lead)
    assert await converted(crm, lead, opportunity=NONE) == first
    assert await counts_of(desk, lead) == {"account": 1, "contact": 1, "opportunity": 1}


async def test_two_leads_of_one_person_at_once_make_one_contact(crm, desk, problem):
    """C3: the second one sees what the first one made."""
    one = await lead_of(desk)
    same = {name: one[name] for name in ("name", "company", "email", "phone")}
    other = await desk.add(PATH, **same)
    replies = await asyncio.gather(
        *(crm.post(f"{PATH}/{lead['id']}/convert", {}) for lead in (one, other))
    )
    done, refused = sorted(replies, key=lambda reply: reply.status_code)
    assert done.status_code == 200
    problem(refused, 409, "duplicates_unanswered")
    assert await counts_of(desk, one) == {"account": 1, "contact": 1, "opportunity": 1}


async def test_duplicates_are_reported_before_anything_is_written(crm, desk, problem):
    """C3: and each is answered by the caller: use this one, make a new one, none."""
    lead = await lead_of(desk)
    account = await desk.account(name=lead["company"])
    contact = await desk.contact(account["id"], name="Lin", email=lead["email"])
    preview = await previewed(crm, lead)
    assert preview["obstacle"] == "duplicates_unanswered"
    exact = {(one["record_type"], one["id"]) for one in preview["duplicates"] if one["exact"]}
    assert exact == {("account", account["id"]), ("contact", contact["id"])}
    assert all(one["reasons"] and one["score"] for one in preview["duplicates"])
    refused = await crm.post(f"{PATH}/{lead['id']}/convert", {})
    facts = problem(refused, 409, "duplicates_unanswered")["facts"]
    assert facts["parts"] == "account, contact"
    assert {one["id"] for one in facts["candidates"]} == {account["id"], contact["id"]}
    assert await got(crm, "leads", lead["id"]) == lead
    half = await crm.post(f"{PATH}/{lead['id']}/convert", {"account": existing(account)})
    assert problem(half, 409, "duplicates_unanswered")["facts"]["parts"] == "contact"
    done = await converted(crm, lead, contact=existing(contact))
    assert (done["account_id"], done["contact_id"]) == (account["id"], contact["id"])


async def test_a_new_one_is_made_beside_a_duplicate_where_that_is_the_answer(crm, desk):
    """C3."""
    lead = await lead_of(desk)
    account = await desk.account(name=lead["company"])
    done = await converted(crm, lead, account=NEW, contact=NEW)
    assert done["account_id"] != account["id"]


async def test_only_empty_fields_are_filled(crm, desk):
    """C4: owner and what is there stay; a refusal of the lead holds for the contact too."""
    seller = await desk.user()
    lead = await lead_of(
        desk,
        title="Buyer",
        language="zh",
        address={"city": "Hangzhou", "country": "CN"},
        consent={"email": "granted", "phone": "refused"},
    )
    account = await desk.account(name="Mill", language="en", owner_id=seller["id"])
    contact = await desk.contact(
        account["id"], name="Lin W.", title="CEO", consent={"phone": "granted"}
    )
    deal = await desk.add("/v1/opportunities", name="Lamps", source="web", owner_id=seller["id"])
    answers = {"contact": existing(contact), "opportunity": existing(deal)}
    preview = await previewed(crm, lead, **answers)
    assert preview["account"] == {
        "use": "existing",
        "id": account["id"],
        "name": "Mill",
        "fills": ["billing_address"],
    }
    assert preview["contact"]["fills"] == ["consent", "email", "phone"]
    assert preview["opportunity"]["fills"] == ["account_id", "contacts"]
    await converted(crm, lead, **answers)
    now = await got(crm, "accounts", account["id"])
    assert (now["name"], now["language"], now["owner_id"]) == ("Mill", "en", seller["id"])
    assert now["billing_address"] == lead["address"]
    assert (now["email"], now["phone"]) == ("", "")
    now = await got(crm, "contacts", contact["id"])
    assert (now["name"], now["title"], now["email"]) == ("Lin W.", "CEO", lead["email"])
    assert now["consent"] == {"email": "granted", "phone": "refused"}
    now = await got(crm, "opportunities", deal["id"])
    assert (now["name"], now["source"], now["owner_id"]) == ("Lamps", "web", seller["id"])
    assert now["account_id"] == account["id"]
    assert [one["contact_id"] for one in now["contacts"]] == [contact["id"]]


async def test_what_stands_at_the_lead_follows_it(crm, desk):
    """C5: activities, tags, notes, files, touches; the first touch is that of the lead."""
    lead = await lead_of(desk)
    at = f"{PATH}/{lead['id']}"
    call = await desk.add(
        "/v1/activities", kind="call", name="Called", record_type="lead", record_id=lead["id"]
    )
    other = await desk.account()
    met = await desk.add(
        "/v1/activities",
        kind="task",
        name="Ask",
        record_type="account",
        record_id=other["id"],
        related=[{"record_type": "lead", "record_id": lead["id"]}],
    )
    note = await desk.add(f"{at}/notes", text="Likes red.")
    attachment = await crm.attach(at)
    tag = await desk.add("/v1/tags", name=desk.word("Hot"))
    assert (await crm.client.put(f"{at}/tags/{tag['id']}")).is_success
    assert (await crm.post(f"{at}/touches", {"source": "web"})).status_code == 201
    preview = await previewed(crm, lead)
    assert {one["what"]: one["count"] for one in preview["follows"]} == {
        "activities": 2,
        "notes": 1,
        "attachments": 1,
        "tags": 1,
    }
    done = await converted(crm, lead)
    contact, deal = (
        f"/v1/contacts/{done['contact_id']}",
        f"/v1/opportunities/{done['opportunity_id']}",
    )
    now = await got(crm, "activities", call["id"])
    assert (now["record_type"], now["record_id"]) == ("contact", done["contact_id"])
    assert now["contact_ids"] == [done["contact_id"]]
    assert now["version"] == call["version"]
    for path in (contact, deal, at):
        reply = await crm.client.get(f"{path}/timeline", params={"kind": "activity"})
        assert {one["id"] for one in reply.json()["items"]} == {call["id"], met["id"]}, path
    now = await got(crm, "activities", met["id"])
    assert (now["record_type"], now["record_id"]) == ("account", other["id"])
    for path in (contact, deal):
        tags = (await crm.client.get(f"{path}/tags")).json()["tags"]
        assert [one["id"] for one in tags] == [tag["id"]]
    notes = (await crm.client.get(f"{contact}/notes")).json()["items"]
    assert [one["id"] for one in notes] == [note["id"]]
    files = (await crm.client.get(f"{contact}/attachments")).json()["items"]
    assert [one["id"] for one in files] == [attachment["id"]]
    assert (await got(crm, "opportunities", done["opportunity_id"]))["source"] == "fair"
    now = await got(crm, "leads", lead["id"])
    assert (now["source"], now["first_touch"]["source"]) == ("fair", "fair")
    assert len((await crm.client.get(f"{at}/touches")).json()["items"]) == 2


async def test_a_lead_joins_a_deal_that_there_is(crm, desk):
    """C3: a second lead of the same matter; the account of the deal is its account."""
    account = await desk.account()
    deal = await desk.add("/v1/opportunities", name="Lamps", account_id=account["id"])
    lead = await lead_of(desk)
    preview = await previewed(crm, lead, account=existing(account))
    assert [one["id"] for one in preview["open_opportunities"]] == [deal["id"]]
    done = await converted(crm, lead, opportunity=existing(deal))
    assert (done["account_id"], done["opportunity_id"]) == (account["id"], deal["id"])
    now = await got(crm, "opportunities", deal["id"])
    assert [one["contact_id"] for one in now["contacts"]] == [done["contact_id"]]

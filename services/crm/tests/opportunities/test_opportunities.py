"""Opportunities: opened, changed, archived, found, and taken over from other systems."""

from uuid import uuid4

import asyncpg
import pytest
from services.crm.tests.opportunities.conftest import cny

PATH = "/v1/opportunities"


async def sent(crm, external_id, version, **values):
    """The reply to what another system says of an opportunity."""
    path = f"{PATH}/by-external/shop/{external_id}"
    return await crm.client.put(path, json=values | {"source_version": version})


async def test_one_is_opened_in_the_first_stage_of_the_default_pipeline(deals):
    made = await deals.open(amount=cny("1200.00"), closes_on="2030-02-28")
    assert (made["pipeline_code"], made["stage_code"]) == ("sales", "qualification")
    assert (made["state"], made["probability"], made["forecast_category"]) == (
        "open",
        10,
        "pipeline",
    )
    assert (made["amount"], made["weighted"]) == (cny("1200.00"), "120.00")
    assert (made["closed_at"], made["lost_reason_id"]) == (None, None)
    assert await deals.get(made) == made


async def test_what_it_names_must_be_there(deals, problem):
    for values in (
        {"account_id": str(uuid4())},
        {"owner_id": str(uuid4())},
        {"team_id": str(uuid4())},
        {"contacts": [{"contact_id": str(uuid4())}]},
        {"competitor_ids": [str(uuid4())]},
        {"pipeline": "no-such"},
        {"stage": "no-such"},
        {"stage": "lost", "lost_reason": "no-such"},
        {"lines": [{"product": "no-such", "quantity": "1"}]},
    ):
        reply = await deals.crm.post(PATH, {"name": "Deal"} | values)
        problem(reply, 422, "missing_reference")


async def test_people_and_competitors_are_parts_of_it(deals, desk):
    account = await desk.account()
    lin, wang = [await desk.contact(account["id"]) for _ in range(2)]
    rival = await desk.add("/v1/competitors", name=desk.word("Rival"))
    people = [
        {"contact_id": wang["id"], "role": "decides"},
        {"contact_id": lin["id"], "role": ""},
    ]
    made = await deals.open(account_id=account["id"], contacts=people, competitor_ids=[rival["id"]])
    assert (made["contacts"], made["competitor_ids"]) == (people, [rival["id"]])
    for wanted in ({"contact_id": lin["id"]}, {"competitor_id": rival["id"]}):
        assert [one["id"] for one in await deals.list(**wanted)] == [made["id"]]
    changed = (await deals.change(made, contacts=people[:1])).json()
    assert (changed["contacts"], changed["version"]) == (people[:1], 2)
    same = (await deals.change(changed, contacts=people[:1], competitor_ids=[rival["id"]])).json()
    assert same["version"] == 2
    history = (await deals.crm.client.get(f"{PATH}/{made['id']}/history")).json()["items"]
    [people_changed] = history[0]["changes"]
    assert (people_changed["before"], people_changed["after"]) == (people, people[:1])


async def test_edits_of_two_people_are_told_apart_by_field(deals, problem):
    """C70: who edited another field repeats and both survive; of the same one three values."""
    made = await deals.open(note="first", next_step="call")
    await deals.change(made, note="theirs")
    late = problem(await deals.change(made, next_step="visit"), 412, "stale_revision")
    [other] = late["facts"]["conflicts"]
    assert (other["field"], "mine" in other) == ("note", False)
    now = await deals.get(made)
    assert (await deals.change(now, next_step="visit")).json()["note"] == "theirs"
    clash = problem(await deals.change(made, note="mine"), 412, "stale_revision")
    [note] = [one for one in clash["facts"]["conflicts"] if one["field"] == "note"]
    assert (note["original"], note["theirs"], note["mine"]) == ("first", "theirs", "mine")


@pytest.mark.business_day
async def test_a_close_date_is_a_day_in_every_zone(deals):
    """C62: it is stored as a day, so no zone of a reader or of a session moves it."""
    made = await deals.open(closes_on="2030-03-31")
    for zone in ("Pacific/Kiritimati", "America/Los_Angeles", "UTC"):
        async with deals.crm.database.driver() as sql, sql.transaction():
            await sql.execute(f"set local time zone '{zone}'")
            kept = await sql.fetchval(
                "select closes_on::text from opportunity where id = $1", made["id"]
            )
        assert kept == "2030-03-31"
    found = await deals.list(closes_on_gte="2030-03-31", closes_on_lte="2030-03-31", limit=200)
    assert made["id"] in [one["id"] for one in found]


async def test_probability_and_category_may_be_overridden_until_it_moves_on(deals, problem):
    """C23: the category follows the stage, and may be another one for a deal."""
    made = await deals.open(amount=cny("100.00"), probability=40, forecast_category="commit")
    assert (made["probability"], made["forecast_category"]) == (40, "commit")
    moved = (await deals.move(made, "proposal")).json()["opportunity"]
    assert (moved["probability"], moved["forecast_category"]) == (50, "best_case")
    refused = problem(await deals.change(moved, forecast_category="closed"), 422, "invalid_input")
    assert [one["pointer"] for one in refused["errors"]] == ["/forecast_category"]


async def test_it_is_found_by_words_of_its_name(deals):
    word = uuid4().hex
    made = await deals.open(name=f"Blue {word}")
    assert [one["id"] for one in await deals.list(q=word.upper())] == [made["id"]]
    await deals.change(made, name="Green")
    assert await deals.list(q=word) == []


async def test_only_a_newer_version_of_another_system_changes_it(deals, problem):
    key = uuid4().hex
    made = await sent(deals.crm, key, 2, name="Sent", stage="proposal")
    assert made.status_code == 201, made.text
    assert (await sent(deals.crm, key, 1, name="Older")).json()["name"] == "Sent"
    moved = (await sent(deals.crm, key, 3, stage="negotiation")).json()
    assert (moved["name"], moved["stage_code"]) == ("Sent", "negotiation")
    assert len(await deals.stage_changes(moved)) == 2
    problem(await sent(deals.crm, key, 4, stage="lost"), 409, "lost_reason_required")


async def test_an_archived_one_is_kept_and_can_be_restored(deals):
    made = await deals.open()
    for act, status in (("archive", "archived"), ("restore", "active")):
        assert (await deals.crm.post(f"{PATH}/{made['id']}/{act}", None)).json()["status"] == status
        found = await deals.list(status=status, limit=200)
        assert made["id"] in [one["id"] for one in found]


async def test_reading_and_writing_need_their_permissions(deals, problem):
    reader, stranger = await deals.crm.as_("opportunities.read"), await deals.crm.as_("events.read")
    assert (await reader.get(PATH)).status_code == 200
    assert (await reader.get(f"{PATH}/board")).status_code == 200
    problem(await stranger.get(PATH), 403, "forbidden")
    problem(await stranger.get(f"{PATH}/board"), 403, "forbidden")
    key = {"Idempotency-Key": uuid4().hex}
    problem(await reader.post(PATH, json={"name": "x"}, headers=key), 403, "forbidden")
    made = await deals.open()
    refused = await reader.patch(
        f"{PATH}/{made['id']}/stage", json={"stage": "won"}, headers={"If-Match": '"1"'}
    )
    problem(refused, 403, "forbidden")


async def test_the_database_keeps_the_rules_of_deals(deals):
    """C25: also who writes to the database itself finds no lost deal without a reason."""
    made = await deals.open(amount=cny("5.00"))
    for change, constraint in (
        ("name = ''", "name_given"),
        ("state = 'lost', probability = 0, forecast_category = 'omitted'", None),
        ("closed_at = now()", "closed_at_says_when"),
        ("amount = -1", "amount_not_negative"),
        ("probability = 101", "probability_range"),
        ("forecast_category = 'closed'", "forecast_fits_state"),
    ):
        async with deals.crm.database.driver() as sql:
            with pytest.raises(asyncpg.IntegrityConstraintViolationError, match=constraint):
                await sql.execute(f"update opportunity set {change} where id = $1", made["id"])
    lost = """update opportunity o set state = 'lost', probability = 0, closed_at = now(),
        forecast_category = 'omitted', closes_on = '2030-01-01', stage_id = s.id
      from pipeline_stage s where s.pipeline_id = o.pipeline_id and s.kind = 'lost' and o.id = $1"""
    async with deals.crm.database.driver() as sql:
        with pytest.raises(asyncpg.CheckViolationError, match="lost_for_a_reason"):
            await sql.execute(lost, made["id"])

"""C19: a score is the sum of its explanation, fades with time, and counts an event once."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from chassis.clock import frozen
from crm.score_rules.rules.features import late_features
from crm.score_rules.service.scores import score_due
from crm.settings import settings_of

RULES, LEADS = "/v1/score-rules", "/v1/leads"
NOW = datetime(2026, 3, 4, 4, tzinfo=UTC)
DAY = timedelta(days=1)
DUE = """select id from lead where status in ('new', 'working', 'qualified')
    and coalesce(scored_at, '-infinity'::timestamptz) < now()
  order by coalesce(scored_at, '-infinity'::timestamptz), id limit 20"""


class Scoring:
    """Rules and leads of one test."""

    def __init__(self, desk):
        self.desk, self.crm = desk, desk.crm

    async def rule(self, based_on="field", points=10, fact="", *values, **more):
        condition = {"fact": fact, "operator": "among", "values": list(values)}
        given = {"conditions": [condition]} if fact else {}
        name = self.desk.word("Rule")
        return await self.desk.add(
            RULES, name=name, based_on=based_on, points=points, **given | more
        )

    async def lead(self, **facts):
        return await self.desk.add(LEADS, **{"name": "Wang Fang"} | facts)

    async def score(self, lead):
        seen = await self.desk.see(f"{LEADS}/{lead['id']}/score")
        assert Decimal(seen["score"]) == sum(Decimal(one["points"]) for one in seen["parts"])
        return seen

    async def event(self, lead, **facts):
        given = {"event_id": uuid4().hex, "kind": "page_viewed"} | facts
        return await self.crm.post(f"{LEADS}/{lead['id']}/events", given)

    async def work_off(self, **payload):
        async with self.crm.database.transaction() as work:
            await score_due(work, payload)

    async def listed(self, lead):
        return Decimal((await self.desk.see(f"{LEADS}/{lead['id']}"))["score"])


@pytest.fixture
async def scoring(desk):
    """The rules of other tests are put aside."""
    for rule in (await desk.see(f"{RULES}?status=active&limit=200"))["items"]:
        await desk.crm.post(f"{RULES}/{rule['id']}/archive", None)
    return Scoring(desk)


async def test_the_explanation_sums_to_the_score(scoring):
    """C19: each rule is named with what it gives; one that is not met gives nothing."""
    fair = await scoring.rule("field", 30, "source", "FAIR")
    abroad = await scoring.rule("field", -5, "country", "DE", "AT")
    await scoring.rule("field", 100, "source", "advert")
    await scoring.rule("touch", 7, "medium", "stand", count_max=2)
    lead = await scoring.lead(source="fair", medium="stand", address={"country": "DE"})
    for hall in ("Hall 1", "Hall 2"):
        touch = {"source": "fair", "medium": "Stand", "referrer": hall}
        await scoring.crm.post(f"{LEADS}/{lead['id']}/touches", touch)
    seen = await scoring.score(lead)
    assert Decimal(seen["score"]) == 30 - 5 + 14
    assert [Decimal(one["points"]) for one in seen["parts"]] == [30, 14, -5]
    assert [one["count"] for one in seen["parts"]] == [1, 2, 1]
    assert (seen["parts"][0]["rule_id"], seen["parts"][2]["rule_id"]) == (fair["id"], abroad["id"])


async def test_points_fade_by_half_in_the_days_of_the_rule(scoring):
    """C19: what stays is rounded rule by rule, so the sum holds at every age."""
    await scoring.rule("event", 40, "kind", "page_viewed", half_life_days=7)
    await scoring.rule("field", 10)
    with frozen(NOW):
        lead = await scoring.lead()
        await scoring.event(lead)
        assert Decimal((await scoring.score(lead))["score"]) == 50
    for days, left in ((7, "30.00"), (14, "20.00"), (21, "15.00"), (10, "24.86")):
        with frozen(NOW + days * DAY):
            assert Decimal((await scoring.score(lead))["score"]) == Decimal(left)


async def test_the_same_event_counts_once(scoring, problem):
    """C19: however often it is sent; with another lead or kind it is refused."""
    await scoring.rule("event", 5, "kind", "page_viewed")
    lead, other = await scoring.lead(), await scoring.lead()
    replies = [await scoring.event(lead, event_id=f"e-{lead['id']}") for _ in range(3)]
    assert {one.status_code for one in replies} == {201}
    assert len({one.json()["id"] for one in replies}) == 1
    assert Decimal((await scoring.score(lead))["score"]) == 5
    problem(await scoring.event(other, event_id=f"e-{lead['id']}"), 409, "lead_event_taken")
    changed = await scoring.event(lead, event_id=f"e-{lead['id']}", kind="form_opened")
    problem(changed, 409, "lead_event_taken")
    listed = (await scoring.desk.see(f"{LEADS}/{lead['id']}/events"))["items"]
    assert [one["event_id"] for one in listed] == [f"e-{lead['id']}"]
    late = (datetime.now(UTC) + DAY).isoformat()
    problem(await scoring.event(other, at=late), 422, "invalid_input")


async def test_activities_count_once_they_are_done(scoring):
    """Those that a program did, or that went to many, give nothing."""
    await scoring.rule("activity", 8, "direction", "inbound")
    lead = await scoring.lead()
    call = {"kind": "call", "name": "Call", "direction": "inbound"}
    about = {"record_type": "lead", "record_id": lead["id"]}
    made = await scoring.desk.add("/v1/activities", **call, **about)
    await scoring.desk.add("/v1/activities", **call, **about, state="done", bulk=True)
    await scoring.work_off()
    assert await scoring.listed(lead) == 0
    await scoring.crm.post(f"/v1/activities/{made['id']}/complete", {})
    await scoring.work_off()
    assert await scoring.listed(lead) == 8


async def test_the_worker_scores_what_is_due_and_the_list_is_sorted_by_it(scoring):
    """Set by set: new leads, those that something happened to, all after a rule has changed."""
    word = scoring.desk.word("src")
    await scoring.rule("field", 20, "source", word)
    rule = await scoring.rule("field", 15, "country", "CN")
    first = await scoring.lead(source=word, address={"country": "CN"})
    second = await scoring.lead(source=word)
    await scoring.work_off()
    assert (await scoring.listed(first), await scoring.listed(second)) == (35, 20)
    await scoring.desk.merge(f"{LEADS}/{second['id']}", {"address": {"country": "CN"}})
    await scoring.work_off()
    assert await scoring.listed(second) == 35
    await scoring.desk.merge(f"{RULES}/{rule['id']}", {"points": -40})
    await scoring.desk.merge(f"{LEADS}/{second['id']}", {"address": {"country": "DE"}})
    await scoring.work_off(all=True)
    wanted = f"{LEADS}?source={word}&sort="
    for sort, order in (("score", [first, second]), ("-score", [second, first])):
        items = (await scoring.desk.see(f"{wanted}{sort}"))["items"]
        assert [one["id"] for one in items] == [one["id"] for one in order]
    assert await scoring.desk.listed(LEADS, source=word, score_from="0") == [second["id"]]
    assert await scoring.desk.listed(LEADS, source=word, score_to="-20") == [first["id"]]


async def test_scoring_changes_neither_version_nor_history(scoring):
    await scoring.rule("field", 3)
    lead = await scoring.lead()
    await scoring.work_off()
    seen = await scoring.desk.see(f"{LEADS}/{lead['id']}")
    assert (seen["version"], seen["revision"]) == (lead["version"], lead["revision"])
    assert len((await scoring.desk.see(f"{LEADS}/{lead['id']}/history"))["items"]) == 1


async def test_a_closed_lead_keeps_its_last_score(scoring):
    """Nothing that comes after the outcome says anything of it."""
    rule = await scoring.rule("event", 12)
    lead = await scoring.lead()
    await scoring.event(lead)
    await scoring.work_off()
    reason = await scoring.desk.add("/v1/lead-reasons", code=scoring.desk.word("R"), name="No")
    await scoring.crm.post(f"{LEADS}/{lead['id']}/disqualify", {"reason": reason["code"]})
    await scoring.event(lead)
    await scoring.crm.post(f"{RULES}/{rule['id']}/archive", None)
    await scoring.work_off(all=True)
    seen = await scoring.score(lead)
    assert Decimal(seen["score"]) == 12
    assert seen["parts"][0]["count"] == 1
    assert await scoring.listed(lead) == 12


@pytest.fixture
def late_field(crm, desk):
    """A custom field that the company fills in only once the outcome is known."""
    settings = settings_of(crm.database.setting)
    key = f"late_{uuid4().hex[:8]}"
    before = settings.late_lead_fields
    settings.late_lead_fields = f"other, {key}"
    yield key
    settings.late_lead_fields = before


async def test_what_is_known_only_after_the_outcome_is_refused(scoring, problem, late_field):
    """C19: in rules; one that stands already gives nothing any more."""
    await scoring.desk.add(
        "/v1/custom-fields", record_type="lead", key=late_field, kind="text", label="Tag"
    )
    for fact in ("status", "reason", f"custom.{late_field}"):
        condition = {"fact": fact, "operator": "given"}
        body = {"name": "x", "based_on": "field", "points": 1, "conditions": [condition]}
        refused = problem(await scoring.crm.post(RULES, body), 422, "invalid_input")
        assert [one["code"] for one in refused["errors"]] == ["known_after_outcome"]
    settings = settings_of(scoring.crm.database.setting)
    settings.late_lead_fields = ""
    condition = {"fact": f"custom.{late_field}", "operator": "given"}
    await scoring.rule("field", 50, conditions=[condition])
    lead = await scoring.lead(custom={late_field: "won"})
    assert Decimal((await scoring.score(lead))["score"]) == 50
    settings.late_lead_fields = late_field
    assert Decimal((await scoring.score(lead))["score"]) == 0
    assert late_features(["source", f"custom.{late_field}"], [late_field]) == [
        f"custom.{late_field}"
    ]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"points": 0}, "points_needed"),
        ({"count_max": 3}, "fields_count_once"),
        ({"conditions": [{"fact": "height", "operator": "given"}]}, "fact_unknown"),
        ({"conditions": [{"fact": "custom.none", "operator": "given"}]}, "fact_unknown"),
        ({"conditions": [{"fact": "source", "operator": "equals"}]}, "value_needed"),
        ({"conditions": [{"fact": "source", "operator": "between"}]}, "between_numbers"),
    ],
)
async def test_what_no_rule_can_be_is_refused(scoring, problem, values, code):
    usual = {"name": "x", "based_on": "field", "points": 1}
    refused = problem(await scoring.crm.post(RULES, usual | values), 422, "invalid_input")
    assert refused["errors"][0]["code"] == code


async def test_scores_are_seen_by_who_sees_the_lead(scoring, problem):
    """C66: and noting an event needs the permission to change it."""
    lead = await scoring.lead()
    stranger = await scoring.crm.as_("score_rules.read")
    reader = await scoring.crm.as_("leads.read")
    path = f"{LEADS}/{lead['id']}"
    problem(await stranger.get(f"{path}/score"), 403, "forbidden")
    assert (await reader.get(f"{path}/score")).status_code == 200
    headers = {"Idempotency-Key": uuid4().hex}
    body = {"event_id": "x", "kind": "page_viewed"}
    problem(await reader.post(f"{path}/events", json=body, headers=headers), 403, "forbidden")
    problem(await reader.get(f"{LEADS}/{uuid4()}/score"), 404, "not_found")


async def test_due_leads_and_sorted_lists_use_their_indexes(scoring):
    async with scoring.crm.database.driver() as sql:
        planted = sql.transaction()
        await planted.start()
        await sql.execute("set local enable_seqscan = off")
        for statement, index in (
            ("select id from lead order by score desc, id desc limit 20", "ix_lead_score"),
            (DUE, "ix_lead_score_due"),
        ):
            plan = "\n".join(row[0] for row in await sql.fetch(f"explain {statement}"))
            assert index in plan, plan
        await planted.rollback()

"""Work centres, and routings: revisions with days, operations that can be worked."""

import asyncpg
import pytest

pytestmark = pytest.mark.business_day

PATH = "/v1/routings"
HOURS = [{"weekday": day, "start": "08:00", "end": "16:00"} for day in range(1, 6)]


class Shop:
    """A planner who sets up work centres and routings of new items."""

    def __init__(self, desk):
        self.desk, self.erp = desk, desk.erp

    async def centre(self, *, hours=HOURS, **facts):
        if hours:
            calendar = await self.desk.add(
                "/v1/calendars", name=self.desk.word("Shift"), zone="Asia/Shanghai", hours=hours
            )
            facts |= {"calendar_id": calendar["id"]}
        facts = {"code": self.desk.word("W"), "name": "Saws"} | facts
        return await self.desk.add("/v1/work-centres", **facts)

    async def asks(self, sku, *operations, label="1", **facts):
        body = {"sku": sku, "label": label, "operations": list(operations), **facts}
        return await self.erp.post(PATH, body)

    async def drafts(self, sku, *operations, **facts):
        reply = await self.asks(sku, *operations, **facts)
        assert reply.status_code == 201, reply.text
        return reply.json()

    async def activates(self, routing):
        return await self.erp.post(f"{PATH}/{routing['id']}/activate", None)


@pytest.fixture
def shop(desk):
    return Shop(desk)


def step(centre, sequence=10, **facts):
    return {"sequence": sequence, "work_centre": centre["code"], "run_minutes": "2.5"} | facts


async def test_a_routing_has_operations_in_sequence_and_is_fixed_when_active(desk, shop, problem):
    """E60: an active revision keeps its operations; the database promises it too."""
    saw, drill = await shop.centre(skills=["cutting"]), await shop.centre(capacity=3)
    supplier = await desk.add("/v1/suppliers", name="Plating works")
    sku = (await desk.item())["sku"]
    routing = await shop.drafts(
        sku,
        step(drill, 20, supplier_number=supplier["number"], yield_part="0.95"),
        step(saw, 10, alternates=[drill["code"], saw["code"]], setup_minutes="15"),
    )
    assert [one["sequence"] for one in routing["operations"]] == [10, 20]
    assert routing["operations"][0]["alternates"] == [drill["code"]]
    assert routing["operations"][1]["supplier_number"] == supplier["number"]
    path = f"{PATH}/{routing['id']}"
    assert await desk.see(path) == routing
    change = {"operations": [step(saw, 10, skills=["cutting"])]}
    changed = await desk.change(path, change, revision=1)
    assert changed.status_code == 200, changed.text
    active = await shop.activates(routing)
    assert active.json()["status"] == "active", active.text
    problem(await desk.change(path, {"operations": []}, revision=3), 409, "routing_fixed")
    assert (await desk.change(path, {"note": "By hand"}, revision=3)).status_code == 200
    async with desk.erp.database.driver() as sql:
        for statement in (
            "update routing_operation set run_minutes = 3 where routing_id = $1",
            "update routing set label = 'Z' where id = $1",
        ):
            with pytest.raises(asyncpg.RestrictViolationError):
                await sql.execute(statement, routing["id"])
    *_, newest = await desk.events_of(routing["id"])
    assert newest["payload"]["operations"][0]["work_centre"] == saw["code"]
    history = (await desk.see(f"{path}/history"))["items"]
    [operations] = [
        one for change in history for one in change["changes"] if one["field"] == "operations"
    ][:1]
    assert operations["after"][0]["work_centre"] == saw["code"]


async def test_a_routing_without_calendar_counts_on_no_day(desk, shop, problem):
    """Bad input: a work centre without calendar, without the skill, archived; no operation."""
    sku = (await desk.item())["sku"]
    bare, able = await shop.centre(hours=None), await shop.centre()
    for label, operation, code in (
        ("bare", step(bare), "no_calendar"),
        ("unable", step(able, tools=["jig"]), "not_able_to"),
        ("other", step(able, alternates=[bare["code"]]), "no_calendar"),
    ):
        routing = await shop.drafts(sku, operation, label=label)
        problem(await shop.activates(routing), 422, code)
        assert (await desk.see(f"{PATH}/{routing['id']}"))["status"] == "draft"
    problem(await shop.activates(await shop.drafts(sku, label="none")), 422, "no_operations")
    problem(await shop.asks(sku, step(able), step(able)), 422, "duplicate_operation")
    problem(await shop.asks(sku, step({"code": "NOT-THERE"})), 422, "missing_reference")
    reply = await shop.erp.post("/v1/calendars", {"name": "None", "zone": "UTC", "hours": []})
    problem(reply, 422, "invalid_input")
    archived = await shop.drafts(sku, step(able), label="archived")
    await shop.erp.post(f"/v1/work-centres/{able['id']}/archive", None)
    problem(await shop.activates(archived), 422, "missing_reference")


async def test_each_day_has_at_most_one_active_routing_of_an_item(desk, shop, problem):
    """E60: the day on which making begins says which; the database promises it too."""
    centre, sku = await shop.centre(), (await desk.item())["sku"]
    first = await shop.drafts(sku, step(centre), effective_to="2026-06-30")
    assert (await shop.activates(first)).is_success
    reply = await shop.erp.post(f"{PATH}/{first['id']}/revise", {"label": "2"})
    assert reply.status_code == 201, reply.text
    second = reply.json()
    assert second["operations"] == first["operations"]
    problem(await shop.activates(second), 409, "overlapping_routing")
    async with desk.erp.database.driver() as sql:
        with pytest.raises(asyncpg.ExclusionViolationError):
            await sql.execute("update routing set status = 'active' where id = $1", second["id"])
    path = f"{PATH}/{second['id']}"
    await desk.change(path, {"effective_from": "2026-07-01"}, revision=1)
    assert (await shop.activates(second)).is_success
    problem(await shop.asks(sku, label="2"), 409, "duplicate_routing")
    listed = await desk.listed(PATH, sku=sku, effective_on="2026-07-01")
    assert listed == [second["id"]]
    assert len(await desk.listed(PATH, work_centre=centre["code"])) == 2


async def test_work_centres_have_one_code_and_bounds(desk, shop, problem):
    """Bad input: a code that is taken, no capacity, an unknown calendar, a negative rate."""
    centre = await shop.centre(efficiency="80", skills=["b", "a", "a"])
    assert (centre["capacity"], centre["efficiency"], centre["skills"]) == (1, "80", ["a", "b"])
    facts = {"code": centre["code"], "name": "Twin"}
    problem(await shop.erp.post("/v1/work-centres", facts), 409, "duplicate_code")
    for wrong in ({"capacity": 0}, {"efficiency": "0"}, {"cost_per_hour": "-1"}):
        facts = {"code": desk.word("W"), "name": "Wrong"} | wrong
        problem(await shop.erp.post("/v1/work-centres", facts), 422, "invalid_input")
    facts = {"code": desk.word("W"), "name": "Wrong", "calendar_id": centre["id"]}
    problem(await shop.erp.post("/v1/work-centres", facts), 422, "missing_reference")

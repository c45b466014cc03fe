"""Pipelines, stages and lost reasons: governed records."""

import asyncpg
import pytest
from services.crm.tests.opportunities.conftest import cny


async def test_a_new_installation_has_a_pipeline_and_reasons(deals, crm):
    stages = await deals.stages()
    assert [(one["code"], one["kind"], one["probability"]) for one in stages.values()] == [
        ("qualification", "open", 10),
        ("needs_analysis", "open", 25),
        ("proposal", "open", 50),
        ("negotiation", "open", 75),
        ("won", "won", 100),
        ("lost", "lost", 0),
    ]
    assert stages["proposal"]["name_zh"] == "方案报价"
    reply = await crm.client.get("/v1/lost-reasons", params={"code": "price"})
    assert [one["name_zh"] for one in reply.json()["items"]] == ["价格过高"]


async def test_the_kind_decides_probability_and_category(deals, desk, problem):
    way = await deals.pipeline({"code": "first"}, {"code": "done", "kind": "won"})
    stages = await deals.stages(way)
    assert (stages["done"]["probability"], stages["done"]["forecast_category"]) == (100, "closed")
    for stage, values in (
        ("done", {"probability": 90}),
        ("done", {"forecast_category": "commit"}),
        ("first", {"forecast_category": "closed"}),
    ):
        path = f"/v1/pipeline-stages/{stages[stage]['id']}"
        problem(await desk.change(path, values, revision=1), 422, "invalid_input")


async def test_a_stage_with_open_deals_is_not_archived(deals, crm, problem):
    way = await deals.pipeline({"code": "first"}, {"code": "second"})
    stages = await deals.stages(way)
    deal = await deals.open(pipeline=way)
    archive = f"/v1/pipeline-stages/{stages['first']['id']}/archive"
    problem(await crm.post(archive, None), 409, "stage_in_use")
    pipeline = stages["first"]["pipeline_id"]
    problem(await crm.post(f"/v1/pipelines/{pipeline}/archive", None), 409, "pipeline_in_use")
    moved = (await deals.move(deal, "second")).json()["opportunity"]
    assert (await crm.post(archive, None)).status_code == 200
    problem(await deals.move(moved, "first"), 409, "stage_archived")
    await crm.post(f"/v1/opportunities/{deal['id']}/archive", None)
    assert (await crm.post(f"/v1/pipelines/{pipeline}/archive", None)).status_code == 200
    reply = await crm.post("/v1/opportunities", {"name": "Late", "pipeline": way})
    problem(reply, 409, "pipeline_archived")


async def test_one_pipeline_is_the_default_one(deals, crm, desk, problem):
    way = await deals.pipeline({"code": "first"})
    found = (await crm.client.get("/v1/pipelines", params={"code": way})).json()["items"][0]
    sales = (await crm.client.get("/v1/pipelines", params={"code": "sales"})).json()["items"][0]
    path = f"/v1/pipelines/{found['id']}"
    try:
        made = await desk.change(path, {"is_default": True}, revision=1)
        assert made.json()["is_default"] is True
        assert (await deals.open())["pipeline_code"] == way
        problem(await crm.post(f"{path}/archive", None), 409, "default_pipeline")
        problem(await desk.change(path, {"is_default": False}, revision=2), 409, "default_pipeline")
    finally:
        now = (await crm.client.get(f"/v1/pipelines/{sales['id']}")).json()
        again = await desk.change(
            f"/v1/pipelines/{sales['id']}", {"is_default": True}, revision=now["version"]
        )
        assert again.status_code == 200, again.text


async def test_a_code_names_one_record(deals, crm, problem):
    stages = await deals.stages()
    stage = {"pipeline_id": stages["won"]["pipeline_id"], "code": "won", "name": "Won"}
    for path, values in (
        ("/v1/pipeline-stages", stage),
        ("/v1/pipelines", {"code": "sales", "name": "Sales"}),
        ("/v1/lost-reasons", {"code": "price", "name": "Price"}),
    ):
        problem(await crm.post(path, values), 409, "code_taken")


async def test_who_governs_pipelines_needs_the_permission(deals, crm, problem):
    seller = await crm.as_("pipelines.read", "opportunities.write")
    assert (await seller.get("/v1/pipelines")).status_code == 200
    refused = await seller.post(
        "/v1/lost-reasons", json={"code": "x", "name": "X"}, headers={"Idempotency-Key": "a-reason"}
    )
    problem(refused, 403, "forbidden")


async def test_a_deal_that_is_too_long_in_a_stage_is_stale(deals):
    way = await deals.pipeline({"code": "first", "stale_after_days": 10}, {"code": "second"})
    deal = await deals.open(pipeline=way, opened_on="2026-01-01", history=True)
    assert deal["stale_at"].startswith("2026-01-10T16:00:00")
    stages = await deals.stages(way)
    found = await deals.list(stage_id=stages["first"]["id"], stale=True)
    assert [one["id"] for one in found] == [deal["id"]]
    assert await deals.list(stage_id=stages["first"]["id"], stale=False) == []
    moved = (await deals.move(deal, "second")).json()["opportunity"]
    assert moved["stale_at"] is None


async def test_the_database_keeps_pipeline_and_kind_of_a_stage(deals, crm):
    deal = await deals.open(amount=cny("1.00"))
    async with crm.database.driver() as sql:
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await sql.execute(
                """update pipeline_stage set kind = 'lost', probability = 0,
                    forecast_category = 'omitted' where id = $1""",
                deal["stage_id"],
            )
    async with crm.database.driver() as sql:
        with pytest.raises(asyncpg.CheckViolationError, match="default_in_use"):
            await sql.execute("update pipeline set status = 'archived' where is_default")

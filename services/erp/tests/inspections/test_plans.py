"""Inspection plans: revisions with days and scopes, characteristics, samples."""

from decimal import Decimal

import asyncpg
import pytest

from erp.inspections.rules.sampling import Sample, sample_of

PATH = "/v1/inspection-plans"
DIAMETER = {"number": 10, "name": "Diameter", "unit": "mm", "lower_limit": "7.9"}
CLEAN = {"number": 20, "name": "Clean", "kind": "yes_no"}


@pytest.mark.parametrize(
    ("pieces", "aql", "size", "acceptance_number"),
    [
        ("1000", "1.0", 80, 2),
        ("1200", "2.5", 80, 5),
        ("1201", "2.5", 125, 7),
        ("500", "4.0", 50, 5),
        ("90", "6.5", 13, 2),
        ("150", "1.0", 13, 0),  # an arrow upwards
        ("280", "1.0", 50, 1),  # an arrow downwards
        ("8", "0.65", 8, 0),  # fewer pieces than the sample: all of them
        ("10000", "0.65", 200, 3),
        ("600000", "0.010", 1250, 0),
        ("200000", "1.0", 800, 14),
        ("900000", "6.5", 200, 21),  # the last row of the column
    ],
)
def test_samples_by_aql_are_those_of_the_table(pieces, aql, size, acceptance_number):
    """E64: rows of ISO 2859-1, normal single sampling, general level II."""
    found = sample_of("aql", Decimal(aql), Decimal(pieces))
    assert found == Sample(size, acceptance_number)


def test_other_samples_are_at_least_one_and_at_most_all():
    assert sample_of("all", None, Decimal("2.5")) == Sample(3, 0)
    assert sample_of("percent", Decimal(10), Decimal(25)) == Sample(3, 0)
    assert sample_of("percent", Decimal("0.1"), Decimal(5)) == Sample(1, 0)
    assert sample_of("fixed", Decimal(8), Decimal(5)) == Sample(5, 0)


async def drafts(desk, sku, *, label="A", **facts):
    body = {"code": desk.word("IP"), "label": label, "stage": "receipt", "sku": sku}
    reply = await desk.erp.post(PATH, body | {"characteristics": [CLEAN, DIAMETER]} | facts)
    assert reply.status_code == 201, reply.text
    return reply.json()


async def activates(desk, plan):
    return await desk.erp.post(f"{PATH}/{plan['id']}/activate", None)


async def test_a_plan_says_what_is_looked_at_and_is_fixed_when_active(desk, problem):
    """E64: an active revision keeps its content; the database promises it too."""
    sku = (await desk.item())["sku"]
    plan = await drafts(desk, sku, sampling="aql", sampling_value="1.0")
    assert [one["number"] for one in plan["characteristics"]] == [10, 20]
    assert (plan["sku"], plan["sampling_value"]) == (sku, "1")
    active = await activates(desk, plan)
    assert active.json()["status"] == "active", active.text
    path = f"{PATH}/{plan['id']}"
    for change in ({"characteristics": [CLEAN]}, {"sampling": "all", "sampling_value": None}):
        refused = await desk.change(path, change, revision=2)
        problem(refused, 409, "inspection_plan_fixed")
    assert (await desk.change(path, {"note": "Gauge"}, revision=2)).status_code == 200
    second = await desk.erp.post(f"{path}/revise", {"label": "B"})
    assert second.status_code == 201, second.text
    assert second.json()["characteristics"] == plan["characteristics"]
    problem(await desk.erp.post(f"{path}/revise", {"label": "B"}), 409, "duplicate_inspection_plan")
    problem(await activates(desk, second.json()), 409, "overlapping_inspection_plan")
    async with desk.erp.database.driver() as sql:
        for statement, refusal in (
            ("update inspection_plan set sampling = 'all', sampling_value = null", "Restrict"),
            ("update inspection_plan set characteristics = '[]'", "Restrict"),
            ("update inspection_plan set status = 'draft'", "Restrict"),
        ):
            with pytest.raises(getattr(asyncpg, f"{refusal}ViolationError")):
                await sql.execute(f"{statement} where id = $1", plan["id"])
        with pytest.raises(asyncpg.ExclusionViolationError):
            await sql.execute(
                "update inspection_plan set status = 'active' where id = $1", second.json()["id"]
            )
    *_, newest = await desk.events_of(plan["id"])
    assert newest["payload"]["characteristics"][0]["lower_limit"] == "7.9"


async def test_a_plan_that_makes_no_sense_is_refused(desk, problem):
    """Bad input changes nothing, and names the field."""
    sku = (await desk.item())["sku"]
    category = await desk.add("/v1/item-categories", code=desk.word("C"), name="Lamps")
    supplier = await desk.add("/v1/suppliers", name="Mill")
    for facts, pointer in (
        ({"sku": None}, "/sku"),
        ({"category": category["code"]}, "/category"),
        ({"operation": "Saw"}, "/operation"),
        ({"stage": "shipment", "supplier_number": supplier["number"]}, "/supplier_number"),
        ({"sampling": "aql", "sampling_value": "1.1"}, "/sampling_value"),
        ({"sampling": "percent"}, "/sampling_value"),
        ({"sampling": "all", "sampling_value": "3"}, "/sampling_value"),
        ({"characteristics": [CLEAN, CLEAN]}, "/characteristics/1/number"),
        ({"characteristics": [CLEAN | {"unit": "mm"}]}, "/characteristics/0/kind"),
        ({"characteristics": [DIAMETER | {"upper_limit": "7"}]}, "/characteristics/0/lower_limit"),
    ):
        body = {"code": "IP", "label": desk.word("A"), "stage": "receipt", "sku": sku} | facts
        told = problem(await desk.erp.post(PATH, body), 422, "invalid_input")
        assert pointer in [one["pointer"] for one in told["errors"]], told
    missing = {"code": "IP", "label": "1", "stage": "receipt", "sku": "NOT-THERE"}
    problem(await desk.erp.post(PATH, missing), 422, "missing_reference")
    empty = await drafts(desk, sku, characteristics=[])
    problem(await activates(desk, empty), 422, "no_characteristics")
    reversed_days = {"effective_from": "2027-02-01", "effective_to": "2027-01-01"}
    reply = await desk.change(f"{PATH}/{empty['id']}", reversed_days, revision=1)
    problem(reply, 422, "reversed_inspection_plan_days")

"""Bills of material: revisions with dates (E60), what is fixed, and what is refused."""

import asyncpg
import pytest

from erp.production.schemas.boms import NewBillOfMaterial
from erp.production.service.boms import BOM
from records.writes import create

pytestmark = pytest.mark.business_day

PATH = "/v1/bills-of-material"


async def test_a_revision_is_drafted_with_components_and_by_products(desk, planning):
    sku = await planning.items("Table", "Top", "Leg", "Offcut")
    bom = await planning.drafts(
        sku["Table"],
        (sku["Top"], "1"),
        {"sku": sku["Leg"], "quantity": "4", "scrap": "0.05", "alternate_group": "legs"},
        by_products=[{"sku": sku["Offcut"], "quantity": "2", "cost_share": "0.1"}],
        effective_from="2026-01-01",
        note="Oak only",
    )
    assert (bom["sku"], bom["label"], bom["status"], bom["quantity"]) == (
        sku["Table"],
        "1",
        "draft",
        "1",
    )
    assert [(one["sku"], one["quantity"], one["unit"]) for one in bom["lines"]] == [
        (sku["Top"], "1", "C62"),
        (sku["Leg"], "4", "C62"),
    ]
    assert (bom["lines"][1]["scrap"], bom["lines"][1]["priority"]) == ("0.05", 1)
    assert bom["by_products"][0]["cost_share"] == "0.1"
    assert await desk.see(f"{PATH}/{bom['id']}") == bom
    [event] = await desk.events_of(bom["id"])
    assert event["type"].endswith("bill-of-material-changed.v1")
    assert [one["sku"] for one in event["payload"]["lines"]] == [sku["Top"], sku["Leg"]]


async def test_lines_of_a_draft_are_changed_and_the_history_names_them(desk, planning):
    sku = await planning.items("Box", "Lid", "Hinge")
    bom = await planning.drafts(sku["Box"], sku["Lid"])
    path = f"{PATH}/{bom['id']}"
    lines = [{"sku": sku["Hinge"], "quantity": "2"}]
    reply = await desk.change(path, {"lines": lines}, revision=1)
    assert reply.status_code == 200, reply.text
    assert [one["sku"] for one in reply.json()["lines"]] == [sku["Hinge"]]
    changes = (await desk.see(f"{path}/history"))["items"]
    [lines] = [one for one in changes[0]["changes"] if one["field"] == "lines"]
    assert (lines["before"][0]["sku"], lines["after"][0]["sku"]) == (sku["Lid"], sku["Hinge"])


async def test_what_an_active_revision_is_made_of_is_fixed(desk, planning, problem):
    """E60: an active revision keeps its content; its last day and its note may change."""
    sku = await planning.items("Box", "Lid", "Hinge")
    bom = await planning.makes(sku["Box"], sku["Lid"])
    path = f"{PATH}/{bom['id']}"
    lines = [{"sku": sku["Hinge"], "quantity": "2"}]
    for values in ({"lines": lines}, {"quantity": "2"}, {"kind": "phantom"}, {"label": "9"}):
        problem(await desk.change(path, values, revision=2), 409, "bom_fixed")
    reply = await desk.change(path, {"effective_to": "2030-01-31", "note": "ends"}, revision=2)
    assert (reply.status_code, reply.json()["effective_to"]) == (200, "2030-01-31")
    async with desk.erp.database.driver() as sql:
        for statement in (
            "update bill_of_material_line set quantity = 3 where bill_of_material_id = $1",
            "delete from bill_of_material_line where bill_of_material_id = $1",
            "update bill_of_material set quantity = 3 where id = $1",
        ):
            with pytest.raises(asyncpg.RestrictViolationError):
                await sql.execute(statement, bom["id"])


async def test_a_new_revision_is_drafted_like_the_present_one(desk, planning):
    sku = await planning.items("Box", "Lid")
    bom = await planning.makes(sku["Box"], {"sku": sku["Lid"], "quantity": "2", "scrap": "0.1"})
    reply = await desk.erp.post(f"{PATH}/{bom['id']}/revise", {"label": "2"})
    assert reply.status_code == 201, reply.text
    revised = reply.json()
    assert (revised["label"], revised["status"], revised["lines"]) == ("2", "draft", bom["lines"])
    assert reply.headers["Location"] == f"{PATH}/{revised['id']}"


async def test_active_revisions_of_an_item_do_not_overlap(desk, planning, problem):
    """E60: on each day at most one revision counts; the database promises it too."""
    sku = await planning.items("Box", "Lid")
    await planning.makes(sku["Box"], sku["Lid"], label="1", effective_to="2026-06-30")
    second = await planning.drafts(sku["Box"], sku["Lid"], label="2", effective_from="2026-06-30")
    path = f"{PATH}/{second['id']}"
    document = problem(await desk.erp.post(f"{path}/activate", None), 409, "overlapping_bom")
    assert document["facts"]["label"] == "1"
    async with desk.erp.database.driver() as sql:
        with pytest.raises(asyncpg.ExclusionViolationError):
            await sql.execute(
                "update bill_of_material set status = 'active' where id = $1", second["id"]
            )
    await desk.change(path, {"effective_from": "2026-07-01"}, revision=1)
    assert (await desk.erp.post(f"{path}/activate", None)).json()["status"] == "active"
    problem(await planning.asks(sku["Box"], sku["Lid"]), 409, "duplicate_revision")


async def test_the_revision_is_chosen_by_the_day_on_which_making_begins(planning):
    """E60: each day has its revision, and each line its own days."""
    sku = await planning.items("Box", "Old lid", "New lid", "Seal")
    await planning.makes(sku["Box"], sku["Old lid"], label="1", effective_to="2026-06-30")
    seal = {"sku": sku["Seal"], "quantity": "1", "effective_from": "2026-08-01"}
    await planning.makes(sku["Box"], sku["New lid"], seal, label="2", effective_from="2026-07-01")
    assert await planning.needs(sku["Box"], on="2026-06-30") == {sku["Old lid"]: ("1", "bought")}
    assert await planning.needs(sku["Box"], on="2026-07-01") == {sku["New lid"]: ("1", "bought")}
    assert set(await planning.needs(sku["Box"], on="2026-08-01")) == {sku["New lid"], sku["Seal"]}


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"effective_from": "2026-02-01", "effective_to": "2026-01-31"}, "reversed_effectivity"),
        ({"quantity": "0"}, "invalid_input"),
        ({"kind": "kit"}, "invalid_input"),
        ({"sku": "NOT-THERE"}, "missing_reference"),
    ],
)
async def test_what_is_not_a_bill_is_refused_and_changes_nothing(
    desk, planning, problem, facts, code
):
    sku = await planning.items("Box", "Lid")
    reply = await desk.erp.post(
        PATH,
        {"sku": sku["Box"], "label": "1", "lines": [{"sku": sku["Lid"], "quantity": "1"}]} | facts,
    )
    problem(reply, 422, code)
    assert await desk.listed(PATH, sku=sku["Box"]) == []


async def test_components_are_counted_as_their_units_are(planning, problem):
    """E39: whole units refuse fractions; other units of the item keep their exact ratio."""
    sku = await planning.items("Box", conversions=[])
    screw = (await planning.desk.item(conversions=[{"unit": "CT", "numerator": 100}]))["sku"]
    for line, code in (
        ({"sku": screw, "quantity": "0.5"}, "fraction_of_unit"),
        ({"sku": screw, "quantity": "1", "unit": "KGM"}, "other_unit"),
    ):
        problem(await planning.asks(sku["Box"], line), 422, code)
    await planning.makes(sku["Box"], {"sku": screw, "quantity": "2", "unit": "CT"})
    assert await planning.needs(sku["Box"]) == {screw: ("200", "bought")}


async def test_what_a_bill_makes_is_counted_as_its_unit_is(desk, planning, problem):
    """E39: half a piece is not made, and half a kilogram is."""
    sku = await planning.items("Box", "Lid")
    sand = (await desk.item(name="Sand", unit="KGM"))["sku"]
    told = problem(
        await planning.asks(sku["Box"], sku["Lid"], quantity="0.5"), 422, "fraction_of_unit"
    )
    assert told["facts"]["quantity"] == "0.5"
    assert (await planning.drafts(sand, sku["Lid"], quantity="0.5"))["quantity"] == "0.5"
    path = f"{PATH}/{(await planning.drafts(sku['Box'], sku['Lid'], quantity='2'))['id']}"
    problem(await desk.change(path, {"quantity": "2.5"}, revision=1), 422, "fraction_of_unit")
    assert (await desk.see(path))["quantity"] == "2"
    body = {"sku": sand, "label": "A", "quantity": "0.5"}
    name = desk.word()
    _, bom_id = await desk.upsert(PATH, name, 1, body, batch=True)
    other = {"sku": sku["Box"], "source_version": 2}
    reply = await desk.client.put(f"{PATH}/by-external/shop/{name}", json=other)
    assert (reply.status_code, reply.json()["code"]) == (422, "fraction_of_unit"), bom_id


async def test_units_stay_while_a_bill_is_written(desk, planning):
    """E39: who changes an item waits for bills that name it and are not committed."""
    sku = await planning.items("Box", "Lid", "Dust")
    dust = {"sku": sku["Dust"], "quantity": "1", "cost_share": "0.1"}
    given = {"sku": sku["Box"], "label": "1", "by_products": [dust]}
    given["lines"] = [{"sku": sku["Lid"], "quantity": "1"}]
    async with desk.erp.database.transaction() as work:
        await create(work, BOM, NewBillOfMaterial.model_validate(given))
        for one in sku.values():
            async with desk.erp.database.driver() as sql:
                with pytest.raises(asyncpg.LockNotAvailableError):
                    await sql.fetch(
                        "select id from item where sku = $1 for no key update nowait", one
                    )


async def test_by_products_bear_less_than_all_of_the_cost(desk, planning, problem):
    sku = await planning.items("Plank", "Log", "Chips", "Bark")
    shares = [
        {"sku": sku["Chips"], "quantity": "1", "cost_share": "0.5"},
        {"sku": sku["Bark"], "quantity": "1", "cost_share": "0.5"},
    ]
    reply = await planning.asks(sku["Plank"], sku["Log"], by_products=shares)
    problem(reply, 422, "cost_shares_too_high")
    shares[1]["cost_share"] = "0.4"
    bom = await planning.drafts(sku["Plank"], sku["Log"], by_products=shares)
    async with desk.erp.database.driver() as sql:
        with pytest.raises(asyncpg.CheckViolationError):
            await sql.execute(
                "update bill_of_material_by_product set cost_share = 0.5"
                " where bill_of_material_id = $1",
                bom["id"],
            )


async def test_what_is_active_has_components(desk, planning, problem):
    sku = await planning.items("Box")
    bom = await planning.drafts(sku["Box"])
    problem(await desk.erp.post(f"{PATH}/{bom['id']}/activate", None), 422, "no_components")


async def test_an_item_that_bills_name_keeps_its_unit(desk, planning, problem):
    sku = await planning.items("Box", "Lid")
    await planning.drafts(sku["Box"], sku["Lid"])
    [lid] = (await desk.see(f"/v1/items?sku={sku['Lid']}"))["items"]
    reply = await desk.change(f"/v1/items/{lid['id']}", {"unit": "KGM"}, revision=1)
    problem(reply, 409, "item_in_use")


async def test_another_system_sends_a_revision_once(desk, planning):
    sku = await planning.items("Box", "Lid")
    body = {
        "sku": sku["Box"],
        "label": "A",
        "status": "active",
        "lines": [{"sku": sku["Lid"], "quantity": "3"}],
    }
    name = desk.word()
    first, bom_id = await desk.upsert(PATH, name, 1, body, batch=True)
    assert (first, await desk.upsert(PATH, name, 2, body, batch=True)) == (
        "created",
        ("unchanged", bom_id),
    )
    assert await planning.needs(sku["Box"]) == {sku["Lid"]: ("3", "bought")}


async def test_bills_are_found_by_what_they_name(desk, planning):
    sku = await planning.items("Box", "Lid", "Hinge")
    first = await planning.makes(sku["Box"], sku["Lid"], effective_to="2026-01-31")
    second = await planning.drafts(sku["Box"], sku["Hinge"], label="2", kind="phantom")
    ids = [second["id"], first["id"]]
    assert await desk.listed(PATH, sku=sku["Box"]) == ids
    assert await desk.listed(PATH, component_sku=sku["Lid"]) == ids[1:]
    assert await desk.listed(PATH, sku=sku["Box"], status="active") == ids[1:]
    assert await desk.listed(PATH, sku=sku["Box"], kind="phantom") == ids[:1]
    assert await desk.listed(PATH, sku=sku["Box"], effective_on="2026-02-01") == ids[:1]
    assert await desk.listed(PATH, q=sku["Box"]) == ids

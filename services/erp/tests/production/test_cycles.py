"""No item is made of itself, at whatever depth (E50)."""

import asyncio

import asyncpg
import pytest

from erp.production.rules.cycles import cycle_through

PATH = "/v1/bills-of-material"


def test_a_shared_component_is_no_cycle():
    """E50: a structure in which components are shared is allowed."""
    components = {"A": ["B", "C"], "B": ["D"], "C": ["D"], "D": ["E"]}
    assert cycle_through(components, ["A"]) == ()


def test_a_way_back_is_found_at_any_depth():
    """E50: however deep, and deeper than Python's own recursion goes."""
    components = {number: [number + 1] for number in range(5000)} | {5000: [3]}
    way = cycle_through(components, [0])
    assert (way[0], way[-1], len(way)) == (3, 3, 4999)
    assert cycle_through({"A": ["A"]}, ["A"]) == ["A", "A"]


async def test_the_way_is_named_by_skus(planning, problem):
    """E50: the problem names the way over which the item leads back to itself."""
    sku = await planning.items("A", "B", "C")
    await planning.makes(sku["A"], sku["B"])
    await planning.drafts(sku["B"], sku["C"])
    document = problem(await planning.asks(sku["C"], sku["A"]), 422, "bom_cycle")
    assert document["facts"]["path"] == " > ".join([sku["C"], sku["A"], sku["B"], sku["C"]])
    assert await planning.desk.listed(PATH, sku=sku["C"]) == []


async def test_an_item_is_not_its_own_component(planning, problem):
    sku = await planning.items("A")
    problem(await planning.asks(sku["A"], sku["A"]), 422, "bom_cycle")


async def test_phantoms_and_alternates_close_a_cycle_too(planning, problem):
    """E50: through a phantom, and through an alternate that does not count at present."""
    sku = await planning.items("A", "B", "C", "D")
    await planning.makes(sku["B"], sku["C"], kind="phantom")
    await planning.makes(sku["A"], sku["B"])
    alternates = [
        {"sku": sku["D"], "quantity": "1", "alternate_group": "x", "priority": 1},
        {"sku": sku["A"], "quantity": "1", "alternate_group": "x", "priority": 2},
    ]
    problem(await planning.asks(sku["C"], *alternates), 422, "bom_cycle")


async def test_what_is_shared_on_several_ways_is_accepted(planning):
    """E50: a structure in which components are shared is allowed."""
    sku = await planning.items("A", "B", "C", "D")
    await planning.makes(sku["B"], sku["D"])
    await planning.makes(sku["C"], (sku["D"], "2"))
    await planning.makes(sku["A"], sku["B"], sku["C"], sku["D"])
    assert await planning.needs(sku["A"]) == {
        sku["B"]: ("1", "made"),
        sku["C"]: ("1", "made"),
        sku["D"]: ("4", "bought"),
    }


async def test_an_archived_revision_may_not_come_back_into_a_cycle(desk, planning, problem):
    sku = await planning.items("A", "B")
    first = await planning.makes(sku["A"], sku["B"])
    await desk.erp.post(f"{PATH}/{first['id']}/archive", None)
    await planning.makes(sku["B"], sku["A"])
    problem(await desk.erp.post(f"{PATH}/{first['id']}/activate", None), 422, "bom_cycle")
    async with desk.erp.database.driver() as sql:
        with pytest.raises(asyncpg.RestrictViolationError):
            await sql.execute(
                "update bill_of_material set status = 'active' where id = $1", first["id"]
            )


async def test_two_saves_at_once_close_no_cycle(desk, planning):
    """E50: of saves that would close a cycle only together, one is refused, ten times over."""
    for _ in range(10):
        sku = await planning.items("A", "B", "C")
        replies = await asyncio.gather(
            planning.asks(sku["A"], sku["B"]),
            planning.asks(sku["B"], sku["C"]),
            planning.asks(sku["C"], sku["A"]),
        )
        assert sorted(reply.status_code for reply in replies) == [201, 201, 422]


async def test_the_database_refuses_a_cycle_by_two_transactions(desk, planning):
    """E50: promised at COMMIT, also to what writes by SQL at the same time."""
    sku = await planning.items("A", "B", "C")
    first = await planning.drafts(sku["A"], sku["C"])
    second = await planning.drafts(sku["B"], sku["C"])
    add = """insert into bill_of_material_line (id, bill_of_material_id, position, item_id,
        quantity, unit, numerator, denominator, scrap, alternate_group, priority)
      select gen_random_uuid(), $1, 2, id, 1, unit, 1, 1, 0, '', 1 from item where sku = $2"""

    async def write(bom_id, component, ready, other):
        async with desk.erp.database.driver() as sql:
            transaction = sql.transaction()
            await transaction.start()
            await sql.execute(add, bom_id, component)
            ready.set()
            await other.wait()
            await transaction.commit()

    one, two = asyncio.Event(), asyncio.Event()
    outcomes = await asyncio.gather(
        write(first["id"], sku["B"], one, two),
        write(second["id"], sku["A"], two, one),
        return_exceptions=True,
    )
    assert sum(isinstance(one, asyncpg.RestrictViolationError) for one in outcomes) == 1
    assert sum(one is None for one in outcomes) == 1

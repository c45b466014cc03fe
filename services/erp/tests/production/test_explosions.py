"""Explosions and where-used: phantoms (E51), scrap (E59), alternates, levels, bounds."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from uuid import uuid4

import pytest

from erp.production.rules.exploding import Bill, Line, indented, rounded_up, summarised
from erp.production.service import exploding
from erp.production.states import BomKind

PATH = "/v1/bills-of-material"


def test_what_is_needed_in_part_is_needed():
    """E59: quantities stay exact until the end, and are rounded up as the unit is counted."""
    assert rounded_up(Fraction(1, 3), 0) == 1
    assert rounded_up(Fraction(1, 3), 6) == Decimal("0.333334")
    assert rounded_up(Fraction(7), 0) == 7


def test_shared_structures_are_summed_level_by_level():
    """A chain in which each item needs the next one twice has 2**60 ways, and sixty levels."""
    items = [uuid4() for _ in range(61)]
    structure = {
        item: Bill(uuid4(), BomKind.MANUFACTURED, [Line(below, Fraction(1))] * 2)
        for item, below in pairwise(items)
    }
    needs = summarised(structure, items[0], Fraction(1), levels=100)
    assert (needs[-1].quantity, needs[-1].level, len(needs)) == (Fraction(2**60), 60, 60)
    first = next(indented(structure, items[0], Fraction(3), levels=2))
    assert (first.quantity, first.level) == (Fraction(3), 1)


async def test_phantoms_are_passed_through_and_their_factors_multiply(planning):
    """E51: nested phantoms multiply; what is needed beside them too adds."""
    sku = await planning.items("Bike", "Kit", "Bag", "Bolt")
    await planning.makes(sku["Bag"], (sku["Bolt"], "5"), kind="phantom")
    await planning.makes(sku["Kit"], (sku["Bag"], "3"), kind="phantom")
    await planning.makes(sku["Bike"], (sku["Kit"], "2"), (sku["Bolt"], "4"), (sku["Bolt"], "1"))
    assert await planning.needs(sku["Bike"], quantity="2", levels=1) == {
        sku["Kit"]: ("4", "phantom"),
        sku["Bag"]: ("12", "phantom"),
        sku["Bolt"]: ("70", "bought"),
    }


async def test_a_line_says_otherwise_than_the_bill_of_its_component(planning):
    """E51: the same kit is passed through on one line and made on the other."""
    sku = await planning.items("Bike", "Kit", "Bolt")
    await planning.makes(sku["Kit"], (sku["Bolt"], "5"), kind="phantom")
    await planning.makes(
        sku["Bike"],
        sku["Kit"],
        {"sku": sku["Kit"], "quantity": "2", "phantom": False},
    )
    found = await planning.explodes(sku["Bike"])
    assert [(one["sku"], one["source"], one["quantity"], one["level"]) for one in found] == [
        (sku["Kit"], "phantom", "1", 1),
        (sku["Kit"], "made", "2", 1),
        (sku["Bolt"], "bought", "15", 2),
    ]


async def test_scrap_of_a_line_is_issued_too(planning):
    """E59: to have 95 good ones at a scrap of 0.05, 100 are issued; each line has its own."""
    sku = await planning.items("Lamp", "Bulb", "Wire")
    await planning.makes(
        sku["Lamp"],
        {"sku": sku["Bulb"], "quantity": "1", "scrap": "0.05"},
        {"sku": sku["Wire"], "quantity": "1"},
        quantity="2",
    )
    assert await planning.needs(sku["Lamp"], quantity="190") == {
        sku["Bulb"]: ("100", "bought"),
        sku["Wire"]: ("95", "bought"),
    }
    assert (await planning.needs(sku["Lamp"], quantity="1"))[sku["Wire"]] == ("1", "bought")


async def test_of_alternates_the_first_priority_that_counts_on_the_day_is_taken(planning):
    sku = await planning.items("Lamp", "Bulb", "LED")
    await planning.makes(
        sku["Lamp"],
        {"sku": sku["LED"], "quantity": "1", "alternate_group": "light", "priority": 2},
        {
            "sku": sku["Bulb"],
            "quantity": "2",
            "alternate_group": "light",
            "effective_to": "2026-06-30",
        },
    )
    assert await planning.needs(sku["Lamp"], on="2026-06-30") == {sku["Bulb"]: ("2", "bought")}
    assert await planning.needs(sku["Lamp"], on="2026-07-01") == {sku["LED"]: ("1", "bought")}
    assert await planning.uses(sku["LED"], on="2026-06-30") == {sku["Lamp"]: (1, "0")}


async def test_the_indented_layout_has_each_line_in_its_place(planning):
    sku = await planning.items("A", "B", "C", "D")
    await planning.makes(sku["B"], (sku["D"], "2"))
    await planning.makes(sku["A"], (sku["B"], "3"), sku["C"], sku["D"])
    found = await planning.explodes(sku["A"], layout="indented")
    assert [(one["level"], one["sku"], one["quantity"]) for one in found] == [
        (1, sku["B"], "3"),
        (2, sku["D"], "6"),
        (1, sku["C"], "1"),
        (1, sku["D"], "1"),
    ]
    direct = await planning.explodes(sku["A"], layout="indented", levels=1)
    assert [one["sku"] for one in direct] == [sku["B"], sku["C"], sku["D"]]


async def test_where_used_goes_up_all_levels(planning):
    sku = await planning.items("A", "B", "C", "D", "E")
    await planning.makes(sku["C"], (sku["D"], "2"))
    await planning.makes(sku["B"], (sku["C"], "3"))
    await planning.makes(sku["A"], sku["B"], (sku["D"], "1"))
    await planning.drafts(sku["E"], sku["D"])
    assert await planning.uses(sku["D"]) == {
        sku["C"]: (1, "2"),
        sku["A"]: (1, "7"),
        sku["B"]: (2, "6"),
    }
    assert set(await planning.uses(sku["D"], levels=1)) == {sku["C"], sku["A"]}
    assert await planning.uses(sku["A"]) == {}


async def test_too_many_rows_are_refused(planning, problem, monkeypatch):
    monkeypatch.setattr(exploding, "MOST_ROWS", 2)
    sku = await planning.items("A", "B", "C", "D")
    await planning.makes(sku["A"], sku["B"], sku["C"], sku["D"])
    reply = await planning.desk.client.get(f"{PATH}/explosion", params={"sku": sku["A"]})
    assert problem(reply, 422, "explosion_too_large")["facts"]["most"] == 2
    monkeypatch.setattr(exploding, "MOST_LINES", 2)
    for act, asked in (("explosion", sku["A"]), ("where-used", sku["B"])):
        reply = await planning.desk.client.get(f"{PATH}/{act}", params={"sku": asked})
        assert reply.status_code == (422 if act == "explosion" else 200)


@pytest.mark.parametrize("act", ["explosion", "where-used"])
async def test_an_item_that_there_is_not_has_no_structure(planning, problem, act):
    reply = await planning.desk.client.get(f"{PATH}/{act}", params={"sku": "NOT-THERE"})
    problem(reply, 404, "not_found")


async def test_an_item_without_a_bill_is_not_exploded(planning, problem):
    sku = await planning.items("A", "B")
    await planning.makes(sku["A"], sku["B"], effective_from="2026-02-01")
    query = {"sku": sku["A"], "on": "2026-01-31"}
    problem(await planning.desk.client.get(f"{PATH}/explosion", params=query), 404, "no_bom")

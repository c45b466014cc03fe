"""Material is reserved for orders that are released: what one has, another one does not get."""

import asyncio
from importlib import import_module
from uuid import UUID

import asyncpg
import pytest

from chassis.storage.connections import driver_url
from erp.production_orders.schemas.acts import IssueMaterial
from erp.production_orders.service.material import issue_material

from .test_expected import ordered

pytestmark = pytest.mark.business_day


async def levels(floor, sku):
    """On hand, reserved and waited for."""
    shown = await floor.desk.see(f"/v1/availability?sku={sku}&quantity=1&on={floor.today}")
    return tuple(int(shown[name]) for name in ("on_hand", "reserved", "waiting"))


@pytest.fixture
async def shelf(floor):
    """Fifteen of a part, of which two go into each lamp: part and lamp."""
    part, lamp = await floor.stocked("1.00", "15"), (await floor.desk.item())["sku"]
    await floor.bill(lamp, (part, "2"))
    return part, lamp


async def test_an_order_uses_its_own_reservation_and_gives_the_rest_up(floor, shelf, problem):
    """E53, E61: 10 are reserved, 6 taken, 2 come back and are its own again; then none are."""
    part, lamp = shelf
    order = await floor.released(lamp, "5")
    assert await levels(floor, part) == (15, 10, 0)
    await floor.acts(order, "report", good="3")
    assert await levels(floor, part) == (9, 4, 0)
    lines = [{"sku": part, "quantity": "2"}]
    await floor.acts(order, "return-material", lines=lines)
    assert await levels(floor, part) == (11, 6, 0)
    # By hand more than is reserved: the rest is free goods.
    await floor.acts(order, "issue", lines=[{"sku": part, "quantity": "8"}])
    assert await levels(floor, part) == (3, 0, 0)
    # Of that the order needs nothing again: 4 of the 12 were too many.
    await floor.acts(order, "return-material", lines=[{"sku": part, "quantity": "2"}])
    assert await levels(floor, part) == (5, 0, 0)
    await floor.acts(order, "return-material", lines=[{"sku": part, "quantity": "3"}])
    assert await levels(floor, part) == (8, 3, 0)
    await floor.acts(order, "finish", accept_short=True)
    assert await levels(floor, part) == (8, 0, 0)
    again = await floor.released(lamp, "1")
    assert await levels(floor, part) == (8, 2, 0)
    await floor.acts(again, "cancel")
    assert await levels(floor, part) == (8, 0, 0)


async def test_what_is_reserved_for_one_is_not_offered_to_another(floor, shelf, problem):
    """E53, E41: the second order waits for 5; a customer gets nothing; what comes is its own."""
    part, lamp = shelf
    first, second = await floor.released(lamp, "5"), await floor.released(lamp, "5")
    assert await levels(floor, part) == (15, 15, 5)
    path = f"/v1/purchase-suggestions?sku={part}&state=open"
    [wanted] = (await floor.desk.see(path))["items"]
    assert wanted["quantity"] == "5"
    sale = await ordered(floor, part, "1", floor.today)
    [line] = sale["lines"]
    assert (line["reserved"], line["waiting"]) == ("0", "1")
    problem(await floor.asks(second, "report", good="5"), 409, "too_little_on_hand")
    await floor.acts(first, "report", good="5", finish=True)
    assert await levels(floor, part) == (5, 5, 6)
    line = {"sku": part, "quantity": "5", "unit_cost": {"amount": "1.00", "currency": "CNY"}}
    await floor.does("/v1/stock-receipts", lines=[line])
    await floor.acts(second, "report", good="5", finish=True)
    assert await levels(floor, part) == (0, 0, 1)


async def test_two_who_release_at_once_share_what_there_is(floor, shelf):
    """E26, E53: 15 for two orders of 10, released and reported at the same time."""
    part, lamp = shelf
    orders = [await floor.planned(lamp, "5") for _ in range(2)]
    replies = await asyncio.gather(*(floor.asks(one, "release") for one in orders))
    assert [one.status_code for one in replies] == [200, 200]
    assert await levels(floor, part) == (15, 15, 5)
    replies = await asyncio.gather(*(floor.asks(one, "report", good="5") for one in orders))
    assert sorted(one.status_code for one in replies) == [200, 409]
    assert await levels(floor, part) == (5, 5, 5)


async def test_a_first_issue_locks_no_more_than_it_takes(floor):
    """E26: work on two orders of the same parts begins at once, each with another part."""
    parts = [await floor.stocked("1.00", "20") for _ in range(2)]
    lamp = (await floor.desk.item())["sku"]
    await floor.bill(lamp, *((part, "1") for part in parts))
    first, second = await floor.released(lamp, "5"), await floor.released(lamp, "5")
    lines = [[{"sku": part, "quantity": "5"}] for part in parts]
    async with floor.erp.database.transaction() as work:
        await issue_material(work, UUID(first["id"]), IssueMaterial(lines=lines[1]))
        reply = await floor.asks(second, "issue", lines=lines[0])
        assert reply.status_code == 200, reply.text
    assert [await levels(floor, part) for part in parts] == [(15, 5, 0)] * 2


async def test_a_downgrade_frees_what_is_reserved_on_lots(floor):
    """E40, E53: nothing is reserved for orders in work, and levels and lots still agree."""
    part, lamp = (await floor.desk.item(tracking="lot"))["sku"], (await floor.desk.item())["sku"]
    line = {"sku": part, "quantity": "9", "unit_cost": {"amount": "1.00", "currency": "CNY"}}
    lots = [{"number": number, "quantity": "3"} for number in ("A", "B", "C")]
    await floor.does("/v1/stock-receipts", lines=[line | {"lots": lots}])
    await floor.bill(lamp, (part, "1"))
    await floor.released(lamp, "5")
    await ordered(floor, part, "2", floor.today)
    assert await levels(floor, part) == (9, 7, 0)
    migration = import_module("erp.migrations.versions.e844_reserved_material")
    sql = await asyncpg.connect(driver_url(floor.erp.owner_url))
    async with sql.transaction():
        for statement in (*migration._FREED, "set constraints all immediate", migration._WAITING):
            await sql.execute(statement)
    await sql.close()
    assert await levels(floor, part) == (9, 2, 5)

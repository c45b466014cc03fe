"""What lies where, as a list: also of items that lie at many places."""

from uuid import uuid4

import pytest

from erp.app import SERVICE
from identity.testing.service import running

PLACES = """with one as (
  insert into warehouse (id, version, created_at, updated_at, code, name)
  select gen_random_uuid(), 1, now(), now(), $2 || at, $2 || at from generate_series(1, 3) at
  returning id, code),
place as (
  insert into location (id, version, created_at, updated_at, warehouse_id, code, name, kind)
  select gen_random_uuid(), 1, now(), now(), id, code || '-STOCK', code, 'internal' from one
  returning id)
insert into stock_level
    (item_id, location_id, tracking, lot, owner, quality, on_hand, reserved)
  select i.id, p.id, i.tracking, '', 'own', 'good', 0, 0
    from unnest($1::uuid[]) n(id) join item i on i.id = n.id cross join place p"""


@pytest.fixture(scope="module")
async def erp(cluster):
    """An ERP of its own: other tests of the process know of one warehouse only."""
    async with running(SERVICE, cluster) as service:
        yield service


@pytest.fixture
async def spread(desk):
    """Two items, each at three places of their own warehouses; SKUs and warehouses."""
    items = [await desk.item() for _ in range(2)]
    code = uuid4().hex[:8].upper()
    async with desk.erp.database.driver() as sql:
        await sql.execute(PLACES, [one["id"] for one in items], code)
    return [one["sku"] for one in items], [f"{code}{at}" for at in range(1, 4)]


@pytest.mark.parametrize("sort", ["sku", "-sku", "name", "-name"])
@pytest.mark.parametrize("limit", [1, 2, 4])
async def test_pages_show_every_place_of_an_item_once(desk, spread, sort, limit):
    skus, warehouses = spread
    seen, first = [], f"/v1/stock-levels?sort={sort}&limit={limit}"
    page = await desk.see(first)
    while True:
        seen += [(one["sku"], one["warehouse"]) for one in page["items"]]
        if page["next_cursor"] is None:
            break
        page = await desk.see(f"{first}&cursor={page['next_cursor']}")
    ours = [one for one in seen if one[1] in warehouses]
    assert sorted(ours) == sorted((sku, one) for sku in skus for one in warehouses)


async def test_levels_are_found_by_words_and_by_warehouse(desk, spread):
    skus, warehouses = spread
    found = (await desk.see(f"/v1/stock-levels?q={skus[0]}&limit=2"))["items"]
    assert [one["sku"] for one in found] == [skus[0]] * 2
    page = await desk.see(f"/v1/stock-levels?warehouse={warehouses[0]}&include_total=true")
    assert sorted(one["sku"] for one in page["items"]) == sorted(skus)
    assert page["total"]["count"] == 2

"""Whatever buyers, sellers and cashiers do in whatever order: books, stock and orders agree.

A walk of random acts from a seed. `BOOKS_STEPS` is the number of acts of each walk, 80 when unset;
`BOOKS_SEEDS` the seeds, such as `1,2,3`: `make test-books` takes more of both.
"""

import os
from dataclasses import replace
from decimal import Decimal

import pytest

from erp.app import SERVICE
from erp.ledger.service.years import ensure_year
from identity.testing.service import running

from .buying import BUYING, buys, receives
from .paying import PAYING
from .selling import SELLING, sells, ships
from .walk import Walk

STEPS = int(os.environ.get("BOOKS_STEPS", "80"))
SEEDS = [int(seed) for seed in os.environ.get("BOOKS_SEEDS", "1,2,3").split(",")]
ACTS = BUYING | SELLING | PAYING


@pytest.fixture
async def shop(desk, monkeypatch):
    """Books that are open today; differences up to five cents are written off."""
    await open_shop(desk, monkeypatch)
    return desk


@pytest.fixture
async def chinese_shop(desk, cluster, monkeypatch):
    """The same of a company with the Chinese chart of accounts."""
    async with running(SERVICE, cluster) as erp:
        other = type(desk)(erp)
        body = {"chart": "cn_small_enterprises"}
        adopted = await erp.client.put("/v1/chart-of-accounts", json=body)
        assert adopted.status_code == 200, adopted.text
        await open_shop(other, monkeypatch)
        yield other


async def open_shop(desk, monkeypatch):
    async with desk.erp.database.transaction() as work:
        await ensure_year(work, work.today())
    kept = desk.erp.database.setting
    settings = kept.settings.model_copy(update={"write_off_max": Decimal("0.05")})
    monkeypatch.setattr(desk.erp.database, "setting", replace(kept, settings=settings))


@pytest.mark.parametrize("seed", SEEDS)
async def test_books_stock_and_orders_agree_after_any_acts(shop, seed):
    """E5, E14, E24, E29, E36, E44: judged after each act."""
    await walk_through(shop, seed)


async def test_they_agree_with_other_accounts_as_well(chinese_shop):
    """Documents post to roles: the codes are those of the company's chart."""
    walk = await walk_through(chinese_shop, SEEDS[0])
    rows = await walk.rows(
        "select distinct code from journal_line l join account a on a.id = l.account_id"
    )
    posted = {row["code"] for row in rows}
    assert posted >= {"1122", "1405", "2202", "220201", "5001", "5401"}
    assert not posted & {"2221", "4001", "6001", "6401", "6402"}


async def walk_through(shop, seed):
    walk = Walk(shop, seed)
    await walk.open()
    first = [buys, receives, buys, receives, sells, sells, sells, ships, ships]
    rest = walk.chance.choices(list(ACTS), list(ACTS.values()), k=STEPS - len(first))
    for act in first + rest:
        await act(walk)
        await walk.must_hold()
    assert (
        sum(count for name, count in walk.done.items() if name.endswith(": done")) > len(first) // 2
    )
    return walk

"""Whatever buyers, sellers and cashiers do in whatever order: books, stock and orders agree.

A walk of random acts from a seed. `BOOKS_STEPS` is the number of acts of each walk, 80 when unset;
`BOOKS_SEEDS` the seeds, such as `1,2,3`: `make test-books` takes more of both.
"""

import os
from dataclasses import replace
from decimal import Decimal

import pytest

from erp.ledger.service.years import ensure_year

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
    async with desk.erp.database.transaction() as work:
        await ensure_year(work, work.today())
    kept = desk.erp.database.setting
    settings = kept.settings.model_copy(update={"write_off_max": Decimal("0.05")})
    monkeypatch.setattr(desk.erp.database, "setting", replace(kept, settings=settings))
    return desk


@pytest.mark.parametrize("seed", SEEDS)
async def test_books_stock_and_orders_agree_after_any_acts(shop, seed):
    """E5, E14, E24, E29, E36, E44: judged after each act."""
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

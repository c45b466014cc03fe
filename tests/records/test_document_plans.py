"""Pages of documents sorted by a custom field are read from indexes, in their order."""

import asyncio
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import event

from identity.testing.desk import Desk
from tests.records.test_custom_lists import paged
from tests.records.test_document_fields import TYPES
from tests.records.test_document_lists import at, halves, ordered

__all__ = ["halves"]

PLACES = "ix_custom_order_value_order"
Asked = list[tuple[str, tuple[Any, ...]]]


@contextmanager
def asked(desk: Desk, asked: Asked):
    """What the driver asks the database in the block."""
    engine = desk.server.database.engine.sync_engine

    def note(record: Any) -> None:
        asked.append((record.query, tuple(record.args or ())))

    def taken(dbapi: Any, *_rest: Any) -> None:
        dbapi.driver_connection.add_query_logger(note)

    def given_back(dbapi: Any, *_rest: Any) -> None:
        dbapi.driver_connection.remove_query_logger(note)

    hooks = (("checkout", taken), ("checkin", given_back))
    for name, hook in hooks:
        event.listen(engine, name, hook)
    try:
        yield
    finally:
        for name, hook in hooks:
            event.remove(engine, name, hook)


async def plan_of(desk: Desk, statement: str, values: tuple[Any, ...]) -> list[str]:
    """How the database reads a page of a large table: by indexes, in the order that they have."""
    async with desk.server.database.driver() as sql, sql.transaction():
        for kind in ("seqscan", "sort", "bitmapscan"):
            await sql.execute(f"set local enable_{kind} = off")
        await sql.execute("set local plan_cache_mode = force_custom_plan")
        rows = await sql.fetch(f"explain {statement}", *values)
    return [row[0].strip() for row in rows]


@pytest.mark.parametrize("direction", ["", "-"])
@pytest.mark.parametrize("path", TYPES)
async def test_pages_by_a_custom_field_are_read_in_the_order_of_an_index(halves, path, direction):
    """Decision 0104: those with a value by its places, those without one by their own key."""
    desk, ids, name = at(halves, path)
    key, _ = await ordered(desk, path, ids, name)
    statements: Asked = []
    with asked(desk, statements):
        await paged(desk, path, sort=f"{direction}custom.{key}", limit="1")
        await asyncio.sleep(0)
    pages = [one for one in statements if "custom_order" in one[0]]
    with_values = [one for one in pages if "custom_place" in one[0]]
    assert len(with_values) > 1
    assert len(pages) > len(with_values)
    for statement, values in pages:
        plan = await plan_of(desk, statement, values)
        assert not [line for line in plan if "Seq Scan" in line], plan
        assert not [line for line in plan[:3] if line.startswith("->  Sort")], plan
        for line, after in pairwise(plan):
            if line.startswith("Sort Key: custom_place"):  # of those with one value, by their ids
                assert after == "Presorted Key: custom_place.value_order", plan
        assert (statement, values) not in with_values or any(PLACES in line for line in plan), plan

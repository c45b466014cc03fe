"""No table keeps an amount, a price or a quantity in a form that loses a part of it."""

import asyncpg
import pytest

from contracts.generator.__main__ import registered
from tests.architecture.sources import ROOT

SERVICES = registered(ROOT)
INEXACT = ("real", "double precision", "money")
COLUMNS = """select c.table_name || '.' || c.column_name as name, c.data_type as kind,
    c.numeric_precision as digits, c.numeric_scale as decimals
  from information_schema.columns c
  join information_schema.tables t using (table_schema, table_name)
 where c.table_schema = 'public' and t.table_type = 'BASE TABLE' order by 1"""


@pytest.fixture(scope="module", params=SERVICES)
async def columns(request, cluster) -> list[asyncpg.Record]:
    """Every column of a service's tables as its migrations make them."""
    urls = cluster.migrated(SERVICES[request.param], f"exact_{request.param.replace('-', '_')}")
    sql = await asyncpg.connect(urls.owner)
    found = await sql.fetch(COLUMNS)
    await sql.close()
    return found


async def test_no_column_is_a_float(columns):
    """E3: DB numeric, from the first migration on."""
    assert columns
    assert [column["name"] for column in columns if column["kind"] in INEXACT] == []


async def test_decimals_have_the_room_of_the_house(columns):
    """E3, decision 0013: amounts (20,4), quantities and prices (20,6), shares such as tax (7,6).

    What a piece needs of a component is a fraction of two whole numbers (60,0) (decision 0124).
    """
    kinds = {
        (column["digits"], column["decimals"]) for column in columns if column["kind"] == "numeric"
    }
    assert kinds <= {(20, 4), (20, 6), (7, 6), (60, 0)}

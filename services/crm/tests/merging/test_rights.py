"""All that names a record can be moved: the runtime role may do what a merge does."""

import pytest

from crm.app import SERVICE
from records.merging.catalogue import references_to
from records.paths import record_types_of

MERGED = sorted(
    of.kind.name
    for of in record_types_of(SERVICE.routers).values()
    if of.kind is not None and of.kind.merging is not None
)
MAY = """select has_column_privilege($1, $2, 'update')
  and (not $3 or has_table_privilege($1, 'delete'))"""


@pytest.mark.parametrize("table", MERGED)
async def test_the_runtime_role_may_move_all_that_names_a_record(desk, table):
    """Rows are given the other id; one whose key both have is deleted."""
    async with desk.server.database.driver() as sql:
        found = await references_to(sql, table)
        assert found
        for one in (one for one in found if one.table != f"{table}_search"):  # goes with its row
            deletes = any(unique.is_key for unique in one.uniques)
            assert await sql.fetchval(MAY, one.table, one.column, deletes), one

"""Every list can be asked for days, a total and fields of its rows, and is sorted by indexes."""

from records.testing.lists import TIMES, check_list, paged_lists, reads_of, sorts_without_index

WITHOUT_TIMES = {
    "/v1/api-keys": "a handful; seen whole by an administrator",
    "/v1/jobs": "work of the program, not records of the business",
    "/v1/users": "a handful; they log in, and are sorted by login",
}
UNINDEXED = ["user by created_at"]
"""A handful of rows."""


async def test_every_list_can_be_asked_the_same(desk):
    lists = paged_lists(desk.crm.app.openapi())
    assert {path for path, names in lists.items() if not names >= TIMES} == set(WITHOUT_TIMES)
    for path, names in lists.items():
        await check_list(desk.client, path, names)


async def test_what_lists_are_sorted_by_has_an_index(desk):
    missing = []
    async with desk.crm.database.driver() as sql:
        for reads in reads_of("crm"):
            async with sql.transaction():
                missing += await sorts_without_index(sql, reads)
    assert missing == UNINDEXED

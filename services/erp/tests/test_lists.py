"""Every list can be asked for days, a total and fields of its rows, and is sorted by indexes."""

from records.testing.lists import TIMES, check_list, paged_lists, reads_of, sorts_without_index

WITHOUT_TIMES = {
    "/v1/api-keys": "a handful; seen whole by an administrator",
    "/v1/jobs": "work of the program, not records of the business",
    "/v1/journal-entries": "never changed; asked by the day they are booked on",
    "/v1/open-items": "they follow documents, and are asked by the day they are due",
    "/v1/purchase-orders": "not read through the common lists yet",
    "/v1/purchase-receipts": "not read through the common lists yet",
    "/v1/purchase-returns": "not read through the common lists yet",
    "/v1/purchase-suggestions": "not read through the common lists yet",
    "/v1/serials": "pieces, not records that are made",
    "/v1/stock-documents": "never changed; asked by the day they are booked on",
    "/v1/stock-levels": "sums, not records",
    "/v1/stock-moves": "never changed; asked by their document",
}


async def test_every_list_can_be_asked_the_same(desk):
    document = desk.erp.app.openapi()
    lists = paged_lists(document)
    assert {path for path, names in lists.items() if not names >= TIMES} == set(WITHOUT_TIMES)
    for path, names in lists.items():
        await check_list(desk.client, path, names)


async def test_what_lists_are_sorted_by_has_an_index(desk):
    missing = []
    async with desk.erp.database.driver() as sql:
        for reads in reads_of("erp"):
            async with sql.transaction():
                missing += await sorts_without_index(sql, reads)
    assert missing == []

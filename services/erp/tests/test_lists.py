"""Every list can be asked for days, a total and fields of its rows, and is sorted by indexes."""

from records.testing.lists import (
    TIMES,
    TOTALS,
    check_filters,
    check_list,
    paged_lists,
    reads_of,
    sorts_without_index,
)

OF_THE_PROGRAM = {
    *(
        "/v1/api-keys",
        "/v1/audit-entries",
        "/v1/jobs",
        "/v1/sessions",
        "/v1/me/sessions",
        "/v1/me/logins",
    ),
    *("/v1/exports", "/v1/imports", "/v1/import-mappings"),
}
WITHOUT_TIMES = {
    "/v1/api-keys": "a handful; seen whole by an administrator",
    "/v1/audit-entries": "entries of the program, in its own order and times",
    "/v1/sessions": "those who are logged in now",
    "/v1/me/sessions": "a handful; where one is logged in",
    "/v1/me/logins": "the own ones, the newest first",
    "/v1/jobs": "work of the program, not records of the business",
    "/v1/exports": "jobs, not records of the business",
    "/v1/imports": "jobs, not records of the business",
    "/v1/import-mappings": "how files are read, not records of the business",
    "/v1/saved-views": "what persons ask lists, not records of the business",
    "/v1/serials": "pieces, not records that are made",
    "/v1/material-plans": "jobs, which are not changed by anybody",
    "/v1/planned-orders": "rows of the current plan, all of one moment",
    "/v1/plan-messages": "rows of the current plan, all of one moment",
    "/v1/schedule-tries": "jobs, which are kept or dropped",
    "/v1/schedules": "published once, never changed",
    "/v1/schedule-assignments": "rows of the current schedule, all of one moment",
    "/v1/scheduled-orders": "rows of the current schedule, all of one moment",
    "/v1/stock-levels": "sums, not records",
}
WITH_TOTALS = {
    "/v1/bills",
    "/v1/invoices",
    "/v1/open-items",
    "/v1/payables/openings",
    "/v1/payments",
    "/v1/purchase-orders",
    "/v1/receivables/openings",
    "/v1/sales-orders",
}


async def test_every_list_can_be_asked_the_same(desk):
    document = desk.erp.app.openapi()
    lists = paged_lists(document)
    assert {path for path, names in lists.items() if not names >= TIMES} == set(WITHOUT_TIMES)
    for path, names in lists.items():
        await check_list(desk.client, path, names)


async def test_states_are_asked_for_as_sets_and_ranges_from_first_to_last(desk):
    lists = paged_lists(desk.erp.app.openapi())
    for path in sorted(lists.keys() - OF_THE_PROGRAM):
        await check_filters(desk.client, path, lists[path])
    assert {path for path, names in lists.items() if names >= TOTALS} == WITH_TOTALS


async def test_what_lists_are_sorted_by_has_an_index(desk):
    missing = []
    async with desk.erp.database.driver() as sql:
        for reads in reads_of("erp"):
            async with sql.transaction():
                missing += await sorts_without_index(sql, reads)
    assert missing == []

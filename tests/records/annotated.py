"""What people may annotate: records of every type and documents, and one of each."""

from collections.abc import Mapping

from identity.testing.desk import Desk
from tests.records.documents import documents_of_erp
from tests.records.kinds import HALVES, KINDS

__all__ = ["ANNOTATED", "one_of_each", "paths_with"]

SENT_ONLY = {("erp", f"/v1/{many}") for many in ("opening-stock", "journal-entries/openings")}
"""Sent by other systems, and not read one by one by the library."""
DOCUMENTS = {
    ("erp", f"/v1/{many}")
    for many in (
        "sales-orders",
        "shipments",
        "invoices",
        "payments",
        "bills",
        "purchase-orders",
        "purchase-receipts",
        "purchase-returns",
        "stock-documents",
        "warehouses",
        "inspections",
        "nonconformances",
        "soft-reservations",
        "repair-orders",
    )
}
"""What is read by the library, and written by its module."""
ANNOTATED = {(kind.half, kind.path) for kind in KINDS} - SENT_ONLY | DOCUMENTS
"""Half and collection of all that has notes and what else there is of that kind."""


def paths_with(half: str, part: str) -> set[str]:
    """The collections of the half whose records have a part, such as `notes`."""
    paths = [route.path for router in HALVES[half].routers for route in router.routes]
    return {path.partition("/{")[0] for path in paths if path.endswith(f"_id}}/{part}")}


async def one_of_each(half: str, desk: Desk) -> Mapping[str, str]:
    """The id of a record of each type, by the path of the collection."""
    found = dict(await documents_of_erp(desk)) if half == "erp" else {}
    paths = {path for of, path in ANNOTATED if of == half}
    for kind in KINDS:
        if kind.half == half and kind.path in paths - found.keys():
            found[kind.path] = (await kind.make(desk))["id"]
    for path in paths - found.keys():
        found[path] = (await desk.see(path))["items"][0]["id"]
    return found

"""A row that the actor may not see is not there: in reads, in changes, in links and upserts."""

from dataclasses import replace
from uuid import UUID

import pytest

from chassis.problems.problem import ProblemView
from chassis.problems.standard import NotFound
from chassis.storage.paging import Filter, PageQuery
from erp.parties.schemas import ChangeSupplier, PartyQuery, UpsertSupplier
from erp.parties.service.suppliers import SUPPLIER
from records import writes
from records.links import ExternalRef, LinkExternal, LinkRecord, LinkRecords

HIDDEN = replace(
    SUPPLIER,
    reads=replace(SUPPLIER.reads, visible=lambda _at: [Filter("supplier.name <> {}", "Secret")]),
)


@pytest.fixture
async def hidden(desk):
    found = await desk.add("/v1/suppliers", name="Secret")
    return UUID(found["id"])


async def test_a_hidden_row_is_not_found_and_not_listed(desk, hidden):
    shown = UUID((await desk.add("/v1/suppliers", name=desk.word("Open")))["id"])
    async with desk.erp.database.transaction() as work:
        with pytest.raises(NotFound):
            await HIDDEN.reads.get(work, hidden)
        assert (await HIDDEN.reads.get(work, shown)).id == shown
        page = await HIDDEN.reads.page(work, PartyQuery(), PageQuery(limit=200))
        seen = {one.id for one in page.items}
        assert shown in seen
        assert hidden not in seen
        assert (await SUPPLIER.reads.get(work, hidden)).name == "Secret"


async def test_a_hidden_row_is_not_found_whatever_version_is_named(desk, hidden):
    """A 412 would say that there is such a row."""
    async with desk.erp.database.transaction() as work:
        with pytest.raises(NotFound):
            await writes.change(work, HIDDEN, hidden, ChangeSupplier(name="Mine"), revision=7)
        with pytest.raises(NotFound):
            await writes.put(work, HIDDEN, hidden, {"status": "archived"})


async def test_a_hidden_row_is_linked_to_nothing_and_nothing_is_said_of_its_links(desk, hidden):
    system, external_id = desk.word("shop").lower(), desk.word()
    await desk.erp.post(
        f"/v1/suppliers/{hidden}/external-refs", {"system": system, "external_id": external_id}
    )
    other = LinkExternal(system=system, external_id=desk.word())
    gone = ExternalRef(system=system, external_id=external_id)
    item = LinkRecord(id=hidden, external_id=desk.word())
    many = LinkRecords(system=system, items=[item])
    command = UpsertSupplier(source_version=2, name="Mine")
    async with desk.erp.database.transaction() as work:
        with pytest.raises(NotFound):
            await writes.link(work, HIDDEN, hidden, other)
        with pytest.raises(NotFound):
            await writes.unlink(work, HIDDEN, hidden, gone)
        with pytest.raises(NotFound):
            await writes.link_many(work, HIDDEN, many, view_of=ProblemView.model_validate)
        with pytest.raises(NotFound):
            await writes.upsert(work, HIDDEN, system, external_id, command)


async def test_a_rule_without_a_value_is_no_rule(desk, hidden):
    broken = replace(SUPPLIER.reads, visible=lambda _at: [Filter("supplier.name <> {}", None)])
    async with desk.erp.database.transaction() as work:
        with pytest.raises(ValueError, match="hide nothing"):
            await broken.get(work, hidden)

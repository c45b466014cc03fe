"""A row that the actor may not see is not there: in reads, in changes, in links and upserts."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from chassis.problems.problem import ProblemView
from chassis.problems.standard import NotFound
from chassis.storage.paging import Filter, PageQuery
from chassis.texts import Texts
from erp.parties.schemas import ChangeSupplier, PartyQuery, UpsertSupplier
from erp.parties.service.suppliers import SUPPLIER
from records import writes
from records.link_batches import link_each, links_of
from records.links import ExternalRef, LinkExternal, LinkRecord, LinkRecords

HIDDEN = replace(
    SUPPLIER,
    reads=replace(SUPPLIER.reads, visible=lambda _at: [Filter("supplier.name <> {}", "Secret")]),
)


def shown_problem(problem):
    return ProblemView.model_validate(problem.view(Texts({}), "en", ""))


async def linked_ids(work, kind, items):
    return [one.id for one in (await links_of(work, kind, [item.id for item in items])).items]


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
    command = UpsertSupplier(source_version=2, name="Mine")
    async with desk.erp.database.transaction() as work:
        with pytest.raises(NotFound):
            await writes.link(work, HIDDEN, hidden, other)
        with pytest.raises(NotFound):
            await writes.unlink(work, HIDDEN, hidden, gone)
        with pytest.raises(NotFound):
            await writes.upsert(work, HIDDEN, system, external_id, command)


async def test_of_many_links_the_one_of_a_hidden_row_is_refused_alone(desk, hidden):
    """As for a record that there is not: nothing tells the two apart."""
    shown = UUID((await desk.add("/v1/suppliers", name=desk.word("Open")))["id"])
    items = [LinkRecord(id=one, external_id=desk.word()) for one in (hidden, shown, uuid4())]
    many = LinkRecords(system=desk.word("shop").lower(), items=items)
    async with desk.erp.database.transaction() as work:
        reply = await link_each(work, HIDDEN, many, view_of=shown_problem)
        assert [one.status for one in reply.items] == ["failed", "linked", "failed"]
        of_hidden, of_nothing = reply.items[0].problem, reply.items[2].problem
        assert (of_hidden.code, of_hidden.status) == ("not_found", 404)
        assert of_hidden.code == of_nothing.code
        assert await linked_ids(work, SUPPLIER, items) == [shown]


async def test_links_of_a_hidden_row_are_not_shown(desk, hidden):
    shown = UUID((await desk.add("/v1/suppliers", name=desk.word("Open")))["id"])
    items = [LinkRecord(id=one, external_id=desk.word()) for one in (hidden, shown)]
    many = LinkRecords(system=desk.word("shop").lower(), items=items)
    async with desk.erp.database.transaction() as work:
        await link_each(work, SUPPLIER, many, view_of=shown_problem)
        assert await linked_ids(work, SUPPLIER, items) == [hidden, shown]
        assert await linked_ids(work, HIDDEN, items) == [shown]


async def test_a_rule_without_a_value_is_no_rule(desk, hidden):
    broken = replace(SUPPLIER.reads, visible=lambda _at: [Filter("supplier.name <> {}", None)])
    async with desk.erp.database.transaction() as work:
        with pytest.raises(ValueError, match="hide nothing"):
            await broken.get(work, hidden)

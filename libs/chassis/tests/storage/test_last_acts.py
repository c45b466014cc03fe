"""What is done once, just before the commit."""

from uuid import uuid4

import pytest


@pytest.fixture
def heard():
    """An act that hears what was left for it, and in which order acts were done."""
    return []


async def test_facts_are_gathered_and_done_once_before_the_commit(sample, sample_module, heard):
    """Also the events of a last act are published."""

    async def number(work, facts):
        heard.append(("number", facts))
        await work.record(
            sample_module.NoteWritten(id=uuid4(), version=1, changed=["title"], title=facts[0])
        )

    async def balance(work, facts):
        heard.append(("balance", facts))

    async with sample.database.transaction() as work:
        work.at_last(balance, "a")
        work.at_last(number, f"last-{uuid4()}")
        work.at_last(balance, "b")
        assert heard == []
        title = work.last[1][1]
    assert heard == [("balance", ["a", "b"]), ("number", [title])]
    async with sample.database.driver() as sql:
        told = await sql.fetchval(
            "select count(*) from outbox where payload ->> 'title' = $1", title
        )
    assert told == 1


async def test_a_failed_item_of_a_batch_takes_its_last_acts_along(sample, heard):
    async def note(_work, facts):
        heard.extend(facts)

    async with sample.database.transaction() as work:
        work.at_last(note, "kept")
        with pytest.raises(RuntimeError):  # noqa: PT012 - the item is the block
            async with work.savepoint():
                work.at_last(note, "undone")
                raise RuntimeError
    assert heard == ["kept"]


async def test_a_last_act_that_refuses_ends_everything(sample, sample_module):
    title = f"refused-{uuid4()}"

    async def refuse(_work, _facts):
        raise sample_module.TitleRefused(title=title)

    with pytest.raises(sample_module.TitleRefused):  # noqa: PT012 - the act is the block
        async with sample.database.transaction() as work:
            await sample_module.write(work, sample_module.WriteNote(title=title))
            work.at_last(refuse, None)
    async with sample.database.driver() as sql:
        assert await sql.fetchval("select count(*) from note where title = $1", title) == 0


async def test_a_dry_run_does_no_last_act(sample, heard):
    async def note(_work, facts):
        heard.extend(facts)

    async with sample.database.transaction() as work:
        work.at_last(note, "never")
        work.abandon()
    assert heard == []

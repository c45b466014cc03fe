"""Reminders: published by the worker when they are due, each once, whoever works."""

import asyncio

import pytest

from chassis.work.unit_of_work import Work
from crm.activities.service.reminders import REMIND, remind

PATH = "/v1/activities"
PAST, FUTURE = "2020-01-02T01:00:00Z", "2090-01-02T01:00:00Z"


async def reminders(diary, made):
    """The events that say that the reminder is due."""
    events = [one for one in await diary.crm.feed() if one["subject"] == made["id"]]
    return [one for one in events if one["data"]["changed"] == ["reminded_at"]]


async def run(diary):
    async with diary.crm.database.transaction() as work:
        await remind(work, {})


async def test_a_due_reminder_is_published_once_and_leaves_the_etag(diary, desk):
    due = await diary.add(remind_at=PAST)
    later = await diary.add(remind_at=FUTURE)
    done = await diary.add(remind_at=PAST)
    await diary.act(done, "complete")
    for _ in "ab":
        await run(diary)
    [event] = await reminders(diary, due)
    assert event["data"]["reminded_at"] is not None
    assert await reminders(diary, later) == await reminders(diary, done) == []
    seen = await desk.see(f"{PATH}/{due['id']}")
    assert (seen["version"], seen["revision"]) == (1, 2)


async def test_another_time_is_due_anew(diary):
    due = await diary.add(remind_at=PAST)
    await run(diary)
    moved = (await diary.act(due, "reschedule", remind_at="2020-02-02T01:00:00Z")).json()
    assert moved["reminded_at"] is None
    await run(diary)
    assert len(await reminders(diary, due)) == 2


async def test_two_workers_at_once_publish_each_once(diary):
    made = [await diary.add(remind_at=PAST) for _ in range(20)]
    await asyncio.gather(*(run(diary) for _ in range(4)))
    await run(diary)
    for one in made:
        assert len(await reminders(diary, one)) == 1


async def test_a_worker_that_dies_before_the_end_has_published_nothing(diary):
    made = await diary.add(remind_at=PAST)

    async def killed(work: Work) -> None:
        await remind(work, {})
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        async with diary.crm.database.transaction() as work:
            await killed(work)
    assert await reminders(diary, made) == []
    await run(diary)
    assert len(await reminders(diary, made)) == 1


def test_the_clock_asks_for_it_each_minute(diary):
    schedules = {one.kind: one.every for one in diary.crm.service.schedules}
    assert schedules[REMIND].total_seconds() == 60

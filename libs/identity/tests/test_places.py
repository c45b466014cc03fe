"""Places to hash in: two at a time, a short queue, and who has had most waits longest."""

import asyncio

import pytest

from identity.places import LoginsBusy, Places


class Desk:
    """Places whose holders leave when a test says so."""

    def __init__(self, places, waiting_max):
        self.places = Places(places, waiting_max=waiting_max)
        self.entered, self.leave = [], asyncio.Event()

    async def come(self, name, rank=0):
        async with self.places.one(rank=rank):
            self.entered.append(name)
            await self.leave.wait()

    def comes(self, name, rank=0):
        return asyncio.create_task(self.come(name, rank))


async def turns():
    """Let every task go as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_so_many_enter_and_the_others_follow_by_rank():
    desk = Desk(2, waiting_max=9)
    tasks = [desk.comes(name, rank) for name, rank in (("a", 5), ("b", 5), ("c", 40), ("d", 1))]
    await turns()
    assert (desk.entered, desk.places.waiting) == (["a", "b"], 2)
    desk.leave.set()
    await asyncio.gather(*tasks)
    assert desk.entered == ["a", "b", "d", "c"]


async def test_of_one_rank_who_came_first_enters_first():
    desk = Desk(1, waiting_max=9)
    tasks = [desk.comes(name) for name in "abcd"]
    await turns()
    desk.leave.set()
    await asyncio.gather(*tasks)
    assert desk.entered == list("abcd")


async def test_a_full_queue_refuses_who_has_had_most():
    desk = Desk(1, waiting_max=2)
    tasks = [desk.comes(name, rank) for name, rank in (("a", 0), ("b", 90), ("c", 80))]
    await turns()
    fresh = desk.comes("owner", 1)
    await turns()
    with pytest.raises(LoginsBusy):
        await tasks[1]
    with pytest.raises(LoginsBusy):
        await desk.come("late", 95)
    desk.leave.set()
    await asyncio.gather(tasks[0], tasks[2], fresh)
    assert desk.entered == ["a", "owner", "c"]


async def test_who_goes_away_leaves_no_place_taken():
    desk = Desk(1, waiting_max=9)
    first, second, third = (desk.comes(name) for name in "abc")
    await turns()
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    assert desk.places.waiting == 1
    desk.leave.set()
    await first
    await third
    assert desk.entered == ["a", "c"]
    await desk.come("d")


async def test_who_goes_away_with_the_turn_passes_it_on():
    desk = Desk(1, waiting_max=9)
    first, second, third = (desk.comes(name) for name in "abc")
    await turns()
    desk.leave.set()
    first.add_done_callback(lambda _: second.cancel())
    await asyncio.gather(first, second, third, return_exceptions=True)
    assert "c" in desk.entered
    await asyncio.wait_for(desk.come("d"), 5)

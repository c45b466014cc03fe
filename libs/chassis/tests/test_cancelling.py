"""An act that swallows a cancellation does not keep its caller from stopping."""

import asyncio
from contextlib import suppress

import pytest

from chassis.cancelling import apart


async def swallows():
    """As a library does that suppresses the cancellation of its own helper."""
    with suppress(asyncio.CancelledError):
        await asyncio.Event().wait()
    return "went on"


async def cancelled_in(act):
    """Start it, cancel it; whether the caller was told."""

    async def caller():
        await act
        return "went on"

    task = asyncio.create_task(caller())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task}, timeout=5)
    return task.cancelled()


async def test_a_swallowed_cancellation_still_ends_the_caller():
    assert await cancelled_in(apart(swallows()))


async def test_the_control_goes_on():
    """Without help the caller never learns of it."""
    assert not await cancelled_in(swallows())


async def test_an_act_that_does_not_end_is_left_behind():
    async def never():
        while True:
            with suppress(asyncio.CancelledError):
                await released.wait()
                return

    released = asyncio.Event()
    assert await cancelled_in(apart(never(), stop_seconds=0.05))
    released.set()


async def test_result_and_failure_come_through():
    async def gives():
        return 7

    async def fails():
        raise KeyError("gone")

    assert await apart(gives()) == 7
    with pytest.raises(KeyError):
        await apart(fails())

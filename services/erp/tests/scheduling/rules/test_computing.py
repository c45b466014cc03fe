"""The solver's process: it is ended, killed or fails, and its worker goes on (E70)."""

import asyncio
import multiprocessing
import os
import signal
import threading
from dataclasses import replace

import pytest
from services.erp.tests.scheduling.rules.factory import changing

from erp.scheduling.rules import serial
from erp.scheduling.service import computing
from erp.scheduling.service.computing import SolverStopped, improved


def never_done(*_given):
    """What the process does here: it works until it is ended."""
    threading.Event().wait()


@pytest.fixture
def search(monkeypatch):
    """A search that does not end by itself."""
    monkeypatch.setattr(computing, "_solve", never_done)
    monkeypatch.setattr(computing, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(computing, "STOP_SECONDS", 0.02)
    given = changing()
    return lambda progress: improved(given, serial.generate(given), 600, progress)


async def ended():
    """No process is left."""
    async with asyncio.timeout(20):
        while multiprocessing.active_children():
            await asyncio.to_thread(multiprocessing.active_children()[0].join)


async def test_a_search_that_nobody_wants_any_more_is_ended(search):
    async def dropped(_percent):
        return not multiprocessing.active_children()

    with pytest.raises(SolverStopped):
        await search(dropped)
    await ended()


async def test_a_search_that_is_killed_is_noticed(search):
    async def kill(_percent):
        for one in multiprocessing.active_children():
            os.kill(one.pid, signal.SIGKILL)
        return True

    with pytest.raises(SolverStopped):
        await search(kill)
    await ended()


async def test_a_worker_that_ends_or_loses_its_database_ends_the_search(search):
    """The loop is free meanwhile, and nobody waits for the end of the search."""
    begun = asyncio.Event()

    async def look(_percent):
        if multiprocessing.active_children():
            begun.set()
        return True

    working = asyncio.create_task(search(look))
    await begun.wait()
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    await ended()

    async def lost(_percent):
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await search(lost)
    await ended()


async def test_a_search_that_fails_says_why():
    async def go_on(_percent):
        return True

    given = changing()
    start = replace(serial.generate(given), assignments=())
    with pytest.raises(SolverStopped, match="Error"):
        await improved(given, start, 1, go_on)
    await ended()

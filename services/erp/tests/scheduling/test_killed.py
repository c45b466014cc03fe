"""Workers and planners that are killed: what is published stays whole, the rule's result stands."""

import asyncio
import multiprocessing
import os
import signal
from unittest.mock import AsyncMock
from uuid import UUID

import pytest

from erp.app import SERVICE
from erp.scheduling.service import running as lane
from erp.scheduling.service import tries
from erp.settings import ErpSettings

from .conftest import ASSIGNMENTS, SCHEDULES, TRIES

pytestmark = pytest.mark.business_day


async def _die(*_given, **_more):
    os.kill(os.getpid(), signal.SIGKILL)


def _works(url, try_id):
    """What the process does: a worker that is killed by its solver, or a planner by the end."""

    async def main():
        database = SERVICE.connect(ErpSettings(), url=url)
        if try_id is None:
            await lane.make_next_try(database)
        else:
            async with database.transaction() as work:
                await tries.keep_try(work, UUID(try_id))

    lane.improved = tries._take_over = _die
    asyncio.run(main())


async def killed(shop, try_id=None):
    """A process that works on the database until it is killed."""
    forked = multiprocessing.get_context("fork")
    worker = forked.Process(target=_works, args=(shop.erp.database.url, try_id))
    worker.start()
    await asyncio.to_thread(worker.join)
    assert worker.exitcode == -signal.SIGKILL


async def test_a_solver_that_is_killed_leaves_the_schedule_of_the_rule(shop):
    """SIGKILL while the solver works: the published schedule is whole, the rule's result stands."""
    item = await shop.item({"work_centre": await shop.centre()})
    order = await shop.order(item, 60)
    await shop.keeps(await shop.tries())
    before = await shop.desk.see(f"{ASSIGNMENTS}?production_order_id={order['id']}")
    other = await shop.order(item, 30)
    asked = (await shop.erp.post(TRIES, {"method": "solver"})).json()
    await killed(shop)
    left = await shop.desk.see(f"{TRIES}/{asked['id']}")
    assert (left["state"], left["made_by"], left["operations"]) == ("computing", "rule", 2)
    assert await shop.desk.see(f"{ASSIGNMENTS}?production_order_id={order['id']}") == before
    assert await lane.make_next_try(shop.erp.database)
    done = await shop.desk.see(f"{TRIES}/{asked['id']}")
    assert (done["state"], done["made_by"], done["problem"]) == ("ready", "rule", lane.STOPPED)
    await shop.does(f"{TRIES}/{asked['id']}/drop")

    # A solver that is killed or fails in its own process does as much.
    for failure in (lane.SolverStopped, MemoryError, AssertionError):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(lane, "improved", AsyncMock(side_effect=failure))
            tried = await shop.tries(method="solver")
        said = (tried["state"], tried["made_by"], tried["problem"])
        assert said == ("ready", "rule", lane.STOPPED)
    assert (await shop.result(tried))["orders"][-1]["number"] in {order["number"], other["number"]}

    # One that is dropped meanwhile is not computed to its end.
    async def dropped(_problem, _start, _seconds, progress):
        assert await progress(1)
        [mine] = (await shop.desk.see(f"{TRIES}?state=computing"))["items"]
        await shop.does(f"{TRIES}/{mine['id']}/drop")
        assert not await progress(2)
        raise lane.SolverStopped

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(lane, "improved", dropped)
        assert (await shop.tries(method="solver"))["state"] == "dropped"


async def test_a_planner_who_is_killed_publishes_nothing(shop):
    """SIGKILL when all rows are written and nothing is committed: the same try is kept later."""
    item = await shop.item({"work_centre": await shop.centre()})
    order = await shop.order(item, 60)
    await shop.keeps(await shop.tries())
    before = await shop.desk.see(f"{ASSIGNMENTS}?limit=50")
    [current] = (await shop.desk.see(f"{SCHEDULES}?is_current=true"))["items"]
    await shop.order(item, 30)
    tried = await shop.tries(changes=[{"production_order_id": order["id"], "priority": 2}])
    await killed(shop, tried["id"])
    assert await shop.desk.see(f"{ASSIGNMENTS}?limit=50") == before
    assert (await shop.desk.see(f"{SCHEDULES}?is_current=true"))["items"] == [current]
    assert (await shop.desk.see(f"{TRIES}/{tried['id']}"))["state"] == "ready"
    kept = await shop.keeps(tried)
    assert kept["number"] == current["number"] + 1

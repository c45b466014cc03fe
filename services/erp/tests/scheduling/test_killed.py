"""Workers and planners that are killed: what is published stays whole, the rule's result stands."""

import asyncio
import signal
import sys

import pytest

from erp.scheduling.service import running as lane

from .conftest import ASSIGNMENTS, SCHEDULES, TRIES

pytestmark = pytest.mark.business_day

_KILLED = """
import asyncio, os, signal, sys
from uuid import UUID
from erp.app import SERVICE
from erp.scheduling.queries import tries as queries
from erp.scheduling.service import running, tries
from erp.settings import ErpSettings

async def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

async def main():
    database = SERVICE.connect(ErpSettings(), url=sys.argv[1])
    if len(sys.argv) == 2:
        running.improved = die
        await running.make_next_try(database)
    else:
        tries._take_over = die
        async with database.transaction() as work:
            await tries.keep_try(work, UUID(sys.argv[2]))

if __name__ == "__main__":
    asyncio.run(main())
"""


async def killed(shop, tmp_path, *more):
    """A process that works on the database until it is killed."""
    program = tmp_path / "killed.py"
    program.write_text(_KILLED)
    worker = await asyncio.create_subprocess_exec(
        sys.executable, str(program), shop.erp.database.url, *more
    )
    assert await worker.wait() == -signal.SIGKILL


async def test_a_solver_that_is_killed_leaves_the_schedule_of_the_rule(shop, tmp_path):
    """SIGKILL while the solver works: the published schedule is whole, the rule's result stands."""
    item = await shop.item({"work_centre": await shop.centre()})
    order = await shop.order(item, 60)
    await shop.keeps(await shop.tries())
    before = await shop.desk.see(f"{ASSIGNMENTS}?production_order_id={order['id']}")
    other = await shop.order(item, 30)
    asked = (await shop.erp.post(TRIES, {"method": "solver"})).json()
    await killed(shop, tmp_path)
    left = await shop.desk.see(f"{TRIES}/{asked['id']}")
    assert (left["state"], left["made_by"], left["operations"]) == ("computing", "rule", 2)
    assert await shop.desk.see(f"{ASSIGNMENTS}?production_order_id={order['id']}") == before
    assert await lane.make_next_try(shop.erp.database)
    done = await shop.desk.see(f"{TRIES}/{asked['id']}")
    assert (done["state"], done["made_by"], done["problem"]) == ("ready", "rule", lane.STOPPED)
    await shop.does(f"{TRIES}/{asked['id']}/drop")

    # A solver whose own process is killed does as much.
    async def stopped(*_args):
        raise lane.SolverStopped

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(lane, "improved", stopped)
        tried = await shop.tries(method="solver")
    assert (tried["state"], tried["made_by"], tried["problem"]) == ("ready", "rule", lane.STOPPED)
    assert (await shop.result(tried))["orders"][-1]["number"] in {order["number"], other["number"]}


async def test_a_planner_who_is_killed_publishes_nothing(shop, tmp_path):
    """SIGKILL when all rows are written and nothing is committed: the same try is kept later."""
    item = await shop.item({"work_centre": await shop.centre()})
    order = await shop.order(item, 60)
    await shop.keeps(await shop.tries())
    before = await shop.desk.see(f"{ASSIGNMENTS}?limit=50")
    [current] = (await shop.desk.see(f"{SCHEDULES}?is_current=true"))["items"]
    await shop.order(item, 30)
    tried = await shop.tries(changes=[{"production_order_id": order["id"], "priority": 2}])
    await killed(shop, tmp_path, tried["id"])
    assert await shop.desk.see(f"{ASSIGNMENTS}?limit=50") == before
    assert (await shop.desk.see(f"{SCHEDULES}?is_current=true"))["items"] == [current]
    assert (await shop.desk.see(f"{TRIES}/{tried['id']}"))["state"] == "ready"
    kept = await shop.keeps(tried)
    assert kept["number"] == current["number"] + 1

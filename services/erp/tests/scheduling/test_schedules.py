"""Schedules through the product: tried, compared, published once, frozen, explained."""

import asyncio
from contextlib import contextmanager
from datetime import datetime, time, timedelta

import asyncpg
import pytest

from .conftest import ASSIGNMENTS, ORDERS, SCHEDULES, TRIES

pytestmark = pytest.mark.business_day


def utc(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


async def test_vector_v10_by_the_api(shop):
    """E67, V10: 300 minutes from Monday 10:00 end at 16:00; 120 from Friday 16:00 Monday 09:00."""
    saw, press = await shop.centre(), await shop.centre()
    order = await shop.order(await shop.item({"work_centre": saw}), 300)
    tried = await shop.tries()
    assert (tried["state"], tried["made_by"], tried["progress"]) == ("ready", "rule", 100)
    await shop.keeps(tried)
    assert await shop.times(order) == [(saw, utc(shop.at(0, 10)), utc(shop.at(0, 16)))]
    shop.now = friday = shop.at(4, 16)
    later = await shop.order(await shop.item({"work_centre": press}), 120)
    await shop.keeps(await shop.tries())
    assert await shop.times(later) == [(press, utc(friday), utc(shop.at(7, 9)))]


async def test_a_try_touches_nothing_and_of_two_one_is_published(shop, problem):
    """E67 to E69: what if is only said; two planners keep at once, and one is refused."""
    saw = await shop.centre()
    item = await shop.item({"work_centre": saw})
    first, second = await shop.order(item, 360, due=0), await shop.order(item, 60, due=5)
    await shop.keeps(await shop.tries())
    before = await shop.desk.see(f"{ASSIGNMENTS}?work_centre={saw}")
    assert [one["number"] for one in before["items"]] == [first["number"], second["number"]]
    old = await shop.desk.see(f"{ORDERS}/{second['id']}")
    assert old["scheduled_end_at"] == utc(shop.at(1, 9))

    change = {"rush": True, "due_on": f"{shop.monday}"}
    rush = [{"production_order_id": second["id"]} | change]
    tried, other = await shop.tries(changes=rush), await shop.tries()
    said = await shop.result(tried)
    assert (tried["moved"], said["moved_share"]) == (2, "1")
    ends = {one["number"]: (one["ends_at_before"], one["ends_at"]) for one in said["orders"]}
    assert ends == {
        first["number"]: (utc(shop.at(0, 17)), utc(shop.at(1, 9))),
        second["number"]: (utc(shop.at(1, 9)), utc(shop.at(0, 11))),
    }
    assert await shop.desk.see(f"{ASSIGNMENTS}?work_centre={saw}") == before
    assert await shop.desk.see(f"{ORDERS}/{second['id']}") == old
    assert (await shop.result(other))["moves"] == []

    replies = await asyncio.gather(
        *(shop.erp.post(f"{TRIES}/{one['id']}/keep", None) for one in (tried, other))
    )
    assert sorted(one.status_code for one in replies) == [200, 409]
    problem(max(replies, key=lambda one: one.status_code), 409, "schedule_outdated")
    again = await shop.erp.post(f"{TRIES}/{tried['id']}/keep", None)
    assert again.json()["code"] in {"schedule_try_not_ready", "schedule_outdated"}
    [current] = (await shop.desk.see(f"{SCHEDULES}?is_current=true"))["items"]
    won = min(replies, key=lambda one: one.status_code).json()
    assert current == won
    [event] = await shop.desk.events_of(current["id"])
    assert event["type"] == "tandem.erp.schedule-published.v1"


async def test_what_is_kept_is_what_was_tried_and_orders_become_so(shop, problem):
    """E68: an order that changed outdates a try; a kept one makes the order what it supposed."""
    saw = await shop.centre()
    order = await shop.order(await shop.item({"work_centre": saw}), 60, due=0)
    tried = await shop.tries()
    await shop.desk.merge(f"{ORDERS}/{order['id']}", {"priority": 1})
    refused = await shop.erp.post(f"{TRIES}/{tried['id']}/keep", None)
    problem(refused, 409, "schedule_outdated")
    dropped = await shop.does(f"{TRIES}/{tried['id']}/drop")
    assert dropped["state"] == "dropped"
    problem(await shop.erp.post(f"{TRIES}/{tried['id']}/drop", None), 409, "schedule_try_not_ready")
    missing = await shop.erp.client.get(f"{TRIES}/{tried['id']}/result")
    problem(missing, 409, "schedule_try_not_ready")

    day = f"{shop.monday + timedelta(days=3)}"
    change = {"production_order_id": order["id"], "due_on": day, "rush": True}
    await shop.keeps(await shop.tries(changes=[change | {"added_minutes": 30}]))
    changed = await shop.desk.see(f"{ORDERS}/{order['id']}")
    assert (changed["due_on"], changed["rush"], changed["priority"]) == (day, True, 1)
    assert changed["scheduled_end_at"] == utc(shop.at(0, 11, 30))
    unknown = [{"production_order_id": saw and tried["id"]}]
    refused = await shop.erp.post(TRIES, {"changes": unknown})
    problem(refused, 422, "not_an_open_order")


async def test_frozen_and_running_operations_do_not_move(shop):
    """E69: a rush order goes behind what begins within the frozen hours, and moves the others."""
    code = shop.desk.word("P")
    await shop.desk.add("/v1/scheduling-profiles", code=code, frozen_hours=1)
    saw = await shop.centre()
    item = await shop.item({"work_centre": saw})
    runs, frozen, free = [await shop.order(item, 60, due=due) for due in (1, 2, 3)]
    await shop.keeps(await shop.tries())
    was = await shop.times(runs), await shop.times(frozen)
    shop.now = shop.at(0, 10, 30)
    rush = await shop.order(item, 150, due=0, rush=True)
    tried = await shop.tries(profile=code)
    said = await shop.result(tried)
    assert [one["number"] for one in said["assignments"] if one["is_fixed"]] == [
        *(runs["number"], frozen["number"]),
    ]
    await shop.keeps(tried)
    assert (await shop.times(runs), await shop.times(frozen)) == was
    assert await shop.times(rush) == [(saw, utc(shop.at(0, 13)), utc(shop.at(0, 15, 30)))]
    assert await shop.times(free) == [(saw, utc(shop.at(0, 15, 30)), utc(shop.at(0, 16, 30)))]


async def test_a_schedule_that_cannot_exist_says_why(shop):
    """E67: a block of 300 minutes fits in no shift of 240."""
    saw = await shop.centre()
    order = await shop.order(await shop.item({"work_centre": saw, "breaks": "block"}), 300)
    before = (await shop.desk.see(f"{SCHEDULES}?limit=1"))["items"]
    tried = await shop.tries()
    assert tried["state"] == "failed"
    [conflict] = tried["conflicts"]
    assert conflict["kind"] == "block_too_long"
    assert conflict["operations"] == [f"{order['number']}/10"]
    assert (await shop.desk.see(f"{SCHEDULES}?limit=1"))["items"] == before


async def test_why_late_and_how_loaded(shop):
    """E68, V12: the second order waits for the machine; the day is full."""
    saw = await shop.centre()
    item = await shop.item({"work_centre": saw})
    first, late = await shop.order(item, 300, due=0), await shop.order(item, 300, due=0, priority=6)
    await shop.keeps(await shop.tries())
    listed = (await shop.desk.see("/v1/scheduled-orders?late=true"))["items"]
    [found] = [one for one in listed if one["number"] == late["number"]]
    assert found["late_minutes"] > 0
    capacity = next(one for one in found["reasons"] if one["kind"] == "capacity")
    assert (capacity["work_centre"], capacity["by_operation"]) == (saw, f"{first['number']}/10")
    days = f"first_day={shop.monday}&last_day={shop.monday + timedelta(days=1)}"
    loads = (await shop.desk.see(f"{SCHEDULES}/loads?{days}&work_centre={saw}"))["loads"]
    # Days are those of the company's zone; together they have all of the working time.
    assert sum(one["loaded_minutes"] for one in loads) == 600
    wide = f"first_day={shop.monday}&last_day={shop.monday + timedelta(days=99)}"
    refused = await shop.erp.client.get(f"{SCHEDULES}/loads?{wide}")
    assert refused.status_code == 422


async def test_set_ups_and_tools_hold(shop):
    """E68: a set-up by sequence, whichever is first, and one jig for two machines."""
    jig = shop.desk.word("jig")
    saw, press = await shop.centre(tools=[jig]), await shop.centre(tools=[jig])
    await shop.desk.add("/v1/shared-resources", kind="tool", name=jig, capacity=1)
    white, black = shop.desk.word("white"), shop.desk.word("black")
    orders = []
    for own, other in ((white, black), (black, white)):
        await shop.desk.add("/v1/changeovers", from_family=own, to_family=other, minutes=30)
        item = await shop.item({"work_centre": saw, "setup_family": own})
        orders.append(await shop.order(item, 30))
    shared = [
        await shop.order(await shop.item({"work_centre": place, "tools": [jig]}), 60)
        for place in (saw, press)
    ]
    await shop.keeps(await shop.tries())
    waits = [one for order in orders for one in await shop.published(order)]
    last = max(waits, key=lambda one: one["starts_at"])
    assert last["setup_starts_at"] < last["starts_at"]
    assert sum(one["setup_starts_at"] < one["starts_at"] for one in waits) == 1
    [(_, start, end)], [(_, other_start, other_end)] = [await shop.times(one) for one in shared]
    assert end <= other_start or other_end <= start


async def test_the_database_keeps_machines_apart(shop):
    """E67: no two assignments of a machine overlap, and one schedule is current, whoever writes."""
    saw = await shop.centre()
    order = await shop.order(await shop.item({"work_centre": saw}, {"work_centre": saw}), 60)
    await shop.keeps(await shop.tries())
    copy = """insert into schedule_assignment select gen_random_uuid(), schedule_id,
        production_order_id, (select p.id from production_order_operation p
          where not exists (select from schedule_assignment s where s.operation_id = p.id) limit 1),
        work_centre_id, unit, setup_starts_at, starts_at + interval '1 minute',
        ends_at + interval '1 minute', false
      from schedule_assignment where production_order_id = $1 limit 1"""
    spare = await shop.order(await shop.item({"work_centre": saw}), 1)
    async with shop.erp.database.driver() as sql:
        with pytest.raises(asyncpg.ExclusionViolationError):
            await sql.execute(copy, order["id"])
        with pytest.raises(asyncpg.UniqueViolationError):
            await sql.execute(
                """insert into schedule select gen_random_uuid(), number + 1, is_current,
                     published_at, published_by, input_hash, setups, made_by, operations, moved,
                     late_orders, lateness_minutes, makespan_minutes, objective, bound, gap
                   from schedule where is_current"""
            )
    assert spare["scheduled_start_at"] is None


@contextmanager
def clock(moment):
    """Acts happen at that moment."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("chassis.storage.reading.utc_now", lambda: moment)
        yield


async def test_what_runs_or_is_frozen_when_a_try_is_kept_does_not_move(shop, problem):
    """E69: a try moves what is free when it is made, and is refused once that is not free."""
    code = shop.desk.word("P")
    await shop.desk.add("/v1/scheduling-profiles", code=code, frozen_hours=1, stability_weight=0)
    saw = await shop.centre()
    item = await shop.item({"work_centre": saw})
    first = await shop.order(item, 60)
    await shop.keeps(await shop.tries())
    shop.now = shop.at(0, 8, 30)
    rush = await shop.order(item, 150, due=0, rush=True)
    tried = await shop.tries(profile=code)
    assert [one["number"] for one in (await shop.result(tried))["moves"]] == [
        *sorted((first["number"], rush["number"]))
    ]
    for moment in (shop.at(0, 9, 15), shop.at(0, 10, 30), shop.at(0, 14)):
        with clock(moment):
            refused = await shop.erp.post(f"{TRIES}/{tried['id']}/keep", None)
        assert "frozen by now" in problem(refused, 409, "schedule_outdated")["detail"]
    assert await shop.times(first) == [(saw, utc(shop.at(0, 10)), utc(shop.at(0, 11)))]
    with clock(shop.at(0, 8, 45)):
        await shop.keeps(tried)
    assert await shop.times(first) == [(saw, utc(shop.at(0, 11)), utc(shop.at(0, 12)))]
    # What is free is not published to have begun long ago.
    shop.now = shop.at(0, 13)
    late = await shop.order(await shop.item({"work_centre": await shop.centre()}), 60)
    tried = await shop.tries()
    with clock(shop.at(0, 16)):
        refused = await shop.erp.post(f"{TRIES}/{tried['id']}/keep", None)
    assert late["number"] in problem(refused, 409, "schedule_outdated")["detail"]


async def test_what_overruns_stays_and_what_follows_waits(shop):
    """E69: an hour published at 10:00, nothing reported at 11:10: it is still on its machine."""
    saw, press = await shop.centre(), await shop.centre()
    item = await shop.item({"work_centre": saw, "alternates": [press]}, {"work_centre": press})
    runs = await shop.order(item, 60, due=1)
    await shop.keeps(await shop.tries())
    shop.now = shop.at(0, 11, 10)
    other = await shop.order(await shop.item({"work_centre": saw}), 30, due=0, rush=True)
    await shop.keeps(await shop.tries())
    ends = utc(shop.at(0, 13, 10))
    assert await shop.times(runs) == [
        (saw, utc(shop.at(0, 10)), ends),
        (press, ends, utc(shop.at(0, 14, 10))),
    ]
    assert await shop.times(other) == [(saw, ends, utc(shop.at(0, 13, 40)))]


async def test_a_machine_stays_set_up_when_what_it_was_set_up_for_is_done(shop):
    """E68: red is reported and gone from two schedules; blue still needs its changeover."""
    saw = await shop.centre()
    red, blue = shop.desk.word("red"), shop.desk.word("blue")
    await shop.desk.add("/v1/changeovers", from_family=red, to_family=blue, minutes=30)
    done = await shop.order(await shop.item({"work_centre": saw, "setup_family": red}), 60)
    await shop.keeps(await shop.tries())
    shop.now = shop.at(0, 10, 30)
    await shop.does(f"{ORDERS}/{done['id']}/report", good="60", finish=True)
    listed = (await shop.desk.see("/v1/scheduled-orders?limit=200"))["items"]
    assert done["number"] not in {one["number"] for one in listed}
    assert await shop.published(done) == []
    for _ in range(2):
        await shop.keeps(await shop.tries())
    order = await shop.order(await shop.item({"work_centre": saw, "setup_family": blue}), 60)
    await shop.keeps(await shop.tries())
    [found] = await shop.published(order)
    assert (found["setup_starts_at"], found["starts_at"]) == (
        utc(shop.at(0, 10, 30)),
        utc(shop.at(0, 11)),
    )


async def test_material_counts_once_and_when_it_is_made(shop):
    """E53, E68: 10 needed twice, 6 and then 10 made: nothing, then one order, the day after."""
    part = await shop.item({"work_centre": await shop.centre()})
    whole = (await shop.desk.item())["sku"]
    await shop.active(
        "/v1/bills-of-material", sku=whole, label="A", lines=[{"sku": part, "quantity": "1"}]
    )
    step = {"sequence": 10, "run_minutes": "1", "work_centre": await shop.centre()}
    await shop.active("/v1/routings", sku=whole, label="A", operations=[step])
    days = {"start_on": f"{shop.monday}", "due_on": f"{shop.monday + timedelta(days=9)}"}
    wholes = []
    for _ in range(2):
        made = await shop.desk.add(ORDERS, sku=whole, quantity="10", **days)
        wholes.append(await shop.does(f"{ORDERS}/{made['id']}/firm"))
    await shop.order(part, 6, due=1)
    said = await shop.result(await shop.tries())
    assert [(one["number"], one["reason"]) for one in said["left_out"]] == [
        (one["number"], "material") for one in wholes
    ]
    await shop.order(part, 4, due=1)
    said = await shop.result(await shop.tries())
    assert [one["number"] for one in said["left_out"]] == [wholes[1]["number"]]
    async with shop.erp.database.transaction() as work:
        midnight = datetime.combine(shop.monday + timedelta(days=2), time(), work.setting.zone)
    [found] = [one for one in said["orders"] if one["number"] == wholes[0]["number"]]
    assert datetime.fromisoformat(found["starts_at"]) >= midnight


async def test_what_cannot_be_scheduled_hides_no_other(shop):
    """E68: beyond the horizon, without a place, at a supplier in the end; each is said."""
    saw, lost = await shop.centre(), await shop.centre()
    item = await shop.item({"work_centre": saw})
    far = f"{shop.today + timedelta(days=200)}"
    late = await shop.desk.add(ORDERS, sku=item, quantity="1", start_on=far, due_on=far)
    await shop.does(f"{ORDERS}/{late['id']}/firm")
    stuck = await shop.order(await shop.item({"work_centre": lost}), 60)
    await shop.keeps(await shop.tries())
    supplier = await shop.desk.add("/v1/suppliers", name="Plating works")
    plated = {"work_centre": saw, "supplier_number": supplier["number"]}
    bought = await shop.order(
        await shop.item({"work_centre": saw}, plated | {"queue_minutes": "7000"}), 60, due=1
    )
    async with shop.erp.database.transaction() as work:
        await work.sql.execute("update work_centre set calendar_id = null where code = $1", lost)
    tried = await shop.tries()
    assert tried["state"] == "ready"
    said = await shop.result(tried)
    assert {one["number"]: (one["reason"], one["operation"]) for one in said["left_out"]} == {
        late["number"]: ("beyond_horizon", f"{late['number']}/10"),
        stuck["number"]: ("no_place", f"{stuck['number']}/10"),
    }
    [gone] = [one for one in said["moves"] if one["number"] == stuck["number"]]
    assert (gone["work_centre_before"], gone["work_centre_after"]) == (lost, None)
    # 60 minutes here, 7000 in the queue there and 60 at the supplier.
    [found] = [one for one in said["orders"] if one["number"] == bought["number"]]
    ends = shop.at(0, 11) + timedelta(minutes=7060)
    assert found["ends_at"] == utc(ends)
    assert found["late_minutes"] > 0


async def test_what_keeping_would_refuse_is_not_tried(shop, problem):
    order = await shop.order(await shop.item({"work_centre": await shop.centre()}), 60)
    early = {"production_order_id": order["id"], "due_on": f"{shop.today - timedelta(days=1)}"}
    refused = problem(await shop.erp.post(TRIES, {"changes": [early, early]}), 422, "invalid_input")
    assert {(one["pointer"], one["code"]) for one in refused["errors"]} == {
        ("/changes/0/due_on", "due_before_start"),
        ("/changes/1/due_on", "due_before_start"),
        ("/changes/1/production_order_id", "duplicate_order"),
    }

"""Planning: a whole plan of five levels and 26 weeks, at three sizes, so that its growth shows."""

import gc
import random
import statistics
import time

from bench.figures import Asked, Bench, Figure, Goal
from bench.place import Place
from erp.planning.rules.planning import make_plan
from erp.planning.rules.snapshot import (
    Bill,
    Component,
    Demand,
    LotSizing,
    PlannedItem,
    Snapshot,
)
from erp.planning.states import LotRule, Source

__all__ = ["BENCH"]

SIZES = (1_000, 3_000, 10_000)
LEVELS, WEEKS, COMPONENTS = 5, 26, 3
TODAY = 738_000
"""A Friday; the Monday after it begins the first week."""


def run(_place: Place, asked: Asked) -> list[Figure]:
    """Seconds of a plan, garbage collection off as in the worker's process."""
    found, smaller = [], 0.0
    for size in SIZES:
        snapshot = snapshot_of(size)
        rounds, orders, pegs = [], 0, 0
        for _ in range(asked.rounds):
            gc.disable()
            began = time.perf_counter()
            plan = make_plan(snapshot)
            rounds.append(time.perf_counter() - began)
            gc.enable()
            orders = sum(len(one.orders) for one in plan.items.values())
            pegs = sum(len(one.pegs) for one in plan.items.values())
        seconds = statistics.median(rounds)
        facts = {"planned orders": float(orders), "pegs": float(pegs)}
        if smaller:
            facts["times the size before"] = seconds / smaller
        smaller = seconds
        found.append(
            Figure(
                f"{size:,} items x {LEVELS} levels x {WEEKS} weeks",
                "s",
                "10 s",
                seconds,
                10.0,
                10.0 / seconds,
                10.0 / max(rounds),
                10.0 / min(rounds),
                goal=Goal(ours_max=10.0) if size == SIZES[-1] else None,
                facts=facts,
            )
        )
    return found


def snapshot_of(size: int) -> Snapshot:
    """Items in five levels; the top ones are needed every week, lead times are whole weeks."""
    chance = random.Random(size)
    each = size // LEVELS
    items = [
        _item(chance, level, number, each) for level in range(LEVELS) for number in range(each)
    ]
    demands = tuple(
        Demand(f"{number}-{week}", f"0-{number}", TODAY + 3 + 7 * week, chance.randint(1, 50))
        for number in range(each)
        for week in range(WEEKS)
    )
    weekdays = tuple(day for day in range(TODAY - 500, TODAY + 500) if (day - TODAY + 4) % 7 < 5)
    return Snapshot(TODAY, tuple(items), demands, calendars={"plant": weekdays})


def _item(chance: random.Random, level: int, number: int, each: int) -> PlannedItem:
    made = level < LEVELS - 1
    components = tuple(
        Component(f"{level + 1}-{chance.randrange(each)}", chance.randint(1, 4))
        for _ in range(COMPONENTS if made else 0)
    )
    return PlannedItem(
        f"{level}-{number}",
        Source.MAKE if made else Source.BUY,
        on_hand=chance.randrange(200),
        safety_stock=chance.choice((0, 20)),
        lead_days=5 * chance.randint(1, 2),
        calendar="plant",
        lot=chance.choice((LotSizing(), LotSizing(LotRule.MULTIPLE, multiple=10))),
        good=chance.choice(((1, 1), (49, 50))),
        bills=(Bill(components),) if made else (),
    )


BENCH = Bench("mrp", "a material requirements plan, from the snapshot to orders and pegs", run)

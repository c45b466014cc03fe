"""Small factories to be scheduled, and random ones."""

import random
from datetime import UTC, datetime

from erp.scheduling.rules.problem import (
    Assignment,
    Changeover,
    Operation,
    Option,
    Order,
    Pool,
    Problem,
    Resource,
    Use,
    Weights,
)

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAY = 24 * 60
MAKESPAN_ONLY = Weights(tardiness=0, setup=0, moved=0, alternate=0)


def at(clock, day=0):
    """Minutes from Monday midnight to a time of day; day 4 is the Friday."""
    hours, minutes = clock.split(":")
    return day * DAY + int(hours) * 60 + int(minutes)


def shifts(weeks=2, blocks=(("08:00", "12:00"), ("13:00", "17:00"))):
    """Monday to Friday."""
    return tuple(
        (at(start, 7 * week + day), at(end, 7 * week + day))
        for week in range(weeks)
        for day in range(5)
        for start, end in blocks
    )


def always(horizon):
    return ((0, horizon),)


def problem(operations, resources, *, horizon=14 * DAY, orders=None, **more):
    """A problem; orders that are not given are due at once."""
    ids = dict.fromkeys(one.order_id for one in operations)
    given = tuple(orders) if orders else tuple(Order(each, 0) for each in ids)
    return Problem(MONDAY, horizon, tuple(resources), given, tuple(operations), **more)


def job_shop(jobs):
    """Jobs of (machine, minutes) in sequence, machines always there; only the makespan counts."""
    horizon = sum(minutes for job in jobs for _, minutes in job)
    machines = sorted({machine for job in jobs for machine, _ in job})
    operations = [
        Operation(
            f"{number}.{step}",
            f"{number}",
            (Option(f"{machine}", minutes),),
            after=(f"{number}.{step - 1}",) if step else (),
        )
        for number, job in enumerate(jobs)
        for step, (machine, minutes) in enumerate(job)
    ]
    resources = [Resource(f"{one}", 1, always(horizon)) for one in machines]
    return problem(operations, resources, horizon=horizon, weights=MAKESPAN_ONLY)


def changing():
    """V10: four jobs of an hour, A B A B, 30 minutes between, the machine set up for A."""
    operations = [
        Operation(f"{n}", f"{n}", (Option("m", 60),), family=f) for n, f in enumerate("ABAB")
    ]
    changeovers = (Changeover(None, "A", "B", 30), Changeover(None, "B", "A", 30))
    machine = Resource("m", 1, always(1000), setup="A")
    return problem(
        operations, [machine], horizon=1000, changeovers=changeovers, weights=MAKESPAN_ONLY
    )


def random_problem(seed, *, orders=6, with_fixed=True, with_previous=False):
    """Machines on unlike calendars, families, pools, alternates, material, what is frozen."""
    chance = random.Random(seed)
    day, night = shifts(4), shifts(4, (("06:00", "14:00"), ("14:00", "22:00")))
    long = shifts(4, (("07:00", "19:00"),))
    resources = [
        Resource("saw", 1, day, setup=chance.choice([None, "A"])),
        Resource("mill", 2, night),
        Resource("paint", chance.choice([1, 2]), long, setup="A"),
        Resource("pack", 3, day),
    ]
    pools = (Pool("welder", 2, chance.choice([day, long])), Pool("crane", 1, night))
    changeovers = tuple(
        Changeover(chance.choice([None, "paint"]), one, other, chance.choice([10, 30, 90]))
        for one in "ABC"
        for other in "ABC"
        if one != other
    )
    operations = [
        one
        for number in range(orders)
        for one in _steps(chance, f"o{number}", chance.randint(1, 4))
    ]
    given = [
        Order(
            f"o{number}",
            chance.randint(-500, 6 * DAY),
            chance.choice([None, 1, 2, 3]),
            chance.random() < 0.15,
        )
        for number in range(orders)
    ]
    if with_fixed and chance.random() < 0.6:
        frozen = Assignment("frozen", "mill", 1, at("09:00"), at("09:00"), at("11:00"))
        operations.append(
            Operation("frozen", "o0", (Option("mill", 120),), fixed=frozen, family="B")
        )
        running = Assignment("running", "saw", 0, -60, -30, at("08:50"))
        operations.append(
            Operation("running", "o1", (Option("saw", 80),), fixed=running, family="C")
        )
    return problem(
        operations,
        resources,
        horizon=28 * DAY,
        orders=given,
        pools=pools,
        changeovers=changeovers,
    )


def _steps(chance, order_id, number):
    places = ["saw", "mill", "paint", "pack"]
    for step in range(number):
        several = chance.sample(places, 2 if chance.random() < 0.3 else 1)
        pools = tuple(
            Use(*one)
            for one in (("welder", chance.randint(1, 2)), ("crane", 1))
            if chance.random() < 0.25
        )
        yield Operation(
            f"{order_id}.{step}",
            order_id,
            tuple(Option(one, chance.randint(5, 239)) for one in several),
            after=(f"{order_id}.{step - 1}",) if step else (),
            lag=chance.choice([0, 0, 45]),
            earliest=chance.choice([0, 0, chance.randint(0, 3 * DAY)]),
            family=chance.choice([None, "A", "B", "C"]),
            split=chance.random() < 0.6,
            pools=pools,
        )

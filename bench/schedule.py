"""Scheduling: job shops of the literature against their best, and a factory of 500 operations."""

import csv
import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench.figures import Asked, Bench, Figure, Goal
from bench.place import Place
from erp.scheduling.rules import checker, serial, solver
from erp.scheduling.rules.problem import (
    Changeover,
    Hours,
    Limit,
    Operation,
    Option,
    Order,
    Pool,
    Problem,
    Resource,
    Schedule,
    Use,
    Weights,
)

__all__ = ["BENCH"]

ORIGIN = datetime(2026, 3, 2, tzinfo=UTC)
DAY = 24 * 60
MACHINES, ORDERS, STEPS = 20, 100, 5
SHARED = Path(os.environ.get("TANDEM_SHARED") or Path(__file__).parents[1] / "shared")
FOLDER = SHARED / "data" / "job_shop"
GOALS = {"la": (1.01, 30), "ft": (1.02, 30), "abz": (1.02, 30), "orb": (1.02, 30), "ta": (1.05, 60)}
"""By the name's letters: how much more than the optimum at most, after how many seconds."""
OPTIMAL = {"ft06", "la01"}


def run(_place: Place, _asked: Asked) -> list[Figure]:
    """Each problem once: a search takes its whole time, and is the same each time."""
    return [_factory_figure(), *_job_shop_figures()]


def _factory_figure() -> Figure:
    problem = factory()
    by_rule, best = _schedules(problem, 30)
    gap = best.gap or 0.0
    return Figure(
        f"{len(problem.operations)} operations on {MACHINES} machines",
        "s",
        "30 s",
        best.seconds,
        30.0,
        30.0 / best.seconds,
        30.0 / best.seconds,
        30.0 / best.seconds,
        goal=Goal(ours_max=33.0),
        facts={
            "rule ms": by_rule.seconds * 1000,
            "rule costs": float(by_rule.objective),
            "solver costs": float(best.objective),
            "bound": float(best.bound or 0),
            "gap %": 100 * gap,
        },
    )


def _job_shop_figures() -> Iterator[Figure]:
    if not (FOLDER / "instances.csv").exists():
        print(f"job shops are not there: {FOLDER}")
        return
    jobs = _read_jobs()
    with (FOLDER / "instances.csv").open(encoding="utf-8") as lines:
        optima = {row["instance"]: int(row["optimum"] or 0) for row in csv.DictReader(lines)}
    for name, optimum in optima.items():
        letters, number = name.rstrip("0123456789"), int(name.lstrip("abcdefghijklmnopqrstuvwxyz"))
        if letters not in GOALS or not optimum or (letters == "la" and number > 20):
            continue
        share, seconds = GOALS[letters]
        by_rule, best = _schedules(job_shop(jobs[name]), seconds)
        at_most = optimum if name in OPTIMAL else optimum * share
        yield Figure(
            name,
            "min",
            f"best {optimum}",
            best.makespan,
            optimum,
            best.makespan / optimum,
            best.makespan / optimum,
            best.makespan / optimum,
            goal=Goal(ours_max=at_most),
            facts={
                "rule": float(by_rule.makespan),
                "bound": float(best.bound or 0),
                "seconds": best.seconds,
            },
        )


def _schedules(problem: Problem, seconds: int) -> tuple[Schedule, Schedule]:
    """By the rule and by the solver, both proven."""
    by_rule = serial.generate(problem)
    best = solver.improve(problem, by_rule, Limit(work=1000, seconds=seconds, workers=2))
    for schedule in (by_rule, best):
        if violations := checker.violations(problem, schedule):
            raise AssertionError(violations[:3])
    return by_rule, best


def _read_jobs() -> dict[str, list[list[tuple[int, int]]]]:
    found: dict[str, dict[int, list[tuple[int, int]]]] = {}
    with (FOLDER / "operations.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            steps = found.setdefault(row["instance"], {}).setdefault(int(row["job"]), [])
            steps.append((int(row["machine"]), int(row["duration"])))
    return {name: list(jobs.values()) for name, jobs in found.items()}


def job_shop(jobs: list[list[tuple[int, int]]]) -> Problem:
    """Each job passes its machines in sequence; what counts is the makespan."""
    horizon = sum(minutes for job in jobs for _, minutes in job)
    machines = sorted({machine for job in jobs for machine, _ in job})
    return Problem(
        ORIGIN,
        horizon,
        tuple(Resource(f"{one}", 1, ((0, horizon),)) for one in machines),
        tuple(Order(f"{number}", 0) for number in range(len(jobs))),
        tuple(
            Operation(
                f"{number}.{step}",
                f"{number}",
                (Option(f"{machine}", minutes),),
                after=(f"{number}.{step - 1}",) if step else (),
            )
            for number, job in enumerate(jobs)
            for step, (machine, minutes) in enumerate(job)
        ),
        weights=Weights(tardiness=0, setup=0, moved=0, alternate=0),
    )


def factory() -> Problem:
    """Two calendars, five machines with changeovers, alternates, welders, due dates."""
    chance = random.Random(500)
    day = _weeks(((8, 12), (13, 17)))
    two = _weeks(((6, 14), (14, 22)))
    resources = tuple(
        Resource(f"m{number}", 1, two if number % 4 == 0 else day, setup="A")
        for number in range(MACHINES)
    )
    changeovers = tuple(
        Changeover(f"m{number}", one, other, 30)
        for number in range(5)
        for one in "ABC"
        for other in "ABC"
        if one != other
    )
    return Problem(
        ORIGIN,
        42 * DAY,
        resources,
        tuple(
            Order(f"{one}", chance.randint(3 * DAY, 16 * DAY), chance.choice([None, 1, 3]))
            for one in range(ORDERS)
        ),
        tuple(_step(chance, order, step) for order in range(ORDERS) for step in range(STEPS)),
        pools=(Pool("welder", 3, day),),
        changeovers=changeovers,
    )


def _weeks(blocks: tuple[tuple[int, int], ...]) -> Hours:
    """Six weeks of five days with these hours."""
    days = [7 * week + day for week in range(6) for day in range(5)]
    return tuple(
        (one * DAY + start * 60, one * DAY + end * 60) for one in days for start, end in blocks
    )


def _step(chance: random.Random, order: int, step: int) -> Operation:
    machines = chance.sample(range(MACHINES), 2 if chance.random() < 0.2 else 1)
    minutes = chance.randint(20, 235)
    return Operation(
        f"{order}.{step}",
        f"{order}",
        tuple(Option(f"m{one}", minutes) for one in machines),
        after=(f"{order}.{step - 1}",) if step else (),
        earliest=chance.choice([0, 0, DAY]) if not step else 0,
        family=chance.choice("ABC"),
        split=chance.random() < 0.7,
        pools=(Use("welder"),) if chance.random() < 0.1 else (),
    )


BENCH = Bench("schedule", "schedules: job shops, and 500 operations on 20 machines", run)

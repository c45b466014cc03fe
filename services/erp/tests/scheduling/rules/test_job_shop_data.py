"""Job shops of the literature with their best makespans (E70).

They lie outside the repository; without them the test is skipped, and says so. All others are
measured by `make bench`.
"""

import csv
import os
from pathlib import Path

import pytest
from services.erp.tests.scheduling.rules.factory import job_shop

from erp.scheduling.rules import checker, serial, solver
from erp.scheduling.rules.problem import Limit

SHARED = Path(os.environ.get("TANDEM_SHARED") or Path(__file__).parents[6] / "shared")
DATA = SHARED / "data" / "job_shop" / "operations.csv"


@pytest.fixture(scope="module")
def instances():
    if not DATA.exists():
        pytest.skip(f"job shops are not there: {DATA}")
    jobs: dict[str, dict[int, list[tuple[int, int]]]] = {}
    with DATA.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            steps = jobs.setdefault(row["instance"], {}).setdefault(int(row["job"]), [])
            steps.append((int(row["machine"]), int(row["duration"])))
    return {name: list(one.values()) for name, one in jobs.items()}


@pytest.mark.parametrize(("name", "optimum"), [("ft06", 55), ("la01", 666)])
def test_the_best_makespan_is_found_and_proven(instances, name, optimum):
    """E70: exactly, with the bound that proves it."""
    given = job_shop(instances[name])
    best = solver.improve(given, serial.generate(given), Limit(work=20, seconds=60))
    assert (best.makespan, best.bound) == (optimum, optimum)
    assert best.optimal
    assert best.gap == 0
    assert not checker.violations(given, best)


def test_the_rule_answers_at_once(instances):
    """E70: without the solver there is a schedule, not far from the best of 930."""
    given = job_shop(instances["ft10"])
    schedule = serial.generate(given)
    assert not checker.violations(given, schedule)
    assert 930 <= schedule.makespan <= 930 * 1.25
    assert schedule.bound is None
    assert schedule.gap is None

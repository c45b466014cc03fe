"""The solver: never worse than the rule, proven by the checker, the same each time (E67 to E70)."""

from dataclasses import replace

import pytest
from services.erp.tests.scheduling.rules.factory import (
    DAY,
    changing,
    problem,
    random_problem,
    shifts,
)

from erp.scheduling.rules import checker, moves, serial, solver
from erp.scheduling.rules.problem import (
    Limit,
    Operation,
    Option,
    Order,
    Progress,
    Resource,
    Weights,
)
from erp.scheduling.states import ScheduleMethod

SHORT = Limit(work=0.5, seconds=20, workers=1)


def test_the_best_sequence_of_changeovers_is_found():
    """V10: from A B A B, which takes 330 minutes, to the best, 270, with its proof."""
    given = changing()
    start = serial.in_sequence(given, [one.id for one in given.operations])
    best = solver.improve(given, start, SHORT)
    assert (best.makespan, best.objective, best.bound) == (270, 270, 270)
    assert best.optimal
    assert best.method == ScheduleMethod.SOLVER
    assert not checker.violations(given, best)


@pytest.mark.parametrize("seed", range(12))
def test_every_schedule_of_the_solver_keeps_all_rules(seed):
    """E67 to E69: no worse than the rule, and never better than its bound."""
    given = random_problem(seed, orders=3)
    start = serial.generate(given)
    best = solver.improve(given, start, SHORT, seed)
    assert checker.violations(given, best) == []
    assert best.bound is not None
    assert best.bound <= best.objective <= start.objective


def test_the_same_problem_and_seed_give_the_same_schedule():
    given = random_problem(3, orders=5)
    start = serial.generate(given)
    limit = Limit(work=0.3, seconds=60, workers=2)
    first, second = (solver.improve(given, start, limit, 7) for _ in range(2))
    assert replace(first, seconds=0) == replace(second, seconds=0)


@pytest.mark.parametrize("seed", [2, 9])
def test_large_problems_are_searched_part_after_part(seed, monkeypatch):
    """E67 to E70: valid, no worse than the rule, the same each time, and the bound is no lie."""
    given = random_problem(seed, orders=4)
    start = serial.generate(given)
    whole = solver.improve(given, start, Limit(work=3, seconds=30, workers=1))
    monkeypatch.setattr(solver, "WHOLE_MAX", 0)
    first, second = (solver.improve(given, start, SHORT, seed) for _ in range(2))
    assert checker.violations(given, first) == []
    assert replace(first, seconds=0) == replace(second, seconds=0)
    assert first.bound is not None
    assert first.bound <= min(first.objective, whole.objective)
    assert first.objective <= start.objective


def test_progress_reports_and_stops():
    given = random_problem(1, orders=5)
    seen: list[Progress] = []

    def stop(found):
        seen.append(found)
        return False

    best = solver.improve(given, serial.generate(given), SHORT, progress=stop)
    assert len(seen) == 1
    assert seen[0].bound <= seen[0].objective
    assert not checker.violations(given, best)


def test_one_changed_due_date_moves_few_operations():
    """E69: with stability each move has its price; without it more of them move."""
    operations = [
        Operation(
            f"{n}.{step}",
            f"{n}",
            (Option(f"m{(n + step) % 3}", 45 + 10 * (n % 4)),),
            after=(f"{n}.{step - 1}",) if step else (),
        )
        for n in range(8)
        for step in range(3)
    ]
    resources = [Resource(f"m{n}", 1, shifts()) for n in range(3)]
    orders = [Order(f"{n}", DAY + 60 * n) for n in range(8)]
    given = problem(operations, resources, orders=orders, weights=Weights(moved=300))
    published = solver.improve(given, serial.generate(given), SHORT).assignments
    end = max(one.end for one in published if one.operation_id.startswith("7."))
    sooner = [replace(one, due=end - 200) if one.id == "7" else one for one in orders]
    again = replace(given, orders=tuple(sooner), previous=published)
    shares = []
    for weights in (again.weights, replace(again.weights, moved=0)):
        priced = replace(again, weights=weights)
        schedule = solver.improve(priced, serial.generate(priced), SHORT)
        assert not checker.violations(priced, schedule)
        compared = moves.compare(published, schedule.assignments, priced)
        assert len(compared.operations) == schedule.moved
        shares.append(compared.share)
    assert shares[0] <= 0.25
    assert shares[0] < shares[1]
    rule = serial.generate(again)
    assert moves.compare(published, rule.assignments, again).share <= 0.25

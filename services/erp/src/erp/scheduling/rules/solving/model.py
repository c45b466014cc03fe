"""A problem as a model: operations, precedences, machines, pools, and what is to be small."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from ortools.sat.python import cp_model

from erp.scheduling.rules.bounds import Searched
from erp.scheduling.rules.hours import working_time
from erp.scheduling.rules.indexed import Indexed
from erp.scheduling.rules.problem import Assignment, Operation, Pool
from erp.scheduling.rules.solving.machines import (
    Visit,
    add_alike,
    add_by_unit,
    has_frozen_machines,
    is_sequenced,
    visits_at,
)
from erp.scheduling.rules.solving.runs import Run, make_run
from erp.scheduling.rules.solving.sequences import Sequences
from erp.scheduling.rules.solving.variables import Number, Variables

__all__ = ["Model", "build"]

ARCS_MAX = 20_000
"""For one work centre; 140 operations on one machine can follow each other in any sequence."""


@dataclass(frozen=True, slots=True)
class Model:
    """The model with its operations, and whether it has every sequence of each machine.

    `by_unit` are the work centres whose single machines matter.
    """

    proto: cp_model.CpModel
    runs: list[Run]
    visits: dict[str, list[Visit]]
    by_unit: frozenset[str]
    complete: bool
    size: int
    """How many variables it has."""


def build(indexed: Indexed, searched: Searched, start: tuple[Assignment, ...]) -> Model:
    """The model of a problem; each variable has as its hint what it is in the schedule."""
    variables = Variables(cp_model.CpModel())
    clock = working_time(((0, indexed.problem.horizon),))
    hints = {one.operation_id: one for one in start}
    runs = [
        make_run(
            variables,
            indexed,
            one,
            window=searched.windows[one.id],
            hint=hints[one.id],
            clock=clock,
        )
        for one in indexed.problem.operations
        if one.fixed is None
    ]
    _add_precedences(variables, runs)
    sequences = Sequences(variables, indexed, ARCS_MAX)
    visits: dict[str, list[Visit]] = {}
    by_unit = set()
    for resource in indexed.problem.resources:
        sequenced = is_sequenced(indexed, resource)
        single = sequenced or has_frozen_machines(indexed, resource)
        here = visits_at(variables, indexed, resource, runs, by_unit=single, sequenced=sequenced)
        visits[resource.id] = here
        if single:
            by_unit.add(resource.id)
            add_by_unit(variables, resource, here)
        else:
            add_alike(variables, resource, here)
        if sequenced:
            sequences.add(resource, here)
    for pool in indexed.problem.pools:
        _add_pool(variables, indexed, pool, runs)
    costs = _costs(variables, indexed, runs, visits)
    variables.model.minimize(cp_model.LinearExpr.sum(costs))
    return Model(
        variables.model,
        runs,
        visits,
        frozenset(by_unit),
        sequences.complete,
        len(variables.hints),
    )


def _add_precedences(variables: Variables, runs: list[Run]) -> None:
    by_id = {run.operation.id: run for run in runs}
    for run in runs:
        for earlier in dict.fromkeys(run.operation.after):
            if earlier in by_id:
                _add_precedence(variables, by_id[earlier], run)


def _add_precedence(variables: Variables, before: Run, after: Run) -> None:
    one, other = before.groups, after.groups
    lag = after.operation.lag
    alike = len(one) == len(other) == 1 and one[0].hours.hours == other[0].hours.hours
    if alike:
        variables.model.add(other[0].start >= one[0].end)
    if not alike or lag:
        variables.model.add(after.starts() >= before.ends() + lag)


def _add_pool(variables: Variables, indexed: Indexed, pool: Pool, runs: list[Run]) -> None:
    """People and tools are taken from start to end: an overlap on their own axis is one."""
    axis = working_time(pool.hours)
    intervals: list[cp_model.IntervalVar] = []
    counts: list[int] = []
    for since, until, count in _taken(indexed, pool):
        begin = axis.worked(since)
        length = axis.worked(until) - begin
        intervals.append(variables.model.new_fixed_size_interval_var(begin, length, ""))
        counts.append(count)
    for run in runs:
        count = _count(run.operation, pool)
        for group in run.groups if count else ():
            start, end = group.start_on(axis), group.end_on(axis)
            size: Number = group.sizes[0]
            if axis.hours != group.hours.hours or group.end_variable is not None:
                hint = axis.worked(group.hint[1]) - axis.worked(group.hint[0])
                size = variables.number(0, axis.total, hint)
            if len(run.choices) == 1:
                interval = variables.model.new_interval_var(start, size, end, "")
            else:
                interval = variables.model.new_optional_interval_var(
                    start, size, end, group.taken, ""
                )
            intervals.append(interval)
            counts.append(count)
    if sum(counts) > pool.capacity:
        variables.model.add_cumulative(intervals, counts, pool.capacity)


def _taken(indexed: Indexed, pool: Pool) -> Iterator[tuple[int, int, int]]:
    """From when until when frozen ones take how many of a pool; never more than there are."""
    fixed = [
        (one.fixed, count)
        for one in indexed.problem.operations
        if one.fixed is not None and (count := _count(one, pool))
    ]
    edges = sorted({edge for one, _ in fixed for edge in (one.start, one.end)})
    for begin, end in pairwise(edges):
        count = sum(count for one, count in fixed if one.start <= begin < one.end)
        if count:
            yield begin, end, min(count, pool.capacity)


def _count(operation: Operation, pool: Pool) -> int:
    return sum(use.count for use in operation.pools if use.pool_id == pool.id)


def _costs(
    variables: Variables, indexed: Indexed, runs: list[Run], visits: dict[str, list[Visit]]
) -> list[Number]:
    """The terms of the weighted sum, as `objective_of` adds it up."""
    weights = indexed.problem.weights
    costs = [*_costs_of_ends(variables, indexed, runs)]
    costs += [
        weights.alternate * run.operation.options.index(choice.option) * choice.taken
        for run in runs
        for choice in run.choices
    ]
    costs += [
        weights.setup * visit.setup
        for here in visits.values()
        for visit in here
        if visit.setup is not None
    ]
    fixed = (one.fixed for one in indexed.problem.operations if one.fixed is not None)
    for one in fixed:
        hours = indexed.hours(one.resource_id)
        costs.append(weights.setup * (hours.worked(one.start) - hours.worked(one.setup_start)))
    if weights.moved:
        published = [run for run in runs if run.operation.id in indexed.previous]
        costs += [weights.moved * (1 - _stays(variables, indexed, run)) for run in published]
    return costs


def _costs_of_ends(variables: Variables, indexed: Indexed, runs: list[Run]) -> list[Number]:
    """Of the ends of orders: tardiness, flow, and of the last one the makespan."""
    weights, horizon = indexed.problem.weights, indexed.problem.horizon
    by_id = {run.operation.id: run for run in runs}
    costs: list[Number] = []
    last_of_all: list[tuple[Number, int]] = []
    for order_id in indexed.of_order:
        order, factor = indexed.orders[order_id], weights.factor(indexed.orders[order_id])
        if not (factor or weights.flow or weights.makespan):
            continue
        lasts = _lasts(indexed, order_id, by_id)
        last_of_all += lasts
        if factor:
            end = max(hint for _, hint in lasts)
            latest = max(horizon, end) + max(0, -order.due)
            late = variables.number(0, latest, max(0, end - order.due))
            for place, _ in lasts:
                variables.model.add(late >= place - order.due)
            costs.append(factor * late)
        if weights.flow:
            costs.append(weights.flow * _latest(variables, lasts, horizon))
    if weights.makespan:
        costs.append(weights.makespan * _latest(variables, last_of_all, horizon))
    return costs


def _lasts(indexed: Indexed, order_id: str, by_id: dict[str, Run]) -> list[tuple[Number, int]]:
    """The ends of an order's operations that none of it waits for, with what each is at first."""
    found: list[tuple[Number, int]] = []
    for one in indexed.of_order[order_id]:
        if one.fixed is not None:
            found.append((one.fixed.end, one.fixed.end))
        elif all(each.order_id != order_id for each in indexed.followers.get(one.id, ())):
            found.append((by_id[one.id].ends(), by_id[one.id].hint.end))
    return found


def _latest(
    variables: Variables, places: list[tuple[Number, int]], horizon: int
) -> cp_model.IntVar:
    end = max((hint for _, hint in places), default=0)
    latest = variables.number(0, max(horizon, end), max(0, end))
    for place, _ in places:
        variables.model.add(latest >= place)
    return latest


def _stays(variables: Variables, indexed: Indexed, run: Run) -> Number:
    """Whether the operation begins where and when it did."""
    before = indexed.previous[run.operation.id]
    for choice in run.choices:
        hours = choice.group.hours
        if choice.option.resource_id != before.resource_id or hours.next(before.start) is None:
            continue
        work = hours.worked(before.start)
        if hours.begin(work) != before.start or not choice.group.low <= work <= choice.group.high:
            continue
        hint = run.hint
        same = (hint.resource_id, hint.start) == (before.resource_id, before.start)
        stays = variables.truth(hint=same)
        variables.model.add(choice.group.start == work).only_enforce_if(stays)
        if len(run.choices) > 1:
            variables.model.add_implication(stays, choice.taken)
        return stays
    return 0

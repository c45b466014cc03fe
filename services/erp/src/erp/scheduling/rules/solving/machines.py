"""What the machines of a work centre do one after another, and pools side by side.

Without changeovers a work centre is one capacity, and the single machines are given out later.
With them each machine has its own sequence: a circuit through its operations, whose arcs say how
long the changeover before each of them takes.
"""

from dataclasses import dataclass, field

from ortools.sat.python import cp_model

from erp.scheduling.rules.hours import WorkingTime
from erp.scheduling.rules.indexed import Indexed
from erp.scheduling.rules.problem import Assignment, Operation, Resource
from erp.scheduling.rules.solving.runs import Choice, Run
from erp.scheduling.rules.solving.variables import Number, Truth, Variables

__all__ = [
    "Visit",
    "add_alike",
    "add_by_unit",
    "families_at",
    "has_frozen_machines",
    "is_sequenced",
    "visits_at",
]


@dataclass(slots=True)
class Visit:
    """An operation at a work centre, in its worked minutes: free, or frozen.

    `begin` is when its changeover begins; `units` are the machines on which it may be, each with
    whether it is.
    """

    operation: Operation
    begin: Number
    size: Number
    end: Number
    taken: Truth
    hint: Assignment
    setup: cp_model.IntVar | None = None
    units: dict[int, Truth] = field(default_factory=dict)

    @property
    def fixed(self) -> Assignment | None:
        """Where it is frozen."""
        return self.operation.fixed

    def interval(self, variables: Variables, taken: Truth) -> cp_model.IntervalVar:
        """The time of changeover and run, if it is taken."""
        if taken is variables.yes:
            return variables.model.new_interval_var(self.begin, self.size, self.end, "")
        return variables.model.new_optional_interval_var(self.begin, self.size, self.end, taken, "")


def families_at(indexed: Indexed, resource: Resource) -> set[str]:
    """The families that a work centre may be set up for."""
    return {
        one.family
        for one in indexed.problem.operations
        if one.family is not None
        and (
            resource.id in {option.resource_id for option in one.options}
            or (one.fixed is not None and one.fixed.resource_id == resource.id)
        )
    }


def is_sequenced(indexed: Indexed, resource: Resource) -> bool:
    """Whether any changeover takes time there."""
    families = families_at(indexed, resource)
    return any(
        indexed.changeover(resource.id, before, after)
        for before in {*families, *resource.families}
        for after in families
    )


def has_frozen_machines(indexed: Indexed, resource: Resource) -> bool:
    """Whether frozen operations occupy single ones of several machines."""
    fixed = (one.fixed for one in indexed.problem.operations)
    return resource.capacity > 1 and any(
        one is not None and one.resource_id == resource.id for one in fixed
    )


def visits_at(
    variables: Variables,
    indexed: Indexed,
    resource: Resource,
    runs: list[Run],
    *,
    by_unit: bool,
    sequenced: bool,
) -> list[Visit]:
    """The frozen operations of a work centre, and all that may be done there."""
    axis = indexed.hours(resource.id)
    found = []
    for operation in indexed.problem.operations:
        fixed = operation.fixed
        if fixed is not None and fixed.resource_id == resource.id:
            begin, end = axis.worked(fixed.setup_start), axis.worked(fixed.end)
            visit = Visit(operation, begin, end - begin, end, variables.yes, fixed)
            visit.units = {fixed.unit: variables.yes}
            found.append(visit)
    for run in runs:
        for choice in run.choices:
            if choice.option.resource_id == resource.id:
                visit = _visit(variables, run, choice, axis)
                if by_unit:
                    _give_units(variables, resource, run, choice, visit)
                if sequenced:
                    _give_setup(variables, indexed, resource, visit, axis)
                found.append(visit)
    return found


def _visit(variables: Variables, run: Run, choice: Choice, axis: WorkingTime) -> Visit:
    group, minutes = choice.group, choice.option.minutes
    start = group.start_on(axis)
    if axis.hours == group.hours.hours:
        return Visit(run.operation, start, minutes, start + minutes, choice.taken, run.hint)
    size = variables.number(0, axis.total, axis.worked(group.hint[1]) - axis.worked(group.hint[0]))
    return Visit(run.operation, start, size, group.end_on(axis), choice.taken, run.hint)


def _give_units(
    variables: Variables, resource: Resource, run: Run, choice: Choice, visit: Visit
) -> None:
    if resource.capacity == 1:
        visit.units = {0: choice.taken}
        return
    visit.units = {
        unit: variables.truth(hint=choice.chosen and unit == run.hint.unit)
        for unit in range(resource.capacity)
    }
    variables.model.add(cp_model.LinearExpr.sum([*visit.units.values()]) == choice.taken)


def _give_setup(
    variables: Variables, indexed: Indexed, resource: Resource, visit: Visit, axis: WorkingTime
) -> None:
    """A changeover of its own before the run; how long it takes follows from the sequence."""
    if visit.operation.family is None:
        return
    befores = {*families_at(indexed, resource), *resource.families}
    longest = max(
        indexed.changeover(resource.id, before, visit.operation.family) for before in befores
    )
    start = visit.begin
    assert isinstance(start, cp_model.IntVar)  # noqa: S101 - frozen ones have no such changeover
    chosen = visit.hint.resource_id == resource.id
    minutes = axis.worked(visit.hint.start) - axis.worked(visit.hint.setup_start) if chosen else 0
    visit.setup = variables.number(0, longest, minutes)
    begin = variables.number(0, axis.total, variables.hints[start.index] - minutes)
    variables.model.add(begin == start - visit.setup)
    visit.begin = begin
    if isinstance(visit.size, int):
        visit.size = visit.setup + visit.size
    else:
        run_hint = variables.hints[visit.size.index]  # type: ignore[union-attr]
        visit.size = variables.number(0, axis.total, run_hint + minutes)


def add_alike(variables: Variables, resource: Resource, visits: list[Visit]) -> None:
    """Never more at once than there are machines; which one takes which does not matter."""
    intervals = [one.interval(variables, one.taken) for one in visits]
    if resource.capacity == 1:
        variables.model.add_no_overlap(intervals)
    elif len(visits) > resource.capacity:
        demands = [1] * len(visits)
        variables.model.add_cumulative(intervals, demands, resource.capacity)


def add_by_unit(variables: Variables, resource: Resource, visits: list[Visit]) -> None:
    """Never two at once on one machine."""
    for unit in range(resource.capacity):
        variables.model.add_no_overlap(
            [one.interval(variables, one.units[unit]) for one in visits if unit in one.units]
        )

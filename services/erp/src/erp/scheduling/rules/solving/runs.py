"""Operations as variables, on the axes of worked minutes of what they need.

On the axis of its own hours a run is a piece of fixed length, wherever breaks interrupt it; one
that must not be interrupted has gaps in the domain of its start. The place on an axis with more
hours (the machine's, a pool's, the clock's) is the same plus what is worked there in each break
that lies before it. So alike calendars need no further variable.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ortools.sat.python import cp_model

from erp.scheduling.rules.bounds import Window
from erp.scheduling.rules.hours import WorkingTime
from erp.scheduling.rules.indexed import Indexed
from erp.scheduling.rules.problem import Assignment, Operation, Option
from erp.scheduling.rules.solving.variables import Number, Truth, Variables

__all__ = ["Choice", "Group", "Run", "make_run"]


@dataclass(frozen=True, slots=True)
class Choice:
    """An option with the literal that says whether it is taken."""

    option: Option
    taken: Truth
    chosen: bool
    """Whether the schedule to begin from takes it."""
    group: "Group"


@dataclass(slots=True)
class Group:
    """The options of an operation that share their hours: one start, in minutes of these."""

    variables: Variables
    hours: WorkingTime
    start: cp_model.IntVar
    low: int
    high: int
    sizes: tuple[int, int]
    end: Number
    end_variable: cp_model.IntVar | None
    taken: Truth
    hint: tuple[int, int]
    """Start and end on the clock in the schedule to begin from, or anywhere."""
    _on: dict[tuple[int, bool], cp_model.IntVar] = field(default_factory=dict)

    def start_on(self, axis: WorkingTime) -> cp_model.IntVar:
        """The start in worked minutes of other hours, which contain the own ones."""
        if axis.hours == self.hours.hours:
            return self.start
        return self._place_on(axis, self.start, end=False)

    def end_on(self, axis: WorkingTime) -> Number:
        """The end in worked minutes of other hours."""
        if axis.hours == self.hours.hours:
            return self.end
        return self._place_on(axis, self.end, end=True)

    def _place_on(self, axis: WorkingTime, own: Number, *, end: bool) -> cp_model.IntVar:
        key = (id(axis), end)
        if key not in self._on:
            terms: list[Number] = [own, axis.worked(self.hours.starts[0])]
            terms += [gap * literal for gap, literal in self._gaps(axis, end=end)]
            place = self.variables.number(0, axis.total, axis.worked(self.hint[end]))
            self.variables.model.add(place == cp_model.LinearExpr.sum(terms))
            self._on[key] = place
        return self._on[key]

    def _gaps(self, axis: WorkingTime, *, end: bool) -> Iterator[tuple[int, Number]]:
        """What is worked on the axis in each break, with whether the place lies after it."""
        hours = self.hours
        shortest, longest = self.sizes
        for index in range(1, len(hours.starts)):
            gap = axis.worked(hours.starts[index]) - axis.worked(hours.ends[index - 1])
            passed = hours.before[index]
            if not gap:
                continue
            if not end or not longest:
                threshold, variable, low, high = passed, self.start, self.low, self.high
            elif self.end_variable is None:
                threshold, variable = passed + 1 - shortest, self.start
                low, high = self.low, self.high
            else:
                threshold, variable = passed + 1, self.end_variable
                low, high = self.low + shortest, self.high + longest
            if threshold <= low:
                yield gap, 1
            elif threshold <= high:
                yield gap, self.variables.reaches(variable, threshold)


@dataclass(slots=True)
class Run:
    """An operation that is to be placed. `hint`: where the schedule to begin from has it."""

    operation: Operation
    choices: tuple[Choice, ...]
    hint: Assignment
    variables: Variables
    clock: WorkingTime
    _clock: dict[bool, Number] = field(default_factory=dict)

    @property
    def groups(self) -> list[Group]:
        """The starts of which one counts."""
        return list({id(choice.group): choice.group for choice in self.choices}.values())

    def starts(self) -> Number:
        """The start on the clock."""
        return self._on_clock(end=False)

    def ends(self) -> Number:
        """The end on the clock."""
        return self._on_clock(end=True)

    def _on_clock(self, *, end: bool) -> Number:
        if end not in self._clock:
            groups = self.groups
            places = [
                each.end_on(self.clock) if end else each.start_on(self.clock) for each in groups
            ]
            if len(groups) == 1:
                self._clock[end] = places[0]
            else:
                hint = self.hint.end if end else self.hint.start
                shared = self.variables.number(0, self.clock.total, hint)
                for group, place in zip(groups, places, strict=True):
                    self.variables.model.add(shared == place).only_enforce_if(group.taken)
                self._clock[end] = shared
        return self._clock[end]


def make_run(
    variables: Variables,
    indexed: Indexed,
    operation: Operation,
    *,
    window: Window,
    hint: Assignment,
    clock: WorkingTime,
) -> Run:
    """The variables of an operation between its earliest start and its latest end."""
    by_hours: dict[int, list[tuple[Option, WorkingTime, cp_model.Domain]]] = {}
    for option in operation.options:
        hours = indexed.hours_of(operation, option)
        domain = _starts(operation, option, hours, window)
        if not domain.is_empty():
            by_hours.setdefault(id(hours), []).append((option, hours, domain))
    several = sum(map(len, by_hours.values())) > 1
    choices: list[Choice] = []
    for group in by_hours.values():
        choices += _choices(variables, group, hint, several=several)
    if several:
        variables.model.add_exactly_one(choice.taken for choice in choices)
    return Run(operation, tuple(choices), hint, variables, clock)


def _starts(
    operation: Operation, option: Option, hours: WorkingTime, window: Window
) -> cp_model.Domain:
    """The worked minutes with which the operation may begin there."""
    low = hours.worked(window.earliest)
    high = hours.worked(window.latest) - option.minutes
    high = min(high, hours.total - max(1, option.minutes))
    if low > high:
        return cp_model.Domain.from_intervals([])
    within = cp_model.Domain(low, high)
    if operation.split:
        return within
    blocks = [
        [before, before + until - start - max(1, option.minutes)]
        for before, start, until in zip(hours.before, hours.starts, hours.ends, strict=True)
        if until - start >= max(1, option.minutes)
    ]
    return cp_model.Domain.from_intervals(blocks).intersection_with(within)


def _choices(
    variables: Variables,
    group: list[tuple[Option, WorkingTime, cp_model.Domain]],
    hint: Assignment,
    *,
    several: bool,
) -> Iterator[Choice]:
    """The options that share their hours: one start for all of them."""
    hours, domain = group[0][1], group[0][2]
    for _, _, other in group[1:]:
        domain = domain.union_with(other)
    options = [option for option, _, _ in group]
    chosen = any(option.resource_id == hint.resource_id for option in options)
    taken: list[Truth] = [variables.yes]
    if several:
        taken = [variables.truth(hint=one.resource_id == hint.resource_id) for one in options]
    present = taken[0]
    if len(group) > 1:
        present = variables.truth(hint=chosen)
        variables.model.add(cp_model.LinearExpr.sum(taken) == present)
    whole = _group(variables, options, hours, domain, hint=hint if chosen else None, taken=present)
    for (option, _, own), literal in zip(group, taken, strict=True):
        if len(group) > 1:
            within = variables.model.add_linear_expression_in_domain(whole.start, own)
            within.only_enforce_if(literal)
        if whole.end_variable is not None:
            ends = variables.model.add(whole.end_variable == whole.start + option.minutes)
            ends.only_enforce_if(literal)
        yield Choice(option, literal, option.resource_id == hint.resource_id, whole)


def _group(
    variables: Variables,
    options: list[Option],
    hours: WorkingTime,
    domain: cp_model.Domain,
    *,
    hint: Assignment | None,
    taken: Truth,
) -> Group:
    low, high = domain.min(), domain.max()
    sizes = [option.minutes for option in options]
    shortest, longest = min(sizes), max(sizes)
    if hint is None:
        place = (hours.begin(low) or 0, hours.end(low + max(1, shortest)))
    else:
        place = (hint.start, hint.end)
    start = variables.among(domain, hours.worked(place[0]))
    end_variable = None
    if shortest < longest:
        end_variable = variables.number(low + shortest, high + longest, hours.worked(place[1]))
    return Group(
        variables=variables,
        hours=hours,
        start=start,
        low=low,
        high=high,
        sizes=(shortest, longest),
        end=start + shortest if end_variable is None else end_variable,
        end_variable=end_variable,
        taken=taken,
        hint=place,
    )

"""The machines with what stands on them: where an operation fits, with its changeover and pools."""

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from operator import attrgetter

from erp.scheduling.rules.hours import WorkingTime
from erp.scheduling.rules.indexed import Indexed
from erp.scheduling.rules.problem import Assignment, Operation, Option

__all__ = ["Board", "Spot"]

_start = attrgetter("start")


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an operation fits; `rank` is the place of its option."""

    end: int
    setup: int
    rank: int
    assignment: Assignment


class Board:
    """Assignments by machine and by pool, to which more are added one after another."""

    def __init__(self, indexed: Indexed, placed: Iterable[Assignment] = ()) -> None:
        self._indexed = indexed
        self._machines: dict[tuple[str, int], list[Assignment]] = {
            (one.id, unit): [] for one in indexed.problem.resources for unit in range(one.capacity)
        }
        self._pools: dict[str, list[tuple[int, int, int]]] = {
            one.id: [] for one in indexed.problem.pools
        }
        self.ends: dict[str, int] = {}
        self._changes: dict[str, int] = defaultdict(int)
        self._lags = {one.id: one.lag for one in indexed.problem.operations}
        for assignment in placed:
            self.add(assignment)

    def assignments(self) -> tuple[Assignment, ...]:
        """All of them, in the order of their starts."""
        found = [one for line in self._machines.values() for one in line]
        return tuple(sorted(found, key=lambda one: (one.start, one.operation_id)))

    def add(self, assignment: Assignment) -> None:
        """Put it there, and set up the next one on the machine for what is different now."""
        line = self._machines[assignment.resource_id, assignment.unit]
        insort(line, assignment, key=_start)
        self.ends[assignment.operation_id] = assignment.end
        operation = self._indexed.operations[assignment.operation_id]
        for use in operation.pools:
            self._pools[use.pool_id].append((assignment.start, assignment.end, use.count))
            self._changes[use.pool_id] += 1
        self._changes[assignment.resource_id] += 1
        if operation.family is not None:
            self._set_up_next(line, line.index(assignment) + 1, operation.family)

    def changes(self, operation: Operation) -> int:
        """How often something was put where the operation could be, or took what it needs."""
        places = (option.resource_id for option in operation.options)
        pools = (use.pool_id for use in operation.pools)
        return sum(self._changes[one] for one in (*places, *pools))

    def _set_up_next(self, line: list[Assignment], at: int, family: str) -> None:
        index, needed = self._next_setup(line, at, family)
        if index is None or self._indexed.operations[line[index].operation_id].fixed:
            return
        following = line[index]
        begin = self._indexed.hours(following.resource_id).back(following.start, needed)
        if begin is not None:
            line[index] = replace(following, setup_start=begin)

    def _next_setup(self, line: list[Assignment], at: int, family: str) -> tuple[int | None, int]:
        """The place of the next operation with a family, and the minutes to it from this one."""
        for index in range(at, len(line)):
            following = self._indexed.operations[line[index].operation_id]
            if following.family is not None:
                resource_id = line[index].resource_id
                return index, self._indexed.changeover(resource_id, family, following.family)
        return None, 0

    def ready(self, operation: Operation) -> int:
        """The first moment that material and earlier operations allow; those must be placed."""
        ends = (self.ends[earlier] + operation.lag for earlier in operation.after)
        return max(0, operation.earliest, max(ends, default=0))

    def spots(self, operation: Operation, ready: int) -> Iterator[Spot]:
        """The first place on each machine that can do it."""
        for rank, option in enumerate(operation.options):
            resource = self._indexed.resources[option.resource_id]
            for unit in range(resource.capacity):
                spot = self._first_spot(operation, option, rank, unit, ready)
                if spot is not None:
                    yield spot
                if not (self._machines[resource.id, unit] or resource.units):
                    break  # the further ones are empty as well

    def best_spot(self, operation: Operation, ready: int) -> Spot | None:
        """Where it ends first; of these, where least is set up, and then the preferred."""
        return min(
            self.spots(operation, ready),
            key=lambda one: (one.end, one.setup, one.rank),
            default=None,
        )

    def spot_at(self, operation: Operation, before: Assignment, ready: int) -> Spot | None:
        """The place where it was; None: it cannot be there any more."""
        if before.start < ready:
            return None
        for rank, option in enumerate(operation.options):
            if option.resource_id != before.resource_id:
                continue
            capacity = self._indexed.resources[option.resource_id].capacity
            units = sorted(range(capacity), key=lambda unit: unit != before.unit)
            for unit in units:
                spot = self._first_spot(operation, option, rank, unit, before.start)
                if spot is not None and spot.assignment.start == before.start:
                    return spot
        return None

    def _first_spot(
        self, operation: Operation, option: Option, rank: int, unit: int, ready: int
    ) -> Spot | None:
        resource = self._indexed.resources[option.resource_id]
        line = self._machines[resource.id, unit]
        first = bisect_right(line, ready, key=_start)
        family = self._family_before(line, first) or resource.family_at(unit)
        for index in range(first, len(line) + 1):
            if index > first:
                passed = self._indexed.operations[line[index - 1].operation_id]
                family = passed.family or family
            assignment = self._in_gap(operation, option, unit, index, family=family, ready=ready)
            if assignment is not None:
                setup = self._indexed.changeover(resource.id, family, operation.family)
                return Spot(assignment.end, setup, rank, assignment)
        return None

    def _family_before(self, line: list[Assignment], index: int) -> str | None:
        for one in reversed(line[:index]):
            family = self._indexed.operations[one.operation_id].family
            if family is not None:
                return family
        return None

    def _in_gap(
        self,
        operation: Operation,
        option: Option,
        unit: int,
        index: int,
        *,
        family: str | None,
        ready: int,
    ) -> Assignment | None:
        """The operation before the one with that index; None: it does not fit there."""
        line = self._machines[option.resource_id, unit]
        free = max(0, line[index - 1].end) if index else 0
        machine = self._indexed.hours(option.resource_id)
        setup = self._indexed.changeover(option.resource_id, family, operation.family)
        begin = machine.next(free)
        prepared = None if begin is None else machine.add(begin, setup)
        if prepared is None:
            return None
        earliest = max(ready, prepared if setup else free)
        latest = line[index].start if index < len(line) else None
        if latest is not None and earliest > latest:
            return None
        run = self._run(operation, option, earliest, latest)
        if run is None:
            return None
        start, end = run
        set_up = machine.back(start, setup)
        if set_up is None or not self._leaves_room(line, index, operation, end):
            return None
        return Assignment(operation.id, option.resource_id, unit, set_up, start, end)

    def _run(
        self, operation: Operation, option: Option, earliest: int, latest: int | None
    ) -> tuple[int, int] | None:
        """Start and end of the first run for which the pools have enough."""
        hours: WorkingTime = self._indexed.hours_of(operation, option)
        for _ in count():
            run = hours.next_run(earliest, option.minutes, split=operation.split)
            if run is None or (latest is not None and run[1] > latest):
                return None
            later = self._pools_free(operation, *run)
            if later is None:
                return run
            earliest = later
        return None

    def _pools_free(self, operation: Operation, start: int, end: int) -> int | None:
        """None if there are enough all the time, else the next moment at which more are free."""
        for use in operation.pools:
            capacity = self._indexed.pools[use.pool_id].capacity
            taken = [one for one in self._pools[use.pool_id] if one[0] < end and start < one[1]]
            changes = sorted(
                change
                for begin, until, number in taken
                for change in ((max(begin, start), number), (until, -number))
            )
            load = use.count
            for _, number in changes:
                load += number
                if load > capacity:
                    return min(until for _, until, _ in taken)
        return None

    def _leaves_room(
        self, line: list[Assignment], index: int, operation: Operation, end: int
    ) -> bool:
        """Whether the next ones can still be set up, after this one instead of what was before."""
        if index == len(line):
            return True
        if operation.family is None:
            return end <= line[index].setup_start
        place, needed = self._next_setup(line, index, operation.family)
        if place is not None:
            following = line[place]
            hours = self._indexed.hours(following.resource_id)
            free = end if place == index else line[place - 1].end
            if self._indexed.operations[following.operation_id].fixed:
                given = hours.worked(following.start) - hours.worked(following.setup_start)
                if needed > given or free > following.setup_start:
                    return False
            else:
                begin = hours.back(following.start, needed)
                if begin is None or begin < free:
                    return False
        return place == index or end <= line[index].setup_start

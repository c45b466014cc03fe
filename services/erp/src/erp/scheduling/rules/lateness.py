"""Why orders are late: what their last operation waits for, and that in turn (V12)."""

from collections import defaultdict
from collections.abc import Iterator

from erp.scheduling.rules.bounds import lead_ends
from erp.scheduling.rules.indexed import Indexed
from erp.scheduling.rules.problem import Assignment, Operation, Problem, Reason, Schedule
from erp.scheduling.states import ReasonKind, WaitKind

__all__ = ["reasons"]

_WAITS = {
    WaitKind.MATERIAL: ReasonKind.MATERIAL,
    WaitKind.RELEASE: ReasonKind.RELEASE,
    WaitKind.FENCE: ReasonKind.FENCE,
}


def reasons(problem: Problem, schedule: Schedule) -> dict[str, list[Reason]]:
    """The id of each late order, with what it waits for, the last cause first.

    Followed is the chain of what each operation waits for: an earlier operation, its machine,
    people or tools, material. The minutes of a chain add up to no more than the time from the
    origin to the end of the order. Lead time is named if the order were late even with all
    machines free and all material there.
    """
    placed = {one.operation_id: one for one in schedule.assignments}
    indexed = Indexed(problem)
    leads = lead_ends(indexed)
    chains = _Chains(indexed, placed)
    found: dict[str, list[Reason]] = {}
    for order in problem.orders:
        mine = [placed[one.id] for one in indexed.of_order.get(order.id, ()) if one.id in placed]
        last = max(mine, key=lambda one: one.end, default=None)
        if last is None or last.end <= order.due:
            continue
        alone = [leads[one.operation_id] for one in mine]
        too_long = any(end is None or end > order.due for end in alone)
        due = order.due + order.tail
        overdue = [Reason(ReasonKind.OVERDUE, minutes=-due)] if due < 0 else []
        chain = [*chains.of(indexed.operations[last.operation_id])]
        if not too_long:
            chain = [one for one in chain if one.kind != ReasonKind.LEAD_TIME]
        found[order.id] = overdue + chain
    return found


class _Chains:
    """Goes back from an operation to what it waits for."""

    def __init__(self, indexed: Indexed, placed: dict[str, Assignment]) -> None:
        self._indexed = indexed
        self._placed = placed
        self._machines: dict[tuple[str, int], list[Assignment]] = defaultdict(list)
        self._pools: dict[str, list[Assignment]] = defaultdict(list)
        for one in placed.values():
            self._machines[one.resource_id, one.unit].append(one)
            for use in indexed.operations[one.operation_id].pools:
                self._pools[use.pool_id].append(one)

    def of(self, operation: Operation) -> Iterator[Reason]:
        """What the operation waits for, back to the first that waits for nothing of its order."""
        current: Operation | None = operation
        while current is not None:
            placed = self._placed[current.id]
            if current.fixed is not None:
                yield Reason(ReasonKind.FROZEN, current.id, max(0, placed.start))
                return
            earlier = self._earlier(current)
            ready = 0 if earlier is None else earlier.end + current.lag
            lead = placed.end - placed.start + (0 if earlier is None else current.lag)
            yield Reason(ReasonKind.LEAD_TIME, current.id, lead)
            yield from self._waits(current, placed, ready)
            if current.earliest > ready and current.earliest > 0:
                return
            current = None if earlier is None else self._indexed.operations[earlier.operation_id]

    def _earlier(self, operation: Operation) -> Assignment | None:
        before = [self._placed[one] for one in operation.after if one in self._placed]
        return max(before, key=lambda one: one.end, default=None)

    def _waits(self, operation: Operation, placed: Assignment, ready: int) -> Iterator[Reason]:
        """Between the end of earlier operations and the start: material, then machine or people."""
        free = max(ready, operation.earliest, 0)
        if placed.start > free:
            yield self._occupied(operation, placed, free)
        if operation.earliest > max(ready, 0):
            minutes = operation.earliest - max(ready, 0)
            yield Reason(_WAITS[operation.waits_for], operation.id, minutes)

    def _occupied(self, operation: Operation, placed: Assignment, free: int) -> Reason:
        waited = placed.start - free
        option = next(one for one in operation.options if one.resource_id == placed.resource_id)
        hours = self._indexed.hours_of(operation, option)
        run = hours.next_run(free, option.minutes, split=operation.split)
        if run is not None and run[0] >= placed.start:
            return Reason(ReasonKind.WORKING_TIME, operation.id, waited, placed.resource_id)
        for use in operation.pools:
            blocking = self._last_before(self._pools[use.pool_id], placed)
            if blocking is not None and blocking.end > free and blocking.end == placed.start:
                return Reason(
                    ReasonKind.SKILL_OR_TOOL,
                    operation.id,
                    waited,
                    pool_id=use.pool_id,
                    by_operation_id=blocking.operation_id,
                )
        line = self._machines[placed.resource_id, placed.unit]
        blocking = self._last_before(line, placed)
        return Reason(
            ReasonKind.CAPACITY,
            operation.id,
            waited,
            placed.resource_id,
            by_operation_id=None if blocking is None else blocking.operation_id,
        )

    def _last_before(self, line: list[Assignment], placed: Assignment) -> Assignment | None:
        before = (
            one
            for one in line
            if one.operation_id != placed.operation_id and one.end <= placed.start
        )
        return max(before, key=lambda one: one.end, default=None)

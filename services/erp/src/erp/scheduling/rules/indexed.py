"""A problem by its ids: what the rule and the solver both look up."""

from collections import defaultdict
from functools import cached_property

from erp.scheduling.rules.hours import WorkingTime, shared, working_time
from erp.scheduling.rules.problem import Assignment, Operation, Option, Order, Problem

__all__ = ["Indexed", "objective_of"]


class Indexed:
    """Looks up what a problem consists of; its ids are right (`conflicts.find` is empty)."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.resources = {one.id: one for one in problem.resources}
        self.pools = {one.id: one for one in problem.pools}
        self.orders = {one.id: one for one in problem.orders}
        self.operations = {one.id: one for one in problem.operations}
        self.previous = {one.operation_id: one for one in problem.previous}
        self._hours = {one.id: working_time(one.hours) for one in problem.resources}
        self._hours_of: dict[tuple[str, str], WorkingTime] = {}
        self._changeovers = {
            (one.resource_id, one.from_family, one.to_family): one.minutes
            for one in problem.changeovers
        }

    @cached_property
    def followers(self) -> dict[str, list[Operation]]:
        """The operations that wait for an operation."""
        found: dict[str, list[Operation]] = defaultdict(list)
        for operation in self.problem.operations:
            for earlier in dict.fromkeys(operation.after):
                found[earlier].append(operation)
        return found

    @cached_property
    def of_order(self) -> dict[str, list[Operation]]:
        """The operations of an order."""
        found: dict[str, list[Operation]] = defaultdict(list)
        for operation in self.problem.operations:
            found[operation.order_id].append(operation)
        return found

    @cached_property
    def ordered(self) -> tuple[Operation, ...]:
        """All operations, each after those that it waits for."""
        waiting = {one.id: len(set(one.after)) for one in self.problem.operations}
        ready = [one for one in self.problem.operations if not one.after]
        for operation in ready:
            for follower in self.followers.get(operation.id, ()):
                waiting[follower.id] -= 1
                if not waiting[follower.id]:
                    ready.append(follower)
        return tuple(ready)

    def hours(self, resource_id: str) -> WorkingTime:
        """When a work centre works."""
        return self._hours[resource_id]

    def hours_of(self, operation: Operation, option: Option) -> WorkingTime:
        """When the operation is worked on there: while the machine and all its pools work."""
        key = (operation.id, option.resource_id)
        if key not in self._hours_of:
            pools = tuple(self.pools[use.pool_id].hours for use in operation.pools)
            hours = shared((self.resources[option.resource_id].hours, *pools))
            self._hours_of[key] = working_time(hours)
        return self._hours_of[key]

    def changeover(self, resource_id: str, before: str | None, after: str | None) -> int:
        """Minutes from one family to another on a work centre."""
        if before is None or after is None:
            return 0
        own = self._changeovers.get((resource_id, before, after))
        return self._changeovers.get((None, before, after), 0) if own is None else own

    def place(self, order: Order) -> tuple[bool, int, int, str]:
        """Sorts orders: rush, priority, due date."""
        last = 1_000_000
        priority = last if order.priority is None else order.priority
        return (not order.rush, priority, order.due, order.id)

    def moved(self, assignment: Assignment) -> bool:
        """Whether the operation begins elsewhere, or at another minute, than published."""
        before = self.previous.get(assignment.operation_id)
        return before is not None and (
            (before.resource_id, before.start) != (assignment.resource_id, assignment.start)
        )


def objective_of(indexed: Indexed, assignments: tuple[Assignment, ...]) -> int:
    """The weighted sum that is to be small."""
    weights = indexed.problem.weights
    ends: dict[str, int] = {}
    total = 0
    for one in assignments:
        operation = indexed.operations[one.operation_id]
        ends[operation.order_id] = max(ends.get(operation.order_id, 0), one.end)
        hours = indexed.hours(one.resource_id)
        total += weights.setup * (hours.worked(one.start) - hours.worked(one.setup_start))
        if operation.fixed is None:
            total += weights.moved * indexed.moved(one)
            places = [option.resource_id for option in operation.options]
            total += weights.alternate * places.index(one.resource_id)
    for order_id, end in ends.items():
        order = indexed.orders[order_id]
        total += weights.factor(order) * max(0, end - order.due) + weights.flow * end
    return total + weights.makespan * max(ends.values(), default=0)

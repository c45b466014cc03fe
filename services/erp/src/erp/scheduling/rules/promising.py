"""When a new order can be done without moving others."""

from collections.abc import Sequence
from dataclasses import replace

from erp.scheduling.rules import conflicts
from erp.scheduling.rules.indexed import Indexed
from erp.scheduling.rules.problem import Impossible, Operation, Order, Problem, Schedule
from erp.scheduling.rules.serial import place_all, schedule_of
from erp.scheduling.states import ScheduleMethod

__all__ = ["earliest"]


def earliest(problem: Problem, schedule: Schedule, operations: Sequence[Operation]) -> Schedule:
    """The operations of a new order, each at its first free moment; `makespan` is its end.

    `schedule` is of the problem; nothing of it moves, and each changeover in it stays long enough.
    Raises Impossible.
    """
    placed = {one.operation_id: one for one in schedule.assignments}
    frozen = [replace(one, fixed=placed[one.id]) for one in problem.operations if one.id in placed]
    known = {order.id for order in problem.orders}
    order_ids = dict.fromkeys(one.order_id for one in operations if one.order_id not in known)
    orders = (*problem.orders, *(Order(each, 0) for each in order_ids))
    whole = replace(problem, operations=(*frozen, *operations), orders=orders, previous=())
    if found := conflicts.find(whole):
        raise Impossible(tuple(found))
    assignments = place_all(Indexed(whole), operations)
    new = {one.id for one in operations}
    mine = tuple(one for one in assignments if one.operation_id in new)
    alone = replace(whole, operations=tuple(operations))
    return schedule_of(Indexed(alone), mine, ScheduleMethod.RULE)

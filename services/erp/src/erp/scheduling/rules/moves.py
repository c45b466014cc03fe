"""What one schedule changes against another (E69)."""

from collections.abc import Sequence

from erp.scheduling.rules.problem import (
    Assignment,
    MovedOperation,
    MovedOrder,
    Moves,
    Problem,
)

__all__ = ["compare"]


def compare(before: Sequence[Assignment], after: Sequence[Assignment], problem: Problem) -> Moves:
    """Which operations move, and which orders end at another minute.

    An operation moves if it begins at another minute or at another work centre; which of several
    like machines it is on is no move. What is in one of the two only moves, but has no share.
    """
    old = {one.operation_id: one for one in before}
    new = {one.operation_id: one for one in after}
    moved = tuple(
        MovedOperation(key, old.get(key), new.get(key))
        for key in sorted({*old, *new})
        if _place(old.get(key)) != _place(new.get(key))
    )
    both = old.keys() & new.keys()
    number = sum(one.operation_id in both for one in moved)
    return Moves(moved, _orders(old, new, problem), number / len(both) if both else 0.0)


def _place(assignment: Assignment | None) -> tuple[str, int] | None:
    return None if assignment is None else (assignment.resource_id, assignment.start)


def _orders(
    old: dict[str, Assignment], new: dict[str, Assignment], problem: Problem
) -> tuple[MovedOrder, ...]:
    of_order = {one.id: one.order_id for one in problem.operations}
    ends_before, ends_after = _ends(old, of_order), _ends(new, of_order)
    found = []
    for order in problem.orders:
        before, after = ends_before.get(order.id), ends_after.get(order.id)
        if before != after:
            late = [0 if end is None else max(0, end - order.due) for end in (before, after)]
            found.append(MovedOrder(order.id, before, after, *late))
    return tuple(found)


def _ends(placed: dict[str, Assignment], of_order: dict[str, str]) -> dict[str, int]:
    ends: dict[str, int] = {}
    for key, one in placed.items():
        if key in of_order:
            ends[of_order[key]] = max(ends.get(of_order[key], one.end), one.end)
    return ends

"""What routings refuse."""

from chassis.problems.problem import Problem

__all__ = [
    "DuplicateOperation",
    "DuplicateRouting",
    "NoCalendar",
    "NoOperations",
    "NotAbleTo",
    "OverlappingRouting",
    "ReversedRoutingDays",
    "RoutingFixed",
]


class DuplicateOperation(Problem):
    """Two operations of a routing have one number."""

    status = 422
    code = "duplicate_operation"
    title = "Two operations have one number"
    detail = "The operation {sequence} is there twice. Number each operation once."


class DuplicateRouting(Problem):
    """The item has a routing of that label."""

    status = 409
    code = "duplicate_routing"
    title = "The item has this routing already"
    detail = "{sku} has the routing {label} already: {existing_id}. Choose another label."


class NoCalendar(Problem):
    """A work centre of an active routing works by no calendar."""

    status = 422
    code = "no_calendar"
    title = "A work centre has no calendar"
    detail = (
        "The work centre {work_centre} of the operation {sequence} has no calendar. "
        "Give it one before the routing is activated."
    )


class NoOperations(Problem):
    """What is active says how the item is made."""

    status = 422
    code = "no_operations"
    title = "There are no operations"
    detail = "The routing {label} of {sku} has no operations. Add one before it is activated."


class NotAbleTo(Problem):
    """A work centre lacks a skill or tool that an operation needs."""

    status = 422
    code = "not_able_to"
    title = "The work centre lacks a skill or tool"
    detail = (
        "The operation {sequence} needs {needed}, which the work centre {work_centre} does not "
        "have. Choose another work centre, or add it there."
    )


class OverlappingRouting(Problem):
    """Two active routings would count on one day."""

    status = 409
    code = "overlapping_routing"
    title = "Another routing counts on one of these days"
    detail = (
        "The routing {label} of {sku} ({existing_id}) is active on one of these days. "
        "End or archive it first, or choose other days."
    )


class ReversedRoutingDays(Problem):
    """A period that ends before it begins."""

    status = 422
    code = "reversed_routing_days"
    title = "The routing ends before it begins"
    detail = (
        "effective_to {effective_to} lies before effective_from {effective_from}. "
        "Swap or correct them."
    )


class RoutingFixed(Problem):
    """The operations of a routing in use never change."""

    status = 409
    code = "routing_fixed"
    title = "The operations of this routing are fixed"
    detail = (
        "The routing {label} of {sku} was activated: its operations stay. "
        "Make a new revision of it."
    )

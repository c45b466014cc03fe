"""What planning refuses."""

from chassis.problems.problem import Problem

__all__ = [
    "DuplicateParameters",
    "LotsOutOfOrder",
    "NotPlannedToBuy",
    "NotPlannedToMake",
    "PlanOutdated",
    "PromiseTooLarge",
]


class DuplicateParameters(Problem):
    """An item has planning parameters once."""

    status = 409
    code = "duplicate_planning_parameter"
    title = "The item has planning parameters already"
    detail = "{sku} has planning parameters. Change those there are."


class LotsOutOfOrder(Problem):
    """The numbers of the lot-sizing rule contradict each other."""

    status = 422
    code = "lots_out_of_order"
    title = "The numbers of the lot-sizing rule contradict each other"
    detail = (
        "The largest order of {sku} must be at least the least one, and the rule fixed needs a"
        " quantity."
    )


class NotPlannedToBuy(Problem):
    """Only a planned order of the current plan that is to be bought becomes a purchase order."""

    status = 409
    code = "not_planned_to_buy"
    title = "The planned order cannot be bought"
    detail = (
        "The planned order {planned_order} is not in the current plan, is ordered already, is to be"
        " made, or no supplier sells its item. Make a new plan, or give the item a supplier's"
        " price."
    )


class NotPlannedToMake(Problem):
    """Only a planned order of the current plan that is to be made becomes a production order."""

    status = 409
    code = "not_planned_to_make"
    title = "The planned order cannot be made"
    detail = (
        "The planned order {planned_order} is not in the current plan, is ordered already, or is to"
        " be bought."
    )


class PlanOutdated(Problem):
    """Something was ordered since the plan was made, which it does not know."""

    status = 409
    code = "plan_outdated"
    title = "The plan does not know what was ordered since"
    detail = "{skus} was ordered after the plan was made. Make a new plan first."


class PromiseTooLarge(Problem):
    """The quantity would need more orders of its parts than are looked at."""

    status = 422
    code = "promise_too_large"
    title = "So many cannot be promised at once"
    detail = "{quantity} of {sku} would need more than {most} new orders. Ask for fewer."

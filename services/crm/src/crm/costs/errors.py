"""What costs of products refuse."""

from chassis.problems.problem import Problem

__all__ = ["CostTaken"]


class CostTaken(Problem):
    """A product has one cost a day in a currency."""

    status = 409
    code = "cost_taken"
    title = "The day has a cost already"
    detail = "The product has a cost in {currency} from {valid_from} on already: change that one."

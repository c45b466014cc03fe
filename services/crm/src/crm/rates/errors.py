"""What exchange rates refuse."""

from chassis.problems.problem import Problem

__all__ = ["RateMissing", "RateOfOwnCurrency", "RateStale", "RateTaken"]


class RateTaken(Problem):
    """A currency has one rate a day."""

    status = 409
    code = "rate_taken"
    title = "The day has a rate already"
    detail = "There is a rate of {currency} for {day} already: change that one."


class RateOfOwnCurrency(Problem):
    """The company's currency is what rates are counted in."""

    status = 422
    code = "rate_of_own_currency"
    title = "The company's currency has no rate"
    detail = "{currency} is the company's own currency: rates say what others are worth in it."


class RateMissing(Problem):
    """Without a rate an amount counts nowhere (C24)."""

    status = 409
    code = "rate_missing"
    title = "An exchange rate is missing"
    detail = "There is no exchange rate of {currency} for {day} or before: enter one."


class RateStale(Problem):
    """An old rate says nothing of today (C24)."""

    status = 409
    code = "rate_stale"
    title = "The exchange rate is too old"
    detail = (
        "The last exchange rate of {currency} for {day} is of {rate_day}: more than {days} days"
        " before. Enter a newer one."
    )

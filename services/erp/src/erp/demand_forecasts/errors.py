"""What is refused of demand forecasts."""

from chassis.problems.problem import Problem

__all__ = ["OverlappingForecast", "ReversedForecastDays"]


class OverlappingForecast(Problem):
    """A day has one forecast of an item for a customer, and one for all others."""

    status = 409
    code = "overlapping_forecast"
    title = "Another forecast covers one of these days"
    detail = (
        "{sku} has a forecast for the same customers on one of the days {from_on} to {to_on}. "
        "Change that one, or choose other days."
    )


class ReversedForecastDays(Problem):
    """A period that ends before it begins, or is longer than a year."""

    status = 422
    code = "reversed_forecast_days"
    title = "The forecast ends before it begins, or is longer than a year"
    detail = (
        "to_on {to_on} must be from_on {from_on} or later, and at most 366 days in all. "
        "Correct the days."
    )

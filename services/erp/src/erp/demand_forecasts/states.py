"""Words of demand forecasts."""

from enum import StrEnum

__all__ = ["CALCULATED", "Bucket", "ForecastMethod", "ForecastSource", "HistoryKind"]


class ForecastSource(StrEnum):
    """Where a forecast comes from: a person, another system, or a calculation by a method."""

    ENTERED = "entered"
    IMPORTED = "imported"
    MOVING_AVERAGE = "moving_average"
    EXPONENTIAL_SMOOTHING = "exponential_smoothing"
    HOLT = "holt"


class ForecastMethod(StrEnum):
    """How a forecast is calculated from a history."""

    MOVING_AVERAGE = "moving_average"
    EXPONENTIAL_SMOOTHING = "exponential_smoothing"
    HOLT = "holt"


CALCULATED = frozenset(ForecastSource(one.value) for one in ForecastMethod)
"""Sources of which the next calculation replaces a forecast."""


class HistoryKind(StrEnum):
    """What a history counts: what was ordered for a day, or what left on it."""

    ORDERED = "ordered"
    SHIPPED = "shipped"


class Bucket(StrEnum):
    """How long the periods of a history and of a calculated forecast are."""

    WEEK = "week"
    MONTH = "month"

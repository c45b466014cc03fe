"""By what a forecast is divided."""

from enum import StrEnum

__all__ = ["Division"]


class Division(StrEnum):
    """What each group of a forecast is of."""

    OWNER = "owner"
    TEAM = "team"
    PIPELINE = "pipeline"
    MONTH = "month"

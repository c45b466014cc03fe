"""Words of response times."""

from enum import StrEnum

__all__ = ["GroupedBy"]


class GroupedBy(StrEnum):
    """Of which leads figures are made: of one owner or source, or captured in one period."""

    OWNER = "owner"
    SOURCE = "source"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"

"""By what figures are divided."""

from enum import StrEnum

__all__ = ["Dimension"]


class Dimension(StrEnum):
    """What each row of the win rates is of."""

    OWNER = "owner"
    TEAM = "team"
    SOURCE = "source"
    PIPELINE = "pipeline"
    PRODUCT = "product"
    ACCOUNT = "account"
    QUARTER = "quarter"

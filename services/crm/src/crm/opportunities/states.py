"""Kinds of stages, categories of forecasts, and the fields that a stage may require."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = [
    "DEAL_FOLLOWING",
    "DealField",
    "ForecastCategory",
    "NoOrderReason",
    "StageKind",
    "TouchDirection",
    "TouchKind",
]


class StageKind(StrEnum):
    """What a deal in the stage is."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


DEAL_FOLLOWING: Mapping[StageKind, frozenset[StageKind]] = {
    StageKind.OPEN: frozenset({StageKind.WON, StageKind.LOST}),
    StageKind.WON: frozenset({StageKind.OPEN}),
    StageKind.LOST: frozenset({StageKind.OPEN}),
}
"""A closed deal is reopened before it is closed otherwise."""


class ForecastCategory(StrEnum):
    """How a deal counts in a forecast (C23)."""

    PIPELINE = "pipeline"
    BEST_CASE = "best_case"
    COMMIT = "commit"
    CLOSED = "closed"
    OMITTED = "omitted"


class DealField(StrEnum):
    """Fields that a stage may require."""

    ACCOUNT = "account_id"
    AMOUNT = "amount"
    CLOSES_ON = "closes_on"
    COMPETITORS = "competitor_ids"
    CONTACTS = "contacts"
    LINES = "lines"
    NEXT_STEP = "next_step"
    NOTE = "note"
    OWNER = "owner_id"
    SOURCE = "source"


class NoOrderReason(StrEnum):
    """Why a deal that was won has no order."""

    NO_PRODUCTS = "no_products"
    HISTORY = "history"
    OTHER_CURRENCY = "other_currency"


class TouchKind(StrEnum):
    """By which kind of activity somebody turned to the customer."""

    CALL = "call"
    MEETING = "meeting"
    EMAIL = "email"


class TouchDirection(StrEnum):
    """Who turned to whom: staff to the customer, or the customer to them."""

    OUTBOUND = "outbound"
    INBOUND = "inbound"

"""States of quotes, and the ways in which they are sent."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal, TypeAlias

__all__ = ["NEXT", "OPEN_STATES", "QuoteChannel", "QuoteLanguage", "QuoteState"]


class QuoteState(StrEnum):
    """How far a version of a quote has come."""

    DRAFT = "draft"
    SENT = "sent"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"


NEXT: Mapping[QuoteState, frozenset[QuoteState]] = {
    QuoteState.DRAFT: frozenset({QuoteState.SENT}),
    QuoteState.SENT: frozenset(
        {
            QuoteState.ACCEPTED,
            QuoteState.DECLINED,
            QuoteState.EXPIRED,
            QuoteState.REVOKED,
            QuoteState.SUPERSEDED,
        }
    ),
    QuoteState.ACCEPTED: frozenset(),
    QuoteState.DECLINED: frozenset(),
    QuoteState.EXPIRED: frozenset(),
    QuoteState.REVOKED: frozenset(),
    QuoteState.SUPERSEDED: frozenset(),
}
"""The states that may follow each."""

OPEN_STATES = frozenset({QuoteState.DRAFT, QuoteState.SENT})
"""The states in which something is still to be done."""


class QuoteChannel(StrEnum):
    """By which way a quote went to the customer."""

    EMAIL = "email"
    POST = "post"
    IN_PERSON = "in_person"
    MESSENGER = "messenger"
    OTHER = "other"


QuoteLanguage: TypeAlias = Literal["zh-CN", "en"]
"""The language in which a quote is written."""

"""Words of score rules."""

from enum import StrEnum

__all__ = ["FACTS", "KNOWN_AFTER_OUTCOME", "ScoreBasis"]


class ScoreBasis(StrEnum):
    """What a rule gives points for: a lead's fields, or each touch, activity or event of it."""

    FIELD = "field"
    TOUCH = "touch"
    ACTIVITY = "activity"
    EVENT = "event"


FACTS = {
    ScoreBasis.FIELD: (
        *("campaign", "company", "country", "email", "language", "medium", "phone", "source"),
        "title",
    ),
    ScoreBasis.TOUCH: ("campaign", "medium", "referrer", "source"),
    ScoreBasis.ACTIVITY: ("channel", "direction", "kind"),
    ScoreBasis.EVENT: ("kind",),
}
"""What conditions may ask for; of a lead's fields also `custom.<key>`."""

KNOWN_AFTER_OUTCOME = frozenset({"outcome", "reason", "status"})
"""What is known of a lead only once it is converted or given up (C19)."""

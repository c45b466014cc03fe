"""What holds a lane, as a sentence for the person who looks after it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync_bridge.explanations import Explanation
from sync_bridge.states import LaneState

__all__ = ["BY_REASON", "TEXTS", "TITLES", "Needed", "explain"]

NEEDS_RECORD = "Waits until the {entity} '{label}' of the {half} is linked."
NEEDS_PARKED = (
    "Waits until the {entity} '{label}' of the {half} is linked. "
    "The lane of that one is parked ({reason}): see to it first."
)
NEEDS_ANSWER = (
    "Waits until the {entity} '{label}' of the {half} is linked. "
    "The review of that one is open: answer it."
)
REVIEW_OPEN = "The review of the {entity} '{label}' of the {half} is open: answer it."
REVIEW_ANSWERED = (
    "The review of the {entity} '{label}' of the {half} is answered; the lane goes on by itself."
)
PAUSED = (
    "The other half refuses the bridge's key, so all lanes of this kind are held until {until}. "
    "Give the bridge a valid key; a retry tries at once."
)
FAILING = (
    "Tries that failed: {attempts}, the last one because of {reason}. "
    "It is tried again by itself; look at the other half if this goes on."
)
REFUSED = (
    "The other half refused it ({reason}): {detail} Correct the record at its source, then retry."
)
EXHAUSTED = (
    "It failed too often or for too long, the last time because of {detail}. Mend that, then retry."
)
INTERNAL = (
    "The bridge could not record what came of a call ({detail}). Its log says why; "
    "a retry repeats the call safely."
)
MISSING = (
    "The half that published the record does not have it any more. "
    "Skip the event, or restore the record and retry."
)
UNREADABLE = "The event is not as its contract says: {detail}."
LINKED_ELSEWHERE = (
    "One of the two records is linked to another one ({detail}). "
    "Look at the links of both, unlink the wrong one, then retry."
)
NO_ID = (
    "The record is linked to '{detail}', which is no id of a record. "
    "Link it to the right one where it was linked by hand, then retry."
)
UNKNOWN_TYPE = "This version of the bridge delivers no events of the type {detail}."

TEXTS = (
    *(NEEDS_RECORD, NEEDS_PARKED, NEEDS_ANSWER, REVIEW_OPEN, REVIEW_ANSWERED, PAUSED, FAILING),
    *(REFUSED, EXHAUSTED, INTERNAL, MISSING, UNREADABLE, LINKED_ELSEWHERE, NO_ID, UNKNOWN_TYPE),
)

TITLES = (
    *("Already linked to another record", "This tax id is taken", "Currency not supported yet"),
    *("The version is too far ahead", "A record it refers to is missing", "A line has no price"),
    *("The unit cannot be divided so finely", "The customer or supplier is archived"),
    *("The order is closed", "The order is not changed", "Goods of the order were shipped"),
    *("The order is invoiced", "Not a line of this order", "No period for this day"),
    *("The CRM leads here", "The ERP leads here", "Another product has this code"),
    *("Another price is valid at that time", "The account is archived"),
)
"""Titles of what a half refuses to the bridge, for readers of another language than English."""

BY_REASON = {
    "retries_exhausted": EXHAUSTED,
    "internal_error": INTERNAL,
    "record_missing": MISSING,
    "unreadable_event": UNREADABLE,
    "already_linked": LINKED_ELSEWHERE,
    "pair_taken": LINKED_ELSEWHERE,
    "twin_differs": LINKED_ELSEWHERE,
    "no_id": NO_ID,
    "no_such_flow": UNKNOWN_TYPE,
}


@dataclass(frozen=True)
class Needed:
    """The record for which a lane waits: what it is called, and how it stands with it.

    `review`: the lane waits for the answer about it, not for its link.
    """

    entity: str
    half: str
    label: str
    review: bool
    asked: bool
    parked_for: str | None


def explain(
    lane: Mapping[str, Any], *, needed: Needed | None, paused_until: datetime | None
) -> Explanation | None:
    """What holds the lane; None: nothing does."""
    if needed is not None:
        return _of_needed(needed)
    if lane["state"] == LaneState.PARKED:
        reason, detail = lane["reason"], lane["detail"] or lane["reason"]
        return Explanation.of(BY_REASON.get(reason, REFUSED), reason=reason, detail=detail)
    if lane["state"] == LaneState.READY and paused_until is not None:
        return Explanation.of(PAUSED, until=f"{paused_until:%Y-%m-%d %H:%M:%S %Z}")
    if lane["state"] == LaneState.READY and lane["attempts"]:
        return Explanation.of(FAILING, attempts=lane["attempts"], reason=lane["reason"])
    return None


def _of_needed(needed: Needed) -> Explanation:
    words = {"entity": needed.entity}
    facts = {"label": needed.label, "half": needed.half.upper()}
    if needed.review:
        return Explanation.of(REVIEW_OPEN if needed.asked else REVIEW_ANSWERED, words, **facts)
    if needed.asked:
        return Explanation.of(NEEDS_ANSWER, words, **facts)
    if needed.parked_for is not None:
        return Explanation.of(NEEDS_PARKED, words, reason=needed.parked_for, **facts)
    return Explanation.of(NEEDS_RECORD, words, **facts)

"""How far a lead is, and which way it may go from there."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = ["NEXT", "OPEN", "LeadStatus"]


class LeadStatus(StrEnum):
    """A lead is worked on until it is converted or disqualified."""

    NEW = "new"
    WORKING = "working"
    QUALIFIED = "qualified"
    CONVERTED = "converted"
    DISQUALIFIED = "disqualified"


OPEN = frozenset({LeadStatus.NEW, LeadStatus.WORKING, LeadStatus.QUALIFIED})
"""A lead that is still to be worked on."""
_CLOSED = frozenset({LeadStatus.CONVERTED, LeadStatus.DISQUALIFIED})

NEXT: Mapping[LeadStatus, frozenset[LeadStatus]] = {
    LeadStatus.NEW: _CLOSED | {LeadStatus.WORKING, LeadStatus.QUALIFIED},
    LeadStatus.WORKING: _CLOSED | {LeadStatus.QUALIFIED},
    LeadStatus.QUALIFIED: _CLOSED | {LeadStatus.WORKING},
    LeadStatus.CONVERTED: frozenset(),
    LeadStatus.DISQUALIFIED: frozenset({LeadStatus.NEW}),
}
"""Status -> those that may follow. What became a deal stays converted."""

"""What an operator of the bridge watches: what is on its way, and what waits for a person."""

from collections.abc import Sequence

from chassis.service import Figure

__all__ = ["FIGURES"]

FIGURES: Sequence[Figure] = (
    Figure(
        "bridge_events_open",
        "Events that were taken in and are not settled.",
        "select count(*) from inbox where state = 'received'",
    ),
    Figure(
        "bridge_lanes_waiting",
        "Lanes that wait for another record to be across.",
        "select count(*) from lane where state = 'waiting'",
    ),
    Figure(
        "bridge_lanes_parked",
        "Lanes that wait for a person, because the other half refuses an event.",
        "select count(*) from lane where state = 'parked'",
    ),
    Figure(
        "bridge_reviews_open",
        "Questions whether two records are one.",
        "select count(*) from review where state = 'open'",
    ),
    Figure(
        "bridge_quarantined",
        "Messages that could not be read.",
        "select count(*) from quarantine",
    ),
)

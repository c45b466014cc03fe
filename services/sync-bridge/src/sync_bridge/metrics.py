"""What an operator of the bridge watches: what is on its way, and what waits for a person."""

from collections.abc import Sequence

from chassis.telemetry.metrics import Metric

__all__ = ["METRICS"]

_OLDEST = """select coalesce(extract(epoch from now() - min(since)), 0)::float8
  from lane where state = '{state}'"""

METRICS: Sequence[Metric] = (
    Metric(
        "bridge_events_open",
        "Events that were taken in and are not settled.",
        "select count(*) from inbox where state = 'received'",
    ),
    Metric(
        "bridge_lanes_ready",
        "Lanes with something to deliver.",
        "select count(*) from lane where state = 'ready'",
    ),
    Metric(
        "bridge_lanes_failing",
        "Lanes with something to deliver whose last try failed.",
        "select count(*) from lane where state = 'ready' and attempts > 0",
    ),
    Metric(
        "bridge_lane_ready_seconds",
        "Age of the oldest event that could be delivered and is not.",
        """select coalesce(extract(epoch from now() - min(i.received_at)), 0)::float8
          from inbox i join lane l on l.key = i.lane and l.state = 'ready'
          where i.state = 'received'""",
    ),
    Metric(
        "bridge_lanes_waiting",
        "Lanes that wait for another record to be across.",
        "select count(*) from lane where state = 'waiting'",
    ),
    Metric(
        "bridge_lanes_parked",
        "Lanes that wait for a person, because the other half refuses an event.",
        "select count(*) from lane where state = 'parked'",
    ),
    Metric(
        "bridge_lane_waiting_seconds",
        "How long the oldest waiting lane has waited.",
        _OLDEST.format(state="waiting"),
    ),
    Metric(
        "bridge_lane_parked_seconds",
        "How long the oldest parked lane has stood.",
        _OLDEST.format(state="parked"),
    ),
    Metric(
        "bridge_reviews_open",
        "Questions whether two records are one.",
        "select count(*) from review where state = 'open'",
    ),
    Metric(
        "bridge_quarantined",
        "What was put aside, unread or as a loop, and nobody has decided on.",
        "select count(*) from quarantine where state = 'open'",
    ),
)

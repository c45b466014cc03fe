"""What lanes and the answers of people bring into the bridge."""

from chassis.service import Module
from chassis.telemetry.metrics import Metric
from sync_bridge.lanes.dispatcher import deliver_lanes
from sync_bridge.lanes.events import LaneParked, LaneResumed
from sync_bridge.lanes.models import Hole, Lane, LaneAct, LevelledState, Pause
from sync_bridge.lanes.pairing import UNLINK, unlink_halves
from sync_bridge.lanes.review_router import mapping_router, review_router
from sync_bridge.lanes.router import act_router, flow_router, hole_router, lane_router

__all__ = ["MODULE"]

_OLDEST = """select coalesce(extract(epoch from now() - min(since)), 0)::float8
  from lane where state = '{state}'"""

MODULE = Module(
    name="lanes",
    routers=(hole_router, act_router, lane_router, flow_router, mapping_router, review_router),
    tags={
        "flows": "Kinds of records that cross, and the pauses that stop one of them.",
        "lanes": "The queue of each record: what waits, what is parked and why, retry and skip.",
        "mappings": "Which record of one half is which record of the other.",
        "reviews": "Questions that a person has to answer before a record crosses.",
    },
    tables=(Lane, LevelledState, Pause, Hole, LaneAct),
    rights={
        "levelled_state": "select, insert, update, delete",
        "pause": "select, insert, update, delete",
    },
    events=(LaneParked, LaneResumed),
    jobs={UNLINK: unlink_halves},
    background=(deliver_lanes,),
    metrics=(
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
    ),
)

"""What the metrics tell of lanes."""

from chassis.telemetry.metrics import Gauges

__all__ = ["LANES"]

LANES = Gauges(
    """select
      count(*) filter (where state = 'ready') as lanes_ready,
      count(*) filter (where state = 'ready' and attempts > 0) as lanes_failing,
      count(*) filter (where state = 'waiting') as lanes_waiting,
      count(*) filter (where state = 'parked') as lanes_parked,
      extract(epoch from now() - min(since) filter (where state = 'waiting'))
        as lane_waiting_seconds,
      extract(epoch from now() - min(since) filter (where state = 'parked'))
        as lane_parked_seconds,
      (select extract(epoch from now() - min(i.received_at)) from inbox i join lane l
          on l.key = i.lane and l.state = 'ready' where i.state = 'received') as lane_ready_seconds
    from lane where state in ('ready', 'waiting', 'parked')""",
    {
        "lanes_ready": "Lanes with something to carry.",
        "lanes_failing": "Of these, lanes whose last try failed.",
        "lanes_waiting": "Lanes that wait for another record, or for a decision.",
        "lanes_parked": "Lanes that stand until a person acts.",
        "lane_waiting_seconds": "How long the oldest waiting lane has waited.",
        "lane_parked_seconds": "How long the oldest parked lane has stood.",
        "lane_ready_seconds": "Age of the oldest event that could be carried and is not.",
    },
)

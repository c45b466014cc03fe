"""What pairs and reviews bring into the bridge."""

from chassis.service import Module
from chassis.telemetry.metrics import Metric
from sync_bridge.identity.models import Creation, Pair, Review, Shadow

__all__ = ["MODULE"]

MODULE = Module(
    name="identity",
    tables=(Pair, Creation, Shadow, Review),
    rights={
        "pair": "select, insert, update, delete",
        "creation": "select, insert, update, delete",
        "shadow": "select, insert, update, delete",
    },
    metrics=(
        Metric(
            "bridge_reviews_open",
            "Questions whether two records are one.",
            "select count(*) from review where state = 'open'",
        ),
    ),
)

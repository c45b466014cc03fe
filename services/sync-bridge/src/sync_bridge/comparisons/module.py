"""What comparisons of the halves bring into the bridge."""

from chassis.service import Module
from sync_bridge.comparisons.models import ComparedRecord, Comparison, ComparisonReading, Difference
from sync_bridge.comparisons.router import comparison_router
from sync_bridge.comparisons.worker import compare_halves

__all__ = ["MODULE"]

MODULE = Module(
    name="comparisons",
    routers=(comparison_router,),
    tags={
        "comparisons": "Comparing the records of both halves, and levelling what differs.",
    },
    tables=(Comparison, ComparisonReading, ComparedRecord, Difference),
    rights={
        "comparison": "select, insert, update, delete",
        "compared_record": "select, insert, update, delete",
    },
    background=(compare_halves,),
)

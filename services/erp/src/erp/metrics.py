"""What an operator of the ERP watches: work that waits, and for whom."""

from collections.abc import Sequence

from chassis.telemetry.metrics import Metric

__all__ = ["METRICS"]

METRICS: Sequence[Metric] = (
    Metric(
        "orders_on_hold",
        "Sales orders that wait for a decision.",
        "select count(*) from sales_order where state = 'on_hold'",
    ),
    Metric(
        "orders_waiting_for_stock",
        "Sales orders of which something waits for goods, or for its day.",
        "select count(distinct order_id) from demand where reserved + shipped < wanted",
    ),
    Metric(
        "approvals_pending",
        "Questions that nobody has answered.",
        "select count(*) from approval where state = 'pending'",
    ),
    Metric(
        "purchase_suggestions_open",
        "Suggestions to buy that nobody has taken up.",
        "select count(*) from purchase_suggestion where state = 'open'",
    ),
)

"""What follows when the other half does not take a record."""

from sync_bridge.lanes.deliveries import Delivered, Delivery
from sync_bridge.lanes.finding import found
from sync_bridge.lanes.stopped import DeliveryStopped, RecordRejected, ReviewNeeded
from sync_bridge.states import EventOutcome

__all__ = ["after_rejection"]


async def after_rejection(delivery: Delivery, why: DeliveryStopped) -> Delivered | DeliveryStopped:
    """Tell the sender that its record is not taken, where it wants to know. Else why it stands.

    A record whose new number another one has across is shown to a person with that one, unless it
    gives it up meanwhile.
    """
    calls = delivery.calls
    entity, sender, subject = calls.flow.entity, calls.flow.sender, calls.event.subject
    try:
        if isinstance(why, RecordRejected) and entity.refusals is not None:
            version = delivery.body.get("source_version", delivery.version[1])
            await calls.report_rejection(why, version=version)
            return Delivered(EventOutcome.REFUSED, delivery.version)
        if why.reason == "duplicate_code" and delivery.twin is not None and calls.refusals > 1:
            candidates = await found(calls, delivery.message)
            if candidates:
                return ReviewNeeded(entity.name, sender, subject, candidates, already_linked=True)
    except DeliveryStopped as stands:
        return stands
    return why

"""What follows when the other half does not take a record."""

from sync_bridge.lanes.deliveries import Carried, Delivery
from sync_bridge.lanes.finding import found
from sync_bridge.lanes.standstill import Asks, Refused, Standstill

__all__ = ["after_refusal"]


async def after_refusal(delivery: Delivery, why: Standstill) -> Carried | Standstill:
    """Tell the sender that its record is not taken, where it wants to know. Else why it stands.

    A record whose new number another one has across is shown to a person with that one, unless it
    gives it up meanwhile.
    """
    calls = delivery.calls
    entity, sender, subject = calls.flow.entity, calls.flow.sender, calls.event.subject
    try:
        if isinstance(why, Refused) and entity.refusals is not None:
            version = delivery.body.get("source_version", delivery.version[1])
            await calls.tell_refusal(why, version=version)
            return Carried("refused", delivery.version)
        if why.reason == "duplicate_code" and delivery.twin is not None and calls.refusals > 1:
            candidates = await found(calls, delivery.message)
            if candidates:
                return Asks(entity.name, sender, subject, candidates, of_a_pair=True)
    except Standstill as stands:
        return stands
    return why

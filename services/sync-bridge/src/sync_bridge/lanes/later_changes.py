"""What the sender changed of a record after it was read and before it knew of its twin.

Until then every field was the sender's to change. Its own fields cross as always. A field of the
other half's crosses where the other half has not changed it itself since; else the owner's value
stands.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sync_bridge.lanes import batch_calls
from sync_bridge.lanes.deliveries import Delivered, Delivery, read_message
from sync_bridge.lanes.stopped import Parked, RetryLater
from sync_bridge.mappings.twins import NO_TWINS
from sync_bridge.ownership import owned_part

__all__ = ["send_later_changes"]

TRIES = 3


async def send_later_changes(made: Delivery, twin: UUID) -> Delivered:
    """Bring to the twin what became of the record since it was made of it.

    Called when the sender knows of the link, so that what is read now has all such changes. Raises
    RetryLater, Parked, KeyRejected.
    """
    flow, event = made.calls.flow, made.calls.event
    now = await batch_calls.present_states(made.calls.halves, flow, [event])
    if event.subject not in now:
        raise Parked("record_missing", flow.entity.name)
    message = read_message(now[event.subject], flow)
    body = flow.translate(message, NO_TWINS)
    owned = owned_part(flow.entity.name, sender=flow.sender, body=body)
    calls = replace(made.calls, event=now[event.subject])
    later = replace(made, calls=calls, message=message, body=body, owned=owned, twin=twin)
    theirs = {
        name: value
        for name, value in body.items()
        if name not in owned and value != made.body.get(name)
    }
    if theirs:
        await _change_untouched(made, twin, theirs)
    return later.result_of(await calls.upsert(owned))


async def _change_untouched(made: Delivery, twin: UUID, fields: Mapping[str, Any]) -> None:
    """Change those of the twin's fields that still are as they were made."""
    for _ in range(TRIES):
        seen = await made.calls.get(twin)
        untouched = seen.get("revision", seen["version"]) == 1
        wanted = {
            name: value
            for name, value in fields.items()
            if seen.get(name) != value and (untouched or seen.get(name) == made.body.get(name))
        }
        if not wanted or await made.calls.change(twin, wanted, version=seen["version"]):
            return
    raise RetryLater("busy", "the twin is being changed")

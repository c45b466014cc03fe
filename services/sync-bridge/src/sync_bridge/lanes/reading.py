"""Events read as the messages they are."""

from pydantic import ValidationError

from sync_bridge.flows import Flow
from sync_bridge.inbox.received import ReceivedEvent
from sync_bridge.lanes.stopped import Parked
from sync_bridge.messages.base import Message

__all__ = ["read"]


def read(event: ReceivedEvent, flow: Flow) -> Message:
    """The state an event tells of. Raises Parked."""
    try:
        return flow.reads.model_validate_json(event.data)
    except ValidationError as unreadable:
        fields = [
            f"/{'/'.join(str(step) for step in one['loc'])} {one['type']}"
            for one in unreadable.errors(include_input=False, include_url=False)
        ]
        raise Parked("unreadable_event", ", ".join(fields)) from unreadable

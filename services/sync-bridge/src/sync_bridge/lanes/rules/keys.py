"""Keys derived from what is done, so that the same deed has the same key after every crash."""

import hashlib
from uuid import UUID

__all__ = ["idempotency_key"]


def idempotency_key(
    *, bridge: UUID, event_id: UUID, target: str, action: str, revision: int
) -> str:
    """The Idempotency-Key of one action for one event (B39)."""
    deed = "\n".join((str(bridge), str(event_id), target, action, str(revision)))
    return hashlib.sha256(deed.encode()).hexdigest()

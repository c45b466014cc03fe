"""Keys derived from what is done, so that the same deed has the same key after every crash."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

__all__ = ["idempotency_key"]


def idempotency_key(
    *, bridge: UUID, causes: Sequence[str], target: str, action: str, revision: int
) -> str:
    """The Idempotency-Key of one action for one event, or for several at once (B39).

    A cause is an event and the version of its record that is told.
    """
    deed = "\n".join((str(bridge), ",".join(causes), target, action, str(revision)))
    return hashlib.sha256(deed.encode()).hexdigest()

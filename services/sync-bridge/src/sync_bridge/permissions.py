"""What callers of the bridge may be allowed, and the roles that gather it."""

from collections.abc import Mapping

__all__ = ["PERMISSIONS", "ROLES"]

PERMISSIONS: Mapping[str, str] = {
    "bridge.read": "See lanes, links, reviews, events and positions.",
    "bridge.write": "Retry and skip lanes, decide reviews, replay events, resume flows.",
    "events.read": "Read the event feed.",
    "admin": "Everything, with the administration of users and keys.",
}

ROLES: Mapping[str, frozenset[str]] = {
    "observer": frozenset({"bridge.read"}),
    "operator": frozenset({"bridge.read", "bridge.write"}),
    "admin": frozenset({"admin"}),
}

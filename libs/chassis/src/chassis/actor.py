"""Who acts, and what the actor may do."""

from dataclasses import dataclass
from typing import Any, Literal, Protocol

__all__ = ["ADMIN", "RELAY", "SYSTEM", "Actor", "Authenticator"]

ADMIN = "admin"
"""The scope that includes every other one but `RELAY`."""

RELAY = "events.relay"
"""The scope of a bridge: what it does continues a process of another service."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A caller whose identity was proven: an API key, a local user, a token's subject, ourselves.

    `kind` and `id` together are stable and unique; `name` is for people and may change.
    `language` is the one the actor prefers, None where nothing is known of it. `systems` are the
    reserved names of other systems that the actor may speak for.
    """

    kind: Literal["key", "user", "token", "system"]
    id: str
    name: str
    scopes: frozenset[str]
    language: str | None = None
    systems: frozenset[str] = frozenset()

    def may(self, scope: str) -> bool:
        """Whether the scopes allow it: `admin` includes all, `x.write` includes `x.read`."""
        if scope in self.scopes or ADMIN in self.scopes:
            return True
        area, _, verb = scope.rpartition(".")
        return verb == "read" and f"{area}.write" in self.scopes

    @property
    def relays(self) -> bool:
        """Whether it may say which event led to an act, and how far that has come.

        An administrator is no bridge: `admin` does not include it.
        """
        return RELAY in self.scopes

    @property
    def reference(self) -> str:
        """The actor in one word, as events, ledgers and idempotency keys store it: `key:<id>`."""
        return f"{self.kind}:{self.id}"


class Authenticator(Protocol):
    """What finds out who calls."""

    async def authenticate(self, request: Any) -> Actor:
        """The caller, who may ask for this. Raises Unauthorized: it shows nothing valid."""

    def denied(self, request: Any, problem: Any) -> None:
        """Keep that a request was answered by a problem that says: not you."""

    async def close(self) -> None:
        """Give back what it holds."""


SYSTEM = Actor(kind="system", id="system", name="system", scopes=frozenset({ADMIN}))
"""The service itself: jobs, clock and migrations act as it."""

"""How often a caller may come: by key or user, by source address, and for attempts to log in.

Each limit is a setting; those of callers are off without it. Replies tell how much is left in the
headers `RateLimit-Policy` and `RateLimit`; who comes too often is answered 429 with `Retry-After`.
"""

import math
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Any

from limits import RateLimitItem, parse
from limits.aio.strategies import FixedWindowRateLimiter
from starlette.types import Scope

from chassis.actor import Actor
from chassis.http.shared_counts import SharedCounts
from chassis.problems.standard import RateLimited
from chassis.settings import ServiceSettings
from chassis.storage.connections import Connections

__all__ = ["RateLimits", "rate_headers", "source_of"]

_NETWORK_BITS = 64
"""Whoever has one IPv6 address has a network of so many bits of them."""


class RateLimits:
    """The limits of a service, as its settings say them."""

    def __init__(
        self,
        settings: ServiceSettings,
        database: Connections,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.clock = clock
        self.counts = SharedCounts(database, clock=clock)
        self.limiter = FixedWindowRateLimiter(self.counts)
        self.by_key = parse(settings.rate_limit_key) if settings.rate_limit_key else None
        self.by_source = parse(settings.rate_limit_source) if settings.rate_limit_source else None
        self.logins = parse(settings.rate_limit_logins)

    async def count_caller(self, scope: Scope, actor: Actor) -> None:
        """Count a request of a known caller. Raises RateLimited."""
        if self.by_key:
            await self.count("key", self.by_key, actor.reference, scope)

    async def count_source(self, scope: Scope) -> None:
        """Count a request from an address, whoever it is. Raises RateLimited."""
        if self.by_source:
            await self.count("source", self.by_source, source_of(scope), scope)

    async def count(
        self, name: str, limit: RateLimitItem, who: str, scope: Scope, *, exact: bool = False
    ) -> None:
        """Count one for `who`; `exact`: over all processes. Raises RateLimited."""
        allowed = await self.limiter.hit(limit, name, who)
        if exact:
            await self.counts.settle()
            allowed = await self.counts.get(limit.key_for(name, who)) <= limit.amount
        ends_at, left = await self.limiter.get_window_stats(limit, name, who)
        wait_seconds = max(1, math.ceil(ends_at - self.clock()))
        policy = f'"{name}";q={limit.amount};w={limit.get_expiry()}'
        applied: list[tuple[str, str]] = scope["state"].setdefault("rate_limits", [])
        applied.append((policy, f'"{name}";r={left};t={wait_seconds}'))
        if not allowed:
            raise RateLimited(wait_seconds=wait_seconds)

    async def close(self) -> None:
        """Settle what was counted."""
        await self.counts.close()


def source_of(scope: Scope) -> str:
    """The address that a request came from; of IPv6 the network of its owner."""
    host = (scope.get("client") or ("unknown", 0))[0]
    try:
        address = ip_address(host)
    except ValueError:
        return str(host)
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return f"{IPv6Address(int(address) >> _NETWORK_BITS << _NETWORK_BITS)}/{_NETWORK_BITS}"


def rate_headers(state: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    """What a reply tells of the limits that its request was counted for."""
    applied = state.get("rate_limits")
    if not applied:
        return []
    policies, present = zip(*applied, strict=True)
    return [
        (b"ratelimit-policy", ", ".join(policies).encode()),
        (b"ratelimit", ", ".join(present).encode()),
    ]

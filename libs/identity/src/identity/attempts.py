"""How often somebody may try: each login from each address so often, each address so often.

A guesser uses up what its own address may, and no other's: the owner of a login who comes from
elsewhere is not kept out by it.
"""

import hashlib
import math
from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from fastapi import Request
from limits import RateLimitItem, parse_many

from chassis.http.rate_limits import RateLimits, source_of
from chassis.problems.problem import Problem
from chassis.telemetry.logs import get_logger
from identity.factor_keys import FactorKeys
from identity.totp import Steps

__all__ = ["Attempt", "TooManyAttempts", "printable"]

LIMITS: tuple[RateLimitItem, ...] = tuple(parse_many("10/minute; 60/hour"))
"""For one login from one address."""
CODE_LIMITS: tuple[RateLimitItem, ...] = tuple(parse_many("20/hour"))
"""For codes of one user, from all addresses: only who knows the password may send one."""
COUNTED = "login"
CODES_COUNTED = "second_factor"
LENGTH_SHOWN = 100
USER_AGENT_LENGTH_MAX = 200
log = get_logger("identity")


class TooManyAttempts(Problem):
    """A login was tried too often from one address to be tried again now."""

    status: ClassVar[int] = 429
    code: ClassVar[str] = "too_many_attempts"
    title: ClassVar[str] = "Too many attempts"
    detail: ClassVar[str] = "Try again in {wait_seconds} seconds."

    def headers(self) -> dict[str, str]:
        """When the next attempt is heard."""
        return {"Retry-After": str(self.facts["wait_seconds"])}


class Attempt:
    """An attempt to prove who one is, by a login from the address of a request.

    `code` is what was sent of a second factor.
    """

    def __init__(self, request: Request, login: str, *, code: str | None = None) -> None:
        self._request = request
        self._limits: RateLimits = request.app.state.rate_limits
        self.login = login.strip().lower()[:LENGTH_SHOWN]
        self.source = source_of(request.scope)
        sent = dict(request.scope.get("headers", ())).get(b"user-agent", b"")
        self.user_agent = printable(sent.decode("latin-1"))[:USER_AGENT_LENGTH_MAX]
        hashed = hashlib.sha256(self.login.encode("utf-8", "surrogatepass")).hexdigest()
        self.trace = request.state.trace
        self._who = f"{self.source} {hashed}"
        self.code = code
        self._codes_of = ""

    @property
    def factor_keys(self) -> FactorKeys:
        """What decrypts the second factor."""
        keys: FactorKeys = self._request.app.state.authenticator.factor_keys
        return keys

    @property
    def judging(self) -> dict[str, Any]:
        """What judges a code of the second factor, beside the time."""
        steps: Steps = self._request.app.state.authenticator.code_steps
        return {"keys": self.factor_keys, "steps": steps}

    async def count(self) -> int:
        """Count it, over all processes; how many came from its address in this minute.

        It counts before anything is tried: guesses side by side count like guesses one after the
        other. Raises RateLimited, TooManyAttempts.
        """
        every, scope = self._limits.logins, self._request.scope
        await self._limits.count("logins", every, self.source, scope, exact=True)
        from_there = await self._limits.counts.get(every.key_for("logins", self.source))
        if wait_seconds := await _count_all(self._limits, LIMITS, self._who):
            self.failed("throttled")
            raise TooManyAttempts(wait_seconds=wait_seconds)
        return from_there

    async def count_code(self, user_id: UUID) -> None:
        """Count a code of the user, whose password was right. Raises TooManyAttempts."""
        self._codes_of = str(user_id)
        counted = {"counted": CODES_COUNTED}
        if wait_seconds := await _count_all(self._limits, CODE_LIMITS, self._codes_of, **counted):
            self.failed("throttled", user_id=user_id)
            raise TooManyAttempts(wait_seconds=wait_seconds)

    async def succeeded(self) -> None:
        """Forget the attempts with this login from there, and the codes."""
        for limit in LIMITS:
            await self._limits.counts.clear(limit.key_for(COUNTED, self._who))
        for limit in CODE_LIMITS if self._codes_of else ():
            await self._limits.counts.clear(limit.key_for(CODES_COUNTED, self._codes_of))

    def failed(self, why: str, *, user_id: UUID | None = None) -> None:
        """Log who tried what from where; `user_id` where there is such a login.

        The audit log, which nobody can clean, has the login as an id: what was typed may be a
        password.
        """
        denials = self._request.app.state.authenticator.denials
        denials.count_login(self.source, user_id, why, self.trace.request_id)
        log.warning("login_failed", login=printable(self.login), source=self.source, why=why)


async def _count_all(
    limits: RateLimits, every: Sequence[RateLimitItem], who: str, *, counted: str = COUNTED
) -> int:
    """Count for each of the limits, over all processes; seconds to wait where one is passed."""
    for limit in every:
        await limits.limiter.hit(limit, counted, who)
    await limits.counts.settle()
    keys = {limit: limit.key_for(counted, who) for limit in every}
    ends = [
        await limits.counts.get_expiry(key)
        for limit, key in keys.items()
        if await limits.counts.get(key) > limit.amount
    ]
    return max((max(1, math.ceil(at - limits.clock())) for at in ends), default=0)


def printable(text: str) -> str:
    """The text with control signs, and what else moves a terminal or hides, as escapes."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )

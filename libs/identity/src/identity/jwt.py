"""Access tokens of a foreign issuer: this service as an OAuth 2 resource server.

Signatures are checked against the issuer's published keys, algorithms are pinned to asymmetric
ones, and `iss`, `aud` and `exp` are required.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import httpx
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet, RSAKey

from chassis.actor import ADMIN, Actor
from chassis.clock import utc_now
from chassis.problems.problem import Problem
from chassis.problems.standard import Unauthorized
from chassis.telemetry.logs import get_logger

__all__ = ["ALGORITHMS", "IssuerKeys", "IssuerUnavailable", "TokenVerifier", "rsa_bits"]

ALGORITHMS = ("RS256", "PS256", "ES256", "Ed25519")
"""Nothing symmetric and no `none`: the issuer's public key must never serve as a shared secret."""

TYPES = ("at+jwt", "jwt")
"""What the header says of an access token: RFC 9068, and what most issuers write."""

OF_ID_TOKENS = {"at_hash", "c_hash"}
"""Claims of tokens that prove a log-in to the one who asked for it."""

RSA_BITS_MIN = 2048
"""Where nothing else is said; the settings may ask for more."""
SKEW_SECONDS = 60
KEYS_LIFE_SECONDS = 600.0
KEYS_STALE_SECONDS = 24 * 3600.0
KEYS_ASK_AGAIN_SECONDS = 30.0
log = get_logger("identity")


class IssuerUnavailable(Problem):
    """The issuer's keys cannot be read, and none are known from before."""

    status: ClassVar[int] = 503
    code: ClassVar[str] = "issuer_unavailable"
    title: ClassVar[str] = "The token issuer does not answer"
    detail: ClassVar[str] = "Your token cannot be checked now. Send the request again in a moment."
    retry_after_seconds: ClassVar[int | None] = 5


class IssuerKeys:
    """The issuer's signing keys, read over HTTP and kept for ten minutes.

    When the issuer does not answer, the last known keys serve for a day. An unknown key id makes
    it ask again, at most twice a minute, so forged ids cannot make us flood the issuer.
    """

    def __init__(
        self,
        url: str,
        *,
        rsa_bits_min: int = RSA_BITS_MIN,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._rsa_bits_min = rsa_bits_min
        self._client = httpx.AsyncClient(timeout=5.0, transport=transport)
        self._clock = clock
        self._known: KeySet | None = None
        self._etag = ""
        self._read_at = float("-inf")
        self._asked_at = float("-inf")
        self._one_reader = asyncio.Lock()

    async def current(self) -> KeySet:
        """The keys. Raises IssuerUnavailable."""
        if self._known is None or self._age() > KEYS_LIFE_SECONDS:
            await self._ask()
        if self._known is None or self._age() > KEYS_STALE_SECONDS:
            raise IssuerUnavailable
        return self._known

    async def refreshed(self) -> KeySet:
        """The keys, asked for again because a token names one that is not among them."""
        await self._ask()
        return await self.current()

    async def close(self) -> None:
        """Close the connection to the issuer."""
        await self._client.aclose()

    def _age(self) -> float:
        return self._clock() - self._read_at

    async def _ask(self) -> None:
        async with self._one_reader:
            if self._clock() - self._asked_at < KEYS_ASK_AGAIN_SECONDS:
                return
            self._asked_at = self._clock()
            try:
                await self._read()
            except (httpx.HTTPError, JoseError, ValueError, KeyError, TypeError):
                return  # `current` decides by age whether the last known keys still serve

    async def _read(self) -> None:
        headers = {"If-None-Match": self._etag} if self._etag else {}
        answer = await self._client.get(self._url, headers=headers)
        if answer.status_code != httpx.codes.NOT_MODIFIED:
            answer.raise_for_status()
            self._known = _strong(KeySet.import_key_set(answer.json()), bits_min=self._rsa_bits_min)
            self._etag = answer.headers.get("etag", "")
        self._read_at = self._clock()


class TokenVerifier:
    """Turns an access token into the actor it proves."""

    def __init__(
        self,
        keys: IssuerKeys,
        *,
        issuer: str,
        audience: str,
        permissions: Mapping[str, str],
        roles: Mapping[str, frozenset[str]],
        reserved_systems: frozenset[str] = frozenset(),
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._known = {*permissions, ADMIN}
        self._roles = roles
        self._reserved_systems = reserved_systems

    async def verify(self, token: str) -> tuple[Actor, float]:
        """The actor, and the Unix time at which the token ends.

        Raises Unauthorized, whatever is wrong with it, and IssuerUnavailable.
        """
        claims = await self._signed_claims(token)
        registry = jwt.JWTClaimsRegistry(
            now=lambda: int(utc_now().timestamp()),
            leeway=SKEW_SECONDS,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        try:
            registry.validate(claims)
        except JoseError as refused:
            raise Unauthorized from refused
        subject = str(claims["sub"])
        name = claims.get("name") or claims.get("preferred_username") or subject
        locale = str(claims.get("locale", ""))
        actor = Actor(
            kind="token",
            id=subject,
            name=str(name),
            scopes=self._scopes(claims),
            language={"zh": "zh-CN", "en": "en"}.get(locale[:2].lower()),
            systems=self._reserved_systems.intersection(_words(claims.get("systems"))),
        )
        return actor, float(claims["exp"]) + SKEW_SECONDS

    async def close(self) -> None:
        """Close the connection to the issuer."""
        await self._keys.close()

    async def _signed_claims(self, token: str) -> dict[str, Any]:
        try:
            try:
                signed = jwt.decode(token, await self._keys.current(), algorithms=ALGORITHMS)
            except InvalidKeyIdError:
                signed = jwt.decode(token, await self._keys.refreshed(), algorithms=ALGORITHMS)
        except (JoseError, ValueError, TypeError) as refused:
            raise Unauthorized from refused
        if not _is_access_token(signed.header, signed.claims):
            raise Unauthorized
        return signed.claims

    def _scopes(self, claims: Mapping[str, Any]) -> frozenset[str]:
        """The scopes that this service knows, said directly or by role."""
        said = {*_words(claims.get("scope")), *_words(claims.get("scp"))}
        by_role = (self._roles.get(role, frozenset()) for role in _words(claims.get("roles")))
        return frozenset(said & self._known).union(*by_role)


async def rsa_bits(
    url: str, *, transport: httpx.AsyncBaseTransport | None = None
) -> list[tuple[str, int]]:
    """Ids and bits of the RSA keys that an issuer publishes now. Raises IssuerUnavailable."""
    try:
        async with httpx.AsyncClient(timeout=5.0, transport=transport) as client:
            answer = (await client.get(url)).raise_for_status()
        found = KeySet.import_key_set(answer.json()).keys
    except (httpx.HTTPError, JoseError, ValueError, KeyError, TypeError) as failed:
        raise IssuerUnavailable from failed
    return [(key.kid or "", key.public_key.key_size) for key in found if isinstance(key, RSAKey)]


def _strong(keys: KeySet, *, bits_min: int) -> KeySet:
    """The keys without those of RSA that are too short: what they sign is signed by nobody."""
    weak = [
        key for key in keys.keys if isinstance(key, RSAKey) and key.public_key.key_size < bits_min
    ]
    for key in weak:
        log.warning("issuer_key_refused", kid=key.kid, bits=key.public_key.key_size)
    return KeySet([key for key in keys.keys if key not in weak])


def _is_access_token(header: Mapping[str, Any], claims: Mapping[str, Any]) -> bool:
    """Whether it is not said to be a token of another kind, by header, claim, or what it proves."""
    return (
        str(header.get("typ", "JWT")).lower().removeprefix("application/") in TYPES
        and str(claims.get("typ", "Bearer")).lower() == "bearer"
        and not OF_ID_TOKENS & claims.keys()
    )


def _words(claim: Any) -> list[str]:
    if isinstance(claim, str):
        return claim.split()
    return [word for word in claim if isinstance(word, str)] if isinstance(claim, list) else []

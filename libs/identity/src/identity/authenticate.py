"""Who calls: from the request's headers to the actor, without a statement when it is known.

A credential is looked up by its hash in a dictionary whose entries live five seconds. So a
revoked key or an ended session is refused everywhere within five seconds.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import cached_property

from fastapi import Request

from chassis.actor import Actor
from chassis.clock import utc_now
from chassis.problems.problem import Problem
from chassis.problems.standard import Unauthorized
from chassis.service import Service
from chassis.settings import ServiceSettings
from chassis.storage.connections import Connections
from identity import keys, sessions
from identity.audit.denials import Denials
from identity.factor_keys import FactorKeys, factor_keys, keys_given
from identity.factors import SecondFactorRequired, SecondFactorWrong
from identity.jwt import IssuerKeys, TokenVerifier
from identity.required_factors import ActorWithoutFactor, require_open
from identity.sessions import LoginRefused
from identity.settings import identity_settings, roles_with_factor

__all__ = ["CACHE_LIFE_SECONDS", "Authenticator", "credential"]

CACHE_LIFE_SECONDS = 5.0
_CACHE_SIZE_MAX = 10_000
_OF_LOG_IN = (LoginRefused, SecondFactorRequired, SecondFactorWrong)


class Authenticator:
    """Knows the callers of one service: by API key, session or access token."""

    def __init__(
        self,
        service: Service,
        settings: ServiceSettings,
        connections: Connections,
        *,
        tokens: TokenVerifier | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connections = connections
        self._roles = service.roles
        self.roles_with_factor = roles_with_factor(service, settings)
        self.session_idle = timedelta(minutes=identity_settings(settings).session_idle_minutes)
        self.code_steps = identity_settings(settings).code_steps
        self._tokens = tokens or _verifier(service, settings)
        self._clock = clock
        self._settings = settings
        keys_given(settings)
        self.denials = Denials(connections, clock=clock)
        self._known: dict[bytes, tuple[float, Actor | None]] = {}

    @cached_property
    def factor_keys(self) -> FactorKeys:
        """What encrypts second factors. Raises ValueError where the key in the folder is none."""
        return factor_keys(self._settings)

    async def close(self) -> None:
        """Write the refusals counted; close the connection to the token issuer."""
        await self.denials.close()
        if self._tokens:
            await self._tokens.close()

    async def authenticate(self, request: Request) -> Actor:
        """The caller. Raises Unauthorized when it shows nothing or nothing valid.

        Raises FactorNotEnrolled where the person may only enrol a second factor.
        """
        actor = await self.identify(request.headers)
        require_open(request, actor)
        return actor

    async def identify(self, headers: Mapping[str, str]) -> Actor:
        """Whose credential it is, whatever is asked. Raises Unauthorized."""
        shown = credential(headers)
        if shown is None:
            raise Unauthorized
        hashed = keys.digest(shown)
        deadline, actor = self._known.get(hashed, (float("-inf"), None))
        if deadline <= self._clock():
            actor = await self._look_up(shown, hashed)
        if actor is None:
            raise Unauthorized
        return actor

    def denied(self, request: Request, problem: Problem) -> None:
        """Count a refusal for the audit log; a log-in counts its own."""
        if not isinstance(problem, _OF_LOG_IN):
            self.denials.count(request, problem)

    def forget(self, credential_shown: str) -> None:
        """Look the credential up anew next time: it has just been ended here."""
        self.forget_hashed([keys.digest(credential_shown)])

    def forget_hashed(self, hashes: Iterable[bytes]) -> None:
        """The same, of credentials by their hashes."""
        for hashed in hashes:
            self._known.pop(hashed, None)

    async def _look_up(self, shown: str, hashed: bytes) -> Actor | None:
        if shown.startswith(keys.MARK):
            actor, ends_at = await self._by_key(hashed)
        elif shown.startswith(sessions.MARK):
            actor, ends_at = await self._by_session(hashed)
        elif self._tokens:
            actor, ends_at = await self._tokens.verify(shown)
        else:
            return None
        left = CACHE_LIFE_SECONDS
        if ends_at is not None:
            left = min(left, ends_at - utc_now().timestamp())
        while len(self._known) >= _CACHE_SIZE_MAX:
            del self._known[next(iter(self._known))]
        self._known.pop(hashed, None)
        self._known[hashed] = (self._clock() + left, actor)
        return actor

    async def _by_key(self, hashed: bytes) -> tuple[Actor | None, float | None]:
        now = utc_now()
        async with self._connections.reading() as at:
            row = await at.sql.fetchrow(_KEY, hashed, now)
        if row is None:
            return None, None
        if row["use_is_news"]:
            async with self._connections.driver() as sql:
                await sql.execute(_USED, row["id"], now, hashed)
        ends_at = row["expires_at"] and row["expires_at"].timestamp()
        actor = Actor(
            kind="key",
            id=str(row["id"]),
            name=row["name"],
            scopes=frozenset(row["scopes"]),
            systems=frozenset(row["systems"]),
        )
        return actor, ends_at

    async def _by_session(self, hashed: bytes) -> tuple[Actor | None, float | None]:
        now = utc_now()
        async with self._connections.reading() as at:
            row = await at.sql.fetchrow(_SESSION, hashed, now, now - self.session_idle)
        if row is None:
            return None, None
        if row["use_is_news"]:
            async with self._connections.driver() as sql:
                await sql.execute(_SESSION_USED, hashed, now)
        who = {"id": str(row["id"]), "name": row["name"], "language": row["language"]}
        ends_at: float = row["expires_at"].timestamp()
        if self.roles_with_factor.intersection(row["roles"]) and not row["has_factor"]:
            return ActorWithoutFactor(kind="user", scopes=frozenset(), **who), ends_at
        scopes = frozenset[str]().union(*(self._roles.get(role, ()) for role in row["roles"]))
        return Actor(kind="user", scopes=scopes, **who), ends_at


def _verifier(service: Service, settings: ServiceSettings) -> TokenVerifier | None:
    """What checks access tokens, when the settings name an issuer. Raises ValueError."""
    if not settings.jwt_issuer:
        return None
    if not (settings.jwt_audience and settings.jwks_url):
        message = "a JWT issuer needs an audience and a JWKS URL as well"
        raise ValueError(message)
    return TokenVerifier(
        IssuerKeys(settings.jwks_url, rsa_bits_min=identity_settings(settings).jwt_rsa_bits_min),
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
        permissions=service.permissions,
        roles=service.roles,
        reserved_systems=service.reserved_systems,
    )


def credential(headers: Mapping[str, str]) -> str | None:
    """What the caller shows: `Authorization: Bearer ...`, else `X-API-Key`."""
    scheme, _, shown = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return shown.strip() or None
    return headers.get("x-api-key") or None


_KEY = """select key.id, name, scopes, systems, least(key.expires_at, shown.expires_at) expires_at,
    coalesce(shown.last_used_at, '-infinity') < $2::timestamptz - interval '1 minute' as use_is_news
  from (
    select id, null::timestamptz as expires_at, last_used_at from api_key where secret_hash = $1
    union all select key_id, expires_at, last_used_at from api_key_former_secret
      where secret_hash = $1 and ended_at is null and expires_at > $2) as shown
  join api_key key on key.id = shown.id
  where key.revoked_at is null and (key.expires_at is null or key.expires_at > $2)"""

_USED = """with former as (
    update api_key_former_secret set last_used_at = $2 where secret_hash = $3)
  update api_key set last_used_at = $2 where id = $1"""

_SESSION = """select u.id, u.name, u.roles, u.language, s.expires_at,
    exists (select from second_factor f
      where f.user_id = u.id and f.confirmed_at is not null) as has_factor,
    coalesce(s.last_used_at, '-infinity') < $2::timestamptz - interval '1 minute' as use_is_news
  from user_session s join local_user u on u.id = s.user_id
  where s.secret_hash = $1 and s.ended_at is null and s.expires_at > $2 and u.active
    and coalesce(s.last_used_at, s.created_at) > $3"""

_SESSION_USED = "update user_session set last_used_at = $2 where secret_hash = $1"

"""Access tokens for OAUTHBEARER: OAuth 2 client credentials, kept until they nearly expire."""

import asyncio
import time
from urllib.parse import quote_plus

import httpx
from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaConnectionError
from pydantic import BaseModel, Field, ValidationError

from brokers.credentials import ClientCredentials, authorities

__all__ = ["TokenSource"]

ANSWER_SECONDS = 5.0
USED_FOR = 0.8
"""The part of a token's life for which it is used: a connection is made before it ends."""


class _Reply(BaseModel):
    """What RFC 6749 (5.1) answers; without `expires_in` the token is used once."""

    access_token: str = Field(pattern=r"^[A-Za-z0-9._~+/=-]+$")
    expires_in: float = 0.0


class TokenSource(AbstractTokenProvider):  # type: ignore[misc] # the library has no types
    """Gives a token that has not expired; clients that ask at once are given the same one."""

    def __init__(self, credentials: ClientCredentials) -> None:
        self._credentials = credentials
        self._lock = asyncio.Lock()
        self._token = ""
        self._renew_at = 0.0

    async def token(self) -> str:
        """The token to send to a broker. Raises KafkaConnectionError: the issuer gave none."""
        async with self._lock:
            if time.monotonic() >= self._renew_at:
                asked_at = time.monotonic()
                reply = await self._fetch()
                self._token = reply.access_token
                self._renew_at = asked_at + reply.expires_in * USED_FOR
            return self._token

    async def _fetch(self) -> _Reply:
        given = self._credentials
        form = {"grant_type": "client_credentials"} | (
            {"scope": given.scope} if given.scope else {}
        )
        # RFC 6749 (2.3.1): both are encoded as in forms before they stand in the header.
        login = (quote_plus(given.client_id), quote_plus(given.client_secret.get_secret_value()))
        try:
            async with httpx.AsyncClient(
                verify=authorities(given.ca_file), trust_env=False, timeout=ANSWER_SECONDS
            ) as client:
                answer = await client.post(given.token_url, data=form, auth=login)
            answer.raise_for_status()
            return _Reply.model_validate_json(answer.content)
        except httpx.HTTPStatusError as refused:
            said = refused.response
            message = f"{given.token_url} gives no token: {said.status_code} {said.text[:200]}"
            raise KafkaConnectionError(message) from refused
        except (httpx.HTTPError, OSError) as silent:
            message = f"{given.token_url} does not answer: {type(silent).__name__}: {silent}"
            raise KafkaConnectionError(message) from silent
        except ValidationError as strange:
            message = f"{given.token_url} answers without a token that could be used"
            raise KafkaConnectionError(message) from strange

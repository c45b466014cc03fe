"""Tokens for OAUTHBEARER: asked for once, kept until they nearly expire, refused with words."""

import asyncio

import pytest
from aiokafka.errors import KafkaConnectionError
from pydantic import SecretStr

from brokers import tokens
from brokers.credentials import ClientCredentials
from brokers.tokens import TokenSource
from chassis.testing.issuer import issuing


@pytest.fixture
def issuer():
    with issuing() as one:
        yield one


def source_at(url, **changed):
    return TokenSource(ClientCredentials(url, "the erp", SecretStr("p:w%"), **changed))


async def test_a_token_is_asked_for_once_by_all_that_need_it(issuer):
    source = source_at(issuer.url, scope="kafka.write kafka.read")
    assert set(await asyncio.gather(*(source.token() for _ in range(5)))) == {"t"}
    (asked,) = issuer.asked
    assert asked.login == "the+erp:p%3Aw%25"
    assert asked.form == {"grant_type": "client_credentials", "scope": "kafka.write kafka.read"}


async def test_a_token_is_renewed_before_it_expires(issuer, monkeypatch):
    """Of a life of 300 seconds the last fifth is left; without a life it is used once."""
    now = 1000.0
    monkeypatch.setattr(tokens.time, "monotonic", lambda: now)
    source = source_at(issuer.url)
    await source.token()
    now = 1239.0
    await source.token()
    assert len(issuer.asked) == 1
    now = 1240.0
    issuer.answer = lambda: {"access_token": "u"}
    assert await source.token() == "u"
    assert await source.token() == "u"
    assert len(issuer.asked) == 3


@pytest.mark.parametrize(
    ("status", "answer", "message"),
    [
        (401, {"error": "invalid_client"}, "gives no token: 401 .*invalid_client"),
        (302, {}, "gives no token: 302"),
        (200, {"token": "x"}, "answers without a token"),
        (200, {"access_token": "a\x01auth=b", "expires_in": 9}, "answers without a token"),
    ],
)
async def test_an_issuer_that_gives_none_is_told(issuer, status, answer, message):
    issuer.status, issuer.answer = status, lambda: answer
    with pytest.raises(KafkaConnectionError, match=message) as refused:
        await source_at(issuer.url).token()
    assert "p:w%" not in str(refused.value)


async def test_an_issuer_that_does_not_answer_is_told():
    with pytest.raises(KafkaConnectionError, match="1:1/token does not answer"):
        await source_at("http://127.0.0.1:1/token").token()

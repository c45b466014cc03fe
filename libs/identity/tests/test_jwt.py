"""Access tokens of an issuer: what is believed, what is refused, and how keys are kept."""

import base64
import hashlib
import hmac
import json
from functools import partial
from types import SimpleNamespace

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from chassis.clock import utc_now
from chassis.problems.standard import Unauthorized
from chassis.service import ServiceContext, Unsound
from identity import doctor
from identity.authenticate import Authenticator, _verifier
from identity.jwt import (
    KEYS_ASK_AGAIN_SECONDS,
    KEYS_LIFE_SECONDS,
    KEYS_STALE_SECONDS,
    IssuerKeys,
    IssuerUnavailable,
    TokenVerifier,
    rsa_bits,
)
from identity.settings import IdentitySettings

ISSUER, AUDIENCE = "https://login.example/", "tandem-sample"
URL = "https://login.example/jwks"


class Issuer:
    """An issuer of tokens that a test holds in its hand."""

    def __init__(self):
        self.keys = {"k1": RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})}
        self.asked = 0
        self.not_modified = 0
        self.reply = None

    def answer(self, request):
        self.asked += 1
        if self.reply is not None:
            return self.reply
        etag = f'"{len(self.keys)}"'
        if request.headers.get("if-none-match") == etag:
            self.not_modified += 1
            return httpx.Response(304)
        public = [key.as_dict(private=False) for key in self.keys.values()]
        return httpx.Response(200, json={"keys": public}, headers={"etag": etag})

    def token(self, *, kid="k1", alg="RS256", key=None, header=None, **claims):
        now = int(utc_now().timestamp())
        body = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "u-17",
            "exp": now + 300,
            "scope": "notes.write openid",
            **claims,
        }
        body = {name: value for name, value in body.items() if value is not None}
        head = {"alg": alg, "kid": kid} | (header or {})
        return jwt.encode(head, body, key or self.keys[kid], algorithms=[alg])


def part(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def unsigned(alg):
    """A good token without its signature."""
    claims = json.dumps({"iss": ISSUER, "aud": AUDIENCE, "sub": "x", "exp": 4102444800})
    header = json.dumps({"alg": alg, "kid": "k1"})
    return part(header.encode()) + b"." + part(claims.encode())


def signed_with_the_public_key(issuer):
    """A forgery: the issuer's public key taken as the secret of an HMAC."""
    secret = issuer.keys["k1"].as_pem(private=False)
    mark = hmac.new(secret, unsigned("HS256"), hashlib.sha256).digest()
    return (unsigned("HS256") + b"." + part(mark)).decode()


@pytest.fixture
def issuer():
    return Issuer()


@pytest.fixture
def watch():
    return SimpleNamespace(now=0.0)


@pytest.fixture
async def verifier(issuer, watch):
    transport = httpx.MockTransport(issuer.answer)
    made = TokenVerifier(
        IssuerKeys(URL, transport=transport, clock=lambda: watch.now),
        issuer=ISSUER,
        audience=AUDIENCE,
        permissions={"notes.read": "", "notes.write": ""},
        roles={"clerk": frozenset({"notes.read"})},
    )
    yield made
    await made.close()


async def test_a_good_token_proves_its_subject(issuer, verifier):
    token = issuer.token(name="Mia", locale="zh-Hans", roles=["clerk", "unknown"])
    actor, ends_at = await verifier.verify(token)
    assert (actor.kind, actor.id, actor.name) == ("token", "u-17", "Mia")
    assert actor.language == "zh-CN"
    assert actor.scopes == {"notes.write", "notes.read"}
    assert ends_at > utc_now().timestamp() + 300


async def test_scopes_may_come_as_a_list_and_strange_claims_count_for_nothing(issuer, verifier):
    token = issuer.token(scope=None, scp=["notes.read", 7], roles={"clerk": True})
    actor, _ = await verifier.verify(token)
    assert actor.scopes == {"notes.read"}
    assert actor.name == "u-17"
    assert actor.language is None


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example/"},
        {"iss": None},
        {"aud": "another-service"},
        {"aud": None},
        {"sub": None},
        {"exp": None},
        {"exp": 1},
        {"exp": "soon"},
        {"nbf": 4102444800},
        {"iat": 4102444800},
    ],
)
async def test_a_token_for_others_or_another_time_is_refused(issuer, verifier, claims):
    with pytest.raises(Unauthorized):
        await verifier.verify(issuer.token(**claims))


@pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt", "JWT", "AT+JWT"])
async def test_access_tokens_are_believed_by_their_kind(issuer, verifier, typ):
    await verifier.verify(issuer.token(header={"typ": typ}))


@pytest.mark.parametrize("typ", ["id+jwt", "logout+jwt", "dpop+jwt", "secevent+jwt", ""])
async def test_a_token_that_says_it_is_of_another_kind_is_refused(issuer, verifier, typ):
    with pytest.raises(Unauthorized):
        await verifier.verify(issuer.token(header={"typ": typ}))


@pytest.mark.parametrize(
    "claims", [{"typ": "ID"}, {"typ": "Refresh"}, {"at_hash": "x"}, {"c_hash": "x"}]
)
async def test_a_token_that_proves_a_log_in_to_another_is_refused(issuer, verifier, claims):
    await verifier.verify(issuer.token(typ="Bearer"))
    with pytest.raises(Unauthorized):
        await verifier.verify(issuer.token(**claims))


@pytest.mark.filterwarnings("ignore:Key size should be")
async def test_what_a_short_key_signed_is_signed_by_nobody(issuer, verifier):
    issuer.keys["short"] = RSAKey.generate_key(1024, {"kid": "short", "use": "sig"})
    await verifier.verify(issuer.token())
    for algorithm in ("RS256", "PS256"):
        with pytest.raises(Unauthorized):
            await verifier.verify(issuer.token(kid="short", alg=algorithm))
    await verifier.verify(issuer.token())


@pytest.mark.filterwarnings("ignore:Key size should be")
async def test_an_issuer_with_short_keys_alone_is_believed_in_nothing(issuer, verifier):
    issuer.keys = {"k1": RSAKey.generate_key(1024, {"kid": "k1", "use": "sig"})}
    with pytest.raises(Unauthorized):
        await verifier.verify(issuer.token())


@pytest.mark.parametrize(("said", "bits"), [({}, 2048), ({"jwt_rsa_bits_min": 3072}, 3072)])
async def test_keys_have_as_many_bits_as_the_setting_asks(issuer, watch, said, bits):
    """ASVS 11.2.3: 3,072 where the setting says so, in production as in development 2,048 else.

    What the key set says of a short key is as if it were not there.
    """
    settings = IdentitySettings.model_construct(environment="production", **said)
    assert settings.jwt_rsa_bits_min == bits
    issuer.keys["k3"] = RSAKey.generate_key(3072, {"kid": "k3", "use": "sig"})
    keys = IssuerKeys(
        URL,
        rsa_bits_min=settings.jwt_rsa_bits_min,
        transport=httpx.MockTransport(issuer.answer),
        clock=lambda: watch.now,
    )
    known = {key.kid for key in (await keys.current()).keys}
    await keys.close()
    assert "k3" in known
    assert ("k1" in known) is (bits == 2048)


async def test_doctor_names_keys_that_are_refused_or_short(issuer, sample, monkeypatch):
    """ASVS 11.2.3: who asks for longer keys learns which ones are refused, before anybody is."""
    given = {"jwt_issuer": ISSUER, "jwt_audience": AUDIENCE, "jwks_url": URL}

    async def asked(**said):
        settings = sample.settings.model_copy(update=given | said)
        return await doctor.issuer_keys(ServiceContext(sample.service, settings, sample.database))

    transport = httpx.MockTransport(issuer.answer)
    monkeypatch.setattr(doctor, "rsa_bits", partial(rsa_bits, transport=transport))
    assert "no token issuer" in await asked(jwt_issuer="", jwks_url="")
    assert "k1 of 2048" in await asked()
    with pytest.raises(Unsound, match=r"below 3072 bits \(SAMPLE_JWT_RSA_BITS_MIN\): k1 of 2048"):
        await asked(jwt_rsa_bits_min=3072)
    issuer.keys = {"k3": RSAKey.generate_key(3072, {"kid": "k3", "use": "sig"})}
    assert "no RSA key has less" in await asked(jwt_rsa_bits_min=3072)
    issuer.reply = httpx.Response(500)
    with pytest.raises(Unsound, match="gives no keys"):
        await asked()


def test_the_edge_asks_of_keys_what_the_settings_say(sample_module):
    given = {"jwt_issuer": ISSUER, "jwt_audience": AUDIENCE, "jwks_url": URL}
    for bits in (2048, 3072):
        settings = sample_module.SERVICE.settings.model_validate(given | {"jwt_rsa_bits_min": bits})
        made = _verifier(sample_module.SERVICE, settings)
        assert made is not None
        assert made._keys._rsa_bits_min == bits


async def test_clocks_may_differ_by_a_minute(issuer, verifier):
    now = int(utc_now().timestamp())
    await verifier.verify(issuer.token(exp=now - 50, nbf=now + 50, iat=now + 50))
    with pytest.raises(Unauthorized):
        await verifier.verify(issuer.token(exp=now - 70))


async def test_algorithms_are_pinned(issuer, verifier):
    """The public key must not pass as a shared secret, and `none` is no signature."""
    with pytest.raises(Unauthorized):
        await verifier.verify(signed_with_the_public_key(issuer))
    with pytest.raises(Unauthorized):
        await verifier.verify(unsigned("none").decode() + ".")
    with pytest.raises(Unauthorized):
        await verifier.verify(issuer.token(key=RSAKey.generate_key(2048)))


@pytest.mark.parametrize("token", ["", "a.b.c", "..", "e30.e30.e30", "é.a.b", "x" * 20000])
async def test_nonsense_is_refused(verifier, token):
    with pytest.raises(Unauthorized):
        await verifier.verify(token)


async def test_a_new_key_is_fetched_when_a_token_names_it(issuer, verifier, watch):
    await verifier.verify(issuer.token())
    issuer.keys["k2"] = ECKey.generate_key("P-256", {"kid": "k2", "use": "sig"})
    watch.now += KEYS_ASK_AGAIN_SECONDS
    await verifier.verify(issuer.token(kid="k2", alg="ES256"))
    assert issuer.asked == 2


async def test_forged_key_ids_do_not_flood_the_issuer(issuer, verifier):
    other = RSAKey.generate_key(2048)
    for number in range(5):
        with pytest.raises(Unauthorized):
            await verifier.verify(issuer.token(kid=f"forged-{number}", key=other))
    assert issuer.asked == 1


async def test_keys_are_asked_for_again_after_ten_minutes_by_etag(issuer, verifier, watch):
    await verifier.verify(issuer.token())
    watch.now += KEYS_LIFE_SECONDS - 1
    await verifier.verify(issuer.token())
    assert issuer.asked == 1
    watch.now += 2
    await verifier.verify(issuer.token())
    assert (issuer.asked, issuer.not_modified) == (2, 1)


async def test_known_keys_serve_for_a_day_while_the_issuer_is_silent(issuer, verifier, watch):
    await verifier.verify(issuer.token())
    issuer.reply = httpx.Response(500)
    watch.now += KEYS_STALE_SECONDS - 1
    await verifier.verify(issuer.token())
    watch.now += 2
    with pytest.raises(IssuerUnavailable):
        await verifier.verify(issuer.token())


@pytest.mark.parametrize(
    "reply",
    [
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"no": "keys"}),
        httpx.Response(200, json=[]),
        httpx.Response(302, headers={"location": "https://evil.example"}),
    ],
)
async def test_without_any_key_the_issuer_is_said_to_be_unavailable(issuer, verifier, reply):
    issuer.reply = reply
    with pytest.raises(IssuerUnavailable):
        await verifier.verify(issuer.token())


async def test_the_edge_takes_tokens_when_an_issuer_is_set(sample, issuer, verifier):
    authenticator = Authenticator(sample.service, sample.settings, sample.database, tokens=verifier)
    headers = {"authorization": f"Bearer {issuer.token()}"}
    actor = await authenticator.identify(headers)
    assert actor.kind == "token"
    assert await authenticator.identify(headers) is actor


async def test_half_of_the_issuers_settings_is_refused_at_start(sample):
    half = sample.settings.model_copy(update={"jwt_issuer": ISSUER})
    with pytest.raises(ValueError, match="audience"):
        Authenticator(sample.service, half, sample.database)
    whole = half.model_copy(update={"jwt_audience": AUDIENCE, "jwks_url": URL})
    await Authenticator(sample.service, whole, sample.database).close()

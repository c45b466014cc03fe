"""Changes of credentials of others: a session whose person proved them a moment ago."""

from datetime import timedelta
from uuid import uuid4

import httpx
import pyotp
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from chassis.actor import ADMIN
from chassis.clock import frozen, utc_now
from identity import passwords, users
from identity.passwords import hash_password

PASSWORD = "correct horse battery"
PROVE = "/v1/sessions/current/prove"
LATER = timedelta(minutes=10, seconds=1)


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    """Passwords that cost little: these tests are about times."""
    cheaply = PasswordHash([Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1)])
    monkeypatch.setattr(passwords, "_HASHER", cheaply)
    monkeypatch.setattr(passwords, "_NOBODY", cheaply.hash("a password that nobody knows"))


@pytest.fixture
def person(sample, monkeypatch):
    """Makes an administrator with a session, who comes from an address of one's own."""
    roles = {"admin": frozenset({ADMIN})}
    monkeypatch.setattr(sample.app.state.authenticator, "_roles", roles)

    async def made(ago=timedelta()):
        hashed = await hash_password(PASSWORD)
        async with sample.database.driver() as sql:
            user = await users.add_user(
                sql,
                login=f"mia.{uuid4().hex[:10]}",
                name="Mia",
                password=hashed,
                roles=["admin"],
                known_roles=roles,
                now=utc_now(),
            )
        body = {"login": user.login, "password": PASSWORD}
        with frozen(utc_now() - ago):
            begun = await sample.client.post("/v1/sessions", json=body)
        source = f"fd00:{uuid4().hex[:4]}:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"
        client = sample.with_key(begun.json()["token"])
        client._transport = httpx.ASGITransport(app=sample.app, client=(source, 50000))
        return user, client

    return made


def acts(key_id, user_id):
    """Every act here that asks for a fresh proof: method, path, body, what it answers else."""
    return [
        ("POST", "/v1/api-keys", {"name": "till", "scopes": ["notes.read"]}, 201),
        ("POST", f"/v1/api-keys/{key_id}/rotate", {}, 200),
        ("PUT", f"/v1/api-keys/{key_id}/systems", {"systems": []}, 200),
        ("POST", "/v1/second-factors/reset", {"user_id": str(user_id)}, 404),
    ]


async def send(client, method, path, body, **headers):
    headers |= {"Idempotency-Key": str(uuid4())}
    return await client.request(method, path, json=body, headers=headers)


async def test_an_old_proof_is_not_enough_and_is_renewed(sample, person):
    """ASVS 7.5.1: by log-in, then by the password said again; keys are not asked."""
    made = await sample.post("/v1/api-keys", {"name": "till", "scopes": ["notes.read"]})
    key_id, (user, mia) = made.json()["id"], await person(LATER)
    asked = acts(key_id, uuid4())
    async with sample.database.driver() as sql:
        keys_before = await sql.fetchval("select count(*) from api_key")
    for *act, _ in asked:
        refused = await send(mia, *act)
        assert (refused.status_code, refused.json()["code"]) == (403, "fresh_proof_needed")
        assert PROVE in refused.json()["detail"]
        assert refused.json()["facts"] == {"minutes": 10}
        chinese = await send(mia, *act, **{"Accept-Language": "zh-CN"})
        assert "重新发送本请求" in chinese.json()["detail"]
    wrong = await mia.post(PROVE, json={"present_password": "another long password"})
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (422, "password_wrong")
    assert (await send(mia, *asked[0][:3])).status_code == 403
    async with sample.database.driver() as sql:
        assert await sql.fetchval("select count(*) from api_key") == keys_before
    with frozen(utc_now() - LATER):
        proved = await mia.post(PROVE, json={"present_password": PASSWORD})
    assert proved.status_code == 200, proved.text
    assert (await send(mia, *asked[0][:3])).status_code == 403, "that was too long ago as well"
    assert (await mia.post(PROVE, json={"present_password": PASSWORD})).status_code == 200
    _, just_logged_in = await person()
    for client in (mia, just_logged_in, sample.client):
        for *act, status in asked:
            assert (await send(client, *act)).status_code == status, act
    _, old = await person(LATER)
    revoked = await send(old, "POST", f"/v1/api-keys/{key_id}/revoke", None)
    assert revoked.status_code == 200, "what takes rights away is not hindered"
    async with sample.database.driver() as sql:
        entries = await sql.fetch(
            "select actor, request_id from audit_entry where act = 'session.proved'"
            " and subject = $1", f"user:{user.id}",
        )  # fmt: skip
    assert [one["actor"] for one in entries] == [f"user:{user.id}"] * 2
    assert all(one["request_id"] for one in entries)


async def test_who_has_a_second_factor_proves_both(sample, person):
    """ASVS 7.5.1: a code as well, each once."""
    _, mia = await person(LATER)
    with frozen(utc_now() - timedelta(hours=1)):
        enrolled = await mia.put("/v1/me/second-factor", json={"present_password": PASSWORD})
        authenticator = pyotp.TOTP(enrolled.json()["secret"])
        first = {"code": authenticator.at(utc_now())}
        codes = (await mia.post("/v1/me/second-factor/confirm", json=first)).json()
    make_key = acts(uuid4(), uuid4())[0][:3]
    missing = await mia.post(PROVE, json={"present_password": PASSWORD})
    assert (missing.status_code, missing.json()["errors"][0]["code"]) == (422, "code_needed")
    said = {"present_password": PASSWORD, "code": authenticator.at(utc_now())}
    assert (await mia.post(PROVE, json=said | {"code": "x"})).status_code == 422
    assert (await send(mia, *make_key)).status_code == 403
    assert (await mia.post(PROVE, json=said)).status_code == 200
    assert (await mia.post(PROVE, json=said)).status_code == 422
    assert (await send(mia, *make_key)).status_code == 201
    spare = said | {"code": codes["recovery_codes"][0]}
    assert (await mia.post(PROVE, json=spare)).status_code == 200


async def test_proofs_are_counted_as_log_ins_are(person, sample):
    """ASVS 7.5.1: whoever found a session open does not guess the password by it."""
    _, mia = await person()
    wrong = {"present_password": "another long password"}
    replies = [await mia.post(PROVE, json=wrong) for _ in range(11)]
    assert [one.status_code for one in replies] == [422] * 10 + [429]
    no_person = await sample.client.post(PROVE, json={"present_password": PASSWORD})
    assert (no_person.status_code, no_person.json()["code"]) == (409, "no_local_user")

"""Second factors that were lost: other recovery codes, a reset, an invitation to enrol anew."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pyotp
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from chassis.clock import frozen, utc_now
from identity import passwords, users
from identity.passwords import hash_password
from identity.testing.service import running

PASSWORD = "correct horse battery"
PRESENT = {"present_password": PASSWORD}
OWN = "/v1/me/second-factor"


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    """Passwords that cost little: these tests are about factors."""
    cheaply = PasswordHash([Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1)])
    monkeypatch.setattr(passwords, "_HASHER", cheaply)
    monkeypatch.setattr(passwords, "_NOBODY", cheaply.hash("a password that nobody knows"))


@pytest.fixture(scope="module")
async def strict(cluster, sample_module):
    """The sample service, whose writers need a second factor."""
    async with running(sample_module.SERVICE, cluster, second_factor_roles="writer") as service:
        yield service


@pytest.fixture
def person(strict):
    """Makes a person with roles and a factor confirmed an hour ago."""

    async def made(*roles):
        hashed = await hash_password(PASSWORD)
        async with strict.database.driver() as sql:
            user = await users.add_user(
                sql,
                login=f"mia.{uuid4().hex[:10]}",
                name="Mia",
                password=hashed,
                roles=roles,
                known_roles=strict.service.roles,
                now=utc_now(),
            )
        me = strict.with_key((await log_in(strict, user)).json()["token"])
        return user, me, *await enrol(me)

    return made


async def log_in(strict, user, **code):
    body = {"login": user.login, "password": PASSWORD} | code
    return await strict.client.post("/v1/sessions", json=body)


async def enrol(me, **invitation):
    with frozen(utc_now() - timedelta(hours=1)):
        enrolled = await me.put(OWN, json=PRESENT | invitation)
        assert enrolled.status_code == 200, enrolled.text
        authenticator = pyotp.TOTP(enrolled.json()["secret"])
        code = {"code": authenticator.at(utc_now())}
        confirmed = await me.post(f"{OWN}/confirm", json=code)
    assert confirmed.status_code == 200, confirmed.text
    return authenticator, confirmed.json()["recovery_codes"]


async def reset(strict, user):
    return await strict.post("/v1/second-factors/reset", {"user_id": str(user.id)})


async def test_recovery_codes_are_replaced_at_once(strict, person):
    """ASVS 6.4.4: ten others; of those before none counts; each counts once, also side by side."""
    user, me, authenticator, former = await person("writer")
    asked = PRESENT | {"code": authenticator.at(utc_now())}
    wrong = await me.post(f"{OWN}/recovery-codes", json=asked | {"present_password": "x"})
    assert wrong.status_code == 422
    replaced = await me.post(f"{OWN}/recovery-codes", json=asked)
    assert replaced.status_code == 200, replaced.text
    assert (await me.post(f"{OWN}/recovery-codes", json=asked)).status_code == 422
    codes = replaced.json()["recovery_codes"]
    assert len({*codes, *former}) == 20
    assert (await me.get(OWN)).json()["recovery_codes_left"] == 10
    assert (await log_in(strict, user, code=former[0])).json()["code"] == "second_factor_wrong"
    replies = await asyncio.gather(*(log_in(strict, user, code=codes[0]) for _ in range(8)))
    assert sorted(one.status_code for one in replies) == [201] + [401] * 7
    async with strict.database.driver() as sql:
        stored = await sql.fetchval("select string_agg(r::text, ' ') from recovery_code r")
        acts = await sql.fetch("select act, details::text from audit_entry where subject = $1",
                               f"user:{user.id}")  # fmt: skip
    assert not any(code in stored for code in codes)
    assert "factor.recovery_codes_replaced" in {row["act"] for row in acts}
    other = PRESENT | {"code": codes[1]}
    once_more = await me.post(f"{OWN}/recovery-codes", json=other)
    assert len(once_more.json()["recovery_codes"]) == 10


async def test_of_replacements_at_once_one_set_counts(strict, person):
    user, me, _, former = await person("writer")
    replies = await asyncio.gather(
        *(me.post(f"{OWN}/recovery-codes", json=PRESENT | {"code": code}) for code in former[:4])
    )
    sets = [one.json()["recovery_codes"] for one in replies if one.status_code == 200]
    assert sets
    assert (await me.get(OWN)).json()["recovery_codes_left"] == 10
    entered = [(await log_in(strict, user, code=one[0])).status_code for one in sets]
    assert entered.count(201) == 1


async def test_after_a_reset_the_password_alone_enrols_nothing(strict, person):
    """ASVS 6.4.4: who knows the password does not come before the person; the token counts once."""
    user, me, *_ = await person("writer")
    done = await reset(strict, user)
    assert done.status_code == 200, done.text
    invitation = done.json()["invitation"]
    assert invitation["purpose"] == "second_factor"
    assert (await me.get("/v1/me")).status_code == 401
    guesser = strict.with_key((await log_in(strict, user)).json()["token"])
    for wanted, code in [
        (PRESENT, "factor_invitation_needed"),
        (PRESENT | {"invitation": "tdi_guessed"}, "invitation_invalid"),
    ]:
        refused = await guesser.put(OWN, json=wanted)
        assert refused.json()["code"] == code, refused.text
    again = await reset(strict, user)
    assert again.status_code == 200, "the token was lost: another one ends it"
    former, token = invitation["token"], again.json()["invitation"]["token"]
    me = strict.with_key((await log_in(strict, user)).json()["token"])
    refused = await me.put(OWN, json=PRESENT | {"invitation": former})
    assert refused.json()["code"] == "invitation_invalid"
    accept = "/v1/password-invitations/accept"
    other = await strict.client.post(accept, json={"token": token, "password": "stable staple oat"})
    assert other.json()["code"] == "invitation_invalid", "it sets no password"
    authenticator, _ = await enrol(me, invitation=token)
    assert (await me.get("/v1/notes")).status_code == 200
    assert (await log_in(strict, user)).json()["code"] == "second_factor_required"
    code = authenticator.at(utc_now())
    assert (await log_in(strict, user, code=code)).status_code == 201
    async with strict.database.driver() as sql:
        left = await sql.fetchval(
            "select enrols_by_invitation from local_user where id = $1", user.id
        )
    assert left is False


async def test_of_enrolments_at_once_with_one_token_one_counts(strict, person):
    user, *_ = await person("writer")
    token = (await reset(strict, user)).json()["invitation"]["token"]
    me = strict.with_key((await log_in(strict, user)).json()["token"])
    wanted = PRESENT | {"invitation": token}
    replies = await asyncio.gather(*(me.put(OWN, json=wanted) for _ in range(5)))
    assert sorted(one.status_code for one in replies) == [200, 409, 409, 409, 409]


async def test_where_no_role_requires_one_there_is_no_invitation(strict, person):
    user, *_ = await person()
    done = await reset(strict, user)
    assert done.json()["invitation"] is None
    assert (await reset(strict, user)).status_code == 404
    me = strict.with_key((await log_in(strict, user)).json()["token"])
    assert (await me.put(OWN, json=PRESENT)).status_code == 200


async def test_a_repeat_of_a_reset_says_no_token(strict, person):
    user, *_ = await person("writer")
    headers, body = {"Idempotency-Key": str(uuid4())}, {"user_id": str(user.id)}
    path = "/v1/second-factors/reset"
    first, again = [await strict.client.post(path, json=body, headers=headers) for _ in range(2)]
    assert first.json()["invitation"]["token"]
    assert again.json()["invitation"] == first.json()["invitation"] | {"token": None}


async def test_a_reset_before_the_role_or_while_disabled_asks_for_the_invitation_too(
    strict, person
):
    """ASVS 6.4.4: what a reset asks for is judged when the person enrols, not when it was reset."""
    told = {"known_roles": strict.service.roles, "now": utc_now()}
    disabled, *_ = await person("writer")
    promoted, *_ = await person()
    async with strict.database.driver() as sql:
        await users.change_user(sql, disabled.id, active=False, **told)
    for user in (disabled, promoted):
        assert (await reset(strict, user)).json()["invitation"] is None
    async with strict.database.driver() as sql:
        await users.change_user(sql, disabled.id, active=True, **told)
        await users.change_user(sql, promoted.id, roles=["writer"], **told)
    for user in (disabled, promoted):
        me = strict.with_key((await log_in(strict, user)).json()["token"])
        refused = await me.put(OWN, json=PRESENT)
        assert (refused.status_code, refused.json()["code"]) == (403, "factor_invitation_needed")
        token = (await reset(strict, user)).json()["invitation"]["token"]
        me = strict.with_key((await log_in(strict, user)).json()["token"])
        await enrol(me, invitation=token)

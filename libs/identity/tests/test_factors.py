"""Second factors: enrolled, asked for, each code once, spare codes, lost and removed."""

import asyncio
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from uuid import UUID, uuid4

import asyncpg
import httpx
import pyotp
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from chassis.clock import frozen, utc_now
from identity import passwords, totp, users
from identity.passwords import hash_password
from identity.settings import IdentitySettings

PASSWORD = "correct horse battery"
STEP = timedelta(seconds=30)


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    """Passwords that cost little: these tests are about codes."""
    cheaply = PasswordHash([Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1)])
    monkeypatch.setattr(passwords, "_HASHER", cheaply)
    monkeypatch.setattr(passwords, "_NOBODY", cheaply.hash("a password that nobody knows"))


@pytest.fixture
async def mia(sample):
    hashed = await hash_password(PASSWORD)
    async with sample.database.driver() as sql:
        return await users.add_user(
            sql,
            login=f"mia.{uuid4().hex[:10]}",
            name="Mia",
            password=hashed,
            roles=[],
            known_roles=sample.service.roles,
            now=utc_now(),
        )


@pytest.fixture
def source():
    """An address of one's own, so that what others try does not count."""
    return f"fd00:{uuid4().hex[:4]}:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"


@pytest.fixture
def log_in(sample, mia, source):
    async def logged_in(code=None, password=PASSWORD, source=source):
        transport = httpx.ASGITransport(app=sample.app, client=(source, 50000))
        async with httpx.AsyncClient(transport=transport, base_url="http://sample.test") as client:
            body = {"login": mia.login, "password": password}
            return await client.post("/v1/sessions", json=body | ({"code": code} if code else {}))

    return logged_in


@pytest.fixture
async def me(sample, log_in):
    return sample.with_key((await log_in()).json()["token"])


@pytest.fixture
async def factor(me):
    """The second factor of the person, confirmed an hour ago: its authenticator, its codes."""
    with frozen(utc_now() - timedelta(hours=1)):
        enrolled = await enrol(me)
        authenticator = pyotp.TOTP(enrolled.json()["secret"])
        confirmed = await me.post("/v1/me/second-factor/confirm", json=code_of(authenticator))
    assert confirmed.status_code == 200, confirmed.text
    return authenticator, confirmed.json()["recovery_codes"]


async def enrol(me, password=PASSWORD):
    return await me.put("/v1/me/second-factor", json={"present_password": password})


def code_of(authenticator, *, steps=0):
    return {"code": authenticator.at(utc_now(), counter_offset=steps)}


BOTH = totp.Steps(before=1, after=1)


def step_of(secret, code, now, *, steps=BOTH):
    return totp.step_of(secret, code, now=now, steps=steps)


def wrong(authenticator):
    """Six digits that no step near has."""
    near = {authenticator.at(utc_now(), counter_offset=steps) for steps in range(-3, 4)}
    return next(code for code in (f"{number:06}" for number in range(10)) if code not in near)


@pytest.mark.parametrize(
    ("at", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_rfc_6238(at, code):
    """The last six digits of appendix B, SHA-1."""
    secret, now = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", datetime.fromtimestamp(at, UTC)
    assert step_of(secret, code, now) == at // 30
    assert step_of(secret, code, now + STEP) == at // 30
    assert step_of(secret, code, now - STEP) == at // 30
    assert step_of(secret, code, now + 2 * STEP) is None
    two_later = pyotp.TOTP(secret).at(now, counter_offset=2)
    assert step_of(secret, two_later, now) is None


@pytest.mark.parametrize(
    ("environment", "apart", "first", "last"),
    [
        ("production", None, 0, 60),
        ("production", 0, 0, 30),
        ("production", 1, -30, 60),
        ("development", None, -30, 60),
    ],
)
def test_a_code_lives_as_long_as_the_settings_say(environment, apart, first, last):
    """ASVS 6.5.5: in production its step and the next one, while it is on its way; never before."""
    secret, begins = totp.new_secret(), datetime.fromtimestamp(1_795_867_200, UTC)
    code = pyotp.TOTP(secret).at(begins)
    steps = IdentitySettings.model_construct(
        environment=environment, second_factor_steps_apart=apart
    ).code_steps
    for seconds in (first - 0.001, first, last - 0.001, last):
        counts = step_of(secret, code, begins + timedelta(seconds=seconds), steps=steps) is not None
        assert counts is (first <= seconds < last), seconds


async def test_where_no_step_beside_counts_a_late_code_does_not_log_in(sample, log_in, factor):
    """ASVS 6.5.5: what the settings say is what log-in asks."""
    authenticator, _ = factor
    judge = sample.app.state.authenticator
    with frozen(utc_now()):
        late, on_time = (code_of(authenticator, steps=steps)["code"] for steps in (-1, 0))
        judge.code_steps = totp.Steps(0, 0)
        try:
            refused = await log_in(late)
        finally:
            judge.code_steps = sample.settings.code_steps
        assert (refused.status_code, refused.json()["code"]) == (401, "second_factor_wrong")
        assert (await log_in(on_time)).status_code == 201


def test_secrets_and_recovery_codes_are_long_and_differ():
    assert len({totp.new_secret() for _ in range(50)}) == 50
    assert len(totp.new_secret()) * 5 == 160
    codes = totp.new_recovery_codes()
    assert len(set(codes)) == 10
    assert {len(totp.plain(one)) * 5 for one in codes} == {120}


async def test_a_factor_counts_when_a_code_has_confirmed_it(me, mia, log_in):
    enrolled = (await enrol(me)).json()
    assert enrolled["otpauth_uri"].startswith("otpauth://totp/")
    assert f"secret={enrolled['secret']}" in enrolled["otpauth_uri"]
    assert (await log_in()).status_code == 201
    authenticator = pyotp.parse_uri(enrolled["otpauth_uri"])
    refused = await me.post("/v1/me/second-factor/confirm", json={"code": wrong(authenticator)})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "code_wrong")
    assert (await me.get("/v1/me/second-factor")).json()["confirmed_at"] is None
    confirmed = await me.post("/v1/me/second-factor/confirm", json=code_of(authenticator))
    assert len(confirmed.json()["recovery_codes"]) == 10
    asked = await log_in()
    assert (asked.status_code, asked.json()["code"]) == (401, "second_factor_required")
    state = (await me.get("/v1/me/second-factor")).json()
    assert (state["confirmed_at"] is None, state["recovery_codes_left"]) == (False, 10)


async def test_confirming_ends_other_sessions(sample, me, log_in):
    other = sample.with_key((await log_in()).json()["token"])
    assert (await other.get("/v1/me")).status_code == 200
    authenticator = pyotp.TOTP((await enrol(me)).json()["secret"])
    await me.post("/v1/me/second-factor/confirm", json=code_of(authenticator))
    assert (await other.get("/v1/me")).status_code == 401
    assert (await me.get("/v1/me")).status_code == 200


async def test_one_logs_in_with_password_and_code(sample, factor, log_in):
    authenticator, _ = factor
    entered = await log_in(code_of(authenticator)["code"])
    assert entered.status_code == 201, entered.text
    assert (await sample.with_key(entered.json()["token"]).get("/v1/me")).status_code == 200
    refused = await log_in(wrong(authenticator))
    assert (refused.status_code, refused.json()["code"]) == (401, "second_factor_wrong")
    refused = await log_in(code_of(authenticator, steps=1)["code"], password="wrong password!")
    assert (refused.status_code, refused.json()["code"]) == (401, "login_refused")


async def test_a_code_counts_once_and_none_before_it(factor, log_in):
    authenticator, _ = factor
    now = utc_now()
    with frozen(now):
        code, before = (code_of(authenticator, steps=steps)["code"] for steps in (0, -1))
        assert (await log_in(code)).status_code == 201
        for used in (code, before):
            refused = await log_in(used)
            assert (refused.status_code, refused.json()["code"]) == (401, "second_factor_wrong")
    with frozen(now + STEP):
        assert (await log_in(code)).status_code == 401
        assert (await log_in(code_of(authenticator)["code"])).status_code == 201


async def test_of_log_ins_at_once_with_one_code_one_enters(factor, log_in):
    authenticator, recovery = factor
    for code in (code_of(authenticator)["code"], recovery[0]):
        replies = await asyncio.gather(*(log_in(code) for _ in range(4)))
        assert sorted(one.status_code for one in replies) == [201, 401, 401, 401]


async def test_the_code_that_confirmed_does_not_log_in(me, log_in):
    with frozen(utc_now()):
        authenticator = pyotp.TOTP((await enrol(me)).json()["secret"])
        sent = code_of(authenticator)
        await me.post("/v1/me/second-factor/confirm", json=sent)
        assert (await log_in(sent["code"])).json()["code"] == "second_factor_wrong"


async def test_each_recovery_code_logs_in_once(sample, me, mia, factor, log_in):
    _, recovery = factor
    assert (await log_in(recovery[3].upper().replace("-", " "))).status_code == 201
    assert (await log_in(recovery[3])).json()["code"] == "second_factor_wrong"
    assert (await log_in(recovery[4])).status_code == 201
    assert (await me.get("/v1/me/second-factor")).json()["recovery_codes_left"] == 8
    async with sample.database.driver() as sql:
        rows = await sql.fetch("select * from recovery_code where user_id = $1", mia.id)
    stored = str([dict(row) for row in rows])
    assert not [one for one in recovery if one in stored or totp.plain(one) in stored]


async def test_codes_are_guessed_no_more_often_than_passwords(factor, log_in):
    authenticator, _ = factor
    now = utc_now()
    with frozen(now):
        replies = [await log_in(wrong(authenticator)) for _ in range(11)]
        assert [one.status_code for one in replies] == [401] * 10 + [429]
        assert replies[10].json()["code"] == "too_many_attempts"


async def test_from_many_addresses_as_few_codes_are_guessed(factor, log_in):
    """Only who knows the password comes so far, so nobody else keeps the owner out."""
    authenticator, _ = factor
    with frozen(utc_now()):
        code, guess = code_of(authenticator)["code"], wrong(authenticator)
        for number in range(20):
            refused = await log_in(guess, source=f"198.51.100.{number}")
            assert (refused.status_code, refused.json()["code"]) == (401, "second_factor_wrong")
        late = await log_in(code, source="198.51.100.99")
        assert (late.status_code, late.json()["code"]) == (429, "too_many_attempts")
        assert (await log_in(password="wrong password!")).json()["code"] == "login_refused"


async def test_another_factor_is_enrolled_only_after_the_first_is_removed(me, factor):
    refused = await enrol(me)
    assert (refused.status_code, refused.json()["code"]) == (409, "second_factor_exists")
    sent = code_of(factor[0])
    again = await me.post("/v1/me/second-factor/confirm", json=sent)
    assert (again.status_code, again.json()["code"]) == (409, "second_factor_exists")


async def test_enrolling_asks_for_the_password(me):
    refused = await enrol(me, password="wrong password!")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "password_wrong")
    none = await me.post("/v1/me/second-factor/confirm", json={"code": "123456"})
    assert (none.status_code, none.json()["code"]) == (404, "not_found")


async def test_a_secret_that_waits_is_replaced_by_the_next(me):
    first, second = [pyotp.TOTP((await enrol(me)).json()["secret"]) for _ in range(2)]
    refused = await me.post("/v1/me/second-factor/confirm", json=code_of(first))
    assert refused.status_code == 422
    assert (await me.post("/v1/me/second-factor/confirm", json=code_of(second))).status_code == 200


async def test_removing_asks_for_password_and_code(me, factor, log_in):
    authenticator, recovery = factor
    both = {"present_password": PASSWORD} | code_of(authenticator)
    bad = [
        ({"present_password": "wrong password!"}, "/present_password", "password_wrong"),
        ({"code": wrong(authenticator)}, "/code", "code_wrong"),
    ]
    for change, pointer, code in bad:
        refused = await me.post("/v1/me/second-factor/remove", json=both | change)
        assert refused.status_code == 422
        [error] = refused.json()["errors"]
        assert (error["pointer"], error["code"]) == (pointer, code)
    assert (await log_in()).status_code == 401
    removed = await me.post("/v1/me/second-factor/remove", json=both | {"code": recovery[0]})
    assert (removed.status_code, removed.json()["recovery_codes_left"]) == (200, 0)
    assert (await log_in()).status_code == 201
    assert (await enrol(me)).status_code == 200


async def test_an_administrator_resets_a_lost_factor(sample, me, mia, factor, log_in):
    assert (await me.get("/v1/me")).status_code == 200
    wanted = {"user_id": str(mia.id)}
    reply = await sample.post("/v1/second-factors/reset", wanted)
    assert (reply.status_code, reply.json()) == (200, {"ended": 1, "invitation": None})
    assert (await me.get("/v1/me")).status_code == 401
    assert (await log_in()).status_code == 201
    again = await sample.post("/v1/second-factors/reset", wanted)
    assert (again.status_code, again.json()["code"]) == (404, "not_found")


async def test_an_administrator_does_not_reset_the_own_one(sample, mia, me, factor, monkeypatch):
    """It would need no code: whoever has the session would be rid of the factor."""
    roles = dict(sample.service.roles) | {"writer": frozenset({"admin"})}
    monkeypatch.setattr(sample.app.state.authenticator, "_roles", roles)
    async with sample.database.driver() as sql:
        await sql.execute("update local_user set roles = '{writer}' where id = $1", mia.id)
    sample.app.state.authenticator.forget(me.headers["Authorization"].split()[1])
    refused = await me.post(
        "/v1/second-factors/reset",
        json={"user_id": str(mia.id)},
        headers={"Idempotency-Key": str(uuid4())},
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "own_second_factor_reset")


async def test_nobody_else_resets_one(sample, me, factor, mia):
    headers = {"Idempotency-Key": str(uuid4())}
    for client in (me, await sample.as_("notes.write")):
        reply = await client.post(
            "/v1/second-factors/reset", json={"user_id": str(mia.id)}, headers=headers
        )
        assert (reply.status_code, reply.json()["code"]) == (403, "forbidden")
    assert (await me.get("/v1/me/second-factor")).json()["confirmed_at"]


async def test_a_key_has_no_second_factor(sample):
    for reply in (
        await sample.client.get("/v1/me/second-factor"),
        await enrol(sample.client),
        await sample.client.post("/v1/me/second-factor/confirm", json={"code": "123456"}),
    ):
        assert (reply.status_code, reply.json()["code"]) == (409, "no_local_user")


async def test_the_database_keeps_factors_whole(sample, mia, factor):
    async with sample.database.driver() as sql:
        for change in ("last_step = null", "confirmed_at = null", "secret = 'short'"):
            with pytest.raises(asyncpg.CheckViolationError):
                await sql.execute(f"update second_factor set {change} where user_id = $1", mia.id)
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await sql.execute(
                "insert into recovery_code (user_id, code_hash) values ($1, sha256('x'))",
                UUID(int=7),
            )


async def entered(sample, mia):
    """What the audit log has of the person's factor: acts with their actors, oldest first."""
    asked = {"subject": f"user:{mia.id}", "limit": 200}
    items = (await sample.client.get("/v1/audit-entries", params=asked)).json()["items"]
    found = [one for one in items if one["act"].startswith("factor.")]
    assert {str(one["details"]) for one in found} <= {"{}"}
    return [(one["act"], one["actor"], one["source"]) for one in reversed(found)]


async def test_confirming_and_removing_are_entered(sample, me, mia, factor):
    by_mia = (f"user:{mia.id}", "127.0.0.1")
    assert await entered(sample, mia) == [("factor.confirmed", *by_mia)]
    both = {"present_password": PASSWORD} | code_of(factor[0])
    assert (await me.post("/v1/me/second-factor/remove", json=both)).status_code == 200
    assert (await entered(sample, mia))[1:] == [("factor.removed", *by_mia)]


async def test_a_secret_that_waits_is_not_entered(sample, me, mia):
    assert (await enrol(me)).status_code == 200
    assert await entered(sample, mia) == []


async def test_a_recovery_code_that_logs_in_is_entered_and_a_code_is_not(
    sample, mia, factor, log_in, source
):
    authenticator, recovery = factor
    assert (await log_in(code_of(authenticator)["code"])).status_code == 201
    assert len(await entered(sample, mia)) == 1
    assert (await log_in(recovery[0])).status_code == 201
    (*_, last) = await entered(sample, mia)
    assert last[:2] == ("factor.recovery_code_used", f"user:{mia.id}")
    assert ip_address(source) in ip_network(last[2])


async def test_a_reset_is_entered_with_who_did_it(sample, mia, factor):
    await sample.post("/v1/second-factors/reset", {"user_id": str(mia.id)})
    who = (await sample.client.get("/v1/me")).json()
    (*_, last) = await entered(sample, mia)
    assert last[:2] == ("factor.removed", f"{who['kind']}:{who['id']}")


async def test_a_wrong_code_is_entered_for_its_person(sample, mia, factor, log_in):
    await log_in(wrong(factor[0]))
    await sample.app.state.authenticator.denials.write(all_of_them=True)
    asked = {"subject": f"user:{mia.id}", "act": "session.refused"}
    items = (await sample.client.get("/v1/audit-entries", params=asked)).json()["items"]
    assert [one["details"]["reason"] for one in items] == ["second_factor"]


async def test_a_right_password_without_a_code_is_entered_and_counted(sample, mia, factor, log_in):
    """Its owner sees that somebody has the password, from where and how often."""
    replies = [await log_in() for _ in range(11)]
    assert [one.json()["code"] for one in replies] == ["second_factor_required"] * 10 + [
        "too_many_attempts"
    ]
    await sample.app.state.authenticator.denials.write(all_of_them=True)
    asked = {"subject": f"user:{mia.id}", "act": "session.refused"}
    items = (await sample.client.get("/v1/audit-entries", params=asked)).json()["items"]
    details = [one["details"] for one in items]
    assert sum(one["times"] for one in details if one["reason"] == "code_missing") == 10


async def test_a_person_sees_who_tried_the_own_password(sample, me, factor, log_in):
    await log_in(source="198.51.100.7")
    await log_in(wrong(factor[0]), source="198.51.100.7")
    await sample.app.state.authenticator.denials.write(all_of_them=True)
    items = (await me.get("/v1/me/logins")).json()["items"]
    assert {
        (one["succeeded"], one["reason"], one["source"] == "198.51.100.7", one["times"])
        for one in items
    } == {
        (True, None, False, 1),
        (False, "code_missing", True, 1),
        (False, "second_factor", True, 1),
    }


async def test_a_key_has_no_log_ins(sample, factor):
    assert (await sample.client.get("/v1/me/logins")).json()["items"] == []


async def test_a_secret_that_is_exchanged_by_sql_is_entered(sample, mia, factor):
    async with sample.database.driver() as sql:
        role = await sql.fetchval("select session_user")
        change = "update second_factor set secret = $2 where user_id = $1"
        await sql.execute(change, mia.id, totp.new_secret())
    (*_, last) = await entered(sample, mia)
    assert last == ("factor.changed", f"database:{role}", None)


async def test_the_service_deletes_no_recovery_code(sample, mia, factor):
    async with sample.database.driver() as sql:
        for statement in (
            "delete from recovery_code where user_id = $1",
            "update recovery_code set code_hash = sha256('x') where user_id = $1",
            "update second_factor set user_id = $1",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await sql.execute(statement, mia.id)

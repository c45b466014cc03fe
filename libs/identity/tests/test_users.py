"""Local users and their sessions: passwords, roles, slow-down after failures, log-out."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from chassis.clock import utc_now
from chassis.problems.standard import InvalidInput, NotFound, Unauthorized
from identity import passwords, sessions, users
from identity.sessions import LoginRefused, TooManyAttempts

PASSWORD = "correct horse battery"
ROLES = {"clerk": frozenset({"notes.write"}), "reader": frozenset({"notes.read"})}


@pytest.fixture
async def sql(sample):
    async with sample.database.driver() as connection:
        yield connection


@pytest.fixture
def login():
    return f"mia.{uuid4().hex[:10]}"


@pytest.fixture
async def mia(sql, login):
    return await add(sql, login)


async def add(sql, login, **other):
    given = {"name": "Mia", "password": PASSWORD, "roles": ["clerk"], **other}
    return await users.add_user(sql, login=login, known_roles=ROLES, now=utc_now(), **given)


async def log_in(sql, login, password=PASSWORD, now=None):
    return await sessions.log_in(
        sql, service="sample", login=login, password=password, now=now or utc_now()
    )


async def test_a_user_is_found_by_login_in_any_case_and_by_id(sql, mia):
    assert mia.roles == ["clerk"]
    assert mia.active
    assert await users.find_user(sql, login=mia.login.upper()) == mia
    assert await users.find_user(sql, user_id=mia.id) == mia
    assert mia in await users.list_users(sql)
    with pytest.raises(NotFound):
        await users.find_user(sql, login="nobody")


async def test_the_password_is_stored_as_argon2id_only(sql, mia):
    stored = await sql.fetchval("select password_hash from local_user where id = $1", mia.id)
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored


async def test_a_login_belongs_to_one_user(sql, mia):
    with pytest.raises(users.LoginTaken):
        await add(sql, mia.login.upper())


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"login": "-mia"}, "/login"),
        ({"login": "mia mia"}, "/login"),
        ({"login": ""}, "/login"),
        ({"login": "m" * 101}, "/login"),
        ({"name": "  "}, "/name"),
        ({"name": "m" * 201}, "/name"),
        ({"roles": ["clerk", "boss"]}, "/roles/1"),
        ({"password": "short"}, "/password"),
        ({"password": "x" * 201}, "/password"),
    ],
)
async def test_what_is_wrong_with_a_new_user_is_named(sql, login, wrong, pointer):
    with pytest.raises(InvalidInput) as refused:
        await add(sql, wrong.pop("login", login), **wrong)
    assert [one.pointer for one in refused.value.errors] == [pointer]


async def test_a_change_counts_and_keeps_what_is_not_given(sql, mia):
    changed = await users.change_user(
        sql, mia.id, known_roles=ROLES, now=utc_now(), roles=["reader"], language="zh-CN"
    )
    assert (changed.roles, changed.language, changed.name) == (["reader"], "zh-CN", "Mia")
    assert changed.version == mia.version + 1
    with pytest.raises(InvalidInput):
        await users.change_user(sql, mia.id, known_roles=ROLES, now=utc_now(), roles=["boss"])
    with pytest.raises(NotFound):
        await users.change_user(sql, uuid4(), known_roles=ROLES, now=utc_now(), name="x")
    with pytest.raises(NotFound):
        await users.set_password(sql, uuid4(), PASSWORD, now=utc_now())


async def test_a_session_proves_the_user_with_the_scopes_of_the_roles(sample, sql, mia):
    session = await log_in(sql, f" {mia.login.upper()} ")
    headers = {"authorization": f"Bearer {session.token}"}
    actor = await sample.app.state.authenticator.authenticate(headers)
    assert (actor.kind, actor.id, actor.name) == ("user", str(mia.id), "Mia")
    granted = sample.service.roles.get("clerk", frozenset())
    assert actor.scopes == granted
    stored = await sql.fetchval("select secret_hash from user_session where id = $1", session.id)
    assert session.token.encode() not in stored


async def test_a_session_ends_after_twelve_hours(sample, sql, mia):
    session = await log_in(sql, mia.login, now=utc_now() - timedelta(hours=12, seconds=1))
    headers = {"authorization": f"Bearer {session.token}"}
    with pytest.raises(Unauthorized):
        await sample.app.state.authenticator.authenticate(headers)


@pytest.mark.parametrize("end", ["passwd", "disable"])
async def test_a_new_password_or_a_lock_out_ends_every_session(sample, sql, mia, end):
    session = await log_in(sql, mia.login)
    if end == "passwd":
        await users.set_password(sql, mia.id, "another long password", now=utc_now())
    else:
        await users.change_user(sql, mia.id, known_roles=ROLES, now=utc_now(), active=False)
    headers = {"authorization": f"Bearer {session.token}"}
    with pytest.raises(Unauthorized):
        await sample.app.state.authenticator.authenticate(headers)
    with pytest.raises(LoginRefused):
        await log_in(sql, mia.login)


async def test_wrong_password_and_unknown_login_are_refused_alike(sql, mia):
    with pytest.raises(LoginRefused) as wrong:
        await log_in(sql, mia.login, "wrong password!")
    with pytest.raises(LoginRefused) as unknown:
        await log_in(sql, f"nobody-{uuid4()}", "wrong password!")
    assert wrong.value.facts == unknown.value.facts


def test_an_unknown_login_costs_as_much_time_as_a_known_one():
    """What nobody's password is compared with is worked out by today's parameters."""
    hasher = PasswordHash.recommended().current_hasher
    assert hasher.identify(passwords._NOBODY)
    assert not hasher.check_needs_rehash(passwords._NOBODY)


async def test_after_five_failures_a_login_waits_and_a_success_makes_it_calm(sql, mia):
    now = utc_now()
    for _ in range(5):
        with pytest.raises(LoginRefused):
            await log_in(sql, mia.login, "wrong password!", now=now)
    with pytest.raises(TooManyAttempts) as refused:
        await log_in(sql, mia.login, now=now)
    assert refused.value.headers() == {"Retry-After": "2"}
    await log_in(sql, mia.login, now=now + timedelta(seconds=2))
    with pytest.raises(LoginRefused):
        await log_in(sql, mia.login, "wrong password!", now=now + timedelta(seconds=2))


async def test_guesses_side_by_side_count_like_guesses_one_after_the_other(sample, mia):
    """Of twenty guesses at once five are heard: the count is kept before the password is tried."""
    now = utc_now()

    async def guess(number):
        async with sample.database.driver() as connection:
            with pytest.raises((LoginRefused, TooManyAttempts)) as refused:
                await log_in(connection, mia.login, f"wrong password {number}", now=now)
        return refused.type

    refusals = await asyncio.gather(*(guess(number) for number in range(20)))
    assert (refusals.count(LoginRefused), refusals.count(TooManyAttempts)) == (5, 15)


async def test_a_guess_counts_although_nobody_waits_for_the_answer(sql, mia, monkeypatch):
    """A caller who hangs up while the password is tried gains no free guess."""
    now = utc_now()

    async def hung_up(*_):
        raise asyncio.CancelledError

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(sessions, "verify_password", hung_up)
        for _ in range(5):
            with pytest.raises(asyncio.CancelledError):
                await log_in(sql, mia.login, "wrong password!", now=now)
    with pytest.raises(TooManyAttempts):
        await log_in(sql, mia.login, now=now)


@pytest.mark.parametrize(("failures", "wait_seconds"), [(6, 2), (10, 32), (60, 900)])
async def test_the_wait_doubles_up_to_fifteen_minutes(sql, login, failures, wait_seconds):
    now = utc_now()
    await sql.execute("insert into login_failure values ($1, $2, $3)", login, failures, now)
    with pytest.raises(TooManyAttempts):
        await log_in(sql, login, now=now + timedelta(seconds=wait_seconds - 1))
    with pytest.raises(LoginRefused):
        await log_in(sql, login, now=now + timedelta(seconds=wait_seconds))


async def test_failures_are_forgotten_after_a_day(sql, login):
    now = utc_now()
    await sql.execute(
        "insert into login_failure values ($1, 99, $2)", login, now - timedelta(days=1, seconds=1)
    )
    with pytest.raises(LoginRefused):
        await log_in(sql, login, now=now)
    row = await sql.fetchrow("select failures from login_failure where login = $1", login)
    assert row["failures"] == 1
    await sql.execute("update login_failure set failed_at = $2 where login = $1", login, now)
    assert await sessions.sweep(sql, now=now + timedelta(days=2)) >= 1
    assert await sql.fetchval("select true from login_failure where login = $1", login) is None


async def test_an_old_hash_is_renewed_at_log_in(sql, mia):
    old = PasswordHash([Argon2Hasher(time_cost=1, memory_cost=8192)]).hash(PASSWORD)
    await sql.execute("update local_user set password_hash = $2 where id = $1", mia.id, old)
    await log_in(sql, mia.login)
    stored = await sql.fetchval("select password_hash from local_user where id = $1", mia.id)
    assert stored != old
    await log_in(sql, mia.login)


async def test_a_hash_of_unknown_kind_refuses_and_does_not_fail(sql, mia):
    await sql.execute("update local_user set password_hash = 'plain' where id = $1", mia.id)
    with pytest.raises(LoginRefused):
        await log_in(sql, mia.login)


async def test_a_person_logs_in_and_out_over_http(sample, mia):
    body = {"login": mia.login, "password": PASSWORD}
    begun = await sample.client.post("/v1/sessions", json=body)
    assert begun.status_code == 201, begun.text
    person = sample.with_key(begun.json()["token"])
    assert (await person.get("/v1/me")).json()["name"] == "Mia"
    assert (await person.delete("/v1/sessions/current")).status_code == 204
    assert (await person.get("/v1/me")).status_code == 401


async def test_refusals_over_http_count_though_they_are_refusals(sample, mia):
    body = {"login": mia.login, "password": "wrong password!"}
    replies = [await sample.client.post("/v1/sessions", json=body) for _ in range(5)]
    assert [reply.status_code for reply in replies] == [401] * 5
    while replies[-1].status_code == 401:  # a slow machine outlasts the first, short pauses
        replies.append(await sample.client.post("/v1/sessions", json=body))
    assert replies[-1].status_code == 429
    assert int(replies[-1].headers["retry-after"]) >= 1
    assert replies[-1].json()["code"] == "too_many_attempts"


async def test_a_key_has_no_session_to_end(sample):
    assert (await sample.client.delete("/v1/sessions/current")).status_code == 404

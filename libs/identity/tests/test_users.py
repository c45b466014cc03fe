"""Local users and their sessions: passwords, roles, log-out."""

from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from chassis.clock import utc_now
from chassis.problems.standard import InvalidInput, NotFound, Unauthorized
from chassis.telemetry.trace import Trace
from identity import passwords, sessions, users
from identity.attempts import Attempt
from identity.passwords import hash_password
from identity.sessions import LoginRefused

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
    given["password"] = await hash_password(given["password"])
    return await users.add_user(sql, login=login, known_roles=ROLES, now=utc_now(), **given)


@pytest.fixture
def log_in(sample):
    """Log in from an address of one's own."""
    here = f"fd00::{uuid4().hex[:4]}:{uuid4().hex[:4]}:0:0:1"

    async def logged_in(login, password=PASSWORD, now=None):
        request = SimpleNamespace(
            app=sample.app,
            scope={"client": (here, 1), "state": {}},
            state=SimpleNamespace(trace=Trace.new()),
        )
        return await sessions.log_in(
            sample.database,
            service="sample",
            attempt=Attempt(request, login),
            password=password,
            now=now or utc_now(),
        )

    return logged_in


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
        ({"password": "Password123456"}, "/password"),
        ({"password": "qwertyuiop12"}, "/password"),
        ({"password": "aaaaaaaaaaaaaaaa"}, "/password"),
        ({"login": "maria.schmidt", "password": "Maria.Schmidt1!"}, "/password"),
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
        await users.set_password(sql, uuid4(), await hash_password(PASSWORD), now=utc_now())


async def test_a_session_proves_the_user_with_the_scopes_of_the_roles(sample, sql, mia, log_in):
    session = await log_in(f" {mia.login.upper()} ")
    headers = {"authorization": f"Bearer {session.token}"}
    actor = await sample.app.state.authenticator.identify(headers)
    assert (actor.kind, actor.id, actor.name) == ("user", str(mia.id), "Mia")
    granted = sample.service.roles.get("clerk", frozenset())
    assert actor.scopes == granted
    stored = await sql.fetchval("select secret_hash from user_session where id = $1", session.id)
    assert session.token.encode() not in stored


async def test_a_session_ends_after_twelve_hours(sample, sql, mia, log_in):
    session = await log_in(mia.login, now=utc_now() - timedelta(hours=12, seconds=1))
    headers = {"authorization": f"Bearer {session.token}"}
    with pytest.raises(Unauthorized):
        await sample.app.state.authenticator.identify(headers)


@pytest.mark.parametrize("end", ["passwd", "disable"])
async def test_a_new_password_or_a_lock_out_ends_every_session(sample, sql, mia, end, log_in):
    session = await log_in(mia.login)
    if end == "passwd":
        hashed = await hash_password("another long password")
        await users.set_password(sql, mia.id, hashed, now=utc_now())
    else:
        await users.change_user(sql, mia.id, known_roles=ROLES, now=utc_now(), active=False)
    headers = {"authorization": f"Bearer {session.token}"}
    with pytest.raises(Unauthorized):
        await sample.app.state.authenticator.identify(headers)
    with pytest.raises(LoginRefused):
        await log_in(mia.login)


async def test_wrong_password_and_unknown_login_are_refused_alike(sql, mia, log_in):
    with pytest.raises(LoginRefused) as wrong:
        await log_in(mia.login, "wrong password!")
    with pytest.raises(LoginRefused) as unknown:
        await log_in(f"nobody-{uuid4()}", "wrong password!")
    assert wrong.value.facts == unknown.value.facts


def test_an_unknown_login_costs_as_much_time_as_a_known_one():
    """What nobody's password is compared with is worked out by today's parameters."""
    hasher = PasswordHash.recommended().current_hasher
    assert hasher.identify(passwords._NOBODY)
    assert not hasher.check_needs_rehash(passwords._NOBODY)


async def test_an_old_hash_is_renewed_at_log_in(sql, mia, log_in):
    old = PasswordHash([Argon2Hasher(time_cost=1, memory_cost=8192)]).hash(PASSWORD)
    await sql.execute("update local_user set password_hash = $2 where id = $1", mia.id, old)
    await log_in(mia.login)
    stored = await sql.fetchval("select password_hash from local_user where id = $1", mia.id)
    assert stored != old
    await log_in(mia.login)


async def test_a_hash_of_unknown_kind_refuses_and_does_not_fail(sql, mia, log_in):
    await sql.execute("update local_user set password_hash = 'plain' where id = $1", mia.id)
    with pytest.raises(LoginRefused):
        await log_in(mia.login)


async def test_a_person_logs_in_and_out_over_http(sample, mia):
    body = {"login": mia.login, "password": PASSWORD}
    begun = await sample.client.post("/v1/sessions", json=body)
    assert begun.status_code == 201, begun.text
    person = sample.with_key(begun.json()["token"])
    assert (await person.get("/v1/me")).json()["name"] == "Mia"
    assert (await person.delete("/v1/sessions/current")).status_code == 204
    assert (await person.get("/v1/me")).status_code == 401


async def test_a_key_has_no_session_to_end(sample):
    assert (await sample.client.delete("/v1/sessions/current")).status_code == 404


async def test_a_password_is_compared_as_it_was_typed(sql, log_in):
    """ASVS 6.2.8, 6.2.9: other capitals, a sign more or less, and the 200th sign all count."""
    long = "correct horse battery " * 9 + "ab"
    assert len(long) == 200
    user = await add(sql, f"mia.{uuid4().hex[:8]}", password=long)
    assert await log_in(user.login, long)
    for other in (long[:-1] + "B", long[:-1], long.title(), f" {long[1:]}", long.strip()[:64]):
        with pytest.raises(LoginRefused):
            await log_in(user.login, other)

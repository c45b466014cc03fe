"""Invitations: people set passwords themselves, once, for some hours; nobody else learns them."""

import asyncio
import json
from datetime import timedelta
from uuid import uuid4

import asyncpg
import httpx
import pyotp
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from chassis.clock import frozen, utc_now
from chassis.problems.standard import NotFound
from chassis.service import ServiceContext
from chassis.testing.waiting import until
from identity import invitations, passwords, users
from identity.bootstrap import make_first_callers
from identity.passwords import hash_password
from identity.settings import IdentitySettings

PASSWORD = "correct horse battery"
OTHER = "stable staple of oats"
ACCEPT = "/v1/password-invitations/accept"


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    """Passwords that cost little: these tests are about tokens."""
    cheaply = PasswordHash([Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1)])
    monkeypatch.setattr(passwords, "_HASHER", cheaply)
    monkeypatch.setattr(passwords, "_NOBODY", cheaply.hash("a password that nobody knows"))


@pytest.fixture
def source():
    """An address of one's own, so that what others try does not count."""
    return f"fd00:{uuid4().hex[:4]}:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"


@pytest.fixture
def stranger(sample, source):
    """Sends without a credential."""

    async def sent(path, body, source=source):
        transport = httpx.ASGITransport(app=sample.app, client=(source, 50000))
        async with httpx.AsyncClient(transport=transport, base_url="http://sample.test") as client:
            return await client.post(path, json=body)

    return sent


@pytest.fixture
async def mia(sample):
    """A user without a password."""
    async with sample.database.driver() as sql:
        return await users.add_user(
            sql,
            login=f"mia.{uuid4().hex[:10]}",
            name="Mia",
            password=None,
            roles=[],
            known_roles=sample.service.roles,
            now=utc_now(),
        )


@pytest.fixture
def invite(sample):
    async def invited(user, **given):
        given = {"by": "system:test", "settings": sample.settings, "now": utc_now()} | given
        async with sample.database.driver() as sql, sql.transaction():
            return await invitations.invite(sql, user.id, **given)

    return invited


@pytest.fixture
def log_in(stranger, mia):
    async def logged_in(password=PASSWORD, **code):
        body = {"login": mia.login, "password": password} | code
        return await stranger("/v1/sessions", body)

    return logged_in


async def acts_of(sample, user):
    async with sample.database.driver() as sql:
        rows = await sql.fetch(
            "select act, actor, details::text as details from audit_entry"
            " where subject = $1 order by position",
            f"user:{user.id}",
        )
    return [(row["act"], row["actor"]) for row in rows], [row["details"] for row in rows]


async def test_a_first_password_is_set_by_its_person_alone(sample, mia, invite, stranger, log_in):
    """ASVS 6.4.1: random, for some hours, once; before it nothing logs in, not even nothing."""
    assert (await log_in(" ")).status_code == 401
    assert (await log_in()).status_code == 401
    issued = await invite(mia)
    assert len(issued.token) == len("tdi_") + 64
    assert issued.expires_at - utc_now() > timedelta(hours=71)
    assert issued.address.endswith(ACCEPT)
    assert issued.token not in repr(issued)
    async with sample.database.driver() as sql:
        stored = await sql.fetchval("select i::text from invitation i where user_id = $1", mia.id)
    assert issued.token not in stored
    assert issued.token.encode().hex() not in stored
    accepted = await stranger(ACCEPT, {"token": issued.token, "password": PASSWORD})
    assert accepted.status_code == 204, accepted.text
    assert (await log_in()).status_code == 201
    acts, details = await acts_of(sample, mia)
    assert acts[1:4] == [
        ("invitation.issued", "database:" + acts[1][1].removeprefix("database:")),
        ("invitation.used", f"user:{mia.id}"),
        ("user.password_changed", f"user:{mia.id}"),
    ]
    assert issued.token not in "".join(details)


async def test_of_twenty_at_once_one_sets_the_password(mia, invite, stranger, log_in, sample):
    """ASVS 6.4.1, 6.4.3: a token counts once, also side by side."""
    token = (await invite(mia)).token
    sources = [f"fd00:{uuid4().hex[:4]}:{uuid4().hex[:4]}:1::1" for _ in range(20)]
    replies = await asyncio.gather(*(
        stranger(ACCEPT, {"token": token, "password": f"{PASSWORD} {at}"}, source)
        for at, source in enumerate(sources)
    ))  # fmt: skip
    codes = [one.status_code for one in replies]
    assert codes.count(204) == 1, codes
    assert codes.count(409) == 19, codes
    assert (await log_in(f"{PASSWORD} {codes.index(204)}")).status_code == 201
    async with sample.database.driver() as sql:
        used = await sql.fetchval("select count(*) from invitation where used_at is not null"
                                  " and user_id = $1", mia.id)  # fmt: skip
    assert used == 1


async def test_whatever_does_not_count_is_refused_alike(sample, mia, invite, stranger):
    """ASVS 6.4.3: unknown, expired, used, replaced, of another purpose, of who is kept out."""
    with frozen(utc_now() - timedelta(hours=72, seconds=1)):
        expired = (await invite(mia)).token
    replaced = (await invite(mia)).token
    used = (await invite(mia)).token
    assert (await stranger(ACCEPT, {"token": used, "password": PASSWORD})).status_code == 204
    other = (await invite(mia, purpose=invitations.Purpose.SECOND_FACTOR)).token
    kept_out = (await invite(mia)).token
    async with sample.database.driver() as sql:
        await sql.execute("update local_user set active = false where id = $1", mia.id)
    said = []
    for token in ("tdi_" + "0" * 64, expired, replaced, used, other, kept_out, "x"):
        reply = await stranger(ACCEPT, {"token": token, "password": OTHER})
        document = reply.json()
        assert token not in reply.text or token == "x"
        said.append((reply.status_code, document["code"], document["detail"], document["facts"]))
    assert len({str(one) for one in said}) == 1
    assert said[0][:2] == (409, "invitation_invalid")


async def test_a_forgotten_password_is_reset_by_its_person(sample, mia, invite, stranger, log_in):
    """ASVS 6.4.3: all sessions end, the second factor is asked for as before."""
    await stranger(ACCEPT, {"token": (await invite(mia)).token, "password": PASSWORD})
    first = sample.with_key((await log_in()).json()["token"])
    with frozen(utc_now() - timedelta(hours=1)):
        enrolled = await first.put("/v1/me/second-factor", json={"present_password": PASSWORD})
        authenticator = pyotp.TOTP(enrolled.json()["secret"])
        code = {"code": authenticator.at(utc_now())}
        assert (await first.post("/v1/me/second-factor/confirm", json=code)).status_code == 200
    assert (await first.get("/v1/me")).status_code == 200
    token = (await invite(mia)).token
    assert (await log_in(code=authenticator.at(utc_now()))).status_code == 201
    assert (await stranger(ACCEPT, {"token": token, "password": OTHER})).status_code == 204
    assert (await first.get("/v1/me")).status_code == 401
    assert (await log_in()).json()["code"] == "login_refused"
    assert (await log_in(OTHER)).json()["code"] == "second_factor_required"
    with frozen(utc_now() + timedelta(minutes=1)):
        assert (await log_in(OTHER, code=authenticator.at(utc_now()))).status_code == 201


async def test_a_password_that_is_refused_leaves_the_token(mia, invite, stranger):
    token = (await invite(mia)).token
    for password, code in (("short", None), ("Password123456", "password_common"),
                           (f"{mia.login}abc", "password_is_login")):  # fmt: skip
        refused = await stranger(ACCEPT, {"token": token, "password": password})
        assert refused.status_code == 422, refused.text
        assert code in {None, refused.json()["errors"][0]["code"]}
    assert (await stranger(ACCEPT, {"token": token, "password": PASSWORD})).status_code == 204


async def test_guesses_of_tokens_are_counted_as_log_ins_are(stranger):
    body = {"token": "tdi_guessed", "password": PASSWORD}
    replies = [await stranger(ACCEPT, body) for _ in range(11)]
    assert [one.status_code for one in replies] == [409] * 10 + [429]
    assert replies[10].json()["code"] == "too_many_attempts"


async def test_a_body_of_more_than_four_kibibytes_is_not_read(stranger):
    reply = await stranger(ACCEPT, {"token": "x", "password": PASSWORD, "more": "x" * 4096})
    assert (reply.status_code, reply.json()["code"]) == (413, "too_large")


async def test_another_password_or_a_lock_out_ends_an_invitation(sample, mia, invite, stranger):
    hashed = await hash_password(PASSWORD)
    for end in ("passwd", "disable"):
        token = (await invite(mia)).token
        async with sample.database.driver() as sql:
            if end == "passwd":
                await users.set_password(sql, mia.id, hashed, now=utc_now())
            else:
                known = {"known_roles": sample.service.roles, "now": utc_now()}
                await users.change_user(sql, mia.id, active=False, **known)
        assert (await stranger(ACCEPT, {"token": token, "password": OTHER})).status_code == 409
    with pytest.raises(invitations.UserIsDisabled):
        await invite(mia)
    mia = type("Nobody", (), {"id": uuid4()})
    with pytest.raises(NotFound):
        await invite(mia)


async def test_the_database_revives_no_invitation_and_knows_one_that_counts(sample, mia, invite):
    await invite(mia)
    await invite(mia)
    async with sample.database.driver() as sql:
        for wrong in (
            "update invitation set ended_at = null where user_id = $1 and ended_at is not null",
            "update invitation set used_at = now() where user_id = $1 and ended_at is not null",
            """insert into invitation (id, user_id, purpose, token_hash, issued_at, issued_by,
                 expires_at)
               select gen_random_uuid(), user_id, purpose, sha256('x'), now(), 'x',
                 now() + interval '1 hour' from invitation
                where user_id = $1 and ended_at is null""",
        ):
            with pytest.raises((asyncpg.CheckViolationError, asyncpg.UniqueViolationError)):
                await sql.execute(wrong, mia.id)


@pytest.mark.parametrize("said", [None, True, False])
@pytest.mark.parametrize("environment", ["development", "production"])
def test_in_production_nobody_chooses_a_password_for_another(environment, said):
    """ASVS 6.4.1: unless the setting allows it."""
    settings = IdentitySettings.model_construct(
        environment=environment, passwords_by_invitation=said
    )
    assert settings.invites_only is (said if said is not None else environment == "production")


async def test_first_users_of_a_file_are_invited_where_nobody_chooses_for_them(
    sample, tmp_path, invite, stranger
):
    path, login = tmp_path / "first.json", f"boss.{uuid4().hex[:8]}"
    given = {"bootstrap_key_file": path, "passwords_by_invitation": True}
    here = ServiceContext(sample.service, sample.settings.model_copy(update=given), sample.database)
    user = {"login": login, "name": "Boss", "roles": []}
    path.write_text(json.dumps({"users": [user | {"password": PASSWORD}]}), encoding="utf-8")
    with pytest.raises(ValueError, match="users invite"):
        await make_first_callers(here)
    path.write_text(json.dumps({"users": [user]}), encoding="utf-8")
    assert (await make_first_callers(here))["users_made"] == 1
    assert (await make_first_callers(here))["users_made"] == 0
    async with sample.database.driver() as sql:
        boss = await users.find_user(sql, login=login)
    token = (await invite(boss)).token
    assert (await stranger(ACCEPT, {"token": token, "password": PASSWORD})).status_code == 204


async def test_a_log_in_under_way_by_the_former_password_begins_no_session(
    sample, mia, invite, stranger, log_in
):
    """ASVS 7.4.3: it was judged before the change was committed, and ends with it."""
    accepted = await stranger(ACCEPT, {"token": (await invite(mia)).token, "password": PASSWORD})
    assert accepted.status_code == 204
    other = await hash_password(OTHER)
    waits = "select exists (select from pg_stat_activity where $1 = any(pg_blocking_pids(pid)))"
    async with sample.database.driver() as resets, sample.database.driver() as looks:
        change = resets.transaction()
        await change.start()
        await users.set_password(resets, mia.id, other, now=utc_now())
        entering = asyncio.create_task(log_in())

        async def stands():
            pid = resets.get_server_pid()
            return entering.done() or await looks.fetchval(waits, pid)

        await until(stands)
        await change.commit()
        assert (await entering).status_code == 401
        open_ones = "select count(*) from user_session where user_id = $1 and ended_at is null"
        assert await looks.fetchval(open_ones, mia.id) == 0

"""Log-ins while strangers guess: nobody else waits, nobody's login is shut, nothing is held."""

import asyncio
import time
from contextlib import suppress
from uuid import uuid4

import asyncpg
import httpx
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from structlog.testing import capture_logs

from chassis.http.rate_limits import RateLimits
from chassis.settings import ServiceSettings
from chassis.testing.waiting import until
from identity import passwords, users
from identity.attempts import printable
from identity.passwords import hash_password
from identity.testing.service import running

PASSWORD = "correct horse battery"
NOON = 1_795_867_200.0
"""A full hour, in seconds since 1970."""


class Clock:
    """A clock that stands until it is set."""

    def __init__(self):
        self.now = NOON + 20

    def __call__(self):
        return self.now


@pytest.fixture
def cheap(monkeypatch):
    """Passwords that cost little: these tests count attempts, and make hundreds."""
    cheaply = PasswordHash([Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1)])
    monkeypatch.setattr(passwords, "_HASHER", cheaply)
    monkeypatch.setattr(passwords, "_NOBODY", cheaply.hash("a password that nobody knows"))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def house(sample_module, cluster, clock):
    """The sample service with few connections, the limits as they are set, and a clock for them."""
    limit = ServiceSettings.model_fields["rate_limit_logins"].default
    kept = {"pool_size": 2, "rate_limit_logins": limit}
    async with running(sample_module.SERVICE, cluster, **kept) as service:
        service.app.state.rate_limits = RateLimits(service.settings, service.database, clock=clock)
        yield service


async def add(house, login, roles=()):
    hashed = await hash_password(PASSWORD)
    async with house.database.transaction() as work:
        return await users.add_user(
            work.sql,
            login=login,
            name="Mia",
            password=hashed,
            roles=roles,
            known_roles=house.service.roles,
            now=work.now,
        )


@pytest.fixture
async def mia(house):
    """A user, whose password costs what it costs in the test."""
    return await add(house, "mia")


async def log_in(house, login, password=PASSWORD, source="192.0.2.1"):
    transport = httpx.ASGITransport(app=house.app, client=(source, 50000))
    async with httpx.AsyncClient(transport=transport, base_url="http://sample.test") as client:
        body = {"login": login, "password": password}
        return await client.post("/v1/sessions", json=body)


@pytest.mark.usefixtures("cheap")
async def test_a_login_that_fails_too_often_from_one_address_waits_there_alone(house, mia, clock):
    replies = [await log_in(house, "mia", "wrong password!") for _ in range(11)]
    assert [one.status_code for one in replies] == [401] * 10 + [429]
    assert replies[10].json()["code"] == "too_many_attempts"
    assert replies[10].headers["retry-after"] == "40"
    assert (await log_in(house, " MIA ")).status_code == 429
    assert (await log_in(house, "mia", source="192.0.2.2")).status_code == 201
    clock.now += 40
    assert (await log_in(house, "mia")).status_code == 201


@pytest.mark.usefixtures("cheap")
async def test_in_an_hour_no_more_than_sixty_guesses_are_heard(house, mia, clock):
    for _ in range(6):
        for _ in range(10):
            assert (await log_in(house, "mia", "wrong password!")).status_code == 401
        clock.now += 60
    refused = await log_in(house, "mia")
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == str(3600 - 20 - 360)


@pytest.mark.usefixtures("cheap")
async def test_success_forgets_what_failed_before(house, mia):
    for _ in range(2):
        for _ in range(9):
            assert (await log_in(house, "mia", "wrong password!")).status_code == 401
        assert (await log_in(house, "mia")).status_code == 201


@pytest.mark.usefixtures("cheap")
async def test_guesses_side_by_side_count_like_guesses_one_after_the_other(house, mia):
    replies = await asyncio.gather(*(log_in(house, "mia", f"wrong {n:>9}") for n in range(14)))
    codes = [one.status_code for one in replies]
    assert codes.count(401) <= 10
    assert codes.count(401) + codes.count(429) == 14
    assert (await log_in(house, "mia")).status_code == 429


@pytest.mark.usefixtures("cheap")
async def test_a_guess_counts_although_nobody_waits_for_the_answer(house, mia):
    async with passwords.PLACES.one(), passwords.PLACES.one():
        for _ in range(10):
            guess = asyncio.create_task(log_in(house, "mia", "wrong password!"))
            await until(lambda: passwords.PLACES.waiting == 1)
            guess.cancel()
            await asyncio.gather(guess, return_exceptions=True)
    assert (await log_in(house, "mia")).status_code == 429


@pytest.mark.usefixtures("cheap")
async def test_an_address_may_try_so_many_logins_only(house):
    replies = [await log_in(house, f"u{number}", "x") for number in range(101)]
    assert [one.status_code for one in replies] == [401] * 100 + [429]
    assert replies[100].json()["code"] == "rate_limited"


@pytest.mark.usefixtures("cheap")
async def test_no_connection_is_held_while_a_password_waits(house, mia):
    """Of two connections both are free while twenty people wait to log in."""
    async with passwords.PLACES.one(), passwords.PLACES.one():
        waiting = [
            asyncio.create_task(log_in(house, "mia", source=f"198.51.100.{number}"))
            for number in range(20)
        ]
        await until(lambda: passwords.PLACES.waiting == 20)
        await until(lambda: house.database.engine.pool.checkedout() == 0)
        reply = await asyncio.wait_for(house.client.get("/v1/notes"), 5)
        assert reply.status_code == 200
        refused = await log_in(house, "mia", source="198.51.100.99")
        assert (refused.status_code, refused.json()["code"]) == (503, "logins_busy")
        assert refused.headers["retry-after"] == "1"
    assert {one.status_code for one in await asyncio.gather(*waiting)} == {201}


@pytest.mark.usefixtures("cheap")
async def test_the_owner_logs_in_while_strangers_guess(house, mia):
    """1,000 wrong guesses a minute from twenty addresses, half of them at the owner's login.

    Hashes are cheap on purpose: what is judged is that the counts and the queue let the owner
    through within 5 s, not how fast a loaded machine hashes. That the owner's turn is the next one,
    however many wait, is `test_the_owner_from_a_fresh_address_enters_a_queue_full_of_guesses`.
    """
    ending, answered = asyncio.Event(), []

    async def guess(number):
        login = "mia" if number % 2 else uuid4().hex
        reply = await log_in(house, login, f"wrong {number:>9}", source=f"203.0.113.{number % 20}")
        answered.append(reply.status_code)

    async def guessing():
        guesses, number, began = set(), 0, time.monotonic()
        while not ending.is_set():
            while number < (time.monotonic() - began) * 1000 / 60:
                guesses.add(asyncio.create_task(guess(number)))
                number += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(ending.wait(), 0.03)
        await asyncio.gather(*guesses)

    strangers = asyncio.create_task(guessing())
    try:
        await until(lambda: len(answered) > 60)
        for source in ("192.0.2.7", "192.0.2.8", "192.0.2.9"):
            entered = await asyncio.wait_for(log_in(house, "mia", source=source), 5)
            assert entered.status_code == 201
    finally:
        ending.set()
        await strangers
    assert 201 not in answered


@pytest.mark.usefixtures("cheap")
async def test_the_owner_from_a_fresh_address_enters_a_queue_full_of_guesses(house, mia):
    """Who has had most is refused for the owner, whose turn is the next one (`test_places`)."""
    answered = []

    async def come(login, password, source):
        reply = await log_in(house, login, password, source=source)
        answered.append((login, reply.status_code))

    for number in range(3):
        await come(f"first{number}", "wrong password!", "203.0.113.1")
    answered.clear()
    async with passwords.PLACES.one(), passwords.PLACES.one():
        guesses = [
            asyncio.create_task(come(uuid4().hex, "wrong password!", "203.0.113.1"))
            for _ in range(20)
        ]
        await until(lambda: passwords.PLACES.waiting == 20)
        owner = asyncio.create_task(come("mia", PASSWORD, "192.0.2.7"))
        await until(lambda: [code for _, code in answered] == [503])
        assert passwords.PLACES.waiting == 20
    await asyncio.gather(owner, *guesses)
    assert ("mia", 201) in answered
    assert [code for _, code in answered].count(401) == 19


@pytest.mark.usefixtures("cheap")
async def test_a_session_does_not_begin_for_a_password_that_was_changed_meanwhile(house, mia):
    async with passwords.PLACES.one(), passwords.PLACES.one():
        late = asyncio.create_task(log_in(house, "mia"))
        await until(lambda: passwords.PLACES.waiting == 1)
        async with house.database.driver() as sql:
            await sql.execute("update local_user set password_hash = 'other' where id = $1", mia.id)
    assert (await late).status_code == 401


@pytest.mark.usefixtures("cheap")
async def test_failures_are_logged_with_login_and_address(house):
    with capture_logs() as logs:
        await log_in(house, "eve\n\u202e\x1b[31m", "wrong password!", source="203.0.113.5")
    (failed,) = [line for line in logs if line["event"] == "login_failed"]
    assert failed["login"] == "eve\\n\\u202e\\x1b[31m"
    assert (failed["source"], failed["why"]) == ("203.0.113.5", "refused")
    assert "wrong password!" not in str(logs)


def test_what_is_printed_moves_no_terminal():
    assert printable("李 mia\r\t\x00\u2028\u200b") == "李 mia\\r\\t\\x00\\u2028\\u200b"


@pytest.mark.usefixtures("cheap")
async def test_one_changes_the_own_password_and_other_sessions_end(house, mia):
    here, there = [house.with_key((await log_in(house, "mia")).json()["token"]) for _ in range(2)]
    assert (await there.get("/v1/me")).status_code == 200
    wanted = {"present_password": PASSWORD, "password": "staple of another kind"}
    reply = await here.put("/v1/me/password", json=wanted)
    assert reply.status_code == 204, reply.text
    house.app.state.authenticator.forget(there.headers["authorization"].split()[1])
    assert (await there.get("/v1/me")).status_code == 401
    assert (await here.get("/v1/me")).status_code == 200
    assert (await log_in(house, "mia")).status_code == 401
    assert (await log_in(house, "mia", wanted["password"])).status_code == 201


@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize(
    ("sent", "pointer", "code"),
    [
        (("wrong password!", "staple of another kind"), "/present_password", "password_wrong"),
        ((PASSWORD, "password1234"), "/password", "password_common"),
        ((PASSWORD, "MiamIamiA#7q"), "/password", "password_is_login"),
        ((PASSWORD, "short"), "/password", "string_too_short"),
    ],
)
async def test_a_bad_change_of_the_own_password_changes_nothing(house, mia, sent, pointer, code):
    me = house.with_key((await log_in(house, "mia")).json()["token"])
    wanted = dict(zip(("present_password", "password"), sent, strict=True))
    reply = await me.put("/v1/me/password", json=wanted)
    assert reply.status_code == 422
    assert [(one["pointer"], one["code"]) for one in reply.json()["errors"]] == [(pointer, code)]
    assert (await log_in(house, "mia")).status_code == 201


@pytest.mark.usefixtures("cheap")
async def test_the_present_password_is_guessed_no_more_often_than_a_login(house, mia):
    me = house.with_key((await log_in(house, "mia")).json()["token"])
    wanted = {"present_password": "wrong password!", "password": "staple of another kind"}
    replies = [await me.put("/v1/me/password", json=wanted) for _ in range(11)]
    assert [one.status_code for one in replies] == [422] * 10 + [429]


@pytest.mark.usefixtures("cheap")
async def test_a_key_has_no_password(house):
    wanted = {"present_password": PASSWORD, "password": "staple of another kind"}
    reply = await house.client.put("/v1/me/password", json=wanted)
    assert (reply.status_code, reply.json()["code"]) == (409, "no_local_user")


async def _set(house, user, **change):
    async with house.database.transaction() as work:
        return await users.change_user(
            work.sql, user.id, known_roles={"admin": frozenset()}, now=work.now, **change
        )


@pytest.fixture
async def administrators(house):
    made = [await add(house, login) for login in ("ann", "bob")]
    return [await _set(house, one, roles=["admin"]) for one in made]


@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize("change", [{"active": False}, {"roles": []}])
async def test_the_last_administrator_stays(house, administrators, change):
    ann, bob = administrators
    await _set(house, ann, **change)
    with pytest.raises(users.LastAdministrator):
        await _set(house, bob, **change)
    assert (await _set(house, bob, name="Bob")).active
    await _set(house, ann, active=True, roles=["admin"])
    await _set(house, bob, **change)


@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize("change", [{"active": False}, {"roles": []}])
async def test_two_administrators_do_not_take_each_other_away(house, administrators, change):
    done = await asyncio.gather(
        *(_set(house, one, **change) for one in administrators), return_exceptions=True
    )
    assert [type(one) for one in done].count(users.LastAdministrator) == 1


@pytest.mark.usefixtures("cheap")
async def test_the_last_administrator_is_not_deleted_either(house, administrators):
    sql = await asyncpg.connect(house.owner_url)
    try:
        await sql.execute("delete from local_user where login = 'ann'")
        with pytest.raises(asyncpg.CheckViolationError, match="no administrator would be left"):
            await sql.execute("delete from local_user where login = 'bob'")
    finally:
        await sql.close()

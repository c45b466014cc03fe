"""Sessions of people: listed with their places, ended one by one or all, refused from then on."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pyotp
import pytest

from chassis.clock import frozen, utc_now
from identity import users
from identity.passwords import hash_password

PASSWORD = "correct horse battery"


async def add(sample, login):
    hashed = await hash_password(PASSWORD)
    async with sample.database.driver() as sql:
        return await users.add_user(
            sql,
            login=login,
            name="Mia",
            password=hashed,
            roles=[],
            known_roles=sample.service.roles,
            now=utc_now(),
        )


@pytest.fixture
async def mia(sample):
    return await add(sample, f"mia.{uuid4().hex[:10]}")


@pytest.fixture
async def bob(sample):
    return await add(sample, f"bob.{uuid4().hex[:10]}")


async def log_in(sample, user, *, source="192.0.2.1", program="Browser/1.0"):
    """A client of the person, who has just logged in from there."""
    transport = httpx.ASGITransport(app=sample.app, client=(source, 50000))
    async with httpx.AsyncClient(transport=transport, base_url="http://sample.test") as client:
        body = {"login": user.login, "password": PASSWORD}
        reply = await client.post("/v1/sessions", json=body, headers={"User-Agent": program})
    assert reply.status_code == 201, reply.text
    return sample.with_key(reply.json()["token"])


async def own(person):
    reply = await person.get("/v1/me/sessions")
    assert reply.status_code == 200, reply.text
    return reply.json()["items"]


async def end(person, path, **proof):
    said = proof or {"present_password": PASSWORD}
    return await person.post(path, json=said, headers={"Idempotency-Key": str(uuid4())})


async def is_in(person):
    return (await person.get("/v1/me")).status_code == 200


async def test_a_person_sees_the_own_sessions_and_no_others(sample, mia, bob):
    here = await log_in(sample, mia)
    await log_in(sample, mia, source="2001:db8:1:2::7", program="Phone\t2")
    await log_in(sample, bob)
    phone, browser = await own(here)
    assert (browser["source"], browser["user_agent"]) == ("192.0.2.1", "Browser/1.0")
    assert (phone["source"], phone["user_agent"]) == ("2001:db8:1:2::/64", "Phone\\t2")
    assert (browser["current"], phone["current"]) == (True, False)
    assert phone["last_used_at"] is None
    assert browser["created_at"] <= browser["last_used_at"] < browser["expires_at"]
    assert {one["login"] for one in (phone, browser)} == {mia.login}
    assert "secret_hash" not in browser


async def test_last_use_moves_at_most_once_a_minute(sample, mia):
    here = await log_in(sample, mia)
    now = utc_now()
    seen = []
    for seconds in (10, 50, 80):
        sample.app.state.authenticator.forget(here.headers["authorization"].split()[1])
        with frozen(now + timedelta(seconds=seconds)):
            seen.append((await own(here))[0]["last_used_at"])
    assert seen[0] == seen[1] < seen[2]


async def test_a_program_with_a_long_name_logs_in(sample, mia):
    here = await log_in(sample, mia, program="x" * 5000)
    assert (await own(here))[0]["user_agent"] == "x" * 200


async def test_one_session_is_ended_and_refused_at_once(sample, mia):
    here, there = await log_in(sample, mia), await log_in(sample, mia)
    assert await is_in(there)
    other = next(one for one in await own(here) if not one["current"])
    reply = await end(here, f"/v1/me/sessions/{other['id']}/end")
    assert (reply.status_code, reply.json()) == (200, {"ended": 1})
    assert not await is_in(there)
    assert [one["current"] for one in await own(here)] == [True]
    again = await end(here, f"/v1/me/sessions/{other['id']}/end")
    assert (again.status_code, again.json()["code"]) == (404, "not_found")


async def test_the_current_session_may_be_ended_so(sample, mia):
    here = await log_in(sample, mia)
    [current] = await own(here)
    assert (await end(here, f"/v1/me/sessions/{current['id']}/end")).status_code == 200
    assert not await is_in(here)


async def test_all_others_are_ended_and_nobody_elses(sample, mia, bob):
    here, *others = [await log_in(sample, mia) for _ in range(3)]
    stranger = await log_in(sample, bob)
    assert [await is_in(one) for one in (*others, stranger)] == [True, True, True]
    reply = await end(here, "/v1/me/sessions/end-others")
    assert (reply.status_code, reply.json()) == (200, {"ended": 2})
    assert [await is_in(one) for one in (here, *others, stranger)] == [True, False, False, True]
    assert (await end(here, "/v1/me/sessions/end-others")).json() == {"ended": 0}


@pytest.mark.parametrize("path", ["/v1/me/sessions/end-others", "/v1/me/sessions/{id}/end"])
async def test_a_session_alone_ends_no_other(sample, mia, path):
    """ASVS 7.5.2: whoever finds a session open does not shut the person out."""
    here, there = await log_in(sample, mia), await log_in(sample, mia)
    other = next(one for one in await own(here) if not one["current"])
    path = path.format(id=other["id"])
    headers = {"Idempotency-Key": str(uuid4())}
    contents: list[dict[str, Any]] = [{}, {"json": {}}, {"json": {"present_password": None}}]
    for content in contents:
        refused = await here.post(path, headers=headers, **content)
        assert (refused.status_code, refused.json()["code"]) == (403, "proof_needed")
    refused = await end(here, path, present_password="wrong password!")
    [error] = refused.json()["errors"]
    assert (refused.status_code, error["code"]) == (422, "password_wrong")
    assert (await end(here, path, password=PASSWORD)).status_code == 403
    assert await is_in(there)
    assert (await end(here, path)).json() == {"ended": 1}
    assert not await is_in(there)


async def test_a_code_proves_it_as_well(sample, mia):
    here = await log_in(sample, mia)
    enrolled = await here.put("/v1/me/second-factor", json={"present_password": PASSWORD})
    authenticator = pyotp.TOTP(enrolled.json()["secret"])
    with frozen(utc_now() - timedelta(minutes=5)):
        code = {"code": authenticator.at(utc_now())}
        await here.post("/v1/me/second-factor/confirm", json=code)
    now = authenticator.at(utc_now())
    assert (await end(here, "/v1/me/sessions/end-others", code=now)).json() == {"ended": 0}
    again = await end(here, "/v1/me/sessions/end-others", code=now)
    assert (again.status_code, again.json()["errors"][0]["code"]) == (422, "code_wrong")


async def test_a_session_of_somebody_else_is_not_there(sample, mia, bob):
    here, stranger = await log_in(sample, mia), await log_in(sample, bob)
    [theirs] = await own(stranger)
    refused = await end(here, f"/v1/me/sessions/{theirs['id']}/end")
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    assert await is_in(stranger)


async def test_what_has_ended_is_not_listed(sample, mia):
    here, there = await log_in(sample, mia), await log_in(sample, mia)
    await there.delete("/v1/sessions/current")
    assert len(await own(here)) == 1
    path, later = f"/v1/sessions?user_id={mia.id}", utc_now() + timedelta(hours=12, seconds=1)
    with frozen(later):
        assert (await sample.client.get(path)).json()["items"] == []


async def test_a_key_has_no_sessions_of_its_own(sample):
    assert (await sample.client.get("/v1/me/sessions")).json()["items"] == []
    for reply in (
        await sample.post("/v1/me/sessions/end-others", None),
        await sample.post(f"/v1/me/sessions/{UUID(int=7)}/end", None),
    ):
        assert (reply.status_code, reply.json()["code"]) == (409, "no_local_user")


async def test_an_administrator_lists_and_ends_sessions_of_others(sample, mia, bob):
    first, second, other = [await log_in(sample, one) for one in (mia, mia, bob)]
    assert [await is_in(one) for one in (first, second, other)] == [True] * 3
    path = f"/v1/sessions?user_id={mia.id}"
    newest, oldest = (await sample.client.get(path)).json()["items"]
    assert (newest["current"], newest["login"]) == (False, mia.login)
    listed = (await sample.client.get("/v1/sessions")).json()["items"]
    assert {mia.login, bob.login} <= {one["login"] for one in listed}
    assert (await sample.post(f"/v1/sessions/{oldest['id']}/end", None)).json() == {"ended": 1}
    assert [await is_in(one) for one in (first, second, other)] == [False, True, True]
    reply = await sample.post("/v1/sessions/end", {"user_id": str(mia.id)})
    assert (reply.status_code, reply.json()) == (200, {"ended": 1})
    assert [await is_in(one) for one in (second, other)] == [False, True]
    assert await is_in(await log_in(sample, mia))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/sessions", None),
        ("POST", f"/v1/sessions/{UUID(int=7)}/end", None),
        ("POST", "/v1/sessions/end", {"user_id": str(UUID(int=7))}),
    ],
)
async def test_nobody_else_sees_or_ends_sessions_of_others(sample, mia, method, path, body):
    headers = {"Idempotency-Key": str(uuid4())}
    for client in (await sample.as_("notes.write"), await log_in(sample, mia)):
        reply = await client.request(method, path, json=body, headers=headers)
        assert (reply.status_code, reply.json()["code"]) == (403, "forbidden")
    stranger = sample.with_key("tds_sample_" + "f" * 64)
    reply = await stranger.request(method, path, json=body, headers=headers)
    assert reply.status_code == 401


async def test_pages_of_sessions_follow_each_other(sample, mia):
    here = await log_in(sample, mia)
    await log_in(sample, mia)
    first = (await here.get("/v1/me/sessions", params={"limit": 1})).json()
    cursor = {"limit": 1, "cursor": first["next_cursor"]}
    second = (await here.get("/v1/me/sessions", params=cursor)).json()
    assert second["next_cursor"] is None
    assert [one["items"][0]["current"] for one in (first, second)] == [False, True]


async def test_the_database_keeps_places_short(sample, mia):
    await log_in(sample, mia)
    async with sample.database.driver() as sql:
        for column, length in (("source", 101), ("user_agent", 201)):
            change = f"update user_session set {column} = repeat('x', $2) where user_id = $1"
            with pytest.raises(asyncpg.CheckViolationError):
                await sql.execute(change, mia.id, length)


async def test_a_session_that_nobody_uses_ends(sample, mia):
    """After four hours, as the setting says; each use, exact to a minute, begins them anew."""
    began = utc_now()
    with frozen(began):
        person, other = await log_in(sample, mia), await log_in(sample, mia)
    for hours in (3, 6):
        with frozen(began + timedelta(hours=hours)):
            assert await is_in(person)
    with frozen(began + timedelta(hours=6, minutes=1)):
        assert not await is_in(other)
        assert len(await own(person)) == 1
    idle = sample.app.state.authenticator.session_idle
    assert idle == timedelta(hours=4)
    with frozen(began + timedelta(hours=6) + idle):
        sample.app.state.authenticator.forget(person.headers["Authorization"].split()[1])
        assert not await is_in(person)


async def test_a_log_in_ends_the_own_session_that_it_shows(sample, mia, bob):
    """The others of the person, and those of others, go on."""
    shown, other, of_bob = [await log_in(sample, one) for one in (mia, mia, bob)]
    body = {"login": mia.login, "password": PASSWORD}
    assert (await of_bob.post("/v1/sessions", json=body)).status_code == 201
    assert (await shown.post("/v1/sessions", json=body)).status_code == 201
    assert [await is_in(one) for one in (shown, other, of_bob)] == [False, True, True]
    assert (await shown.post("/v1/sessions", json=body)).status_code == 201


async def test_a_log_in_that_is_refused_ends_nothing(sample, mia):
    person = await log_in(sample, mia)
    wrong = {"login": mia.login, "password": "something else, wrong"}
    assert (await person.post("/v1/sessions", json=wrong)).status_code == 401
    assert await is_in(person)

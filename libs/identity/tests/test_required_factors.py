"""Second factors that a role requires: who lacks one can enrol it, and nothing else."""

from datetime import timedelta
from uuid import uuid4

import pyotp
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from chassis.clock import frozen, utc_now
from chassis.service import ServiceContext, Unsound
from identity import passwords, users
from identity.authenticate import Authenticator
from identity.passwords import hash_password
from identity.required_factors import people_without_factor
from identity.testing.service import running

PASSWORD = "correct horse battery"
PRESENT = {"present_password": PASSWORD}


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    """Passwords that cost little: these tests are about codes."""
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
    """Makes a person with roles: who it is, and a client with a session of it."""

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
        begun = await log_in(strict, user)
        assert begun.status_code == 201, begun.text
        return user, strict.with_key(begun.json()["token"])

    return made


async def log_in(strict, user, **code):
    body = {"login": user.login, "password": PASSWORD} | code
    return await strict.client.post("/v1/sessions", json=body)


async def enrol(me):
    """Enrol and confirm an hour ago, so that codes of now are left: the authenticator."""
    with frozen(utc_now() - timedelta(hours=1)):
        enrolled = await me.put("/v1/me/second-factor", json=PRESENT)
        assert enrolled.status_code == 200, enrolled.text
        authenticator = pyotp.TOTP(enrolled.json()["secret"])
        code = {"code": authenticator.at(utc_now())}
        confirmed = await me.post("/v1/me/second-factor/confirm", json=code)
    assert confirmed.status_code == 200, confirmed.text
    return authenticator


async def write_note(me):
    headers = {"Idempotency-Key": str(uuid4())}
    return await me.post("/v1/notes", json={"title": "Seen"}, headers=headers)


async def test_a_session_goes_on_with_its_permissions_when_the_factor_is_enrolled(person):
    _, me = await person("writer")
    refused = await write_note(me)
    assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_not_enrolled")
    assert "PUT /v1/me/second-factor" in refused.json()["detail"]
    assert (await me.get("/v1/me")).json()["scopes"] == []
    await enrol(me)
    assert (await write_note(me)).status_code == 201
    assert (await me.get("/v1/me")).json()["scopes"] == ["notes.write"]


async def test_a_secret_that_waits_for_its_first_code_is_no_factor(person):
    _, me = await person("writer")
    assert (await me.put("/v1/me/second-factor", json=PRESENT)).status_code == 200
    assert (await write_note(me)).json()["code"] == "second_factor_not_enrolled"


async def test_who_has_no_such_role_needs_none(person):
    _, me = await person("auditor")
    assert (await me.get("/v1/audit-entries")).status_code == 200


async def test_a_key_is_not_touched(strict):
    assert (await write_note(await strict.as_("notes.write"))).status_code == 201


async def test_one_reads_and_ends_the_own_sessions_before(strict, person):
    user, me = await person("writer")
    other = (await log_in(strict, user)).json()
    listed = (await me.get("/v1/me/sessions")).json()["items"]
    assert {one["id"] for one in listed} >= {other["id"]}
    headers = {"Idempotency-Key": str(uuid4())}
    path = f"/v1/me/sessions/{other['id']}/end"
    assert (await me.post(path, json=PRESENT, headers=headers)).status_code == 200
    assert (await strict.with_key(other["token"]).get("/v1/me")).status_code == 401
    assert (await me.delete("/v1/sessions/current")).status_code == 204


async def test_a_role_given_later_holds_for_sessions_that_are_open(strict, person):
    user, me = await person("auditor")
    assert (await me.get("/v1/audit-entries")).status_code == 200
    async with strict.database.driver() as sql:
        await users.change_user(
            sql,
            user.id,
            known_roles=strict.service.roles,
            now=utc_now(),
            roles=["auditor", "writer"],
        )
    strict.app.state.authenticator.forget(me.headers["Authorization"].split()[1])
    refused = await me.get("/v1/audit-entries")
    assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_not_enrolled")


async def test_one_does_not_remove_what_the_role_requires(strict, person):
    user, me = await person("writer")
    authenticator = await enrol(me)
    both = PRESENT | {"code": authenticator.now()}
    refused = await me.post("/v1/me/second-factor/remove", json=both)
    assert (refused.status_code, refused.json()["code"]) == (409, "second_factor_required_by_role")
    assert (await log_in(strict, user)).json()["code"] == "second_factor_required"


async def test_after_a_reset_by_an_administrator_another_one_is_enrolled(strict, person):
    user, me = await person("writer")
    await enrol(me)
    reset = await strict.post("/v1/second-factors/reset", {"user_id": str(user.id)})
    assert reset.status_code == 200
    again = strict.with_key((await log_in(strict, user)).json()["token"])
    assert (await write_note(again)).json()["code"] == "second_factor_not_enrolled"
    asked = {"subject": f"user:{user.id}", "act": "factor.removed"}
    [entry] = (await strict.client.get("/v1/audit-entries", params=asked)).json()["items"]
    assert entry["actor"].startswith("key:")


async def test_the_refusal_is_entered_with_who_was_refused(strict, person):
    user, me = await person("writer")
    await write_note(me)
    await strict.app.state.authenticator.denials.write(all_of_them=True)
    asked = {"actor": f"user:{user.id}", "act": "access.denied"}
    [entry] = (await strict.client.get("/v1/audit-entries", params=asked)).json()["items"]
    assert entry["details"]["reason"] == "second_factor_not_enrolled"


def test_a_role_that_there_is_not_is_refused_at_start(sample):
    settings = sample.settings.model_copy(update={"second_factor_roles": "writer,boss"})
    with pytest.raises(ValueError, match=r"SAMPLE_SECOND_FACTOR_ROLES names boss, .* writer"):
        Authenticator(sample.service, settings, sample.database)


async def test_doctor_names_who_lacks_one(strict, sample, person):
    lacking, _ = await person("writer")
    enrolled, me = await person("writer")
    await enrol(me)
    found = await people_without_factor(
        ServiceContext(strict.service, strict.settings, strict.database)
    )
    assert "with writer lack one" in found
    assert lacking.login in found
    assert enrolled.login not in found
    nothing = ServiceContext(sample.service, sample.settings, sample.database)
    assert await people_without_factor(nothing) == "no role requires one"
    settings = sample.settings.model_copy(update={"second_factor_roles": "boss"})
    with pytest.raises(Unsound, match="boss"):
        await people_without_factor(ServiceContext(sample.service, settings, sample.database))

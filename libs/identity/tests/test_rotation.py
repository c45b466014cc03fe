"""Rotation of API keys: two secrets work for a while, never three; what has ended stays so."""

import asyncio
import json
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from chassis.clock import frozen, utc_now
from chassis.problems.standard import NotFound, Unauthorized
from chassis.service import ServiceContext, Unsound
from identity import keys
from identity.authenticate import Authenticator
from identity.bootstrap import bootstrap
from identity.doctor import key_ages
from identity.rotation import ApiKeyEnded, rotate


@pytest.fixture
async def sql(sample):
    async with sample.database.driver() as connection:
        yield connection


async def issue(sample, sql, *, name="till", expires_at=None):
    return await keys.issue(
        sql,
        service="sample",
        name=name,
        scopes=["notes.read"],
        permissions=sample.service.permissions,
        created_by="system:test",
        now=utc_now(),
        expires_at=expires_at,
    )


async def rotated(sample, key_id, **given):
    async with sample.database.transaction() as work:
        return await rotate(work.sql, key_id, service="sample", now=utc_now(), **given)


async def works(sample, secret, *, after=timedelta()):
    """Whether the secret is accepted after so long, by a process that has not seen it yet."""
    fresh = Authenticator(sample.service, sample.settings, sample.database)
    with frozen(utc_now() + after):
        try:
            await fresh.identify({"x-api-key": secret})
        except Unauthorized:
            return False
    return True


async def test_both_secrets_work_until_the_hours_are_over(sample, sql):
    old = await issue(sample, sql)
    now = utc_now()
    with frozen(now):
        new = await rotated(sample, old.key.id, former_valid_hours=3)
        assert new.key.former_expires_at == now + timedelta(hours=3)
        assert (new.key.id, new.key.scopes) == (old.key.id, old.key.scopes)
        assert new.secret.startswith(f"tdm_sample_{new.key.prefix}_")
        almost, over = timedelta(hours=3, seconds=-1), timedelta(hours=3)
        assert await works(sample, old.secret, after=almost)
        assert not await works(sample, old.secret, after=over)
        assert await works(sample, new.secret, after=over)


async def test_a_former_secret_in_use_is_refused_to_the_second(sample, sql):
    old = await issue(sample, sql)
    now, watch = utc_now(), [1000.0]
    known = Authenticator(sample.service, sample.settings, sample.database, clock=lambda: watch[0])
    with frozen(now):
        await rotated(sample, old.key.id, former_valid_hours=1)
    with frozen(now + timedelta(minutes=59, seconds=58)):
        await known.identify({"x-api-key": old.secret})
    watch[0] += 2.1
    with frozen(now + timedelta(hours=1, seconds=0.1)), pytest.raises(Unauthorized):
        await known.identify({"x-api-key": old.secret})


async def test_another_rotation_ends_the_oldest_secret(sample, sql):
    first = await issue(sample, sql)
    second = await rotated(sample, first.key.id)
    third = await rotated(sample, first.key.id)
    all_three = [await works(sample, one.secret) for one in (first, second, third)]
    assert all_three == [False, True, True]


async def test_of_rotations_at_once_two_secrets_work(sample, sql):
    first = await issue(sample, sql)
    made = await asyncio.gather(*(rotated(sample, first.key.id) for _ in range(4)))
    alive = [await works(sample, one.secret) for one in (first, *made)]
    assert alive.count(True) == 2


async def test_with_no_hours_the_former_secret_ends_at_once(sample, sql):
    old = await issue(sample, sql)
    new = await rotated(sample, old.key.id, former_valid_hours=0)
    assert not await works(sample, old.secret)
    assert await works(sample, new.secret)


async def test_revoking_ends_both_secrets(sample, sql):
    old = await issue(sample, sql)
    new = await rotated(sample, old.key.id)
    await keys.revoke(sql, old.key.id, by="user:ann", now=utc_now())
    assert not await works(sample, old.secret)
    assert not await works(sample, new.secret)


async def test_the_former_secret_ends_with_its_key(sample, sql):
    old = await issue(sample, sql, expires_at=utc_now() + timedelta(hours=1))
    await rotated(sample, old.key.id, former_valid_hours=2)
    assert await works(sample, old.secret, after=timedelta(minutes=59))
    assert not await works(sample, old.secret, after=timedelta(minutes=61))


async def test_a_key_that_has_ended_is_not_rotated(sample, sql):
    revoked = await issue(sample, sql)
    await keys.revoke(sql, revoked.key.id, by="user:ann", now=utc_now())
    expired = await issue(sample, sql, expires_at=utc_now() + timedelta(hours=1))
    with pytest.raises(ApiKeyEnded):
        await rotated(sample, revoked.key.id)
    with frozen(utc_now() + timedelta(hours=2)), pytest.raises(ApiKeyEnded):
        await rotated(sample, expired.key.id)
    with pytest.raises(NotFound):
        await rotated(sample, uuid4())


async def test_the_key_shows_by_which_secret_it_was_used(sample, sql):
    old = await issue(sample, sql)
    new = await rotated(sample, old.key.id)
    assert (new.key.last_used_at, new.key.former_last_used_at) == (None, None)
    await works(sample, old.secret)
    by_old = await _key(sql, old.key.id)
    assert by_old.former_last_used_at == by_old.last_used_at is not None
    await works(sample, new.secret, after=timedelta(minutes=5))
    by_new = await _key(sql, old.key.id)
    assert by_new.former_last_used_at == by_old.former_last_used_at < by_new.last_used_at


async def _key(sql, key_id):
    [found] = [one for one in await keys.list_keys(sql) if one.id == key_id]
    return found


async def test_a_file_of_first_keys_does_not_revive_a_replaced_secret(sample, sql, tmp_path):
    path = tmp_path / "keys.json"
    secret = keys.new_secret("sample")
    key = {"name": f"first {uuid4()}", "secret": secret, "scopes": ["notes.read"]}
    path.write_text(json.dumps({"keys": [key]}), encoding="utf-8")
    assert (await bootstrap(sql, sample.service, path, settings=sample.settings)).keys == 1
    [made] = [one for one in await keys.list_keys(sql) if one.name == key["name"]]
    await rotated(sample, made.id, former_valid_hours=0)
    assert (await bootstrap(sql, sample.service, path, settings=sample.settings)).keys == 0
    assert not await works(sample, secret)
    await rotated(sample, made.id)
    assert (await bootstrap(sql, sample.service, path, settings=sample.settings)).keys == 0
    assert not await works(sample, secret)


@pytest.mark.parametrize("hours", [-1, 169])
async def test_the_database_keeps_no_secret_longer_than_a_week(sample, sql, hours):
    old = await issue(sample, sql)
    with pytest.raises(asyncpg.CheckViolationError, match="api_key_former_secret_expires_at"):
        await rotated(sample, old.key.id, former_valid_hours=hours)
    assert await works(sample, old.secret)


async def test_the_database_knows_one_former_secret_that_works(sample, sql):
    old = await issue(sample, sql)
    await rotated(sample, old.key.id)
    with pytest.raises(asyncpg.UniqueViolationError):
        await sql.execute(
            "insert into api_key_former_secret (key_id, secret_hash, replaced_at, expires_at)"
            " select id, sha256(uuid_send(id)), now(), now() from api_key where id = $1",
            old.key.id,
        )


async def test_an_administrator_rotates_a_key(sample):
    made = (await sample.post("/v1/api-keys", {"name": "shop", "scopes": ["notes.read"]})).json()
    path, headers = f"/v1/api-keys/{made['id']}/rotate", {"Idempotency-Key": str(uuid4())}
    reply = await sample.post(path, {}, headers=headers)
    assert reply.status_code == 200, reply.text
    new = reply.json()
    assert new["former_expires_at"] > new["created_at"]
    for secret in (made["secret"], new["secret"]):
        assert (await sample.with_key(secret).get("/v1/me")).json()["id"] == made["id"]
    repeat = await sample.post(path, {}, headers=headers)
    assert repeat.json() == new | {"secret": None}
    listed = (await sample.client.get("/v1/api-keys", params={"limit": 1})).json()["items"]
    assert listed[0]["former_expires_at"] == new["former_expires_at"]
    assert new["secret"] not in str(listed)


@pytest.mark.parametrize("hours", [-1, 169, 1.5, "24", None])
async def test_hours_that_cannot_be_are_refused(sample, hours):
    made = (await sample.post("/v1/api-keys", {"name": "shop", "scopes": ["notes.read"]})).json()
    wanted = {"former_valid_hours": hours}
    reply = await sample.post(f"/v1/api-keys/{made['id']}/rotate", wanted)
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["pointer"] == "/former_valid_hours"
    assert (await sample.with_key(made["secret"]).get("/v1/me")).status_code == 200


async def test_a_revoked_key_is_not_rotated_over_http(sample):
    made = (await sample.post("/v1/api-keys", {"name": "shop", "scopes": ["notes.read"]})).json()
    await sample.post(f"/v1/api-keys/{made['id']}/revoke", {})
    reply = await sample.post(f"/v1/api-keys/{made['id']}/rotate", {})
    assert (reply.status_code, reply.json()["code"]) == (409, "api_key_ended")
    reader = await sample.as_("notes.read")
    headers = {"Idempotency-Key": str(uuid4())}
    denied = await reader.post(f"/v1/api-keys/{made['id']}/rotate", json={}, headers=headers)
    assert (denied.status_code, denied.json()["code"]) == (403, "forbidden")


async def test_doctor_names_keys_whose_secret_is_too_old(sample, sql):
    """The policy of keys: a year, unless the setting says otherwise; a rotation begins it anew."""
    with frozen(utc_now() - timedelta(days=366)):
        old, other = [await issue(sample, sql, name=name) for name in ("aged", "ended")]
        expired = await issue(sample, sql, name="over", expires_at=utc_now() + timedelta(days=30))
    here = ServiceContext(sample.service, sample.settings, sample.database)
    with pytest.raises(Unsound) as named:
        await key_ages(here)
    assert f"aged ({old.key.prefix})" in str(named.value)
    assert f"ended ({other.key.prefix})" in str(named.value)
    assert expired.key.prefix not in str(named.value)
    await keys.revoke(sql, other.key.id, by="system:test", now=utc_now())
    fresh = await rotated(sample, old.key.id)
    assert "no secret is older" in await key_ages(here)
    longer = sample.settings.model_copy(update={"api_key_age_days_max": 1})
    with frozen(utc_now() + timedelta(days=2)), pytest.raises(Unsound) as named:
        await key_ages(ServiceContext(sample.service, longer, sample.database))
    assert fresh.key.prefix in str(named.value)

"""Secrets of second factors are encrypted: a dump of the table yields no code."""

import base64
import stat
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pyotp
import pytest
from pydantic import SecretStr

from chassis.clock import utc_now
from chassis.service import ServiceContext, Unsound
from chassis.telemetry.trace import Trace
from identity import factors, totp, users
from identity.audit.entries import name_actor
from identity.authenticate import Authenticator
from identity.encrypting import encrypt_anew, encrypt_plain, encrypted_factors
from identity.factor_keys import FactorKeys, FactorUnreadable, factor_keys, key_file
from identity.passwords import HashedPassword
from identity.testing.service import running


def key(number):
    return base64.b64encode(bytes([number]) * 32).decode()


OLD, NEW = FactorKeys.parse(key(1)), FactorKeys.parse(f"{key(2)}\n{key(1)}\n")


@pytest.fixture
async def fresh(cluster, sample_module):
    """A service of its own, whose second factors nobody else makes."""
    async with running(sample_module.SERVICE, cluster, second_factor_keys=key(1)) as service:
        yield service


@pytest.fixture
async def sql(fresh):
    async with fresh.database.driver() as connection:
        yield connection


async def add_person(fresh, sql):
    user = await users.add_user(
        sql,
        login=f"mia.{uuid4().hex[:10]}",
        name="Mia",
        password=HashedPassword("argon2", "argon2"),
        roles=[],
        known_roles=fresh.service.roles,
        now=utc_now(),
    )
    return user.id


async def enrol(fresh, sql, keys=OLD):
    """A person with a confirmed factor: who, and the secret."""
    person, before = await add_person(fresh, sql), utc_now() - timedelta(hours=1)
    secret = await factors.enrol(sql, person, keys=keys, now=before)
    code = pyotp.TOTP(secret).at(before)
    async with sql.transaction():
        await factors.confirm(sql, person, code, keys=keys, steps=totp.Steps(1, 1), now=before)
    return person, secret


async def works(sql, person, secret, keys):
    now = utc_now()
    code = pyotp.TOTP(secret).at(now)
    return await factors.use_code(sql, person, code, keys=keys, steps=totp.Steps(1, 1), now=now)


def here(fresh, **settings):
    return ServiceContext(fresh.service, fresh.settings.model_copy(update=settings), fresh.database)


async def test_a_dump_of_the_table_yields_no_code(fresh, sql):
    person, secret = await enrol(fresh, sql)
    dump = str([dict(row) for row in await sql.fetch("select * from second_factor")])
    raw = base64.b32decode(secret)
    for form in (secret, secret.lower(), raw.hex(), base64.b64encode(raw).decode()):
        assert form not in dump
    stored = await sql.fetchval("select secret from second_factor where user_id = $1", person)
    content = base64.b64decode(stored.split(":")[2])
    assert raw not in content
    assert secret.encode() not in content
    assert await works(sql, person, secret, OLD)


async def test_a_secret_serves_its_person_only(fresh, sql):
    """Who writes the table cannot give somebody the factor of another one."""
    (mine, _), (other, _) = await enrol(fresh, sql), await enrol(fresh, sql)
    await sql.execute(
        "update second_factor set secret = (select secret from second_factor where user_id = $1)"
        " where user_id = $2",
        mine,
        other,
    )
    with pytest.raises(FactorUnreadable, match="not encrypted for this person"):
        await works(sql, other, totp.new_secret(), OLD)


def test_the_same_secret_is_never_stored_the_same(fresh):
    person, secret = uuid4(), totp.new_secret()
    stored = {OLD.encrypt(secret, person) for _ in range(50)}
    assert len(stored) == 50
    assert {OLD.decrypt(one, person) for one in stored} == {secret}


@pytest.mark.parametrize("at", [25, 40, 60])
def test_what_was_changed_is_not_read(at):
    person = uuid4()
    stored = OLD.encrypt(totp.new_secret(), person)
    changed = stored[:at] + ("A" if stored[at] != "A" else "B") + stored[at + 1 :]
    with pytest.raises(FactorUnreadable):
        OLD.decrypt(changed, person)


async def test_the_newest_key_encrypts_and_older_ones_decrypt(fresh, sql):
    before, first = await enrol(fresh, sql, OLD)
    after, second = await enrol(fresh, sql, NEW)
    assert await works(sql, before, first, NEW)
    assert await works(sql, after, second, NEW)
    found = await sql.fetchval("select secret from second_factor where user_id = $1", after)
    assert found.startswith(f"aes:{NEW.newest}:")
    assert "1 by an older key" in await encrypted_factors(
        here(fresh, second_factor_keys=SecretStr(f"{key(2)},{key(1)}"))
    )


async def test_after_encrypting_anew_the_older_key_is_not_needed(fresh, sql):
    person, secret = await enrol(fresh, sql, OLD)
    async with sql.transaction():
        await name_actor(sql, "system:cli", Trace.new())
        assert await encrypt_anew(sql, NEW) == 1
        assert await encrypt_anew(sql, NEW) == 0
    assert await works(sql, person, secret, FactorKeys.parse(key(2)))
    entered = await sql.fetchrow("select act, actor from audit_entry order by position desc")
    assert tuple(entered) == ("factor.changed", "system:cli")


async def test_without_an_older_key_nothing_is_encrypted_anew(fresh, sql):
    person, secret = await enrol(fresh, sql, OLD)
    with pytest.raises(FactorUnreadable, match=OLD.newest):
        async with sql.transaction():
            await encrypt_anew(sql, FactorKeys.parse(key(2)))
    assert await works(sql, person, secret, OLD)


async def test_what_a_release_before_stored_is_encrypted_at_the_start(fresh, sql):
    person, secret = await enrol(fresh, sql)
    await sql.execute("update second_factor set secret = $2 where user_id = $1", person, secret)
    assert await works(sql, person, secret, OLD)
    with pytest.raises(Unsound, match="1 are stored plainly"):
        await encrypted_factors(here(fresh))
    without = here(fresh, second_factor_keys=None, environment="production")
    assert await encrypt_plain(without) == {}
    assert await encrypt_plain(here(fresh)) == {"second_factors_encrypted": 1}
    assert await encrypt_plain(here(fresh)) == {}
    stored = await sql.fetchval("select secret from second_factor where user_id = $1", person)
    assert OLD.decrypt(stored, person) == secret
    assert await encrypted_factors(here(fresh)) == "1, all encrypted"


async def test_doctor_names_a_key_that_is_missing(fresh, sql, tmp_path):
    await enrol(fresh, sql, OLD)
    other = here(fresh, second_factor_keys=SecretStr(key(2)))
    with pytest.raises(Unsound, match=f"{OLD.newest} are missing"):
        await encrypted_factors(other)
    with pytest.raises(Unsound, match="are missing"):
        await encrypted_factors(here(fresh, second_factor_keys=None, data_dir=tmp_path))
    assert not key_file(fresh.settings.model_copy(update={"data_dir": tmp_path})).exists()


def test_production_does_not_serve_without_a_key(fresh):
    settings = here(fresh, second_factor_keys=None, environment="production").settings
    with pytest.raises(ValueError, match="SAMPLE_SECOND_FACTOR_KEYS is not set"):
        Authenticator(fresh.service, settings, fresh.database)


@pytest.mark.parametrize("text", ["", "short", key(1)[:20], f"{key(1)},nonsense"])
def test_what_is_no_key_is_refused_at_start_and_not_shown(fresh, text):
    settings = here(fresh, second_factor_keys=SecretStr(text)).settings
    with pytest.raises(ValueError, match="SAMPLE_SECOND_FACTOR_KEYS") as refused:
        Authenticator(fresh.service, settings, fresh.database)
    assert key(1) not in str(refused.value)


def test_in_development_a_key_is_kept_in_the_data_folder(fresh, tmp_path):
    folder = tmp_path / "data"
    settings = here(fresh, second_factor_keys=None, data_dir=folder).settings
    keys = factor_keys(settings)
    assert factor_keys(settings) == keys
    [file] = folder.iterdir()
    assert file == key_file(settings)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_the_database_takes_no_other_form(fresh, sql):
    person, _ = await enrol(fresh, sql)
    for bad in ("short", "aes:1:AAAA", "aes:0123456789abcdef:!!"):
        with pytest.raises(asyncpg.CheckViolationError):
            await sql.execute(
                "update second_factor set secret = $2 where user_id = $1", person, bad
            )

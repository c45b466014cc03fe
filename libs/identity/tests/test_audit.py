"""The audit log: who got in, who did not, who changed keys and people; and nobody changes it."""

import asyncio
import itertools
import json
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from chassis.clock import utc_now
from chassis.problems.standard import Unauthorized
from chassis.service import ServiceContext, Unsound
from chassis.telemetry.trace import Trace
from chassis.testing.waiting import until
from identity import users
from identity.audit.changed_settings import note_changed_settings, shown_settings
from identity.audit.denials import COUNTED_FOR_SECONDS, KINDS_MAX, Denials, Kind
from identity.audit.entries import Entry, name_actor, write_entries, write_entry
from identity.audit.verifying import export_lines, verify_file, verify_log
from identity.doctor import whole_audit_log
from identity.passwords import hash_password
from identity.testing.service import running

PASSWORD = "correct horse battery"
WRITERS = 20


@pytest.fixture
async def house(sample_module, cluster):
    """The sample service with a log of its own."""
    async with running(sample_module.SERVICE, cluster) as service:
        yield service


async def entries(house, **asked):
    reply = await house.client.get("/v1/audit-entries", params={"limit": 200} | asked)
    assert reply.status_code == httpx.codes.OK, reply.text
    return reply.json()["items"]


async def add(house, login, roles=()):
    hashed = await hash_password(PASSWORD)
    async with house.database.driver() as sql:
        return await users.add_user(
            sql,
            login=login,
            name=login,
            password=hashed,
            roles=roles,
            known_roles=house.service.roles,
            now=utc_now(),
        )


async def log_in(house, login, password=PASSWORD):
    return await house.client.post("/v1/sessions", json={"login": login, "password": password})


async def as_owner(house, *statements):
    sql = await asyncpg.connect(house.owner_url)
    try:
        for statement in statements:
            await sql.execute(statement)
    finally:
        await sql.close()


async def write_some(house, number=5):
    some = [Entry(at=utc_now(), act="test.done", actor="nobody") for _ in range(number)]
    async with house.database.driver() as sql:
        await write_entries(sql, some)


async def verified(house, **asked):
    async with house.database.driver() as sql:
        return await verify_log(sql, **asked)


async def test_making_and_revoking_a_key_is_entered_with_who_and_from_where(house):
    made = await house.post("/v1/api-keys", {"name": "till", "scopes": ["notes.read"]})
    key = f"key:{made.json()['id']}"
    revoked = await house.post(f"/v1/api-keys/{made.json()['id']}/revoke", None)
    second, first = await entries(house, subject=key)
    assert (first["act"], second["act"]) == ("key.created", "key.revoked")
    who = (await house.client.get("/v1/me")).json()
    assert first["actor"] == second["actor"] == f"{who['kind']}:{who['id']}"
    assert (first["source"], first["request_id"]) == ("127.0.0.1", made.headers["x-request-id"])
    assert second["request_id"] == revoked.headers["x-request-id"]
    assert UUID(first["correlation_id"]).version == 7
    assert first["details"]["scopes"] == ["notes.read"]
    assert second["details"]["revoked_at"][0] is None
    assert made.json()["secret"] not in json.dumps([first, second])


async def test_a_rotated_key_is_entered_without_its_secrets(house):
    made = (await house.post("/v1/api-keys", {"name": "till", "scopes": ["notes.read"]})).json()
    rotated = await house.post(f"/v1/api-keys/{made['id']}/rotate", {})
    assert rotated.status_code == httpx.codes.OK, rotated.text
    entry = (await entries(house, subject=f"key:{made['id']}"))[0]
    assert (entry["act"], entry["actor"][:4]) == ("key.rotated", "key:")
    assert entry["details"]["prefix"] == [made["prefix"], rotated.json()["prefix"]]
    assert rotated.json()["secret"] not in json.dumps(entry)


async def test_a_key_that_is_only_used_enters_nothing(house):
    client = await house.as_("notes.read")
    before = await entries(house)
    assert (await client.get("/v1/me")).status_code == httpx.codes.OK
    assert await entries(house) == before


async def test_what_is_done_by_sql_is_entered_too(house):
    sql = await asyncpg.connect(house.runtime_url)
    await sql.execute("update api_key set scopes = '{admin,notes.read}'")
    role = await sql.fetchval("select session_user")
    await sql.close()
    (entry, *_) = await entries(house, act="key.changed")
    assert entry["actor"] == f"database:{role}"
    assert entry["details"] == {"scopes": [["admin"], ["admin", "notes.read"]]}


async def test_an_act_that_is_rolled_back_enters_nothing(house):
    before = await entries(house)
    async with house.database.transaction() as work:
        await write_entry(work, "test.done")
        work.abandon()
    assert await entries(house) == before


async def test_who_logs_in_and_out_is_entered(house):
    user = await add(house, "wang")
    token = (await log_in(house, "wang")).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    ended = await house.client.delete("/v1/sessions/current", headers=headers)
    assert ended.status_code == httpx.codes.NO_CONTENT
    found = await entries(house, subject=f"user:{user.id}")
    assert [one["act"] for one in found] == ["session.ended", "session.begun", "user.created"]
    assert found[0]["actor"] == found[1]["actor"] == f"user:{user.id}"
    assert found[0]["details"] == found[1]["details"]
    assert found[1]["source"] == "127.0.0.1"
    assert token not in json.dumps(found)


async def test_who_ends_the_session_of_another_is_entered(house):
    user = await add(house, "wang")
    session = (await log_in(house, "wang")).json()["id"]
    ended = await house.post(f"/v1/sessions/{session}/end", None)
    assert ended.status_code == httpx.codes.OK, ended.text
    entry = (await entries(house, subject=f"user:{user.id}"))[0]
    assert (entry["act"], entry["actor"][:4]) == ("session.ended", "key:")
    assert entry["details"] == {"session_id": session}
    assert entry["request_id"] == ended.headers["x-request-id"]


async def test_who_fails_to_log_in_is_counted_and_what_was_typed_is_not_kept(house):
    user = await add(house, "wang")
    for login in ("wang", "wang", "my secret typed in the wrong field"):
        assert (await log_in(house, login, "wrong")).status_code == httpx.codes.UNAUTHORIZED
    await house.app.state.authenticator.denials.write(all_of_them=True)
    found = await entries(house, act="session.refused")
    times = {one["subject"]: 0 for one in found}
    for one in found:
        times[one["subject"]] += one["details"]["times"]
        assert (one["actor"], one["source"]) == ("nobody", "127.0.0.1")
    assert times == {f"user:{user.id}": 2, None: 1}
    assert "secret" not in json.dumps(found)
    assert not await entries(house, act="access.denied")


async def test_a_change_of_rights_and_of_a_password_is_entered_without_names(house):
    await add(house, "chief", ["auditor"])
    user = await add(house, "wang", ["writer"])
    hashed = await hash_password("another long sentence")
    async with house.database.transaction() as work:
        await name_actor(work.sql, "user:someone", work.trace)
        values = {"known_roles": house.service.roles, "now": utc_now()}
        await users.change_user(work.sql, user.id, roles=[], name="Wang Li", **values)
        await users.set_password(work.sql, user.id, hashed, now=utc_now())
    password, roles, made = await entries(house, subject=f"user:{user.id}")
    assert (password["act"], roles["act"]) == ("user.password_changed", "user.changed")
    assert roles["details"] == {"roles": [["writer"], []]}
    assert password["actor"] == roles["actor"] == "user:someone"
    assert "wang" not in json.dumps([password, roles, made]).lower()


async def test_a_denial_is_entered_within_seconds_and_a_flood_of_them_is_counted(house):
    client = await house.as_("notes.read")
    me = (await client.get("/v1/me")).json()
    for _ in range(50):
        assert (await client.get("/v1/api-keys")).status_code == httpx.codes.FORBIDDEN

    async def entered():
        return bool(await entries(house, act="access.denied"))

    await until(entered)
    await house.app.state.authenticator.denials.write(all_of_them=True)
    found = await entries(house, act="access.denied")
    assert sum(one["details"]["times"] for one in found) == 50
    assert len(found) <= 2
    first = found[-1]
    assert (first["actor"], first["subject"]) == (f"key:{me['id']}", "GET /v1/api-keys")
    assert first["details"]["reason"] == "forbidden"


async def test_strangers_are_entered_as_nobody(house):
    stranger = house.with_key("tdm_sample_none_" + "0" * 64)
    assert (await stranger.get("/v1/api-keys")).status_code == httpx.codes.UNAUTHORIZED
    await house.app.state.authenticator.denials.write(all_of_them=True)
    (entry,) = await entries(house, act="access.denied")
    assert (entry["actor"], entry["details"]["reason"]) == ("nobody", Unauthorized.code)


async def test_denials_of_many_kinds_take_no_more_room_than_a_thousand(house):
    clock = itertools.count(0.0, COUNTED_FOR_SECONDS)
    never = asyncio.Event()
    denials = Denials(house.database, clock=lambda: next(clock), pause=lambda _: never.wait())
    for number in range(KINDS_MAX + 100):
        denials.add(Kind("access.denied", "nobody", f"10.0.{number}", None, "forbidden"), "r")
    before = len(await entries(house, act="access.denied"))
    await denials.close()
    async with house.database.driver() as sql:
        rows = await sql.fetch(
            "select details from audit_entry where act = 'access.denied' offset $1", before
        )
    times = [row["details"]["times"] for row in rows]
    assert (len(times), sum(times)) == (KINDS_MAX + 1, KINDS_MAX + 100)


async def test_denials_wait_for_a_database_that_is_away(house):
    class Away:
        def driver(self):
            raise ConnectionError

    denials = Denials(Away(), clock=lambda: 0.0, pause=asyncio.sleep)
    denials.add(Kind("access.denied", "nobody", None, None, "forbidden"), "r")
    await denials.write()
    denials._connections = house.database
    await denials.close()
    (entry,) = await entries(house, act="access.denied")
    assert entry["details"]["times"] == 1


async def test_the_chain_has_no_gap_among_many_writers(house):
    await asyncio.gather(*(write_some(house) for _ in range(WRITERS)))
    found = await verified(house)
    assert found.is_whole
    async with house.database.driver() as sql:
        assert await sql.fetchval("select max(position) = count(*) from audit_entry")
    assert found.entries >= 5 * WRITERS


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_entry set actor = 'nobody'",
        "delete from audit_entry",
        "truncate audit_entry",
    ],
)
async def test_no_entry_is_changed_or_deleted_not_even_by_the_owner(house, statement):
    await write_some(house)
    for url in (house.owner_url, house.runtime_url):
        sql = await asyncpg.connect(url)
        with pytest.raises((asyncpg.CheckViolationError, asyncpg.InsufficientPrivilegeError)):
            await sql.execute(statement)
        await sql.close()
    assert (await verified(house)).is_whole


@pytest.mark.parametrize(
    ("damage", "broken_at"),
    [
        ("update audit_entry set actor = 'somebody' where position = 3", 3),
        ("update audit_entry set details = '{\"a\": 1}' where position = 1", 1),
        ("delete from audit_entry where position = 3", 4),
        ("delete from audit_entry where position = 1", 2),
    ],
)
async def test_damage_done_by_who_owns_the_database_is_seen(house, damage, broken_at):
    await write_some(house)
    off = "alter table audit_entry disable trigger audit_entry_stays"
    await as_owner(house, off, damage)
    found = await verified(house)
    assert (found.is_whole, found.broken_at) == (False, broken_at)
    here = ServiceContext(house.service, house.settings, house.database)
    if broken_at > 2:
        with pytest.raises(Unsound):
            await whole_audit_log(here)


async def lines_of(house, after=0):
    async with house.database.driver() as sql:
        return [line async for line in export_lines(sql, after=after)]


async def test_a_file_is_checked_without_the_database(house):
    await write_some(house)
    lines, whole = await lines_of(house), await verified(house)
    assert verify_file(lines, expected_last=whole.last_hash) == whole
    assert verify_file(await lines_of(house, after=2)).is_whole
    assert verify_file(lines[:2] + lines[3:]).broken_at == 4
    changed = [*lines[:2], lines[2].replace("nobody", "n0body"), *lines[3:]]
    assert verify_file(changed).broken_at == 3
    cut = verify_file(lines[:-1], expected_last=whole.last_hash)
    assert not cut.is_whole
    with pytest.raises(ValueError, match="line 1"):
        verify_file(["something else"])


async def test_only_who_may_reads_the_log(house):
    client = await house.as_("notes.read")
    assert (await client.get("/v1/audit-entries")).status_code == httpx.codes.FORBIDDEN
    auditor = await house.as_("audit.read")
    assert (await auditor.get("/v1/audit-entries")).status_code == httpx.codes.OK


async def test_the_log_is_read_page_by_page_and_filtered_by_time(house):
    await write_some(house, 7)
    whole = await entries(house)
    path, found = "/v1/audit-entries?limit=3", []
    while path:
        page = (await house.client.get(path)).json()
        found += page["items"]
        cursor = page["next_cursor"]
        path = cursor and f"/v1/audit-entries?limit=3&cursor={cursor}"
    assert found == whole
    assert await entries(house, occurred_from=whole[0]["occurred_at"]) == whole[:1]
    assert await entries(house, occurred_before=whole[-1]["occurred_at"]) == []


async def test_changed_settings_are_entered_and_secrets_are_not(house):
    here = ServiceContext(house.service, house.settings, house.database)
    await note_changed_settings(here)
    assert await note_changed_settings(here) == {}
    other = house.settings.model_copy(update={"pool_size": 17})
    assert await note_changed_settings(ServiceContext(house.service, other, house.database)) == {
        "settings_changed": 1
    }
    entry = (await entries(house, act="settings.changed"))[0]
    assert entry["details"]["changed"] == {"pool_size": [house.settings.pool_size, 17]} or (
        entry["details"]["changed"] == {"pool_size": [None, 17]}
    )
    assert set(entry["details"]["settings"]) == set(shown_settings(other))
    assert house.runtime_url not in json.dumps(entry)


async def test_an_actor_that_was_said_in_one_transaction_is_not_that_of_the_next(house):
    async with house.database.driver() as sql:
        async with sql.transaction():
            await name_actor(sql, "user:first", Trace.new())
            await sql.execute(_KEY, uuid4(), uuid4().hex[:8])
        await sql.execute(_KEY, uuid4(), uuid4().hex[:8])
    later, first = (await entries(house, act="key.created"))[:2]
    assert first["actor"] == "user:first"
    assert later["actor"].startswith("database:")


_KEY = """insert into api_key (id, name, prefix, secret_hash, scopes, created_by)
  values ($1, 'till', $2, sha256($2::text::bytea), '{admin}', 'test')"""
